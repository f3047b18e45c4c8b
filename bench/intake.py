"""What it costs to file many small documents, beside a plain script that hashes, copies and syncs the same.

    python bench/intake.py [COUNT] [--batch N]     (default 1000000 in intakes of 10000; TICKMARK_DATABASE: the engine)

Each document has a kilobyte of its own. The plain script writes the same bytes under the same names with as many
writers, syncs each file, and each folder once a batch; it keeps no record of anything. Both take turns by the batch, so
that the disk's moods meet both alike. Aims: at most twice the plain script, at least 5,000 documents a second, and the
last 10,000 within 20 % of the first.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import os
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import filling

MOST, LEAST, FLAT = 2.0, 5000.0, 1.2
SIZE = 1000


def main() -> int:
    """File and copy in turns, print, and say by the exit code whether the aims are met."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("count", type=int, nargs="?", default=1_000_000)
    parser.add_argument("--batch", type=int, default=10_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tickmark-bench-") as room:
        filling.prepare(Path(room) / "home")
        actor = _actor()
        plain = Path(room) / "plain"
        plain.mkdir()
        ours, theirs, used = [], [], []
        for start in range(0, given.count, given.batch):
            contents = [_content(number) for number in range(start, min(start + given.batch, given.count))]
            theirs.append(_timed(lambda contents=contents: _copy(plain, contents)))  # type: ignore[misc]
            before = time.process_time()
            ours.append(_timed(lambda contents=contents, start=start: _file(actor, contents, start)))  # type: ignore[misc]
            used.append(time.process_time() - before)
            if len(ours) % 10 == 1:
                _say(start + len(contents), given.batch, ours[-1], theirs[-1], used[-1])
        return _verdict(given.count, ours, theirs, used)


def _actor() -> Any:
    from tickmark.kernel import clock
    from tickmark.people.models import RoleGrant, User
    from tickmark.people.queries import actor_for

    user = User.objects.create(email="lead@x.example", name="Lead", side="company", created_at=clock.now())
    filling.put(RoleGrant, [{"user": user, "role": "lead"}], user)
    return actor_for(user)


def _content(number: int) -> bytes:
    return f"record {number}\n".encode().ljust(SIZE, b".")


def _file(actor: Any, contents: list[bytes], start: int) -> None:
    from tickmark.evidence import actions
    from tickmark.kernel.arguments import Incoming, keep_many

    incoming = [
        Incoming(f"record-{start + place}.txt", "text/plain", io.BytesIO(content))
        for place, content in enumerate(contents)
    ]
    actions.file_many(actor, keep_many(incoming), kind="REC", source="the bench")


def _copy(folder: Path, contents: list[bytes]) -> None:
    from tickmark.kernel.files import SYNCING

    with ThreadPoolExecutor(SYNCING) as pool:
        touched = set(pool.map(lambda content: _copy_one(folder, content), contents))
    for place in (*touched, folder):
        descriptor = os.open(place, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)


def _copy_one(folder: Path, content: bytes) -> Path:
    digest = hashlib.sha256(content).hexdigest()
    place = folder / digest[:2]
    place.mkdir(exist_ok=True)
    with (place / digest).open("xb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    return place


def _timed(work: Any) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _say(done: int, batch: int, ours: float, theirs: float, used: float) -> None:
    rates = f"{batch / ours:7,.0f}/s filed, {batch / theirs:7,.0f}/s copied, ratio {ours / theirs:.2f}"
    print(f"{done:9,}: {rates}; {used / batch * 1e6:.0f} µs of processor time a document", flush=True)


def _verdict(count: int, ours: list[float], theirs: list[float], used: list[float]) -> int:
    ratio, rate = sum(ours) / sum(theirs), count / sum(ours)
    grown, by_cpu = ours[-1] / ours[0], used[-1] / used[0]
    print(
        f"{count:,} documents: {rate:,.0f}/s (aim {LEAST:,.0f}), {ratio:.2f} times the plain script (aim {MOST:g}),"
    )
    print(f"the last batch took {grown:.2f} times the first ({by_cpu:.2f} by processor time; aim {FLAT:g})")
    return 0 if ratio <= MOST and rate >= LEAST and grown <= FLAT else 1


if __name__ == "__main__":
    sys.exit(main())
