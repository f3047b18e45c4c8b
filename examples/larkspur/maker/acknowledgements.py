"""Who acknowledges which version of which policy when: the plan the demo follows day by day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from .data import planted, story
from .days import DEMO_DAY, Draw, at, business_day_up_to, instant
from .roster import Spell, spells

ALLOWED = timedelta(days=14)


@dataclass(frozen=True, order=True)
class Acknowledgement:
    """One click of one person on one version."""

    at: datetime
    person: str
    policy: str
    version: int


@dataclass(frozen=True)
class Text:
    """A published version that has to be acknowledged; `superseded` is the first day it was no longer in force."""

    policy: str
    version: int
    published: date
    superseded: date


def texts() -> Iterator[Text]:
    """Every version of every policy that everybody has to acknowledge."""
    for policy in story()["policy"]:
        if policy["acknowledged_by"] == "everyone":
            versions = policy["version"]
            ends = [later["published"] for later in versions[1:]] + [date.max]
            for version, end in zip(versions, ends, strict=True):
                yield Text(policy["id"], version["number"], version["published"], end)


def _asked(spell: Spell, text: Text) -> date | None:
    """The day the person is asked, or None when nobody has to be: gone before, or joined after a newer version."""
    day = max(spell.hire, text.published)
    gone = spell.left is not None and spell.left < day
    return None if gone or day >= text.superseded or day > DEMO_DAY else day


def _by_plan(spell: Spell, text: Text) -> str | None:
    for row in planted()["acknowledgement"]:
        whose = (row["person"], row.get("spell", spell.spell), row["policy"], row["version"])
        if whose == (spell.key, spell.spell, text.policy, text.version):
            return str(row["at"])
    return None


def _leaves_at_once(spell: Spell, asked: date) -> bool:
    return spell.left is not None and spell.left <= asked + ALLOWED


def _usual(spell: Spell, text: Text, asked: date) -> datetime:
    """Within eleven days, on a business day, not before the person was asked."""
    draw = Draw("acknowledge", spell.key, spell.spell, text.policy, text.version)
    day = max(asked, business_day_up_to(asked + timedelta(days=draw.between(0, 11))))
    return at(day, f"{draw.between(10, 16):02}:{draw.below(60):02}")


def plan() -> list[Acknowledgement]:
    """All acknowledgements up to the demo day, in the order of time; nobody acknowledges one text twice."""
    found: dict[tuple[str, str, int], Acknowledgement] = {}
    for spell in spells():
        for text in texts():
            asked, special = _asked(spell, text), _by_plan(spell, text)
            if asked is None or special == "" or (special is None and _leaves_at_once(spell, asked)):
                continue
            when = instant(special) if special else _usual(spell, text, asked)
            key = (spell.key, text.policy, text.version)
            found.setdefault(key, Acknowledgement(when, *key))
    return sorted(found.values())


def text() -> str:
    """`acknowledgements/plan.toml`."""
    lines = ["# Made by maker/acknowledgements.py: who acknowledges what, when (Eastern). Fictional.", ""]
    for given in plan():
        lines += [
            "[[acknowledgement]]", f'at = "{given.at.isoformat()}"', f'person = "{given.person}"',
            f'policy = "{given.policy}"', f"version = {given.version}", "",
        ]  # fmt: skip
    return "\n".join(lines)
