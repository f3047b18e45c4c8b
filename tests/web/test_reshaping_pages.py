"""The pages on which controls are merged and split."""

from __future__ import annotations

import re
from datetime import date

from tests.web.pages import client, fill, seen
from tickmark.controls import actions as controls
from tickmark.controls import queries
from tickmark.controls.models import Control, ControlVersion
from tickmark.kernel import clock


def test_only_those_who_may_retire_see_the_pages(program):
    fill(program)
    expected = {"founder": 200, "lead": 200, "owner": 404, "employee": 404, "auditor": 404, "stranger": 404}
    for page in ("/controls/merge?control=AC-06&control=GOV-05", "/controls/merge", "/controls/AC-06/split"):
        found = seen(program, page)
        assert {who: found[who] for who in expected} == expected, page


def test_two_that_are_ticked_become_one(program):
    fill(program)
    browser = client(program, "lead")
    assert 'form="merging" name="control" value="AC-06"' in browser.get("/controls/").content.decode()
    page = browser.get("/controls/merge?control=AC-06&control=GOV-05")
    given = {one["name"]: one["value"] or "" for one in page.context["fields"]}
    assert given["parameters"].splitlines() == ["days = 10", "grace_days = 15"]
    controls = [one.control.ref for one in page.context["chosen"]]
    given |= {"controls": controls, "criteria": ["CC6.2", "CC2.2"], "reason": "One habit", "title": "Both"}
    assert browser.post("/controls/merge", {**given, "reason": ""}).status_code == 422
    given["next"] = "/controls/"
    assert browser.post("/controls/merge", given).headers["Location"] == "/controls/AC-06/"
    held = {row.control.code: row for row in queries.in_force(clock.today())}
    assert held.keys() == {"AC-06", "CHG-02"}
    assert held["AC-06"].replaces == ["GOV-05"]
    assert "It replaces" in browser.get("/controls/AC-06/").content.decode()


def test_one_alone_asks_for_others_of_its_area(program):
    fill(program)
    page = client(program, "lead").get("/controls/merge?control=AC-06").content.decode()
    assert "There is nothing to merge with" in page
    assert "CHG-02" in client(program, "lead").get("/controls/merge").content.decode()


def test_a_control_is_split_through_its_page(program):
    fill(program)
    browser = client(program, "lead")
    page = browser.get("/controls/GOV-05/split")
    assert [number for number, _ in page.context["parts"]] == [1, 2]
    given = {"effective_from": "2027-01-01", "reason": "Two habits"}
    for number, code in ((1, "GOV-05"), (2, "GOV-55")):
        given |= {
            f"{number}.code": code,
            f"{number}.title": f"Part {number}",
            f"{number}.statement": "HR does it.",
            f"{number}.criteria": ["CC2.2"],
            f"{number}.frequency": "annual",
            f"{number}.owner": program.cast.owner.ref,
            f"{number}.parameters": "days = 10",
        }
    again = browser.post("/controls/GOV-05/split", {**given, "2.code": "CHG-02"})
    assert again.status_code == 409
    assert "CHG-02 stands already" in again.content.decode()
    assert 'value="Part 2"' in again.content.decode()
    third = {"3.title": "Part 3", "3.criteria": ["CC2.2"], "3.owner": program.cast.owner.ref}
    again = browser.post("/controls/GOV-05/split", {**given, **third})
    assert (again.status_code, [said for _, _, said in again.context["further"]]) == (
        422,
        [True, False, False, False],
    )
    assert 'value="Part 3"' in again.content.decode()
    third = {
        "3.evidence_wanted": "The list of signatures",
        "3.owner": program.cast.owner.ref,
        "3.frequency": "annual",
    }
    again = browser.post("/controls/GOV-05/split", {**given, **third})
    assert (again.status_code, "Part 3: " in again.content.decode()) == (422, True), "What was typed counts."
    boxes = {one["name"]: one["value"] for one in again.context["further"][0][1]}
    assert boxes["3.criteria"] == [], "A box that was cleared stays so."
    assert browser.post("/controls/GOV-05/split", given).headers["Location"] == "/controls/"
    row = ControlVersion.objects.get(control__code="GOV-55")
    assert (row.replaces, row.parameters, row.policy) == (["GOV-05"], {"days": 10}, "POL-01")


def test_each_part_begins_with_the_one_who_stands_in(program):
    fill(program)
    controls.hand_over(
        program.actor("lead"), Control.objects.get(code="GOV-05"), program.cast.owner, date(2025, 11, 2),
        backup_owner=program.cast.lead,
    )  # fmt: skip
    browser = client(program, "lead")
    page = browser.get("/controls/GOV-05/split")
    given = {"effective_from": "2027-01-01", "reason": "Two habits"}
    for _, fields in page.context["parts"]:
        given |= {one["name"]: one["value"] for one in fields if one["value"]}
    given |= {"2.code": "GOV-55", "2.title": "Part", "2.statement": "HR does it."}
    browser.post("/controls/GOV-05/split", given)
    rows = ControlVersion.objects.filter(effective_from=date(2027, 1, 1))
    assert [row.backup_owner for row in rows] == [program.cast.lead] * 2


def posted(page, fields):
    """What a browser sends of a form: its hidden bases and fields."""
    bases = re.findall(r'name="base" value="(CV-[0-9]+)"', page.content.decode())
    return {"base": bases} | {one["name"]: one["value"] for one in fields if one["value"]}


def changed_meanwhile(program, code):
    controls.hand_over(
        program.actor("lead"), Control.objects.get(code=code), program.cast.lead, date(2026, 1, 5)
    )
    return ControlVersion.objects.latest("pk").ref


def test_what_a_colleague_recorded_meanwhile_is_not_buried_by_a_merge(program):
    fill(program)
    browser = client(program, "lead")
    page = browser.get("/controls/merge?control=AC-06&control=GOV-05")
    given = posted(page, page.context["fields"]) | {
        "controls": [one.control.ref for one in page.context["chosen"]], "criteria": ["CC6.2"], "reason": "One habit",
        "effective_from": "2027-01-01",
    }  # fmt: skip
    newer = [changed_meanwhile(program, code) for code in ("AC-06", "GOV-05")]
    for ref in newer:
        again = browser.post("/controls/merge", given, headers={"HX-Request": "true"})
        assert (again.status_code, "Somebody changed this" in again.content.decode()) == (409, True)
        given["base"] = [*given["base"][:2], *posted(again, [])["base"]]
        assert ref in given["base"]
    assert browser.post("/controls/merge", given).status_code == 302


def test_nor_by_a_split(program):
    fill(program)
    browser = client(program, "lead")
    page = browser.get("/controls/GOV-05/split")
    given = {"effective_from": "2027-01-01", "reason": "Two habits"}
    for _, fields in page.context["parts"]:
        given |= posted(page, fields)
    given |= {"2.code": "GOV-55", "2.title": "Part", "2.statement": "HR does it."}
    refused = browser.post("/controls/GOV-05/split", {**given, "reason": ""})
    newer = changed_meanwhile(program, "GOV-05")
    again = browser.post("/controls/GOV-05/split", given | posted(refused, []))
    assert (again.status_code, "Somebody changed this" in again.content.decode()) == (409, True)
    assert newer in posted(again, [])["base"]
    assert browser.post("/controls/GOV-05/split", given | posted(again, [])).status_code == 302


def test_numbers_that_differ_under_one_name_all_stand_in_the_form(program):
    fill(program)
    lead, owner = program.actor("lead"), program.cast.owner
    for code, numbers in (
        ("AC-71", {"days": 3, "of": 1}),
        ("AC-72", {"days": 9, "of": 1}),
        ("AC-73", {"days": 9}),
    ):
        controls.write(
            lead, code, code, code, ["CC6.1"], "M", "P", "event", owner, date(2025, 11, 1), parameters=numbers
        )
    page = client(program, "lead").get("/controls/merge?control=AC-71&control=AC-72&control=AC-73")
    [field] = [one for one in page.context["fields"] if one["name"] == "parameters"]
    assert field["value"].splitlines() == ["days = 3", "of = 1", "days_2 = 9"]
    assert field["help"] == "days_2 is days of AC-72."


def test_a_merge_says_where_its_controls_differ(program):
    fill(program)
    lead, owner = program.actor("lead"), program.cast.owner
    for code, frequency in (("AC-71", "weekly"), ("AC-72", "monthly")):
        controls.write(lead, code, code, code, ["CC6.1"], "M", "P", frequency, owner, date(2025, 11, 1))
    page = client(program, "lead").get("/controls/merge?control=AC-71&control=AC-72")
    told = {one["name"]: one.get("help", "") for one in page.context["fields"]}
    assert told["frequency"] == "They differ. AC-71: Weekly. AC-72: Monthly."
    assert told["owner"] == ""


def test_an_open_period_warns(program, monkeypatch):
    fill(program)
    monkeypatch.setattr(clock, "today", lambda: date(2026, 5, 1))
    browser = client(program, "lead")
    for page in ("/controls/merge?control=AC-06&control=GOV-05", "/controls/AC-06/split"):
        assert b"makes two controls in time" in browser.get(page).content
