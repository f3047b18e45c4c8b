"""A remembered answer lasts until the books change."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from tickmark.kernel import jobs, remembered
from tickmark.kernel.jobs import Slot
from tickmark.people import actions as people
from tickmark.people.models import Role


@pytest.fixture
def asked(cast: SimpleNamespace) -> SimpleNamespace:
    """A function that counts how often it is really asked."""
    calls: list[int] = []

    @remembered.remembered
    def answer(number: int) -> int:
        calls.append(number)
        return number

    return SimpleNamespace(answer=answer, calls=calls, cast=cast)


def test_an_entry_forgets_it(asked: SimpleNamespace) -> None:
    assert [asked.answer(1), asked.answer(1), asked.answer(2)] == [1, 1, 2]
    assert asked.calls == [1, 2]
    people.grant(asked.cast.actor("founder"), asked.cast.lead, Role.REVIEWER)
    asked.answer(1)
    assert asked.calls == [1, 2, 1]


def test_a_slot_that_ends_forgets_it(asked: SimpleNamespace) -> None:
    slot = jobs.enqueue("nothing", "x")
    asked.answer(1)
    Slot.objects.filter(pk=slot.pk).update(finished_at=slot.due_at)
    asked.answer(1)
    assert asked.calls == [1, 1]


def test_it_is_forgotten_after_seconds_and_keeps_but_so_many(
    asked: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    moment = [0.0]
    monkeypatch.setattr(remembered.time, "monotonic", lambda: moment[0])
    asked.answer(1)
    moment[0] = remembered.SECONDS
    asked.answer(1)
    assert asked.calls == [1, 1]
    for number in range(2, remembered.KEPT + 2):
        asked.answer(number)
    asked.answer(1)
    assert asked.calls[-1] == 1 and len(asked.calls) == remembered.KEPT + 3
