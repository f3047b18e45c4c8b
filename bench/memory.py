"""What web and worker keep in memory: idle after the start, and after minutes of load.

    python bench/memory.py [MINUTES]        (default 1; 60 for the hour that the aim speaks of)

Both run as `tickmark web` and `tickmark worker` start them, in a home of their own on SQLite. The load opens pages,
files documents and collects. Memory is what each process has for itself and its share of what it shares (PSS), children
included; aim: at most 200 MiB together when idle.
"""

from __future__ import annotations

import random
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from tests.faults.killing import Campaign  # noqa: E402
from tests.faults.running import Installation, installed  # noqa: E402

MOST = 200.0
PARTS = 6
"""How often is measured under load: what grows on and on is told from what is fetched once."""
REST = 15.0
"""Seconds after the first answers before idle is measured."""
PAGES = ("/api/evidence", "/api/controls", "/api/tasks", "/healthz", "/account/login/")


def main(minutes: float) -> int:
    """Measure, print, and say by the exit code whether the aim is met."""
    with (
        tempfile.TemporaryDirectory(prefix="tickmark-memory-") as room,
        installed(Path(room) / "home") as one,
    ):
        world = one.build("intake")
        one.start("web")
        one.start("worker")
        one.answering()
        threading.Event().wait(REST)
        idle = _print("idle", one)
        campaign, requests = Campaign(one, world, random.Random(1)), 0
        for part in range(1, PARTS + 1):
            requests += _load(one, campaign, minutes / PARTS)
            _print(f"after {minutes * part / PARTS:g} min and {requests} requests", one)
    print(f"aim: at most {MOST:g} MiB together when idle")
    return 0 if idle <= MOST else 1


def _load(one: Installation, campaign: Campaign, minutes: float) -> int:
    """Pages, uploads and collections until the time is over; gives the number of requests."""
    end, count = time.monotonic() + minutes * 60, 0
    headers = {"Authorization": f"Bearer {campaign.world['owner']}"}
    while time.monotonic() < end:
        for path in PAGES:
            one.get(path, headers=headers)
        campaign.file()
        count += len(PAGES) + 1
        if count % 60 == 0:
            campaign.collect()
    assert campaign.wrong == []
    return count


def _print(when: str, one: Installation) -> float:
    found = {name: sum(map(_pss, one.family(name))) for name in one.processes}
    words = ", ".join(f"{name} {size:.0f} MiB" for name, size in found.items())
    print(f"{when}: {words}, together {sum(found.values()):.0f} MiB", flush=True)
    return sum(found.values())


def _pss(pid: int) -> float:
    """Proportional set size in MiB; nothing for a process that has ended meanwhile."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except ProcessLookupError:
        return 0.0
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


if __name__ == "__main__":
    raise SystemExit(
        main(float(next((word for word in sys.argv[1:] if word.replace(".", "").isdigit()), "1")))
    )
