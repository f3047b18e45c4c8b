"""The criteria and their points of focus, as versioned data (domain.md 1).

A criterion must be met; a point of focus is a thought to weigh and never a requirement. A set never changes once
an engagement has pinned it: another edition of the criteria is another set.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

from tickmark.kernel.errors import Invalid
from tickmark.scope.library import Fields, library_file, read_fields

DEFAULT_SET = "tsc-2017-2022"


class Category(StrEnum):
    """The five categories. Security is the common criteria, which apply with every other category."""

    SECURITY = "security"
    AVAILABILITY = "availability"
    CONFIDENTIALITY = "confidentiality"
    PROCESSING_INTEGRITY = "processing_integrity"
    PRIVACY = "privacy"

    @property
    def label(self) -> str:
        """The name as it is printed, such as `Processing integrity`."""
        return self.value.replace("_", " ").capitalize()


@dataclass(frozen=True)
class PointOfFocus:
    """A characteristic to weigh under a criterion; its number is local, never the AICPA's.

    `only_with`: counts only if this category is in scope. `level`: `company`, or `system` where the point concerns
    the examined system. `goods`: only where goods or products are delivered. `role` (privacy series):
    `controller`, `processor` or `both`; empty elsewhere.
    """

    id: str
    text: str
    only_with: Category | None = None
    level: str = "company"
    goods: bool = False
    role: str = ""


@dataclass(frozen=True)
class Series:
    """A family of criteria, such as CC6."""

    id: str
    title: str
    category: Category


@dataclass(frozen=True)
class Criterion:
    """One criterion. `coso` is the number of the COSO principle behind it (CC1 to CC5 only)."""

    id: str
    title: str
    summary: str
    series: Series
    points: tuple[PointOfFocus, ...]
    coso: int | None = None

    @property
    def category(self) -> Category:
        """The category whose choice brings this criterion into scope."""
        return self.series.category


def criteria(set_id: str = DEFAULT_SET) -> dict[str, Criterion]:
    """All criteria of a set by id, in official order."""
    return _load(library_file("criteria", set_id))


def categories_of(names: Iterable[str]) -> frozenset[Category]:
    """The categories named, always with Security; Invalid for a name that is none of the five."""
    return frozenset(_category(name) for name in names) | {Category.SECURITY}


def applicable(categories: Iterable[str], set_id: str = DEFAULT_SET) -> list[Criterion]:
    """The criteria in scope, in official order: the common criteria always, the others by category."""
    chosen = categories_of(categories)
    return [criterion for criterion in criteria(set_id).values() if criterion.category in chosen]


def points_in_play(
    categories: Iterable[str], set_id: str = DEFAULT_SET, goods: bool = True
) -> list[PointOfFocus]:
    """The points of focus to weigh for these categories; `goods=False` leaves out those for delivered goods."""
    chosen = categories_of(categories)
    return [
        point
        for criterion in applicable(chosen, set_id)
        for point in criterion.points
        if (point.only_with is None or point.only_with in chosen) and (goods or not point.goods)
    ]


def check_codes(codes: Iterable[str], set_id: str = DEFAULT_SET) -> tuple[str, ...]:
    """The codes as given; Invalid names every one that is no criterion of the set, with the nearest that is."""
    known = criteria(set_id)
    given = tuple(codes)
    unknown = [code for code in given if code not in known]
    if unknown:
        raise Invalid(
            f"No such criterion: {', '.join(unknown)}.",
            f"The set {set_id} has {len(known)} criteria, from {next(iter(known))} to {next(reversed(known))}.",
            _nearest(unknown, list(known)),
            "criteria",
        )
    return given


def _nearest(unknown: list[str], known: list[str]) -> str:
    close = dict.fromkeys(
        near for code in unknown for near in difflib.get_close_matches(code.upper(), known, 2)
    )
    return (
        f"Did you mean {' or '.join(close)}?" if close else "Write the id as in the list of criteria: CC6.1."
    )


def _category(name: str) -> Category:
    try:
        return Category(name)
    except ValueError:
        raise Invalid(
            f"There is no category {name!r}.",
            "The criteria know five categories.",
            f"Use one of {', '.join(Category)}.",
            "categories",
        ) from None


@lru_cache
def _load(path: Path) -> dict[str, Criterion]:
    book = read_fields(path)
    book.own_name(path, "set")
    book.text("title"), book.text("source")
    series = {row.id: row for row in map(_series, book.tables("series"))}
    loaded = [_criterion(fields, series) for fields in book.tables("criteria")]
    book.done()
    _no_repeats(path.name, [row.id for row in loaded] + [point.id for row in loaded for point in row.points])
    return {criterion.id: criterion for criterion in loaded}


def _no_repeats(where: str, ids: list[str]) -> None:
    twice = sorted({name for name in ids if ids.count(name) > 1})
    if twice:
        raise Invalid(
            f"{where} holds {', '.join(twice)} twice.", "An id stands for one thing.", "Remove one."
        )


def _series(fields: Fields) -> Series:
    series = Series(fields.text("id"), fields.text("title"), _category(fields.text("category")))
    fields.done()
    return series


def _criterion(fields: Fields, series: dict[str, Series]) -> Criterion:
    code, family = fields.text("id"), fields.choice("series", list(series))
    if not re.fullmatch(rf"{re.escape(family)}\.\d", code):
        raise fields.fault("id", f"{code!r} does not belong to series {family}.")
    criterion = Criterion(
        id=code,
        title=fields.text("title"),
        summary=fields.text("summary"),
        series=series[family],
        points=tuple(_point(row, code) for row in fields.tables("points")),
        coso=fields.number("coso", 0) or None,
    )
    fields.done()
    return criterion


def _point(fields: Fields, code: str) -> PointOfFocus:
    only_with = fields.text("only_with", "")
    point = PointOfFocus(
        id=fields.text("id"),
        text=fields.text("text"),
        only_with=_category(only_with) if only_with else None,
        level=fields.choice("level", ("company", "system"), "company"),
        goods=fields.flag("goods", False),
        role=fields.choice("role", ("controller", "processor", "both"), ""),
    )
    if not re.fullmatch(rf"{re.escape(code)}-\d\d", point.id):
        raise fields.fault("id", f"{point.id!r} is not a point of {code}.")
    fields.done()
    return point
