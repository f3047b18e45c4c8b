"""The only reader of the system clock.

A *demo home* has a simulated clock, fixed when the home is made (its `demo.json`); a real home refuses one.
Facts are stamped with `now()`, so nobody can set a date back: the simulated clock only moves forward.
"""

from __future__ import annotations

import json
import os
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings

from tickmark.kernel.errors import Conflict, Refused


def now() -> datetime:
    """This instant in UTC: the system's, or the simulated one in a demo home."""
    state = _simulated()
    if state is None:
        return system_now()
    start = datetime.fromisoformat(state["instant"]).astimezone(UTC)
    elapsed = timedelta(seconds=max(0.0, time.time() - state["set_at"])) if state["runs"] else timedelta()
    end_of_day = start.replace(hour=23, minute=59, second=59, microsecond=0)
    return min(start + elapsed, end_of_day)


def today() -> date:
    """The date of `now()` in UTC."""
    return now().date()


def system_now() -> datetime:
    """The machine's own time in UTC, also in a demo home (sessions and tokens live in it)."""
    return datetime.now(UTC)


def simulated() -> bool:
    """Whether this home's clock is simulated, as its pages and its log's origin then say."""
    return _simulated() is not None


def make_demo(home: Path, instant: datetime) -> None:
    """Fix the simulated clock of a home that has no books yet.

    Raises Refused if the home already has books: a real home never becomes a demo home.
    """
    if (home / "books.sqlite3").exists() and not (home / "demo.json").exists():
        raise Refused(
            f"{home} holds real books.",
            "A simulated clock would make their dates worthless.",
            "Give the demo a home of its own: TICKMARK_HOME=/some/empty/folder ./tickmark up --demo",
        )
    home.mkdir(parents=True, exist_ok=True)
    _write(home / "demo.json", instant, runs=False)


def move_to(instant: datetime, *, runs: bool = False) -> None:
    """Move the simulated clock forward to `instant`; with `runs` it ticks on until that day's end (UTC)."""
    if not simulated():
        raise Refused(
            "The clock of a real home cannot be set.", "Its dates must be true.", "Use a demo home."
        )
    if instant < now():
        raise Conflict(
            "The simulated clock cannot go back.", f"It stands at {now().isoformat()}.", "Give a later day."
        )
    _write(Path(settings.HOME) / "demo.json", instant, runs)


def _simulated() -> dict[str, Any] | None:
    if not settings.DEMO:
        return None
    state: dict[str, Any] = json.loads((Path(settings.HOME) / "demo.json").read_text())
    return state


def _write(path: Path, instant: datetime, runs: bool) -> None:
    draft = path.with_suffix(f".{os.getpid()}.tmp")
    draft.write_text(json.dumps({"instant": instant.isoformat(), "runs": runs, "set_at": time.time()}))
    os.replace(draft, path)
