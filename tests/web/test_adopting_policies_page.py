"""The page on which policies are adopted as a set: what is ticked, each question once, with and without script."""

from __future__ import annotations

import re
from datetime import date
from types import SimpleNamespace

import pytest

from tests.web.pages import client, fill
from tickmark.controls import actions as controls
from tickmark.controls.asking import asked_by
from tickmark.controls.library import starter_controls, starter_policies
from tickmark.controls.models import Policy, PolicyVersion

PAGE = "/policies/adopt"
DAY = date(2025, 11, 1)
ALL = {item.id for item in starter_policies()}
SECURITY = ALL - {"POL-20", "POL-22", "POL-23"}
"""What fits a scope of Security alone."""


def body(answer) -> str:
    return answer.content.decode()


def ticked(page: str) -> list[str]:
    return re.findall(r'name="take" value="(POL-\d\d)" checked', page)


def offered(page: str) -> list[str]:
    return re.findall(r'name="take" value="(POL-\d\d)"', page)


def asked(page: str) -> list[str]:
    """The questions that are shown, not those that are kept unseen."""
    shown = re.findall(r"<input[^>]*>", page)
    return [
        name
        for one in shown
        if 'type="hidden"' not in one
        for name in re.findall(r'name="answers\.([^"]+)"', one)
    ]


def given(program, *codes: str, **changed) -> dict:
    """The form as a browser sends it, with every answer as proposed."""
    needed = asked_by(item for item in starter_policies() if item.id in codes)
    answers = {f"answers.{one.name}": str(one.proposed) for one in needed}
    own = {"take": list(codes), "owner": program.cast.owner.ref, "effective_from": "2025-11-01"}
    return {**answers, **own, **changed}


def test_ticked_beforehand_are_those_that_controls_name_and_no_other(program):
    browser = client(program, "lead")
    page = body(browser.get(PAGE))
    assert (set(offered(page)), ticked(page), asked(page)) == (SECURITY, [], [])
    assert "No control of yours names one of these yet, so none is ticked." in page
    controls.adopt(program.actor("lead"), "AC-04", program.cast.owner, DAY)
    controls.adopt(program.actor("lead"), "CRY-01", program.cast.owner, DAY)
    page = body(browser.get(PAGE))
    named = sorted({item.policy for item in starter_controls() if item.id in ("AC-04", "CRY-01")})
    assert ticked(page) == named
    assert page.count("Named by 1 of your controls.") == 2


def test_each_question_stands_once_with_the_policies_that_ask_it(program):
    browser = client(program, "lead")
    page = body(browser.get(f"{PAGE}?take=POL-04&take=POL-09&take=POL-02"))
    assert ticked(page) == ["POL-02", "POL-04", "POL-09"]
    assert len(asked(page)) == len(set(asked(page)))
    shared, _, single = page.partition("Asked by one")
    assert {"company", "executive", "security_lead", "exception_days", "rotate_days"} == set(asked(shared))
    assert {"password_length", "session_minutes", "cipher", "tls_version", "reporting_channel"} <= set(
        asked(single)
    )
    rotated = page.split('data-name="answers.rotate_days"')[1].split("data-name=")[0]
    assert "For POL-04 Access control and authentication, POL-09 Cryptography and keys." in rotated
    whole = page.split('data-name="answers.company"')[1].split("data-name=")[0]
    assert 'value="Northlight, Inc."' in whole
    everything = body(browser.get(f"{PAGE}?{'&'.join(f'take={code}' for code in SECURITY)}"))
    assert "For every policy that is ticked, but not for POL-02 Code of conduct." in everything


def test_a_number_that_a_control_in_force_sets_is_shown_and_not_asked(program):
    controls.adopt(program.actor("lead"), "AC-04", program.cast.owner, DAY, {"days": 3})
    browser = client(program, "lead")
    page = body(browser.get(f"{PAGE}?take=POL-04"))
    assert "AC-04.days" not in asked(page)
    assert '<b>3</b> Leavers lose access: days <a class="ref" href="/controls/AC-04/">' in page
    assert "AC-05.days" in asked(page.split("that no control sets yet, as proposed")[1])
    early = body(browser.get(f"{PAGE}?take=POL-04&effective_from=2025-10-31"))
    assert "AC-04.days" in asked(early), "on that day the control was not in force"


def test_the_set_is_adopted_and_leads_to_the_policies(program):
    controls.adopt(program.actor("lead"), "AC-04", program.cast.owner, DAY, {"days": 3})
    browser = client(program, "lead")
    form = given(program, "POL-03", "POL-04", **{"answers.security_lead": "Sam", "answers.AC-05.days": "",
                                                 "answers.cipher": "asked by a policy that was ticked before"})  # fmt: skip
    answer = browser.post(PAGE, form, follow=True)
    assert answer.redirect_chain == [("/policies/", 302)]
    assert "2 policies are written. Somebody else approves each." in body(answer)
    rows = PolicyVersion.objects.order_by("pk")
    assert [(row.policy.code, row.owner, row.effective_from) for row in rows] == [
        ("POL-03", program.cast.owner, DAY), ("POL-04", program.cast.owner, DAY)]  # fmt: skip
    assert all("Sam" in row.text and "business day 3 after" in row.text for row in rows)
    assert "removed within 5 business days" in rows[1].text, "a number left empty is as proposed"
    version = rows[0]
    approve = "/do/controls.approve_policy"
    assert browser.post(approve, {"version": version.ref}).status_code == 403, "nobody approves the own text"
    assert client(program, "founder").post(approve, {"version": version.ref}).status_code == 302


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"answers.executive": " "}, "Not answered: &#x27;Who leads the company and answers"),
        ({"take": []}, "No policy is chosen."),
        ({"owner": ""}, 'data-field="owner"'),
        ({"effective_from": "soon"}, 'data-field="effective_from"'),
    ],
)
def test_a_refusal_keeps_what_was_typed(program, changed, says):
    form = given(program, "POL-01", "POL-04", **{"answers.password_length": "19", **changed})
    answer = client(program, "lead").post(PAGE, form)
    page = body(answer)
    assert (answer.status_code, says in page) == (422, True)
    assert ticked(page) == form["take"]
    assert re.search(r'name="answers\.password_length"[^>]* value="19"', page)
    assert page.count("Not answered.") == ("answers.executive" in changed)
    assert not Policy.objects.exists()


def test_with_script_a_refusal_is_said_in_place_and_names_the_field(program):
    form = given(program, "POL-01", **{"answers.company": ""})
    answer = client(program, "lead").post(PAGE, form, headers={"HX-Request": "true"})
    assert (answer.status_code, b"<html" in answer.content) == (422, False)
    assert 'data-field="answers.company"' in body(answer)


def test_one_that_somebody_adopted_meanwhile_is_refused_and_nothing_is_written(program):
    controls.adopt_policy(program.actor("lead"), "POL-04", program.cast.owner, DAY)
    answer = client(program, "lead").post(PAGE, given(program, "POL-01", "POL-04"))
    assert (answer.status_code, "POL-04 stands already." in body(answer)) == (409, True)
    assert Policy.objects.count() == 1


def test_without_script_a_button_shows_what_is_asked_and_nothing_typed_is_lost(program):
    browser = client(program, "lead")
    typed = given(program, "POL-04", **{"answers.password_length": "19", "answers.tls_version": "1.3"})
    answer = browser.post(PAGE, {**typed, "show": "1"})
    assert answer.status_code == 200
    assert 'name="show"' in body(answer)
    without = body(browser.post(PAGE, {**typed, "take": ["POL-09"], "show": "1"}))
    assert "password_length" not in asked(without)
    assert '<input type="hidden" name="answers.password_length" value="19">' in without
    everything = body(browser.post(PAGE, {**typed, "tick": "all"}))
    assert set(ticked(everything)) == SECURITY
    assert re.search(r'name="answers\.tls_version"[^>]* value="1.3"', everything)
    nothing = body(browser.post(PAGE, {**typed, "tick": "none"}))
    assert (ticked(nothing), asked(nothing)) == ([], [])
    assert not Policy.objects.exists()


def test_without_script_nobody_promises_what_was_not_shown(program):
    form = given(program, "POL-04")
    answer = client(program, "lead").post(PAGE, {**form, "take": ["POL-04", "POL-09"]})
    assert (answer.status_code, "Which symmetric cipher is approved?" in body(answer)) == (422, True)
    assert re.search(r'name="answers\.cipher"[^>]* value="AES with 256 bits"', body(answer)), (
        "now it is shown"
    )
    assert not Policy.objects.exists()


def test_when_all_stand_the_page_says_so(program):
    lead = program.actor("lead")
    for code in SECURITY:
        controls.adopt_policy(lead, code, program.cast.owner, DAY)
    browser = client(program, "lead")
    page = body(browser.get(PAGE))
    assert "All of them are adopted." in page
    assert 'id="adopt"' not in page
    assert PAGE not in body(browser.get("/policies/"))
    assert PAGE not in body(browser.get("/policies/library"))


def test_before_the_system_is_described_all_are_offered(cast):
    page = body(client(SimpleNamespace(cast=cast), "lead").get(PAGE))
    assert set(offered(page)) == ALL


def test_from_another_day_nothing_is_recorded(program):
    page = body(client(program, "lead").get(f"{PAGE}?day=2026-01-15"))
    assert "Adopt what is ticked" not in page
    assert "You are looking at another day" in page


def test_it_is_linked_for_those_who_may_and_for_nobody_else(program):
    fill(program)
    for address in ("/policies/", "/policies/library"):
        found = {
            who: PAGE in body(client(program, who).get(address))
            for who in ("founder", "lead", "owner", "auditor")
        }
        assert found == {"founder": True, "lead": True, "owner": False, "auditor": False}, address


def test_the_end_of_the_interview_leads_to_the_policies_that_controls_name(program):
    lead, browser = program.actor("lead"), client(program, "lead")
    fitting = [
        item
        for item in starter_controls()
        if item.id.split("-")[0] not in ("PIN", "PRV") and item.id != "CHG-02"
    ]
    controls.adopt(lead, "AC-04", program.cast.owner, DAY)
    assert PAGE not in body(browser.get("/controls/adopt/")), "areas are left to go through"
    chosen = [controls.AdoptIn(starter=item.id) for item in fitting if item.id != "AC-04"]
    controls.adopt_many(lead, chosen, program.cast.owner, DAY)
    page = body(browser.get("/controls/adopt/"))
    assert f'<a class="button primary" href="{PAGE}">Adopt the policies</a>' in page
    named = {item.policy for item in fitting} & SECURITY
    assert f"Your controls name {len(named)} policies that are not adopted yet." in page
    assert PAGE not in body(client(program, "owner").get("/controls/adopt/"))
