"""What is read of an append-only table is added to; a late or undone row is never missed and never kept."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from tests.deeds import writing
from tickmark.kernel import grown
from tickmark.kernel.grown import Grown, Table, news_of
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
    table = Table("scope.SystemEvent")
    assert table.mark() == (0, 0, None)
    row = event(system, "a")
    assert table.mark() == (1, row.pk, row.entry)


def test_what_was_there_while_no_transaction_was_open_is_counted_once(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grown, "SLACK", 1)
    rows = [event(system, str(number)) for number in range(4)]
    table, open_ = Table("scope.SystemEvent"), [True]
    monkeypatch.setattr(grown, "none_writes", lambda table: not open_[0])
    assert (table.mark()[0], table.below) == (4, 0)
    open_[0] = False
    assert (table.mark()[0], table.below) == (4, rows[2].pk)
    event(system, "late", pk=rows[-1].pk + 2)
    with CaptureQueriesContext(connection) as asked:
        assert table.mark()[0] == 5
    assert f'"id" > {rows[2].pk}' in asked[-1]["sql"]
    assert (
        f'"id" <= {rows[-1].pk + 2}' in asked[-1]["sql"]
    )  # what comes after the newest is told the next time
    event(system, "later", pk=rows[-1].pk + 1)
    assert table.mark()[0] == 6
    table.forget()
    assert (table.mark()[0], table.below > rows[2].pk) == (6, True)


def test_a_transaction_that_writes_to_the_table_is_seen(own_books: Callable[..., list[Any]]) -> None:
    begun, seen = threading.Event(), threading.Event()

    def write() -> None:
        with transaction.atomic():
            with writing():
                System(code="open").save()
            begun.set()
            assert seen.wait(30) and not grown.none_writes("scope_system")

    def look() -> bool:
        assert begun.wait(30)
        during = grown.none_writes("scope_system")
        seen.set()
        return during

    _, during = own_books(write, look)
    assert during is (connection.vendor == "sqlite")  # there the next number is drawn after the commit
    (after,) = own_books(lambda: grown.none_writes("scope_system"))
    assert after


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


def test_what_was_read_of_a_table_that_would_not_rest_is_read_again(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    events, systems = Grown("scope.SystemEvent", "title"), Grown("scope.System", "code")
    event(system, "a")
    with monkeypatch.context() as restless:
        restless.setattr(events.table, "mark", lambda: (99, 0, None))
        (came, every), anew = news_of(events, systems)
        assert ([row[2] for row in came], len(every), anew) == (["a"], 1, False)
    (came, every), anew = news_of(events, systems)
    assert ([row[2] for row in came], [row[2] for row in every], anew) == (["a"], ["ledger"], True)
    assert news_of(events, systems) == ([[], []], False)


def test_news_that_did_not_arrive_are_told_again(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    events, systems = Grown("scope.SystemEvent", "title"), Grown("scope.System", "code")
    event(system, "a")

    def fails() -> None:
        raise OSError

    with monkeypatch.context() as broken:
        broken.setattr(systems.table, "mark", fails)
        with pytest.raises(OSError):
            news_of(events, systems)
    (came, every), anew = news_of(events, systems)
    assert ([row[2] for row in came], [row[2] for row in every], anew) == (["a"], ["ledger"], True)
