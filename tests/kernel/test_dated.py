"""Facts are written once; versions answer for a day, for a period, and for what was known."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.deeds import writing
from tickmark.controls.models import Control, ControlVersion
from tickmark.evidence.models import Evidence
from tickmark.kernel.dated import Fact, plain
from tickmark.kernel.errors import Refused
from tickmark.kernel.ledger.entry import Entry
from tickmark.kernel.ledger.seal import seal
from tickmark.people.models import Person

ROLLED_BACK = {"suppress_health_check": [HealthCheck.function_scoped_fixture], "deadline": None}
NEXT = itertools.count(1)
DAY = date(2026, 1, 1)


def control() -> Control:
    row = Control(code=f"T-{next(NEXT)}")
    row.save()
    return row


def version(subject: Control, since: date, owner: Any, **more: Any) -> ControlVersion:
    words = {"title": "Peer review", "statement": "Two people.", "criteria": ["CC8.1"], **more}
    row = ControlVersion(
        control=subject,
        effective_from=since,
        nature="I",
        purpose="P",
        frequency="event",
        owner=owner,
        **words,
    )
    row.save()
    return row


# -- append-only ----------------------------------------------------------------------------------------------------


@pytest.fixture
def person(cast: SimpleNamespace) -> Person:
    with writing(cast.founder):
        row = Person(key="P-1", name="Ada")
        row.save()
    return row


@pytest.mark.parametrize(
    "change",
    [
        lambda row: row.save(),
        lambda row: row.save(update_fields=["name"]),
        lambda row: row.delete(),
        lambda row: Person.objects.filter(pk=row.pk).update(name="Eve"),
        lambda row: Person.objects.filter(pk=row.pk).delete(),
        lambda row: Person.objects.bulk_update([row], ["name"]),
        lambda row: Person.objects.update_or_create(key="P-1", defaults={"name": "Eve"}),
        lambda row: Person.objects.bulk_create(
            [row], update_conflicts=True, update_fields=["name"], unique_fields=["key"]
        ),
        lambda row: Person.objects.bulk_create([row], ignore_conflicts=True),
    ],
)
def test_a_fact_is_never_changed_in_python(person, cast, change):
    with writing(cast.founder):
        person.name = "Eve"
        with pytest.raises(Refused), transaction.atomic():
            change(person)
    assert list(Person.objects.values_list("name", flat=True)) == ["Ada"]


def test_entries_are_never_changed_in_python(person):
    entry = Entry.objects.get(uid=person.entry)
    for change in (
        entry.save,
        entry.delete,
        Entry.objects.all().delete,
        lambda: Entry.objects.update(verb="x"),
    ):
        with pytest.raises(Refused):
            change()


def test_a_fact_is_written_within_an_action_only(cast):
    for write in (
        Person(key="P-1", name="Ada").save,
        lambda: Person.objects.bulk_create([Person(key="P-2", name="Bo")]),
    ):
        with pytest.raises(RuntimeError, match="within an action"):
            write()
    assert Person.objects.count() == 0


def test_many_facts_of_one_action_are_each_cited(cast):
    with writing(cast.founder) as deed:
        rows = Person.objects.bulk_create(Person(key=f"P-{n}", name="Ada") for n in range(3))
    again = list(Person.objects.order_by("pk"))
    assert again == rows and {row.entry for row in again} == {deed.uid}
    assert Entry.objects.get(uid=deed.uid).facts == [
        {"ref": row.ref, "sha256": Fact.digest(row)} for row in again
    ]


# -- a digest is the same before and after the books held the row ---------------------------------------------------

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)
numbers = st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False)
structures = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
days = st.dates(date(1900, 1, 1), date(2200, 1, 1))
zones = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
moments = st.datetimes(datetime(1950, 1, 1), datetime(2100, 1, 1), timezones=zones)  # noqa: DTZ001


@settings(max_examples=80, **ROLLED_BACK)
@given(parameters=st.dictionaries(texts, structures, max_size=3), title=texts, since=days)
def test_a_version_reads_from_the_books_as_it_was_digested(cast, parameters, title, since):
    with writing(cast.founder) as deed:
        row = version(control(), since, cast.owner, parameters=parameters, title=title)
        written = row.digest()
    assert ControlVersion.objects.get(pk=row.pk).digest() == written == deed.facts[-1]["sha256"]


@settings(max_examples=60, **ROLLED_BACK)
@given(observed=st.none() | moments, collected=moments, first=st.none() | days, size=st.integers(0, 2**62))
def test_evidence_reads_from_the_books_as_it_was_digested(cast, observed, collected, first, size):
    with writing(cast.founder):
        row = Evidence(
            name="a", media_type="text/csv", sha256="0" * 64, size=size, kind="DOC", source="s",
            covers_from=first, covers_to=first, observed_at=observed, collected_at=collected,
        )  # fmt: skip
        row.save()
    assert Evidence.objects.get(pk=row.pk).canonical() == row.canonical()


def test_what_was_given_as_text_digests_as_what_it_means(cast):
    with writing(cast.founder):
        row = version(control(), "2026-03-01", cast.owner)  # type: ignore[arg-type]
    assert ControlVersion.objects.get(pk=row.pk).digest() == row.digest()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1.0, 1),
        (-0.0, 0),
        (0.5, "0.5"),
        (1e22, "10000000000000000000000"),
        (2**53, "9007199254740992"),
        (True, True),
        (datetime(2026, 3, 1, 9, tzinfo=timezone(timedelta(hours=-5))), "2026-03-01T14:00:00+00:00"),
        (date(2026, 3, 1), "2026-03-01"),
        ({"b": {2, 1}, 3: (None,)}, {"b": [1, 2], "3": [None]}),
    ],
)
def test_values_as_canonical_json_takes_them(value, expected):
    assert (plain(value), type(plain(value))) == (expected, type(expected))


# -- as_of, over and known against a replay -------------------------------------------------------------------------

Step = tuple[int, int, bool, bool]
steps = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 6), st.booleans(), st.booleans()), max_size=7)
"""Subject, day of effect, withdrawn, and whether the log is sealed afterwards."""


def live(story: list[Step], cast: Any) -> tuple[list[Control], list[tuple[ControlVersion, int, int | None]]]:
    """The subjects, and each version with its subject and the log size that first knew it."""
    with writing(cast.founder):
        subjects = [control(), control()]
    rows: list[Any] = []
    for which, day, withdrawn, sealed in story:
        with writing(cast.founder):
            row = version(subjects[which], DAY + timedelta(days=day), cast.owner, withdrawn=withdrawn)
        rows.append([row, which, None])
        if sealed:
            size = seal().size
            rows = [[r, w, size if known is None else known] for r, w, known in rows]
    return subjects, [tuple(one) for one in rows]


def in_force(rows: list[Any], which: int, day: date, known: int | None) -> ControlVersion | None:
    """The naive answer: look at every version in the order of writing; a later day of effect or a later row wins."""
    best = None
    for row, subject, size in rows:
        seen = known is None or (size is not None and size <= known)
        if (
            subject == which
            and seen
            and row.effective_from <= day
            and (best is None or row.effective_from >= best.effective_from)
        ):
            best = row
    return None if best is None or best.withdrawn else best


def sizes(rows: list[Any]) -> Iterator[int | None]:
    yield None
    yield from sorted({size for *_, size in rows if size is not None})


@settings(max_examples=30, **ROLLED_BACK)
@given(story=steps)
def test_every_day_has_the_version_that_a_replay_finds(cast, story):
    subjects, rows = live(story, cast)
    mine = ControlVersion.objects.filter(control__in=subjects)
    for known in sizes(rows):
        for day in (DAY + timedelta(days=n) for n in range(-1, 8)):
            replayed = {one for which in (0, 1) if (one := in_force(rows, which, day, known))}
            assert set(mine.as_of(day, known)) == replayed


@settings(max_examples=30, **ROLLED_BACK)
@given(story=steps, first=st.integers(-1, 7), length=st.integers(0, 5))
def test_a_period_has_on_each_of_its_days_what_that_day_has(cast, story, first, length):
    subjects, rows = live(story, cast)
    start = DAY + timedelta(days=first)
    end = start + timedelta(days=length)
    for known in sizes(rows):
        spans = ControlVersion.objects.filter(control__in=subjects).over(start, end, known)
        by_day = {
            day: {span.version for span in spans if span.start <= day <= span.end}
            for day in (start + timedelta(days=n) for n in range(length + 1))
        }
        assert by_day == {
            day: {one for which in (0, 1) if (one := in_force(rows, which, day, known))} for day in by_day
        }
        assert all(start <= span.start <= span.end <= end for span in spans)


def test_a_filter_chooses_versions_and_never_lengthens_one(cast):
    with writing(cast.founder):
        subject = control()
        first = version(subject, DAY, cast.owner)
        version(subject, DAY + timedelta(days=10), cast.lead)
    spans = ControlVersion.objects.filter(owner=cast.owner).over(DAY, DAY + timedelta(days=30))
    assert [(span.version, span.start, span.end) for span in spans] == [(first, DAY, DAY + timedelta(days=9))]
    assert list(ControlVersion.objects.filter(owner=cast.owner).as_of(DAY + timedelta(days=20))) == []


def test_a_period_costs_the_same_for_one_version_and_for_many(cast):
    counts = []
    for many in (1, 5):
        with writing(cast.founder):
            for _ in range(many):
                version(control(), DAY, cast.owner)
        with CaptureQueriesContext(connection) as queries:
            ControlVersion.objects.all().over(DAY, DAY)
        counts.append(len(queries))
    assert counts == [2, 2]


def test_what_was_written_after_a_size_is_not_known_at_it(cast):
    with writing(cast.founder):
        subject = control()
    assert seal().size == Entry.objects.count()
    with writing(cast.founder):
        late = version(subject, DAY, cast.owner)
    before = seal().size - 1
    assert [list(ControlVersion.objects.as_of(DAY, known)) for known in (before, before + 1)] == [[], [late]]
    assert late.recorded_at.tzinfo is UTC or late.recorded_at.utcoffset() == timedelta()
