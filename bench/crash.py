"""kill -9, many times: what tests/faults/test_kills.py does twenty times, on both engines.

    python bench/crash.py [KILLS] [--seed N] [--engine sqlite|postgresql]        (default 300 on both)

Seven of ten kills fall into uploads, collections, checks and sealing, two into the issue of a report, one into a
backup. It ends with an error at the first thing that was lost, doubled, unsealed or stuck, and leaves that home for
whoever looks.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from tests.faults.database import cluster  # noqa: E402
from tests.faults.killing import killed  # noqa: E402
from tests.faults.running import installed  # noqa: E402

ROUNDS = 25
"""Kills on one home; then a new one, so that late faults of a home do not hide behind early ones."""


def main() -> int:
    """Run the campaigns and print what was killed and what was kept."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("kills", nargs="?", type=int, default=300)
    words.add_argument("--seed", type=int, default=1)
    words.add_argument("--engine", choices=["sqlite", "postgresql"])
    given = words.parse_args()
    for engine in [given.engine] if given.engine else ["sqlite", "postgresql"]:
        backup, issue = given.kills // 10, given.kills // 5
        kinds = {"intake": given.kills - backup - issue, "backup": backup, "issue": issue}
        for kind, kills in kinds.items():
            _campaigns(engine, kind, kills, given.seed)
    return 0


def _campaigns(engine: str, kind: str, kills: int, seed: int) -> None:
    began, kept, tally = time.monotonic(), 0, {}  # type: ignore[var-annotated]
    for number, left in enumerate(range(kills, 0, -ROUNDS)):
        room: Any = tempfile.mkdtemp(prefix="tickmark-crash-")
        with ExitStack() as stack:
            database = stack.enter_context(cluster()) if engine == "postgresql" else None
            one = stack.enter_context(installed(Path(room) / "home", database))
            done = killed(one, kind, min(left, ROUNDS), seed + number)
        kept += len(done.acknowledged)
        tally = {
            name: tally.get(name, 0) + count
            for name, count in {**dict.fromkeys(tally, 0), **done.tally}.items()
        }
        print(f"{engine} {kind}: {tally}, {kept} acknowledged and kept", flush=True)
    print(f"{engine} {kind}: {kills} kills in {time.monotonic() - began:.0f} s, nothing lost", flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
