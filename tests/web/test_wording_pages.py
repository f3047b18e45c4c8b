"""How controls are worded, on the pages: the list, one control, and a look before anything is recorded."""

from __future__ import annotations

from datetime import date

from tests.web.pages import client, fill, seen
from tickmark.controls import actions as controls
from tickmark.controls.models import ControlVersion
from tickmark.kernel import clock

DAY = date(2025, 11, 1)
PAGE = "/controls/wording"


def vague(program, code="AC-50"):
    return controls.write(
        program.actor("lead"), code, "Doors", "The porter should lock the door <b>regularly</b>.", ["CC6.4"], "M", "P",
        "event", program.cast.owner, DAY, evidence_wanted="REC: The book.",
    )  # fmt: skip


def test_who_sees_the_list(program):
    expected = {"founder": 200, "lead": 200, "owner": 200, "employee": 404, "auditor": 200, "stranger": 404}
    found = seen(program, PAGE)
    assert {who: found[who] for who in expected} == expected


def test_remarks_are_listed_by_rule_and_notes_wait_to_be_asked_for(program):
    vague(program)
    browser = client(program, "lead")
    page = browser.get(f"{PAGE}?rule=vague")
    assert [(line.version.control.code, line.remark.what) for line in page.context["list"].page] == [
        ("AC-50", "“should”"),
        ("AC-50", "“regularly”"),
    ]
    assert b"&lt;b&gt;" not in page.content
    rules = {line.remark.rule.id for line in browser.get(PAGE).context["list"].page}
    assert "no-backup" not in rules
    assert {line.remark.rule.note for line in browser.get(f"{PAGE}?kind=note").context["list"].page} == {True}
    exported = browser.get(f"{PAGE}.csv?rule=vague").content.decode()
    assert "Write what is done and by when" in exported


def test_a_control_shows_its_remarks_and_the_list_counts_them(program):
    vague(program)
    browser = client(program, "lead")
    page = browser.get("/controls/AC-50/").content.decode()
    assert "Vague words:" in page
    tab = next(one for one in browser.get("/controls/").context["tabs"] if one["label"] == "Wording")
    assert tab["count"] == 2  # this one, and the example's control, which says nothing of its evidence


def test_what_the_records_contradict_is_told_to_the_company_alone(program, monkeypatch):
    """A quarter passed and nothing is on file: the words promise what the company's own records deny."""
    monkeypatch.setattr(clock, "today", lambda: date(2026, 3, 2))
    controls.write(
        program.actor("lead"), "AC-53", "Review", "The IT lead reviews the accounts each quarter.", ["CC6.2"], "M", "D",
        "quarterly", program.cast.owner, DAY, evidence_wanted="REC: The list.",
    )  # fmt: skip
    browser, told = client(program, "lead"), "AC-53 is overdue: 2025-Q4."
    page = browser.get(f"{PAGE}?rule=contradicted")
    assert [line.remark.what for line in page.context["list"].page] == [told]
    assert "records contradict <b>1</b>" in page.content.decode()
    assert page.context["faulty"] == 1, "The words of AC-53 are sound; CHG-02 says nothing of its evidence."
    one = browser.get("/controls/AC-53/").content.decode()
    assert f"<b>The records contradict it:</b> {told}" in one
    assert "/readiness/?level=operation&amp;q=AC-53" in one
    for path in (PAGE, "/controls/AC-53/"):
        assert told not in client(program, "auditor").get(path).content.decode()
    assert told not in client(program, "auditor").get(f"{PAGE}.csv").content.decode()
    assert told in browser.get(f"{PAGE}.csv").content.decode()
    known = browser.get(f"{PAGE}?rule=contradicted&known=1")
    assert list(known.context["list"].page) == [], "The gaps of today are not those of an earlier log."
    early = browser.get(f"{PAGE}?rule=contradicted&day=2025-12-01")
    assert list(early.context["list"].page) == []


def test_the_words_are_looked_at_before_they_are_recorded(program):
    browser = client(program, "lead")
    given = {"code": "AC-51", "title": "Doors", "statement": "The porter locks up regularly.", "criteria": ["CC6.4"],
             "frequency": "event", "nature": "M", "purpose": "P", "owner": program.cast.owner.ref,
             "effective_from": "2025-11-01", "parameters": "days = 3", "evidence_wanted": "REC: Book", "look": "1"}  # fmt: skip
    there = browser.post("/controls/new", given, headers={"HX-Request": "true"}).content.decode()
    assert "“regularly”" in there
    assert "days = 3 does not stand in the statement" in there
    whole = browser.post("/controls/new", given).content.decode()
    assert "The porter locks up regularly.</textarea>" in whole
    assert "days = 3</textarea>" in whole
    assert not ControlVersion.objects.filter(control__code="AC-51").exists()
    assert client(program, "owner").post("/controls/new", given).status_code == 403


def test_a_change_keeps_what_the_form_does_not_show(program):
    row = controls.write(
        program.actor("lead"), "AC-52", "Doors", "The porter locks up.", ["CC6.4"], "M", "P", "event",
        program.cast.owner, DAY, replaces=["AC-50", "AC-51"], foreign_ids=["A, B", "[C]"], performed_by="Porter",
        backup_owner=program.cast.lead,
    )  # fmt: skip
    browser = client(program, "lead")
    form = browser.get("/controls/AC-52/change").context["fields"]
    given = {one["name"]: one["value"] for one in form} | {"criteria": ["CC6.4"], "reason": "x", "nature": "M",
             "effective_from": "2026-01-01"}  # fmt: skip
    assert browser.post("/controls/AC-52/change", given).status_code == 302
    newest = ControlVersion.objects.order_by("-pk")[0]
    assert newest.pk != row.pk
    for name in ("replaces", "foreign_ids", "performed_by", "backup_owner", "owner"):
        assert getattr(newest, name) == getattr(row, name), name


def test_the_list_costs_the_same_for_one_control_and_for_many(program):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    fill(program)
    browser = client(program, "lead")

    def count():
        browser.get(PAGE)
        with CaptureQueriesContext(
            connection,
        ) as found:
            browser.get(PAGE)
        return len(found)

    vague(program)
    before = count()
    for number in range(3):
        vague(program, f"AC-6{number}")
    assert count() == before
