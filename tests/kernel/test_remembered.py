"""A remembered answer lasts until a table that was read for it grows, and no longer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from tests.deeds import writing
from tickmark.audit.models import TeamMember
from tickmark.kernel import clock, jobs, remembered
from tickmark.kernel.access import Actor
from tickmark.kernel.dated import Fact
from tickmark.kernel.grown import in_this_moment, one_moment
from tickmark.kernel.jobs import Slot
from tickmark.kernel.ledger import cited
from tickmark.kernel.ledger.entry import Entry
from tickmark.kernel.reads import noted, tables_of
from tickmark.people import actions as people
from tickmark.people.models import Role, RoleGrant, User
from tickmark.scope import actions as scope
from tickmark.scope.models import System, SystemEvent

DAY = date(2026, 3, 2)


class Undone(Exception):
    """Ends a transaction."""


def event(system: System, title: str) -> SystemEvent:
    """One fact of its own entry."""
    with writing():
        row = SystemEvent(system=system, kind="change", happened_on=DAY, title=title, text="t")
        row.save()
    return row


def titles() -> list[str]:
    return list(SystemEvent.objects.order_by("pk").values_list("title", flat=True))


@pytest.fixture
def system(cast: SimpleNamespace) -> System:
    with writing():
        row = System(code="ledger")
        row.save()
    return row


def counting(function: Callable[..., Any]) -> SimpleNamespace:
    """The function, remembered, with the list of what it was really asked."""
    asked: list[Any] = []

    @remembered.remembered
    def answer(*given: Any) -> Any:
        asked.append(given)
        return function(*given)

    return SimpleNamespace(ask=answer, asked=asked)


def test_it_lasts_until_what_it_read_grows(system: System, cast: SimpleNamespace) -> None:
    one = counting(titles)
    assert [one.ask(), one.ask()] == [[], []]
    people.grant(cast.actor("founder"), cast.lead, Role.REVIEWER)
    assert (one.ask(), len(one.asked)) == ([], 1)
    event(system, "a")
    assert (one.ask(), len(one.asked)) == (["a"], 2)


def test_each_set_of_arguments_has_its_own(cast: SimpleNamespace) -> None:
    one = counting(lambda number: number)
    assert [one.ask(1), one.ask(2), one.ask(1)] == [1, 2, 1]
    assert one.asked == [(1,), (2,)]


def test_it_rests_on_what_the_answers_rest_on_that_it_used(system: System) -> None:
    inner = counting(titles)
    inner.ask()
    outer = counting(lambda: len(inner.ask()))
    assert outer.ask() == 0
    event(system, "a")
    assert (outer.ask(), len(outer.asked)) == (1, 2)


def test_it_rests_on_what_was_asked_before_in_the_same_moment(system: System) -> None:
    with one_moment():
        in_this_moment("titles", titles)
        one = counting(lambda: in_this_moment("titles", titles))
        assert one.ask() == []
    event(system, "a")
    with one_moment():
        assert one.ask() == ["a"]


def test_what_was_asked_in_a_moment_is_no_older_than_the_books_it_rests_on(system: System) -> None:
    """Somebody records something between two questions of one page."""
    one = counting(lambda: in_this_moment("titles", titles))
    with one_moment():
        in_this_moment("titles", titles)
        event(system, "a")
        assert one.ask() == []
    with one_moment():
        assert one.ask() == ["a"]


def test_it_is_of_its_day(cast: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    one = counting(lambda: clock.today())
    monkeypatch.setattr(clock, "today", lambda: DAY)
    assert one.ask() == DAY
    monkeypatch.setattr(clock, "today", lambda: DAY.replace(day=3))
    assert one.ask() == DAY.replace(day=3)
    monkeypatch.setattr(clock, "today", lambda: DAY)
    one.ask()
    assert len(one.asked) == 3  # nothing of a day that is over is kept


def test_it_rests_on_what_its_actor_holds(cast: SimpleNamespace) -> None:
    actor = Actor(user=cast.lead, side="company")
    with one_moment():
        actor.holds("control")
        with noted() as tables:
            actor.holds("control")
        assert "controls.ControlVersion" in tables
        with noted() as tables:
            actor.holds("engagement")
        assert TeamMember._meta.label in tables


def test_accounts_change_with_the_facts_about_them(cast: SimpleNamespace) -> None:
    one = counting(lambda: User.objects.filter(is_active=True).count())
    before = one.ask()
    people.end_account(cast.actor("founder"), cast.owner, "left")
    assert one.ask() == before - 1


def test_of_what_is_no_fact_it_lasts_seconds_or_until_work_ends(
    cast: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    moment = [0.0]
    monkeypatch.setattr(remembered.time, "monotonic", lambda: moment[0])
    one = counting(lambda: Slot.objects.count())
    assert [one.ask(), one.ask(), len(one.asked)] == [0, 0, 1]
    slot = jobs.enqueue("nothing", "x")
    assert one.ask() == 0
    moment[0] = remembered.SECONDS
    assert one.ask() == 1
    Slot.objects.filter(pk=slot.pk).update(finished_at=slot.due_at)
    one.ask()
    assert len(one.asked) == 3


def test_what_rests_on_an_old_answer_is_as_old(
    cast: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    moment = [0.0]
    monkeypatch.setattr(remembered.time, "monotonic", lambda: moment[0])
    facts, slots = counting(titles), counting(lambda: Slot.objects.count())
    outer = counting(lambda: (facts.ask(), slots.ask()))
    facts.ask(), slots.ask()
    moment[0] = remembered.SECONDS - 1
    outer.ask()
    moment[0] = remembered.SECONDS
    outer.ask()
    assert (len(outer.asked), len(slots.asked), len(facts.asked)) == (2, 2, 1)
    moment[0] += 1
    outer.ask()
    assert len(outer.asked) == 2


def test_facts_outlast_any_number_of_seconds(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    moment = [0.0]
    monkeypatch.setattr(remembered.time, "monotonic", lambda: moment[0])
    one = counting(titles)
    one.ask()
    moment[0] = 1e6
    one.ask()
    assert len(one.asked) == 1


def test_an_action_that_wrote_asks_the_books_and_leaves_nothing_behind(system: System) -> None:
    one = counting(titles)
    one.ask()
    with pytest.raises(Undone), transaction.atomic():
        with writing():
            SystemEvent(system=system, kind="change", happened_on=DAY, title="never", text="t").save()
            assert one.ask() == ["never"]
        raise Undone
    assert one.ask() == []


def test_an_entry_that_was_undone_and_its_number_taken_by_another_is_seen(system: System) -> None:
    one = counting(titles)
    event(system, "a")
    with pytest.raises(Undone), transaction.atomic():
        event(system, "never")
        assert one.ask() == ["a", "never"]
        raise Undone
    event(system, "b")
    assert one.ask() == ["a", "b"]


def test_an_entry_that_was_committed_late_is_seen(system: System) -> None:
    one = counting(titles)
    last = Entry.objects.order_by("-pk").values_list("pk", flat=True)[0]
    bare_entry(last + 2)
    one.ask()
    bare_entry(last + 1)
    one.ask()
    assert len(one.asked) == 2


def bare_entry(pk: int) -> None:
    """An entry that cites nothing, with this number."""
    plain = {"verb": "tests.nothing", "actor": "job:x", "actor_kind": "job", "side": "company", "subject": ""}
    Entry(pk=pk, arguments={}, facts=[], files=[], recorded_at=clock.now(), **plain).save()


def test_what_cites_a_list_or_comes_in_masses_forgets_everything(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = counting(lambda: RoleGrant.objects.count())
    one.ask()
    monkeypatch.setattr(cited, "MOST", 0)
    event(system, "a")
    one.ask()
    assert len(one.asked) == 2
    monkeypatch.undo()
    monkeypatch.setattr(remembered, "MOST", 1)
    event(system, "b")
    one.ask()
    assert len(one.asked) == 2
    event(system, "c")
    event(system, "d")
    one.ask()
    assert len(one.asked) == 3


def test_in_one_moment_the_books_are_asked_once_and_an_action_ends_it(program: SimpleNamespace) -> None:
    one = counting(titles)
    with one_moment():
        one.ask()
        with CaptureQueriesContext(connection) as asked:
            assert one.ask() == []
        assert len(asked) == 0
        scope.report_event(program.actor("lead"), program.system, SystemEvent.Kind.CHANGE, DAY, "a", "t")
        assert one.ask() == ["a"]


def test_a_function_keeps_but_so_many(cast: SimpleNamespace) -> None:
    one = counting(lambda number: number)
    for number in range(remembered.KEPT + 1):
        one.ask(number)
    one.ask(0)
    one.ask(remembered.KEPT)
    assert len(one.asked) == remembered.KEPT + 2


def test_every_fact_is_vouched_for_by_its_entries() -> None:
    from django.apps import apps

    facts = [model for model in apps.get_models() if issubclass(model, Fact)]
    told = set().union(*remembered._told_by().values())
    assert {model._meta.label for model in facts} <= told
    assert remembered.vouched() - {"people.User", "kernel.Entry"} == {model._meta.label for model in facts}


def test_the_tables_of_a_statement_are_found_quoted_and_bare() -> None:
    sql = 'SELECT "scope_system"."id" FROM "scope_system" JOIN evidence_support s ON 1=1 -- evidence'
    assert tables_of(sql) == {"scope.System", "evidence.Support"}


def test_a_piece_is_asked_anew_for_other_objects_only() -> None:
    asked: list[str] = []
    pieces: remembered.Pieces[str] = remembered.Pieces(most=2)
    one, same, other = [1], [1], [2]

    def ask(key: str, *given: Any) -> str:
        return pieces.ask(key, given, lambda: asked.append(key) or key)

    assert [ask("a", one), ask("a", one), ask("b", one)] == ["a", "a", "b"]
    assert asked == ["a", "b"]
    ask("a", same)
    ask("a", same, other)
    assert asked == ["a", "b", "a", "a"]
    ask("c", one)
    ask("b", one)
    assert len(pieces.kept) == 2
