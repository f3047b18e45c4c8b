"""What is read of an append-only table is added to; a late or undone row is never missed and never kept."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from tests.deeds import writing
from tickmark.kernel.grown import Grown, mark, news_of
from tickmark.scope.models import System, SystemEvent

DAY = date(2026, 3, 2)


class Undone(Exception):
    """Ends a transaction."""


def event(system: System, title: str, pk: int | None = None) -> SystemEvent:
    """One fact of its own entry."""
    with writing():
        row = SystemEvent(pk=pk, system=system, kind="change", happened_on=DAY, title=title, text="t")
        row.save()
    return row


@pytest.fixture
def system(cast: SimpleNamespace) -> System:
    with writing():
        row = System(code="ledger")
        row.save()
    return row


def titles(news: tuple[list[Any], bool]) -> tuple[list[str], bool]:
    return [row[2] for row in news[0]], news[1]


def test_only_what_is_new_is_read(system: System) -> None:
    table = Grown("scope.SystemEvent", "title")
    assert titles(table.news()) == ([], True)
    event(system, "a")
    event(system, "b")
    assert titles(table.news()) == (["a", "b"], True)
    event(system, "c")
    with CaptureQueriesContext(connection) as asked:
        assert titles(table.news()) == (["c"], False)
    assert '"id" > ' in asked[1]["sql"]
    assert titles(table.news()) == ([], False)


def test_a_row_with_a_lower_number_that_came_late_is_found(system: System) -> None:
    table = Grown("scope.SystemEvent", "title")
    first = event(system, "a")
    event(system, "c", pk=first.pk + 2)
    table.news()
    event(system, "b", pk=first.pk + 1)
    assert titles(table.news()) == (["a", "b", "c"], True)


def test_a_row_that_was_undone_and_its_number_taken_by_another_is_forgotten(system: System) -> None:
    table = Grown("scope.SystemEvent", "title")
    event(system, "a")
    with pytest.raises(Undone), transaction.atomic():
        undone = event(system, "never")
        assert titles(table.news()) == (["a", "never"], True)
        raise Undone
    event(system, "b", pk=undone.pk)
    event(system, "c")
    assert titles(table.news()) == (["a", "b", "c"], True)


def test_a_table_is_marked_by_its_rows_and_its_newest(system: System) -> None:
    assert mark(SystemEvent.objects.all()) == (0, 0, None)
    row = event(system, "a")
    assert mark(SystemEvent.objects.all()) == (1, row.pk, row.entry)


def test_tables_that_are_held_together_begin_anew_together(system: System) -> None:
    events, systems = Grown("scope.SystemEvent", "title"), Grown("scope.System", "code")
    first = event(system, "a")
    assert [len(rows) for rows in news_of(events, systems)[0]] == [1, 1]
    event(system, "c", pk=first.pk + 2)
    (came, none), anew = news_of(events, systems)
    assert ([row[2] for row in came], none, anew) == (["c"], [], False)
    event(system, "b", pk=first.pk + 1)
    (came, every), anew = news_of(events, systems)
    assert ([row[2] for row in came], [row[2] for row in every], anew) == (["a", "b", "c"], ["ledger"], True)
