"""Living the year: every event of the story at its simulated moment, in order, with no other way in."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from tickmark.kernel.errors import Conflict

EXAMPLE = Path(__file__).resolve().parents[4] / "examples" / "larkspur"
ZONE = ZoneInfo("America/New_York")
PASSWORD = "2025-2026-fictional-0000"
BEGINS = datetime(2025, 10, 1, 8, 0, tzinfo=ZONE)


@dataclass(order=True)
class Event:
    """One thing that happens: when, its order within the moment, and what is done."""

    at: datetime
    order: int
    do: Callable[[], Any] = field(compare=False)


def moment(day: date, clock: str = "09:00") -> datetime:
    """A time of day at the company's place."""
    return datetime.combine(day, datetime.strptime(clock, "%H:%M").time(), ZONE)


def begins(home: Path) -> None:
    """Make a home a demo home: its clock stands at the story's first day."""
    from tickmark.kernel import clock

    clock.make_demo(home, BEGINS)


def live() -> None:
    """Live the year in a new demo home, showing progress here and on the pages; a lived one is left as it is."""
    from django.conf import settings

    from tickmark.kernel import jobs
    from tickmark.kernel.ledger.seal import seal

    slot = jobs.enqueue("demo", "year")
    if slot.finished_at is not None:
        return
    if slot.started_at is not None:
        home = settings.HOME
        raise Conflict(
            f"The year in {home} was only half lived.",
            "It was interrupted, and no day is lived twice.",
            f"Remove {home} and start again: everything in it is fictional.",
        )
    jobs.begin(slot)
    started = time.monotonic()
    events, last_day = _story()
    _happen(events, slot)
    seal()
    _rest(last_day)
    jobs.end(slot)
    print(f"The year was lived in {time.monotonic() - started:.0f} s.", flush=True)


def _story() -> tuple[list[Event], date]:
    from tickmark.cli.demo.fieldwork import fieldwork
    from tickmark.cli.demo.story import Story
    from tickmark.cli.demo.type_1 import FirstReport

    story = Story(EXAMPLE)
    return sorted([*story.events(), *FirstReport(story).events(), *fieldwork(story)]), story.demo_day


def _happen(events: list[Event], slot: Any) -> None:
    from tickmark.kernel import clock, jobs
    from tickmark.upkeep.tick import tick

    month = ""
    for number, event in enumerate(events):
        if f"{event.at:%B %Y}" != month:
            month = f"{event.at:%B %Y}"
            print(f"  {month} …", file=sys.stderr, flush=True)
        if number % 10 == 0:
            slot.progress(f"Living {month}", number, len(events))
        clock.move_to(event.at)
        event.do()
        jobs.work()
        if event.order == 0:
            tick()
            jobs.work()


def _rest(day: date) -> None:
    from tickmark.kernel import clock

    clock.move_to(max(clock.now().astimezone(ZONE) + timedelta(minutes=1), moment(day, "09:00")), runs=True)


def how_to_enter() -> str:
    """What a visitor needs to know."""
    return (
        "  Enter as any character: open the address and pick one (the switch exists in demo homes only).\n"
        "  Five surprises to look for stand at /surprises. Everything in this home is fictional."
    )
