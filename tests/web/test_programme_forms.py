"""What people post on the pages of people, scope and controls: done, or refused with what was typed still there."""

from __future__ import annotations

from datetime import date

import pytest
from django.test import Client

from tests.web.pages import client, fill
from tickmark.controls import actions as controls
from tickmark.controls.models import ControlVersion, PolicyVersion
from tickmark.people import actions as people
from tickmark.people.models import Side, User
from tickmark.scope.models import Commitment, SystemVersion

DAY = date(2025, 11, 1)


# -- the first account and invitations ----------------------------------------------------------------------------


def test_empty_books_lead_to_the_first_account_and_in(db):
    browser = Client()
    assert browser.get("/scope/").headers["Location"] == "/welcome"
    assert browser.get("/welcome").status_code == 200
    given = {"name": "Ada", "email": "ada@larch.example", "password": "a few words that belong together"}
    weak = browser.post("/welcome", {**given, "password": "zyxw9"})
    assert (weak.status_code, User.objects.count()) == (422, 0)
    assert b'value="Ada"' in weak.content
    assert b"too weak" in weak.content
    assert b"zyxw9" not in weak.content
    assert browser.post("/welcome", given).headers["Location"] == "/"
    assert browser.get("/scope/").status_code == 200
    assert browser.get("/welcome").headers["Location"] == "/"
    assert Client().get("/welcome").status_code == 302


def test_an_invitation_leads_in_once(cast):
    link = people.invite(cast.actor("founder"), "bo@larch.example", "Bo", Side.COMPANY, "owner").link
    address = "/join/" + link.rsplit("/", 1)[-1]
    browser = Client()
    shown = browser.get(address)
    assert shown.status_code == 200
    assert b"bo@larch.example" in shown.content
    given = {"link": link, "name": "Bo", "password": "a few words that belong together"}
    assert browser.post(address, {**given, "password": "x"}).status_code == 422
    assert browser.post(address, given).headers["Location"] == "/"
    assert browser.get("/controls/").status_code == 200
    used = Client().get(address)
    assert used.status_code == 404
    assert b"ask the person who invited you" in used.content
    assert Client().post(address, given).status_code == 404


def test_the_link_of_an_invitation_is_shown_once_and_whole(program):
    browser = client(program, "founder")
    given = {
        "name": "Bo",
        "email": "bo@larch.example",
        "side": "company",
        "role": "owner",
        "next": "/people/",
    }
    assert browser.post("/do/people.invite", given).headers["Location"] == "/people/"
    first, second = browser.get("/people/").content.decode(), browser.get("/people/").content.decode()
    assert "/join/" in first
    assert "/join/" not in second


def test_the_secret_of_a_token_is_shown_once(program):
    browser = client(program, "owner")
    given = {"name": "CI", "scopes": ["read", "evidence.file"], "days": "7", "next": "/account/tokens"}
    browser.post("/do/people.make_token", given)
    first, second = (
        browser.get("/account/tokens").content.decode(),
        browser.get("/account/tokens").content.decode(),
    )
    assert "tm_" in first
    assert "tm_" not in second
    assert "evidence.file, read" in second


def test_signing_in_without_a_second_factor_asks_for_one_but_in_a_demo(program, settings):
    program.cast.lead.set_password("a few words that belong together")
    program.cast.lead.save()
    given = {"login": program.cast.lead.email, "password": "a few words that belong together"}
    for demo, asked in ((False, True), (True, False)):
        settings.DEMO = demo
        browser = Client()
        assert browser.post("/account/login/", given).status_code == 302
        settings.DEMO = False
        assert (b"no second factor" in browser.get("/people/").content) is asked


# -- scope --------------------------------------------------------------------------------------------------------


def test_the_first_description_through_the_page(cast):
    from types import SimpleNamespace

    browser = client(SimpleNamespace(cast=cast), "lead")
    assert browser.get("/scope/describe").status_code == 200
    given = {"code": "larch", "name": "Larch", "company": "Larch, Inc.", "services": "Books", "boundary": "",
             "categories": ["security", "availability"], "time_zone": "UTC", "calendar": "none",
             "effective_from": "2026-01-01", "next": "/scope/"}  # fmt: skip
    refused = browser.post("/do/scope.describe", {**given, "categories": ["availability"]})
    assert refused.status_code == 422
    assert b"Security is left out" in refused.content
    assert browser.post("/do/scope.describe", given).headers["Location"] == "/scope/"
    assert SystemVersion.objects.get().categories == ["security", "availability"]


def test_a_part_is_changed_through_its_form(program):
    made = fill(program)
    browser = client(program, "lead")
    page = browser.get(f"/scope/commitments/{made.commitment.ref}").content.decode()
    assert "Up 99.9 %" in page
    given = {"system": program.system.ref, "code": "C-1", "kind": "commitment", "category": "availability",
             "text": "Up 99.5 %", "source": "SLA 3", "target": "", "effective_from": "2026-05-01", "next": "/scope/"}  # fmt: skip
    assert browser.post("/do/scope.commit", given).status_code == 302
    row = Commitment.objects.as_of(date(2026, 5, 1)).get(code="C-1")
    assert (row.text, row.principal, row.withdrawn) == ("Up 99.5 %", False, False)


# -- controls -----------------------------------------------------------------------------------------------------


def test_a_control_is_adopted_with_its_own_numbers(program):
    browser = client(program, "lead")
    given = {"starter": "AC-04", "owner": program.cast.owner.ref, "effective_from": "2025-11-01", "parameters.days": "2",
             "next": "/controls/AC-04/"}  # fmt: skip
    assert browser.post("/controls/library/AC-04", given).headers["Location"] == "/controls/AC-04/"
    assert ControlVersion.objects.get(control__code="AC-04").parameters == {"days": 2}
    again = browser.post("/controls/library/AC-04", given, headers={"HX-Request": "true"})
    assert again.status_code == 409
    assert b"stands already" in again.content


def test_a_number_that_is_none_is_refused_at_its_field(program):
    given = {
        "starter": "AC-04",
        "owner": program.cast.owner.ref,
        "effective_from": "2025-11-01",
        "parameters.days": "soon",
    }
    answer = client(program, "lead").post("/controls/library/AC-04", given, headers={"HX-Request": "true"})
    assert answer.status_code == 422
    assert b'data-field="parameters.days"' in answer.content


def test_a_control_is_written_and_changed_through_its_form(program):
    browser = client(program, "lead")
    given = {"code": "AC-77", "title": "Doors", "statement": "Locked.", "criteria": ["CC6.4", "CC6.5"], "frequency": "daily",
             "nature": "M", "purpose": "P", "owner": program.cast.owner.ref, "effective_from": "2025-11-01",
             "parameters": "days = 3\nhours=4\n\nnonsense", "next": "/controls/"}  # fmt: skip
    assert "&#x27;nonsense&#x27; has no value." in browser.post("/controls/new", given).content.decode()
    given["parameters"] = "days = 3\nhours=4\n\n"
    assert browser.post("/controls/new", given).status_code == 302
    version = ControlVersion.objects.get(control__code="AC-77")
    assert (version.parameters, version.criteria) == ({"days": 3, "hours": 4}, ["CC6.4", "CC6.5"])
    changed = {**given, "statement": "Locked twice.", "effective_from": "2026-03-01"}
    assert browser.post("/controls/AC-77/change", changed).status_code == 422
    assert browser.post("/controls/AC-77/change", {**changed, "reason": "A second door."}).status_code == 302
    page = browser.get("/controls/AC-77/?day=2025-12-01").content.decode()
    assert '<p class="statement">Locked.</p>' in page
    assert "two controls in time" in page


def test_a_new_owner_alone_makes_no_second_control_in_time(program):
    controls.hand_over(program.actor("lead"), program.control, program.cast.reviewer, date(2026, 3, 1))
    page = client(program, "lead").get("/controls/CHG-02/?day=2026-05-01").content.decode()
    assert "two controls in time" not in page
    assert "Reviewer" in page


def test_who_may_not_write_posts_in_vain(program):
    given = {"starter": "AC-04", "owner": program.cast.owner.ref, "effective_from": "2025-11-01"}
    for who, expected in (("owner", 403), ("auditor", 403), ("employee", 404), ("stranger", 404)):
        answer = client(program, who).post("/controls/library/AC-04", given, headers={"HX-Request": "true"})
        assert answer.status_code == expected, who
    assert not ControlVersion.objects.filter(control__code="AC-04").exists()


def test_an_open_period_warns_before_a_control_changes(program, monkeypatch):
    from tickmark.kernel import clock

    page = "/controls/CHG-02/change"
    monkeypatch.setattr(clock, "today", lambda: date(2026, 5, 1))
    assert b"makes two controls in time" in client(program, "lead").get(page).content
    monkeypatch.setattr(clock, "today", lambda: date(2026, 11, 1))
    assert b"makes two controls in time" not in client(program, "lead").get(page).content


# -- policies -----------------------------------------------------------------------------------------------------


def test_a_policy_is_adopted_with_answers_approved_published_and_read(program):
    lead, founder, employee = (client(program, who) for who in ("lead", "founder", "employee"))
    given = {"starter": "POL-04", "owner": program.cast.owner.ref, "effective_from": "2025-11-01",
             "answers.password_length": "21", "next": "/policies/POL-04/"}  # fmt: skip
    assert lead.post("/policies/library/POL-04", given).headers["Location"] == "/policies/POL-04/"
    version = PolicyVersion.objects.get()
    assert "at least 21 characters" in version.text
    assert employee.get("/policies/POL-04/read").status_code == 404
    assert lead.post("/do/controls.approve_policy", {"version": version.ref}).status_code == 403
    assert founder.post("/do/controls.approve_policy", {"version": version.ref}).status_code == 302
    assert (
        lead.post(
            "/do/controls.publish_policy", {"version": version.ref, "must_acknowledge": "true"}
        ).status_code
        == 302
    )
    page = employee.get("/policies/POL-04/read").content.decode()
    assert version.digest in page
    given = {"version": version.ref, "digest": version.digest, "next": "/policies/POL-04/read"}
    assert employee.post("/do/controls.acknowledge", given).status_code == 302
    assert "You have acknowledged this version" in employee.get("/policies/POL-04/read").content.decode()
    assert employee.post("/do/controls.acknowledge", given).status_code == 409


@pytest.mark.parametrize(
    "page", ["/scope/", "/controls/AC-06/", "/policies/POL-04/", "/controls/", "/people/persons"]
)
def test_from_another_day_nothing_is_offered(program, page):
    made = fill(program)
    found = client(program, "lead").get(f"{page}?day=2026-01-15").content.decode()
    assert 'action="/do/' not in found.replace('action="/do/ledger', "")
    assert made
