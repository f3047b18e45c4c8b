"""What is wrong with this installation at this moment, part by part, each with its remedy.

`serving` parts are those without which this host cannot answer; the others are wrong for everybody and no reason to
take this host away. Open to whoever asks, so it names no host, no path and no person.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection

from tickmark.kernel import beats, clock, files
from tickmark.kernel.errors import TickmarkError
from tickmark.kernel.ledger.entry import Entry
from tickmark.kernel.ledger.seal import latest

SPACE = 512 << 20
"""Free bytes below which a disk counts as nearly full."""
LATE = timedelta(minutes=5)
"""After this an entry should be sealed, and a worker should have spoken."""
SLIP = timedelta(minutes=2)
"""By this much clocks may differ before the order of times in the books becomes doubtful."""
LOOKED_AT = 1000
"""So many of the newest entries are looked at: health is asked often, and the books grow without end."""


@dataclass(frozen=True)
class Part:
    """One part: whether it is well, what is to be said of it, what to do about it."""

    name: str
    ok: bool
    says: str
    remedy: str = ""
    serving: bool = False


def look() -> list[Part]:
    """Every part, the books first; what cannot be asked without them is left out while they do not answer."""
    found = [_books()]
    if found[0].ok:
        found += [*map(_asked, (_secrets, _clock, _worker, _ledger))]
    return [*found, _store(), *_disks()]


def summary(parts: list[Part], *, serving: bool = False) -> dict[str, Any]:
    """The parts as JSON; `ok` says whether all are well, or with `serving` those without which nobody is answered."""
    counted = [part for part in parts if part.serving or not serving]
    return {
        "ok": all(part.ok for part in counted),
        "sealed": sealed(parts),
        "parts": [asdict(part) for part in counted],
    }


def sealed(parts: list[Part]) -> int | None:
    """How many entries are sealed; None while the books do not answer."""
    newest = latest() if parts[0].ok else None
    return (newest.size if newest else 0) if parts[0].ok else None


def _books() -> Part:
    try:
        with connection.cursor() as cursor:
            cursor.execute("select 1")
    except (DatabaseError, InterfaceError):
        remedy = "Start the database; work that was under way is taken up by itself."
        return Part("books", False, "The database does not answer.", remedy, True)
    return Part("books", True, "The database answers.", serving=True)


def _asked(ask: Callable[[datetime], Part]) -> Part:
    """A part that is read from the books; if they fall silent meanwhile, it is unknown and not well."""
    try:
        return ask(clock.now())
    except (DatabaseError, InterfaceError):
        return Part(ask.__name__.strip("_"), False, "The database did not answer.", "Ask again in a moment.")


def _secrets(now: datetime) -> Part:
    if beats.strangers(clock.system_now()):
        says = "This host has other secrets than a worker that serves the same books."
        return Part(
            "secrets", False, says, "Stop it, copy the folder secrets from the other host, start it.", True
        )
    return Part("secrets", True, "All living hosts have the same secrets.", serving=True)


def _clock(now: datetime) -> Part:
    recent = Entry.objects.order_by("-pk").values_list("recorded_at", flat=True)[:LOOKED_AT]
    last, beat = max(recent, default=None), beats.newest()
    behind = max(last - now if last else timedelta(), beat.at - clock.system_now() if beat else timedelta())
    if behind > SLIP:
        says = f"This host's clock is {_words(behind)} behind what was recorded last."
        return Part(
            "clock", False, says, "Set the clock, and keep it by NTP. The log keeps the true order meanwhile."
        )
    return Part("clock", True, "The clock is not behind the books.")


def _worker(now: datetime) -> Part:
    beat = beats.newest()
    if beat is None:
        return Part("worker", False, "No worker has run yet.", "Start it: tickmark worker, or tickmark up.")
    silent = clock.system_now() - beat.at
    if silent > LATE:
        says = f"No worker has spoken for {_words(silent)}: nothing is collected, checked or sealed."
        return Part("worker", False, says, "Start it: tickmark worker, or tickmark up.")
    if beat.problem:
        return Part("worker", False, f"Its last round failed: {beat.problem}", "Its log says more.")
    return Part("worker", True, f"It spoke {_words(max(silent, timedelta()))} ago.")


def _ledger(now: datetime) -> Part:
    oldest, many = unsealed()
    if oldest is not None and now - oldest > LATE:
        says = f"{many} entries wait to be sealed, the oldest for {_words(now - oldest)}."
        return Part("ledger", False, says, "The worker seals each minute; its log says what stops it.")
    return Part("ledger", True, "What was recorded is sealed within a minute.")


def unsealed() -> tuple[datetime | None, int]:
    """When the oldest entry without a place was recorded, and how many there are, among the newest thousand."""
    rows = Entry.objects.order_by("-pk").values_list("recorded_at", "leaf__position")[:LOOKED_AT]
    waiting = [recorded for recorded, place in rows if place is None]
    return min(waiting, default=None), len(waiting)


def _store() -> Part:
    try:
        files.ready()
    except TickmarkError:
        remedy = "Bring the bucket or the disk back; what was acknowledged is in it."
        return Part("files", False, "The store of files does not answer.", remedy, True)
    return Part("files", True, "The store of files answers.", serving=True)


def _disks() -> list[Part]:
    places = {"home": Path(settings.HOME), "temporary files": Path(tempfile.gettempdir())}
    folder = files.folder()
    if folder is not None and folder.exists():
        places["files"] = folder
    seen: dict[int, Part] = {}
    for name, place in places.items():
        if place.exists():
            seen.setdefault(place.stat().st_dev, _disk(name, shutil.disk_usage(place).free))
    return list(seen.values())


def _disk(name: str, free: int) -> Part:
    says = (
        f"{free / (1 << 30):.1f} GiB are free where the {name} are kept."
        if name != "home"
        else (f"{free / (1 << 30):.1f} GiB are free in the home.")
    )
    if free < SPACE:
        return Part(
            "disk", False, says, "Free some space before it is full: then nothing more is recorded.", True
        )
    return Part("disk", True, says, serving=True)


def _words(span: timedelta) -> str:
    seconds = int(span.total_seconds())
    if seconds < 120:
        return f"{seconds} s"
    return f"{seconds // 60} min" if seconds < 7200 else f"{seconds // 3600} h"
