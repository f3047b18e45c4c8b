"""Whether one record and a list of twenty cost the same in small books and in large ones.

    python bench/flat.py [SIZE …]      (default 200 20000 200000; TICKMARK_DATABASE: an empty database for one size)

For each size a home is filled with so many pieces of evidence and served; a piece is opened by `GET /api/evidence/…`
and as a page, twenty are listed by the API. Printed are p95 and the processor time of the server. Aims: 30 ms for one
record, 50 ms for a list of twenty, and the largest books at most 1.2 times the smallest.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import filling
import load

ONE, LIST, FLAT = 0.030, 0.050, 1.2
RUNS = 40
ASKED = (
    ("one, by the API", "/api/evidence/evidence/EV-100", ONE),
    ("twenty, by the API", "/api/evidence/evidence?limit=20", LIST),
    ("one, as a page", "/evidence/EV-100", ONE),
)


def main(sizes: list[str]) -> int:
    """Each size in a process of its own, since a home is fixed when the program starts."""
    if "--only" in sizes:
        return _size(int(sizes[-1]))
    ends = [
        subprocess.run([sys.executable, __file__, "--only", size], check=False).returncode for size in sizes
    ]
    return max(ends)


def _size(size: int) -> int:
    with tempfile.TemporaryDirectory(prefix="tickmark-bench-") as room:
        os.environ["TICKMARK_PORT"] = str(port := load._free_port())
        filling.prepare(Path(room) / "home")
        filling.fill(filling.Sizes(size, 100, 50, 5, people=5, persons=20, policies=2, entries=size))
        with load.served(port) as address:
            cookie = load._session("lead", port)
            return max(_ask(address, cookie, size, *one) for one in ASKED)


def _ask(address: str, cookie: dict[str, str], size: int, what: str, path: str, most: float) -> int:
    import httpx

    with httpx.Client(base_url=address, cookies=cookie, timeout=120) as client:
        load._asked(client, path)
        before = load.cpu()
        p95 = load._p95(lambda: load._asked(client, path), RUNS)
        used = (load.cpu() - before) / RUNS
    missed = "  missed" if p95 > most else ""
    print(
        f"{size:9,} records, {what:20} p95 {p95 * 1e3:6.1f} ms, processor {used * 1e3:5.1f} ms{missed}",
        flush=True,
    )
    return int(bool(missed))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:] or ["200", "20000", "200000"]))
