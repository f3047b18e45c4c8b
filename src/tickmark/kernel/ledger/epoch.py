"""Epochs: a log that was set back to an older state goes on under another name, and says so in its first entry.

A log that goes on from an older state under its old name would hold other entries than those that somebody outside
may have a checkpoint of: it would fork in silence. So each epoch has an origin of its own (C2SP knows a log by its
origin), begins with the leaves that were restored, and the first leaf after them is the entry made here. It cites
where the epoch before was left and the last checkpoint of it that anybody could still show. The key stays the same.

A move forks nothing: its last entry there is `log.moved`, its first one here `log.arrived`, in the same epoch.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tickmark.kernel.ledger import note
from tickmark.kernel.ledger.entry import Entry

BEGAN = "log.epoch"
MOVED = "log.moved"
ARRIVED = "log.arrived"
_ORIGIN = re.compile(r"(.+)/epoch-([1-9][0-9]{0,5})-[0-9a-f]{8}")


@dataclass(frozen=True)
class Left:
    """Where an epoch was left: its origin, verifier key as text, and the newest checkpoint that the books hold."""

    origin: str
    vkey: str
    size: int
    root: str

    @property
    def number(self) -> int:
        """Which epoch it was; the first one has 1."""
        return number(self.origin)


def number(origin: str) -> int:
    """The number of the epoch that an origin names."""
    found = _ORIGIN.fullmatch(origin)
    return int(found[2]) if found else 1


def base(origin: str) -> str:
    """The name of the log, whatever its epoch."""
    found = _ORIGIN.fullmatch(origin)
    return found[1] if found else origin


def beginning(*, left: Left, last: bytes, reason: str, name: str, job: str, at: datetime) -> Entry:
    """The entry that begins the next epoch of the log called `name`; not yet saved.

    `last` is the last checkpoint known of the log before, signed; where nobody has a later one it is the newest one
    of the books. The origin has a random part: two restores of one backup are two epochs, never one that forks.
    """
    known = note.Checkpoint.parse(note.Note.parse(last).text) if last else None
    following = max(left.number, number(known.origin) if known else 1) + 1
    cited = {"origin": known.origin, "size": known.size, "note": last.decode()} if known else None
    return _entry(
        BEGAN,
        job,
        at,
        {
            "number": following,
            "origin": f"{name}/epoch-{following}-{secrets.token_hex(4)}",
            "before": {"origin": left.origin, "vkey": left.vkey, "size": left.size, "root": left.root},
            "last": cited,
            "reason": reason,
        },
    )


def moving(verb: str, job: str, at: datetime, **said: Any) -> Entry:
    """The entry of a move, at its one end (`MOVED`) or the other (`ARRIVED`); not yet saved."""
    return _entry(verb, job, at, said)


def _entry(verb: str, job: str, at: datetime, arguments: dict[str, Any]) -> Entry:
    """An entry of the installation itself: it is of neither side."""
    return Entry(
        verb=verb,
        actor=f"job:{job}",
        actor_kind="job",
        side="",
        subject="",
        arguments=arguments,
        facts=[],
        files=[],
        recorded_at=at,
        request="",
    )


def epochs() -> list[Entry]:
    """The entries that began an epoch, the oldest first; none while the log is in its first."""
    return list(Entry.objects.filter(verb=BEGAN).order_by("pk"))


def newest() -> Entry | None:
    """The entry that began the epoch that runs, None in the first."""
    found: Entry | None = Entry.objects.filter(verb=BEGAN).order_by("-pk").first()
    return found


def earlier_keys() -> list[note.Verifier]:
    """The keys of the epochs before this one, as their successors cite them."""
    return [note.Verifier.parse(entry.arguments["before"]["vkey"]) for entry in epochs()]


def waits() -> bool:
    """Whether an epoch began and its first entry is not sealed yet: until then the log has nothing to publish."""
    return Entry.objects.filter(verb=BEGAN, leaf=None).exists()


def of_one_log(text: bytes, keys: Sequence[note.Verifier]) -> list[note.Verifier]:
    """These keys under the name that a signed note gives its log, if that is one of its epochs: all have one key."""
    origin = note.Checkpoint.parse(note.Note.parse(text).text).origin
    return [note.Verifier(origin, key.public) for key in keys if base(key.name) == base(origin)]


def moved() -> bool:
    """Whether these books were moved elsewhere, and neither arrived here nor began an epoch since."""
    last = Entry.objects.filter(verb__in=(BEGAN, MOVED, ARRIVED)).order_by("-pk").first()
    return last is not None and last.verb == MOVED
