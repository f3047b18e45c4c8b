"""One predicate gives both answers: which rows, and may I."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection
from django.db.models import Q
from django.test.utils import CaptureQueriesContext

from tests.deeds import writing
from tickmark.controls.models import Control
from tickmark.kernel import access
from tickmark.kernel.access import (
    EVERYBODY,
    NOBODY,
    Actor,
    Grant,
    Rule,
    may,
    require,
    see,
    see_all,
    visible,
    which,
)
from tickmark.kernel.errors import NotFound, Refused
from tickmark.kernel.grown import one_moment
from tickmark.people.models import RoleGrant, User
from tickmark.scope.models import System

ALL, NONE = Rule("all", lambda actor: EVERYBODY), Rule("none", lambda actor: NOBODY)
MINE = Rule("written by you", lambda actor: Q(by=actor.user))


@pytest.fixture
def rules(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A table of permissions of the test's own."""
    table = SimpleNamespace(SEES={"controls.Control": {"company": ALL}}, MAY={})
    monkeypatch.setattr(access, "table", lambda: table)
    return table


@pytest.fixture
def people(cast: Any) -> SimpleNamespace:
    """Two actors of one side, and a control that each wrote."""
    found = SimpleNamespace()
    for name in ("lead", "owner"):
        with writing(getattr(cast, name)):
            row = Control(code=name)
            row.save()
        setattr(found, f"of_{name}", row)
        setattr(found, name, cast.actor(name))
    found.auditor = cast.actor("auditor")
    return found


def test_a_side_sees_what_its_rule_says_and_nothing_without_one(rules: Any, people: Any) -> None:
    assert set(visible(people.lead, Control)) == {people.of_lead, people.of_owner}
    assert list(visible(people.auditor, Control)) == []
    assert list(visible(people.lead, System)) == []
    rules.SEES["controls.Control"]["company"] = MINE
    assert list(visible(people.lead, Control)) == [people.of_lead]


def test_a_rule_that_crosses_many_rows_lists_each_row_once(rules: Any, people: Any, cast: Any) -> None:
    with writing(cast.founder):
        RoleGrant(user=cast.lead, role="owner").save()
    rules.SEES["people.User"] = {
        "company": Rule("with a role", lambda actor: Q(grants__role__in=["lead", "owner"]), many=True)
    }
    found = [user.email.split("@")[0] for user in visible(people.lead, User).order_by("email")]
    assert found == ["lead", "owner"]


def test_seeing_and_not_seeing_read_alike_whether_the_row_is_there_or_not(rules: Any, people: Any) -> None:
    rules.SEES["controls.Control"]["company"] = MINE
    told = []
    for row in (people.of_owner, Control(pk=999)):
        with pytest.raises(NotFound) as error:
            see(people.lead, row)
        told.append((error.value.what.replace(str(row.pk), "n"), error.value.why, error.value.remedy))
    assert told[0] == told[1]
    assert see(people.lead, people.of_lead) == people.of_lead


def test_many_rows_are_seen_in_their_order_with_one_question(rules: Any, people: Any) -> None:
    given = [people.of_owner, people.of_lead, people.of_owner]
    with CaptureQueriesContext(connection) as queries:
        assert see_all(people.lead, given) == given
    assert len(queries) == 1
    rules.SEES["controls.Control"]["company"] = MINE
    with pytest.raises(NotFound, match=people.of_owner.ref):
        see_all(people.lead, given)


@pytest.mark.parametrize(
    ("grant", "lead", "auditor", "visitor", "job"),
    [
        (Grant(None), True, True, False, False),
        (Grant("company"), True, False, False, False),
        (Grant("auditor"), False, True, False, False),
        (Grant("company", frozenset({"lead", "sponsor"})), True, False, False, False),
        (Grant("company", frozenset({"sponsor"})), False, False, False, False),
        (Grant("company", frozenset({"job"})), False, False, False, True),
        (Grant("", frozenset({"visitor"})), False, False, True, False),
    ],
)
def test_a_grant_is_for_a_side_and_roles_and_never_for_visitors_unless_it_names_them(
    people: Any, grant: Grant, lead: bool, auditor: bool, visitor: bool, job: bool
) -> None:
    nobody = Actor(user=None, side="", roles=frozenset({"visitor"}), kind="visitor", name="visitor")
    actors = (people.lead, people.auditor, nobody, Actor.job("collect", "company"))
    assert tuple(grant.admits(actor) for actor in actors) == (lead, auditor, visitor, job)


def test_may_and_which_ask_the_same_rule(rules: Any, people: Any) -> None:
    rules.MAY["x.do"] = Grant("company", rules={"control": MINE})
    rows = Control.objects.order_by("pk")
    for actor in (people.lead, people.owner, people.auditor):
        allowed = [row for row in rows if may(actor, "x.do", control=row)]
        assert list(which(actor, "x.do", "control", rows)) == allowed
    assert list(which(people.lead, "x.do", "other", rows)) == list(rows)
    assert list(which(people.lead, "x.unknown", "control", rows)) == []


def test_each_row_of_a_list_must_fulfil_the_rule(rules: Any, people: Any) -> None:
    rules.MAY["x.do"] = Grant("company", rules={"controls": MINE})
    assert may(people.lead, "x.do", controls=[people.of_lead])
    assert not may(people.lead, "x.do", controls=[people.of_lead, people.of_owner])


def test_a_refusal_says_what_is_needed(rules: Any, people: Any) -> None:
    rules.MAY["x.do"] = Grant("company", frozenset({"lead", "job"}), {"control": MINE})
    with pytest.raises(Refused) as role:
        require(people.owner, "x.do", {})
    assert (role.value.what, role.value.why) == (
        "You may not do x.do.",
        "It is for lead on the company side.",
    )
    with pytest.raises(Refused) as row:
        require(people.lead, "x.do", {"control": people.of_owner})
    assert (row.value.why, row.value.field) == ("Needed: written by you.", "control")
    assert row.value.remedy
    with pytest.raises(Refused, match="Nobody may"):
        require(people.lead, "x.unknown", {})


def test_a_token_does_what_its_scopes_name_and_what_its_account_may(rules: Any, people: Any) -> None:
    rules.MAY.update({"x.do": Grant("company"), "x.other": Grant("company"), "x.theirs": Grant("auditor")})
    scoped = Actor(
        user=people.lead.user, side="company", roles=people.lead.roles, scopes=frozenset({"x.do", "x.theirs"})
    )
    assert [may(scoped, name) for name in ("x.do", "x.other", "x.theirs")] == [True, False, False]


def test_what_is_done_in_person_is_done_by_no_token(rules: Any, people: Any) -> None:
    rules.MAY["x.do"] = Grant("company", in_person=True)
    scoped = Actor(user=people.lead.user, side="company", roles=people.lead.roles, scopes=frozenset({"x.do"}))
    assert (may(people.lead, "x.do"), may(scoped, "x.do")) == (True, False)


def test_rules_combine_with_their_words(people: Any) -> None:
    both, either, neither = MINE & ALL, MINE | NONE, ~MINE
    assert [rule.says for rule in (both, either, neither)] == [
        "written by you and all", "written by you or none", "not (written by you)",
    ]  # fmt: skip
    assert list(Control.objects.filter(both(people.lead))) == [people.of_lead]
    assert list(Control.objects.filter(either(people.lead))) == [people.of_lead]
    assert list(Control.objects.filter(neither(people.lead))) == [people.of_owner]


def test_everybody_or_somebody_is_everybody(people: Any) -> None:
    for rule in (ALL | MINE, MINE | ALL):
        assert set(Control.objects.filter(rule(people.owner))) == set(Control.objects.all())


def test_what_an_actor_holds_is_asked_once(program: Any) -> None:
    actor = program.actor("auditor")
    with one_moment():
        assert actor.holds("engagement", "lead") == {program.engagement.pk}
        with CaptureQueriesContext(connection) as queries:
            assert actor.holds("engagement", "staff") == frozenset()
            assert actor.holds("engagement") == {program.engagement.pk}
    assert len(queries) == 0
    with CaptureQueriesContext(connection) as queries:
        for role in ("lead", "staff", ""):
            actor.holds("engagement", role)
    assert 1 <= len(queries) <= 4
    with CaptureQueriesContext(connection) as queries:
        actor.holds("engagement", "partner")
    assert len(queries) == 0
    assert Actor.job("collect", "company").holds("engagement") == frozenset()
    assert actor.holds("nothing") == frozenset()


def test_an_actor_is_named_as_the_ledger_names_it(program: Any) -> None:
    assert program.actor("lead").ref == f"US-{program.cast.lead.pk}"
    assert Actor.job("collect", "company").ref == "job:collect"
