"""The uses that are held in memory are those that the books hold, whatever comes, and in whichever order."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from tests.evidence.test_filing import file
from tickmark.evidence import actions, queries
from tickmark.evidence.models import Support
from tickmark.evidence.queries import filed
from tickmark.evidence.queries.duties import waiting_for


class Undone(Exception):
    """Ends a transaction."""


def asked_of_the_books(control: Any) -> Any:
    return filed._asked([control.pk], None)[control.pk].rows


def held(control: Any) -> Any:
    return queries.filed_for([control.pk])[control.pk].rows


def some(program: SimpleNamespace, count: int, start: int = 0) -> list[Support]:
    rows = [
        file(program, content=f"{n}\n".encode(), name=f"{n}.txt", control=program.control)
        for n in range(start, start + count)
    ]
    return [row.supports.get() for row in rows]


def test_what_is_held_follows_every_decision(program: SimpleNamespace) -> None:
    control, reviewer = program.control, program.actor("reviewer")
    first, second, third = some(program, 3)
    assert [use.state for use in held(control)] == ["filed"] * 3
    actions.accept(reviewer, first)
    actions.reject(reviewer, second, "Another system")
    assert [(use.support, use.state, use.reason) for use in held(control)] == [
        (third.pk, "filed", ""), (second.pk, "rejected", "Another system"), (first.pk, "accepted", ""),
    ]  # fmt: skip
    some(program, 1, start=3)
    assert held(control) == asked_of_the_books(control)
    assert filed.undecided() == [use.support for use in held(control)[::-1] if use.state == "filed"]


def test_what_was_undone_is_not_held(program: SimpleNamespace) -> None:
    control = program.control
    some(program, 2)
    held(control)
    with pytest.raises(Undone), transaction.atomic():
        some(program, 2, start=2)
        assert len(held(control)) == 4
        raise Undone
    assert held(control) == asked_of_the_books(control) and len(held(control)) == 2
    some(program, 3, start=10)
    assert held(control) == asked_of_the_books(control) and len(held(control)) == 5


def test_it_is_another_object_when_the_uses_changed_and_only_then(program: SimpleNamespace) -> None:
    (support,) = some(program, 1)

    def held() -> queries.Uses:
        return queries.filed_for([program.control.pk])[program.control.pk]

    before = held()
    assert held() is before
    actions.accept(program.actor("reviewer"), support)
    assert held() is not before


def test_who_waits_for_whom_is_the_same_however_many_wait(
    program: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    supports = some(program, 4)
    actions.accept(program.actor("reviewer"), supports[0])
    day = supports[0].recorded_at.date()
    found = list(waiting_for(program.actor("reviewer"), day))
    monkeypatch.setattr(filed, "MOST_OPEN", 1)
    assert found == list(waiting_for(program.actor("reviewer"), day)) == supports[1:]


def test_asking_costs_the_same_for_few_and_for_many(program: SimpleNamespace) -> None:
    def cost() -> int:
        held(program.control)
        with CaptureQueriesContext(connection) as found:
            held(program.control)
        return len(found)

    some(program, 2)
    few = cost()
    some(program, 8, start=2)
    assert cost() == few
