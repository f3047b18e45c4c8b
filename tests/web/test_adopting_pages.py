"""The pages of the adoption interview: area by area, with and without script, for whom it exists."""

from __future__ import annotations

from tests.web.pages import client, fill, seen
from tickmark.controls.models import Control, ControlVersion

AREA = "/controls/adopt/AC"


def test_who_sees_the_interview_and_its_areas(program):
    expected = {"founder": 200, "lead": 200, "owner": 200, "employee": 404, "auditor": 200, "stranger": 404}
    for page in ("/controls/adopt/", AREA):
        found = seen(program, page)
        assert {who: found[who] for who in expected} == expected
    assert client(program, "lead").get("/controls/adopt/PRV").status_code == 404
    assert client(program, "lead").get("/controls/adopt/nonsense").status_code == 404


def test_nothing_is_said_before_a_person_says_it(program):
    page = client(program, "lead").get(AREA).content.decode()
    assert " checked" not in page
    assert 'name="AC-04.days"' in page
    assert "AC-04" not in client(program, "owner").get(AREA).content.decode().split("<main")[0]
    assert "Record and go on" not in client(program, "owner").get(AREA).content.decode()


def test_the_figure_runs_with_the_answers(program):
    browser = client(program, "lead")
    before = browser.get(AREA).context["tally"]
    after = browser.get(f"{AREA}?AC-04.answer=do&AC-06.answer=open").context["tally"]
    assert (before.added, after.added) == ((), ("CC6.2", "CC6.3"))
    assert len(after.left) == len(before.left) - 2
    assert not Control.objects.filter(code="AC-04").exists()


def test_an_area_is_recorded_at_once_and_leads_on(program):
    browser = client(program, "lead")
    given = {
        "owner": program.cast.owner.ref,
        "effective_from": "2025-11-01",
        "AC-04.answer": "do",
        "AC-04.days": "2",
        "AC-03.answer": "differently",
        "AC-03.title": "Asked first",
        "AC-03.statement": "The manager approves access in a ticket before IT grants it.",
        "AC-03.owner": program.cast.lead.ref,
        "AC-06.answer": "open",
        "AC-06.statement": "typed and not meant",
    }
    answer = browser.post(AREA, given)
    assert answer.headers["Location"].startswith("/controls/adopt/GOV?owner=US-")
    rows = ControlVersion.objects.exclude(control__code="CHG-02").order_by("control__code")
    assert [(row.control.code, row.title, row.parameters, row.owner) for row in rows] == [
        ("AC-03", "Asked first", {}, program.cast.lead),
        ("AC-04", "Leavers lose access", {"days": 2}, program.cast.owner),
    ]
    page = browser.get(AREA).content.decode()
    assert 'name="AC-04.answer"' not in page
    assert "Adopted already" in page


def test_a_refusal_keeps_what_was_typed_without_script_and_speaks_in_place_with_it(program):
    browser = client(program, "lead")
    given = {"owner": "", "effective_from": "2025-11-01", "AC-04.answer": "do", "AC-04.days": "9"}
    answer = browser.post(AREA, given)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'value="9"' in page
    assert 'id="AC-04-do" name="AC-04.answer" value="do" checked' in page
    there = browser.post(AREA, {**given, "owner": program.cast.owner.ref, "AC-04.days": "soon"},
                         headers={"HX-Request": "true"})  # fmt: skip
    assert (there.status_code, b"<html" in there.content) == (422, False)
    assert not Control.objects.filter(code="AC-04").exists()


def test_who_has_nothing_to_say_goes_on(program):
    answer = client(program, "lead").post(AREA, {"owner": "", "effective_from": "2025-11-01"})
    assert answer.headers["Location"].startswith("/controls/adopt/GOV")


def test_nobody_is_led_back_to_an_area_that_was_left_open(program):
    browser, address, seen_areas = client(program, "lead"), AREA, []
    while not address.split("?")[0].endswith("/adopt/"):
        seen_areas.append(address.split("?")[0].rsplit("/", 1)[-1])
        address = browser.post(address, {"owner": "", "effective_from": "2025-11-01"}).headers["Location"]
        assert len(seen_areas) < 20
    assert len(seen_areas) == len(set(seen_areas))
    assert "looked" not in address
    assert b"Go on with" in browser.get(address).content or b"Begin with" in browser.get(address).content


def test_without_a_system_the_interview_leads_to_it(cast):
    from types import SimpleNamespace

    page = client(SimpleNamespace(cast=cast), "lead").get("/controls/adopt/").content.decode()
    assert "Describe the system" in page


def test_from_another_day_nothing_is_recorded(program):
    fill(program)
    page = client(program, "lead").get(f"{AREA}?day=2026-01-15").content.decode()
    assert "Record and go on" not in page
