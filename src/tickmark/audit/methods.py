"""A firm's methodology as versioned data (domain.md 4.4, 5.1).

How many items are tested is the firm's choice, so every number stands in `library/methods`. The arithmetic is
in whole numbers and fractions: 7 % of 100 is 7, never 8.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

from tickmark.audit.request_lists import KINDS
from tickmark.audit.request_lists import RequestTemplate as RequestTemplate
from tickmark.audit.request_lists import request_list as request_list
from tickmark.kernel.errors import Invalid
from tickmark.scope.library import Fields, library_file, read_fields

RISKS = ("low", "default", "high")


@dataclass(frozen=True)
class Size:
    """A rule for a size: all, a number, or a share of the count with floor and cap. Never above the count."""

    number: int | None = None
    share: Fraction | None = None
    round_up: bool = True
    at_least: int = 0
    at_most: int | None = None

    def of(self, count: int) -> int:
        """How many of `count` are tested."""
        if self.share is not None:
            exact = self.share * count
            part = math.ceil(exact) if self.round_up else math.floor(exact)
            wanted = max(part, self.at_least)
            return min(wanted, count if self.at_most is None else self.at_most, count)
        return count if self.number is None else min(self.number, count)

    def __str__(self) -> str:
        """The rule in words, as it is printed beside a draw."""
        if self.share is None:
            return "all" if self.number is None else str(self.number)
        limits = [f"at least {self.at_least}"] if self.at_least else []
        limits += [] if self.at_most is None else [f"at most {self.at_most}"]
        percent = float(self.share * 100)
        return ", ".join([f"{percent:g} % rounded {'up' if self.round_up else 'down'}", *limits])


@dataclass(frozen=True)
class Band:
    """Sizes for a count from `start` to `end`, both included; `end` None is without limit."""

    start: int
    end: int | None
    sizes: Mapping[str, Size]


@dataclass(frozen=True)
class Frequency:
    """Sizes for a control of one frequency. `occurrences`: what twelve months hold, None if without limit.

    `by_count`: the count in the period decides instead. `negative_test`: the risks at which an automated
    control is also tried with what it must refuse.
    """

    name: str
    occurrences: int | None
    by_count: bool
    sizes: Mapping[str, Size]
    negative_test: tuple[str, ...]


@dataclass(frozen=True)
class DeviationRule:
    """What deviations mean before anybody has judged them; the judgement itself is never computed."""

    allowed: int
    zero_tolerance_up_to: int
    rate_needs_at_least: int
    systematic_above: Fraction
    escalate: tuple[str, ...]
    extend_to: tuple[int, ...]

    def rate_is_a_sign(self, deviations: int, tested: int) -> bool:
        """Whether the rate alone points at a systematic failure; never with too few occurrences."""
        return tested >= self.rate_needs_at_least and Fraction(deviations, tested) > self.systematic_above

    def next_size(self, tested: int) -> int | None:
        """The size to which a sample of `tested` may be extended, None if the plan has none."""
        return next((size for size in self.extend_to if size > tested), None)


@dataclass(frozen=True)
class AttributeTest:
    """One attribute with its pass criteria. It counts for `controls`; if none, it is a fact, not counted.

    `at_date` serves a Type 1, `over_period` a Type 2. `computed`: a rule can tell it from data.
    """

    letter: str
    text: str
    controls: tuple[str, ...]
    computed: bool
    at_date: str
    over_period: str


@dataclass(frozen=True)
class PopulationMethod:
    """What is looked at on the items of a population. `by_date` decides membership of the period."""

    id: str
    title: str
    key: str
    by_date: str
    attributes: tuple[AttributeTest, ...]

    def attributes_of(self, control: str) -> tuple[AttributeTest, ...]:
        """The attributes that count for one control."""
        return tuple(attribute for attribute in self.attributes if control in attribute.controls)


@dataclass(frozen=True)
class Method:
    """A version of a firm's methodology, pinned by an engagement for ever."""

    id: str
    title: str
    version: int
    note: str
    census_first: bool
    seed_rule: str
    selection: str
    smaller_needs_reason: bool
    short_period_at_least: int
    test_sign_off: tuple[str, ...]
    key_test_sign_off: tuple[str, ...]
    engagement_sign_off: tuple[str, ...]
    file_lock_days: int
    retention_years: int
    deviations: DeviationRule
    turnaround: Mapping[str, int]
    frequencies: Mapping[str, Frequency]
    bands: tuple[Band, ...]
    populations: Mapping[str, PopulationMethod]

    def rule_for_count(self, count: int, risk: str = "default") -> Size:
        """The rule that gives the size for `count` occurrences in the period."""
        if count < 0:
            raise Invalid(
                f"A count of {count} is impossible.", "Items are counted from 0.", "Count again.", "count"
            )
        band = next(band for band in self.bands if band.end is None or count <= band.end)
        return band.sizes[_risk(risk)]

    def size_for_count(self, count: int, risk: str = "default") -> int:
        """How many of `count` occurrences are tested; 0 of 0, which reads `did not operate`."""
        return self.rule_for_count(count, risk).of(count)

    def size_for_frequency(self, frequency: str, occurrences: int, risk: str = "default") -> int:
        """How many of the `occurrences` in the period are tested (settings, if the control is continuous)."""
        row = self._frequency(frequency)
        if row.by_count:
            return self.size_for_count(occurrences, risk)
        self.rule_for_count(occurrences)
        wanted = row.sizes[_risk(risk)].of(occurrences)
        short = row.occurrences is not None and occurrences < row.occurrences
        return min(max(wanted, self.short_period_at_least), occurrences) if short else wanted

    def needs_negative_test(self, frequency: str, risk: str = "default") -> bool:
        """Whether an automated control is also tried with what it must refuse."""
        return _risk(risk) in self._frequency(frequency).negative_test

    def needs_reason(self, chosen: int, planned: int) -> bool:
        """Whether the auditor must say why `chosen` items are tested where `planned` were due."""
        return self.smaller_needs_reason and chosen < planned

    def attributes(self, population: str, control: str) -> tuple[AttributeTest, ...]:
        """The attributes of a population that count for a control; none for an unknown population."""
        known = self.populations.get(population)
        return known.attributes_of(control) if known else ()

    def _frequency(self, name: str) -> Frequency:
        if name not in self.frequencies:
            raise Invalid(
                f"The method {self.id} has no frequency {name!r}.",
                f"Known: {', '.join(self.frequencies)}.",
                "Set one of these on the control, or add a row to the method.",
                "frequency",
            )
        return self.frequencies[name]


def method(method_id: str = "default-2026") -> Method:
    """A methodology of the library; Invalid if there is none or its file is not sound."""
    return _method(library_file("methods", method_id))


def _risk(risk: str) -> str:
    if risk not in RISKS:
        raise Invalid(
            f"There is no risk {risk!r}.", "Sizes are set for three.", f"Use {', '.join(RISKS)}.", "risk"
        )
    return risk


@lru_cache
def _method(path: Path) -> Method:
    book = read_fields(path)
    read = Method(
        id=book.own_name(path),
        title=book.text("title"),
        version=book.number("version"),
        note=book.text("note"),
        census_first=book.flag("census_first"),
        seed_rule=book.choice("seed_rule", ("committed", "derived")),
        selection=book.choice("selection", ("seeded", "systematic")),
        smaller_needs_reason=book.flag("smaller_needs_reason"),
        short_period_at_least=book.number("short_period_at_least"),
        test_sign_off=book.texts("test_sign_off"),
        key_test_sign_off=book.texts("key_test_sign_off"),
        engagement_sign_off=book.texts("engagement_sign_off"),
        file_lock_days=book.number("file_lock_days"),
        retention_years=book.number("retention_years"),
        deviations=_deviations(Fields(book.table("deviations"), f"{path.name}, deviations")),
        turnaround=_turnaround(book),
        frequencies={row.name: row for row in map(_frequency, book.tables("frequencies"))},
        bands=_bands(book),
        populations={row.id: row for row in map(_population, book.tables("populations"))},
    )
    book.done()
    return read


def _turnaround(book: Fields) -> dict[str, int]:
    fields = Fields(book.table("turnaround"), "turnaround")
    days = {name: fields.number(name) for name in (*KINDS, "question", "review")}
    fields.done()
    return days


def _deviations(fields: Fields) -> DeviationRule:
    rule = DeviationRule(
        allowed=fields.number("allowed"),
        zero_tolerance_up_to=fields.number("zero_tolerance_up_to"),
        rate_needs_at_least=fields.number("rate_needs_at_least"),
        systematic_above=_percent(fields, "systematic_above_percent"),
        escalate=fields.texts("escalate"),
        extend_to=_rising(fields, "extend_to"),
    )
    fields.done()
    return rule


def _rising(fields: Fields, key: str) -> tuple[int, ...]:
    values = fields.raw(key)
    sound = isinstance(values, list) and all(type(value) is int for value in values)
    if not sound or values != sorted(set(values)):
        raise fields.fault(key, "It must be a list of whole numbers that rise.")
    return tuple(values)


def _percent(fields: Fields, key: str) -> Fraction:
    """A percentage written as text, so that no binary fraction creeps in."""
    text = fields.text(key)
    if not re.fullmatch(r"\d{1,2}(\.\d+)?|100", text):
        raise fields.fault(key, f"{text!r} is no percentage from 0 to 100.")
    return Fraction(text) / 100


def _frequency(fields: Fields) -> Frequency:
    by_count = fields.flag("by_count", False)
    row = Frequency(
        name=fields.text("frequency"),
        occurrences=fields.number("occurrences", 0) or None,
        by_count=by_count,
        sizes={} if by_count else _sizes(fields),
        negative_test=fields.texts("negative_test", ()),
    )
    fields.done()
    return row


def _bands(book: Fields) -> tuple[Band, ...]:
    """The bands, which must meet without gap or overlap from 0 to without limit."""
    bands = tuple(map(_band, book.tables("bands")))
    starts = [band.start for band in bands]
    ends = [-1 if band.end is None else band.end for band in bands]
    if (
        not bands
        or starts != [0, *(end + 1 for end in ends[:-1])]
        or starts != sorted(starts)
        or ends[-1] != -1
    ):
        raise book.fault("bands", "They must follow one another from 0 without gap, the last without an end.")
    return bands


def _band(fields: Fields) -> Band:
    end = fields.number("to", -1)
    band = Band(fields.number("from"), None if end < 0 else end, _sizes(fields))
    fields.done()
    return band


def _sizes(fields: Fields) -> dict[str, Size]:
    given = fields.table("sizes")
    if set(given) != set(RISKS):
        raise fields.fault("sizes", f"It must hold {', '.join(RISKS)}.")
    return {risk: _size(fields, given[risk]) for risk in RISKS}


def _size(parent: Fields, value: object) -> Size:
    if value == "all":
        return Size()
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return Size(number=value)
    if not isinstance(value, dict):
        raise parent.fault("sizes", f"{value!r} is neither all, nor a number, nor a share.")
    fields = Fields(value, "a share in sizes")
    size = Size(
        share=_percent(fields, "percent"),
        round_up=fields.choice("round", ("up", "down")) == "up",
        at_least=fields.number("at_least", 0),
        at_most=fields.number("at_most", -1) if "at_most" in value else None,
    )
    fields.done()
    return size


def _population(fields: Fields) -> PopulationMethod:
    population = PopulationMethod(
        id=fields.text("id"),
        title=fields.text("title"),
        key=fields.text("key"),
        by_date=fields.text("by_date"),
        attributes=tuple(map(_attribute, fields.tables("attributes"))),
    )
    fields.done()
    return population


def _attribute(fields: Fields) -> AttributeTest:
    attribute = AttributeTest(
        letter=fields.text("letter"),
        text=fields.text("text"),
        controls=fields.texts("controls"),
        computed=fields.choice("judged", ("computed", "read")) == "computed",
        at_date=fields.text("at_date"),
        over_period=fields.text("over_period"),
    )
    fields.done()
    return attribute
