"""Who changed what, who reviewed it and how it reached main: the life of the repository, before any format."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cache

from .data import catalog
from .days import PERIOD, Draw, after, at, is_business_day
from .roster import Spell, spells

FIRST_DAY, LAST_DAY = date(2025, 6, 9), date(2026, 11, 13)


@dataclass(frozen=True)
class Actor:
    """A forge account with the name and address its commits carry."""

    login: str
    id: int
    name: str
    email: str
    bot: bool = False


@dataclass(frozen=True)
class Review:
    """One review of the commit pushed as number `push` (0 for the first)."""

    by: Actor
    state: str
    at: datetime
    push: int
    dismissed: datetime | None = None


@dataclass(frozen=True)
class Change:
    """One change: how it reached main (merge, squash, direct) or, with `merged` None, that it did not."""

    how: str
    title: str
    author: Actor
    paths: tuple[str, ...]
    pushes: tuple[datetime, ...]
    reviews: tuple[Review, ...] = ()
    merged: datetime | None = None
    merged_by: Actor | None = None
    closed: datetime | None = None
    base: str = "main"
    planted: str = ""
    account_deleted: bool = False
    record_missing: bool = False
    number: int = field(default=0)

    @property
    def opened(self) -> datetime:
        return after(self.pushes[0], minutes=4)


@cache
def engineer(key: str) -> Actor:
    """The forge account of a person; rehired people keep it."""
    spell = next(s for s in spells() if s.key == key)
    return Actor(spell.github, 4_000_000 + Draw("forge", key).below(3_000_000), spell.name, spell.email)


@cache
def program(name: str) -> Actor:
    """The forge account of one of the programs in the catalog."""
    bot = catalog()["bots"][name]
    address = f"{bot['id']}+{bot['login']}@users.noreply.github.com"
    return Actor(bot["login"], bot["id"], bot["login"], address, bot=True)


def _team(day: date) -> list[Actor]:
    def there(spell: Spell) -> bool:
        before, following = day - timedelta(days=6), day + timedelta(days=1)
        return bool(spell.github) and spell.works_on(before) and spell.works_on(following)

    return [
        engineer(s.key) for s in spells() if there(s) and s.department in ("Engineering", "Security and IT")
    ]


def _pushes(draw: Draw, last: datetime, count: int) -> tuple[datetime, ...]:
    """Times of the pushes of a branch, the last one at `last`."""
    times = [last]
    for _ in range(count - 1):
        times.insert(0, after(times[0], minutes=-draw.between(25, 1100)))
    return tuple(times)


def _title(draw: Draw) -> tuple[str, tuple[str, ...]]:
    words = catalog()
    area = draw.one_of(words["areas"])
    title = f"{draw.one_of(words['verbs'])} {draw.one_of(area['things'])}{draw.one_of(words['suffixes'])}"
    first = draw.below(len(area["paths"]))
    return title, tuple(area["paths"][first : first + draw.between(1, 2)])


def _bump(draw: Draw) -> str:
    package = draw.one_of(catalog()["bots"]["dependencies"]["packages"])
    major, minor, patch = draw.between(1, 5), draw.below(20), draw.below(9)
    return f"Bump {package} from {major}.{minor}.{patch} to {major}.{minor}.{patch + 1}"


def _ordinary(draw: Draw, merged: datetime) -> Change:
    """A change as most are: written, perhaps discussed, approved by somebody else on its last head, then merged."""
    team = _team(merged.date())
    by_program = draw.chance(13)
    author = program("dependencies") if by_program else draw.one_of(team)
    reviewer = draw.one_of([member for member in team if member != author])
    title, paths = (_bump(draw), ("requirements.txt",)) if by_program else _title(draw)
    approved = after(merged, minutes=-draw.between(3, 190))
    pushes = _pushes(
        draw, after(approved, minutes=-draw.between(9, 900)), 1 if by_program else draw.between(1, 3)
    )
    reviews = [Review(reviewer, "APPROVED", approved, len(pushes) - 1)]
    if len(pushes) > 1 and draw.chance(40):
        state = draw.one_of(("COMMENTED", "CHANGES_REQUESTED"))
        reviews.insert(0, Review(reviewer, state, after(pushes[0], minutes=12), 0))
    merger = reviewer if by_program or draw.chance(25) else author
    how = "squash" if by_program or draw.chance(55) else "merge"
    return Change(how, title, author, paths, pushes, tuple(reviews), merged, merger)


def _unmerged(draw: Draw, day: date) -> Change:
    """A pull request that never reached main: closed after a while, left open, or meant for another branch."""
    team = _team(day)
    title, paths = _title(draw)
    pushes = _pushes(draw, at(day, f"{draw.between(9, 17):02}:{draw.below(60):02}"), draw.between(1, 2))
    change = Change("squash", title, draw.one_of(team), paths, pushes)
    if draw.chance(20):
        return replace(
            change, merged=after(pushes[-1], hours=3), merged_by=change.author, base="release/2026.1"
        )
    return change if draw.chance(15) else replace(change, closed=after(pushes[-1], days=draw.between(1, 12)))


def seeded(day: date) -> Iterator[Change]:
    """The seeded changes of one business day."""
    draw = Draw("changes", day)
    busy = draw.below(4)
    for _ in range(busy if day >= PERIOD[0] else min(busy, 2)):
        clock = f"{draw.between(9, 17):02}:{draw.below(60):02}:{draw.below(60):02}"
        yield _ordinary(draw, at(day, clock))
    if draw.chance(9):
        yield _unmerged(draw, day)


def days() -> Iterator[date]:
    """Business days of the repository's life."""
    day = FIRST_DAY
    while day <= LAST_DAY:
        if is_business_day(day):
            yield day
        day += timedelta(days=1)
