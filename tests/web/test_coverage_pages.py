"""Coverage as a picture and a table, criteria that hang on one control, and points of focus as an aid."""

from __future__ import annotations

from datetime import date

import pytest

from tests.web.pages import HOSTILE, client, fill
from tickmark.controls import actions as controls
from tickmark.controls.queries import coverage
from tickmark.scope import points
from tickmark.scope.actions import weigh
from tickmark.scope.criteria import Category, criteria
from tickmark.scope.models import PointView

DAY = date(2026, 3, 1)


def write(program, code, *codes):
    controls.write(
        program.actor("lead"), code, f"Title {code}", "The lead does it.", list(codes), "M", "P", "event",
        program.cast.owner, date(2025, 11, 1),
    )  # fmt: skip


def test_a_criterion_hangs_on_one_control_if_nothing_else_carries_it(program):
    fill(program)
    write(program, "AC-71", "CC6.2", "CC6.4", "CC6.7")
    lines = {line.criterion.id: line for line in coverage(program.system, DAY)}
    found = {
        code: (lines[code].state, lines[code].single)
        for code in ("CC6.2", "CC6.4", "CC6.7", "CC3.3", "CC1.1")
    }
    assert found == {
        "CC6.2": ("covered", False),  # AC-06 as well
        "CC6.4": ("covered", False),  # a subservice organisation carries it as well
        "CC6.7": ("covered", True),
        "CC3.3": ("set aside", False),
        "CC1.1": ("bare", False),
    }


def test_the_picture_counts_by_area_and_opens_into_controls(program):
    fill(program)
    write(program, "AC-71", "CC6.2")
    browser = client(program, "lead")
    matrix = browser.get("/controls/coverage?by=area&day=2026-03-01").context["matrix"]
    assert [head.label for head in matrix.heads][:5] == ["GOV", "HR", "COM", "RSK", "VND"]
    assert "PRV" not in {head.label for head in matrix.heads}, "Privacy is not chosen."
    assert "?day=2026-03-01&area=AC" in {head.url for head in matrix.heads}
    areas = [head.url.rpartition("=")[2] for head in matrix.heads]
    cells = {
        line.criterion.id: {area: cell for area, cell in zip(areas, row, strict=True) if cell}
        for _, held in matrix.series
        for line, row in held
    }
    assert (cells["CC6.2"], cells["CC2.2"], cells["CC1.1"]) == ({"AC": 2}, {"GOV": 1}, {})
    page = browser.get("/controls/coverage?area=AC")
    matrix = page.context["matrix"]
    assert [(head.label, head.url) for head in matrix.heads] == [
        ("AC-06", "/controls/AC-06/"),
        ("AC-71", "/controls/AC-71/"),
    ]
    shown = [line.criterion.id for _, held in matrix.series for line, _ in held]
    assert {"CC6.2"} <= set(shown) <= {"CC6.1", "CC6.2", "CC6.3"}, "Only the rows with a mark."
    assert (
        f"{matrix.unserved} criteria in scope are served by no control of this area." in page.content.decode()
    )
    assert matrix.unserved == len(page.context["lines"]) - len(shown)
    assert browser.get("/controls/coverage?area=nonsense").status_code == 200


def test_a_large_area_comes_in_parts(program, monkeypatch):
    monkeypatch.setattr("tickmark.web.views.coverage.COLUMNS_SHOWN", 2)
    for number in range(1, 6):
        write(program, f"AC-9{number}", "CC6.2")
    browser = client(program, "lead")
    page = browser.get("/controls/coverage?area=AC&part=2")
    assert [head.label for head in page.context["matrix"].heads] == ["AC-93", "AC-94"]
    assert b"?area=AC&amp;part=3" in page.content


def test_the_table_is_narrowed_by_category_and_by_what_hangs_on_one(program):
    fill(program)
    browser = client(program, "lead")

    def listed(query):
        return [line.criterion.id for line in browser.get(f"/controls/coverage?{query}").context["list"].page]

    assert listed("state=covered by one") == ["CC2.2", "CC5.3", "CC6.1", "CC6.2", "CC6.3", "CC8.1"]
    assert listed("category=privacy") == []
    assert len(listed("category=security")) == 33
    exported = browser.get("/controls/coverage.csv?state=covered by one").content.decode()
    assert "CC6.1,Logical access architecture,covered by one,1,AC-06" in exported


def test_a_cell_names_the_first_controls_and_leads_to_all(program):
    for number in range(1, 12):
        write(program, f"AC-{number + 50}", "CC6.2")
    browser = client(program, "lead")
    assert b"and 3 more" in browser.get("/controls/coverage").content
    assert len(browser.get("/controls/?criterion=CC6.2").context["list"].page) == 11


# -- points of focus ----------------------------------------------------------------------------------------------


def test_a_point_is_weighed_by_one_click_and_told_on_the_criterion(program):
    browser = client(program, "lead")
    given = {
        "system": program.system.ref,
        "point": "CC6.1-01",
        "state": "addressed",
        "note": HOSTILE,
        "next": "/",
    }
    assert browser.post("/do/scope.weigh", given).status_code == 302
    assert (
        browser.post(
            "/do/scope.weigh", {**given, "point": "CC6.1-02", "state": "not relevant", "note": ""}
        ).status_code
        == 422
    )
    browser.post("/do/scope.weigh", {**given, "point": "CC6.1-02", "state": "gap", "note": ""})
    page = browser.get("/controls/criteria/CC6.1")
    assert page.context["weighed"] == points.Weighed(11, 1, 0, 1)
    text = page.content.decode()
    assert "<b>Addressed</b>: &lt;script&gt;" in text
    assert "none is required" in text
    assert (
        'action="/do/scope.weigh"'
        not in client(program, "owner").get("/controls/criteria/CC6.1").content.decode()
    )
    table = browser.get("/controls/coverage").context["lines"]
    assert str(next(line.weighed for line in table if line.criterion.id == "CC6.1")) == "2 of 11, 1 gap"


def test_points_never_change_what_a_criterion_rests_on(program):
    before = [line.state for line in coverage(program.system, DAY)]
    for point in criteria()["CC8.1"].points:
        weigh(program.actor("lead"), program.system, point.id, PointView.State.GAP)
    assert [line.state for line in coverage(program.system, DAY)] == before


@pytest.mark.parametrize(("chosen", "number"), [([Category.SECURITY], 11), (list(Category), 13)])
def test_points_of_other_categories_are_not_counted(chosen, number):
    assert len(points.in_play(criteria()["CC6.1"], chosen)) == number
