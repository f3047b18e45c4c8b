"""What surrounds a page: where one is, the system and its period, the day, who one is."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext

from tests.deeds import writing
from tickmark.kernel.errors import Invalid
from tickmark.kernel.grown import one_moment
from tickmark.scope.models import System
from tickmark.upkeep.models import CalendarFeed
from tickmark.web import navigation
from tickmark.web.shell import day_of, known_of, shell


def ask(address, actor=None):
    request = RequestFactory().get(address)
    request.actor = actor
    return request


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("/", "home"), ("/tasks", "tasks"), ("/people/US-3", "people"), ("/scope/", "scope"),
        ("/controls/AC-04", "controls"), ("/follow-up/", "followup"), ("/ledger", ""), ("/scope", ""),
    ],
)  # fmt: skip
def test_each_address_belongs_to_one_part(path, place):
    assert navigation.here(path) == place


def test_a_day_and_a_size_are_read_from_the_address():
    request = ask("/?day=2026-03-31&known=12")
    assert (day_of(request), known_of(request)) == (date(2026, 3, 31), 12)


@pytest.mark.parametrize(
    "query", ["day=tomorrow", "day=2026-02-30", "known=x", "known=-1", "known=²", f"known=1{'0' * 40}"]
)
def test_what_is_no_day_or_size_is_refused_and_the_shell_shows_today(query, program):
    request = ask(f"/?{query}", program.actor("lead"))
    with pytest.raises(Invalid):
        day_of(request), known_of(request)
    shown = shell(request)
    assert (shown["day"], shown["known"]) == (shown["today"], None)


def test_the_shell_names_system_period_and_person(program):
    shown = shell(ask("/controls/?day=2026-03-31", program.actor("founder")))
    assert {name: shown[name] for name in ("system_name", "period", "here", "side", "day", "me")} == {
        "system_name": "Ledger",
        "period": 'Type 2 · <span class="nowrap">1 Nov 2025 – 31 Oct 2026</span>',
        "here": "controls",
        "side": "company",
        "day": date(2026, 3, 31),
        "me": {"name": "Founder", "role": "Executive sponsor, System administrator"},
    }
    assert [step["slug"] for step in shown["steps"]] == [slug for slug, _, _ in navigation.STEPS]


def test_before_the_first_description_the_system_goes_by_its_code(program):
    assert shell(ask("/?day=2025-01-01", program.actor("lead")))["system_name"] == "ledger"


@pytest.mark.parametrize(
    ("who", "line"), [("employee", "Employee"), ("partner", "Engagement partner"), ("stranger", "Auditor")]
)
def test_under_a_name_stands_what_one_is_here(program, who, line):
    assert shell(ask("/", program.actor(who)))["me"]["role"] == line


def test_a_plain_employee_has_tasks_and_no_steps(program):
    assert shell(ask("/", program.actor("employee")))["steps"] == []


def test_a_visitor_gets_the_bare_frame(db):
    assert set(shell(ask("/"))) == {"company_sign_in", "version"}


def test_the_steps_are_asked_again_only_when_something_they_rest_on_was_recorded(
    program, django_assert_max_num_queries
):
    actor, day = program.actor("lead"), date(2026, 3, 31)
    first = navigation.steps(actor, day)
    with one_moment(), django_assert_max_num_queries(3):  # how far the books have come
        assert navigation.steps(actor, day) == first
    with writing(program.cast.lead):
        CalendarFeed(user=program.cast.lead, token_digest="0" * 64).save()  # no step rests on it
    with one_moment(), django_assert_max_num_queries(5):
        assert navigation.steps(actor, day) == first
    with writing(program.cast.lead):
        System(code="second").save()
    with CaptureQueriesContext(connection) as queries:
        navigation.steps(actor, day)
    assert len(queries) > 5


def test_what_one_owes_is_never_shown_to_another(program):
    day = date(2026, 3, 31)
    every = {
        who: navigation.steps(program.actor(who), day) for who in ("lead", "owner", "auditor", "employee")
    }
    again = {who: navigation.steps(program.actor(who), day) for who in reversed(every)}
    assert again == every and every["employee"]["steps"] == []
