"""A calendar as an iCalendar file (RFC 5545): whole days, so that no time zone moves them. Pure."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from tickmark.kernel.later import Later

if TYPE_CHECKING:
    import icalendar
else:
    icalendar = Later("icalendar")

REFRESH = timedelta(hours=6)


@dataclass(frozen=True)
class Item:
    """Something on a day: its kind, its words, and the address where it is dealt with."""

    day: date
    kind: str
    title: str
    address: str
    note: str = ""


def ics(name: str, items: Iterable[Item], stamp: datetime) -> bytes:
    """The file. `stamp` is the instant (UTC) at which it was true."""
    calendar = icalendar.Calendar()
    calendar.add("prodid", "-//Tickmark//Calendar//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", name)
    calendar.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    seen: Counter[tuple[date, str, str]] = Counter()
    for item in sorted(items, key=lambda one: (one.day, one.kind, one.address, one.title)):
        place = (item.day, item.kind, item.address)
        seen[place] += 1
        calendar.add_component(_event(item, _uid(*place, seen[place]), stamp))
    return bytes(calendar.to_ical())


def _event(item: Item, uid: str, stamp: datetime) -> icalendar.Event:
    event = icalendar.Event()
    event.add("uid", uid)
    event.add("dtstamp", stamp)
    event.add("dtstart", item.day)
    event.add("dtend", item.day + timedelta(days=1))  # RFC 5545: the day after the last one
    event.add("summary", item.title)
    event.add("categories", [item.kind])
    event.add("url", item.address)
    event.add("transp", "TRANSPARENT")  # nobody is busy because of it
    if item.note:
        event.add("description", item.note)
    return event


def _uid(day: date, kind: str, address: str, number: int) -> str:
    """The same for the same thing at every reading, however its words change: nothing doubles in a calendar."""
    return f"{hashlib.sha256(f'{day}|{kind}|{address}|{number}'.encode()).hexdigest()[:32]}@tickmark"
