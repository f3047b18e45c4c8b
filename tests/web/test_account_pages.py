"""Pages of sessions, sign-ins, tokens and the rule on second factors: who sees what on them, and what they offer."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.web.pages import client
from tickmark.people import actions
from tickmark.people.models import SignIn

WHO = ("founder", "owner", "auditor", "staff", "stranger")


@pytest.fixture
def door(program):
    """One sign-in of each character, and one attempt for an address without an account."""
    for who in WHO:
        actions.note_sign_in("entered", getattr(program.cast, who), method=f"by {who}", address="192.0.2.1")
    actions.note_sign_in("refused", method="by nobody", stranger="x@y.example")
    return program


@pytest.mark.parametrize(
    ("who", "sees"),
    [
        ("founder", {"founder", "owner", "nobody"}),
        ("owner", {"owner"}),
        ("auditor", {"auditor", "staff"}),
        ("staff", {"staff"}),
        ("stranger", {"stranger"}),
    ],
)
def test_each_side_reads_its_own_journal(door, who, sees):
    page = client(door, who).get("/people/sign-ins").text
    assert {one for one in (*WHO, "nobody") if f"by {one}" in page} == sees
    export = client(door, who).get("/people/sign-ins.csv").text
    assert {one for one in (*WHO, "nobody") if f"by {one}" in export} == sees


def test_the_journal_costs_no_more_for_many_than_for_few(door):
    browser = client(door, "founder")
    browser.get("/people/sign-ins")
    with CaptureQueriesContext(connection) as few:
        browser.get("/people/sign-ins")
    for number in range(20):
        actions.note_sign_in("entered", door.cast.owner, method=f"{number}")
    with CaptureQueriesContext(connection) as many:
        browser.get("/people/sign-ins")
    assert len(many) <= len(few), "What the shell asks is remembered; the rows cost the same."


def test_a_page_notes_the_session_once_in_five_minutes(program):
    browser = client(program, "owner")
    browser.get("/tasks")
    with CaptureQueriesContext(connection) as second:
        browser.get("/tasks")
    assert [one["sql"] for one in second if one["sql"].startswith(("INSERT", "UPDATE"))] == []


def test_the_own_page_shows_the_own_door_and_its_session(door):
    page = client(door, "owner").get("/account/security").text
    assert "by owner" in page and "by founder" not in page
    assert page.count('<span class="sub">this one</span>') == 1
    assert "Sign out everywhere else" not in page, "There is no other session."


@pytest.mark.parametrize(("who", "offered"), [("founder", True), ("lead", False), ("auditor", False)])
def test_the_rule_on_second_factors_is_seen_by_all_and_offered_to_those_who_decide(program, who, offered):
    page = client(program, who).get("/people/").text
    assert "Left to each account" in page
    assert ("people.require_second_factor" in page) == offered


def test_the_account_menu_leads_to_the_own_pages(program):
    page = client(program, "owner").get("/tasks").text
    assert all(f'href="{path}"' in page for path in ("/account/security", "/account/2fa/", "/account/tokens"))


@pytest.mark.parametrize(("who", "offered"), [("founder", True), ("owner", False)])
def test_an_account_is_signed_out_from_its_page_by_those_who_administer(program, who, offered):
    page = client(program, who).get(f"/people/accounts/{program.cast.employee.ref}").text
    assert ("Sign out everywhere" in page) == offered


def test_the_scope_of_a_directory_is_offered_to_those_who_may_provision(program):
    assert 'value="scim"' in client(program, "founder").get("/account/tokens").text
    assert 'value="scim"' not in client(program, "lead").get("/account/tokens").text


def test_a_row_without_an_account_shows_its_code_and_no_address(door):
    page = client(door, "founder").get("/people/sign-ins").text
    assert SignIn.objects.get(user=None).stranger in page and "x@y.example" not in page
