"""What the boundary's drawing and table say is what the scope of the day says."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tickmark.scope import actions
from tickmark.scope.boundary import Numbered
from tickmark.scope.mapped import Boundary, Passed, Stood
from tickmark.scope.queries import Scope

DAY = date(2025, 11, 1)


@pytest.fixture
def lead(program):
    return program.actor("lead")


@pytest.fixture
def placed(program, lead):
    """A database at a host that keeps customer records, an application that fills it, and two vendors."""
    system, owner = program.system, program.cast.owner
    actions.add_vendor(
        lead, "host", "Host, Inc.", "Cloud", DAY, True, "carve-out", ["CC6.4"], data=["records"]
    )
    actions.add_vendor(lead, "chat", "Chat, Inc.", "Messages", DAY)
    actions.place(lead, system, "records", "data", "Records", DAY, classification="confidential")
    actions.place(lead, system, "db", "infrastructure", "Database", DAY, owner=owner, data=["records"],
                  supplier="host", location="two zones")  # fmt: skip
    flows = [
        {"to": "db", "what": "entries"},
        {"to": "host", "what": "volumes"},
        {"to": "gone", "what": "mail"},
    ]
    actions.place(
        lead, system, "app", "software", "Ledger", DAY, flows=[actions.parts.Flow(**one) for one in flows]
    )
    actions.place(lead, system, "users", "people", "Customers", DAY, inside=False)
    return program


def test_the_table_has_every_part_and_every_flow(placed):
    found = Boundary(Scope(placed.system, DAY))
    assert found.rows == [
        Stood("Records", "records", "Data, class confidential", "inside", "", "", "", ""),
        Stood("Database", "db", "Infrastructure", "inside", "Records", "Host, Inc.", "two zones", "Owner"),
        Stood("Customers", "users", "People", "outside", "", "", "", ""),
        Stood("Ledger", "app", "Software", "inside", "", "", "", ""),
        Stood("Host, Inc.", "host", "Subservice organisation, carve-out", "outside", "Records", "", "", ""),
    ]
    assert found.flows == [
        Passed("Ledger", "volumes", "Host, Inc.", True, 1),
        Passed("Ledger", "entries", "Database", True, 2),
        Passed("Ledger", "mail", "gone", False),
    ]
    assert found.undrawn == 1


def test_the_picture_shows_what_the_table_says(placed):
    drawing = Boundary(Scope(placed.system, DAY)).drawing
    assert drawing is not None
    assert [(box.part.code, box.notes) for box in drawing.boxes] == [
        ("users", ()),
        ("app", ()),
        ("db", ("holds Records", "by Host, Inc.")),
        ("records", ("class confidential",)),
        ("@host", ("Carve-out", "reaches Records")),
    ]
    assert drawing.legend == [
        Numbered(1, "Ledger", "Host, Inc.", "volumes"),
        Numbered(2, "Ledger", "Database", "entries"),
    ]


def test_it_follows_the_facts_of_the_day(placed, lead):
    later = DAY + timedelta(days=30)
    actions.place(lead, placed.system, "db", "infrastructure", "Database", later, withdrawn=True)
    before, after = (Boundary(Scope(placed.system, day)) for day in (DAY, later))
    assert [box.part.code for box in before.drawing.boxes] == ["users", "app", "db", "records", "@host"]
    assert [box.part.code for box in after.drawing.boxes] == ["users", "app", "records", "@host"]
    assert Passed("Ledger", "entries", "db", False) in after.flows
    assert Boundary(Scope(placed.system, DAY - timedelta(days=1))).drawing is None


def test_a_component_and_a_vendor_of_one_code_are_two_parts(program, lead):
    actions.add_vendor(lead, "desk", "Desk, Inc.", "Tickets", DAY, True, "carve-out", ["CC6.1"])
    actions.place(lead, program.system, "desk", "software", "Desk", DAY, supplier="desk")
    found = Boundary(Scope(program.system, DAY))
    assert [box.part.code for box in found.drawing.boxes] == ["desk", "@desk"]
