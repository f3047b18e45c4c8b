"""What the report prints beside a component (DC 3): who provides it and where, or what is told of its kind."""

from __future__ import annotations

from datetime import date

from tickmark.report.description import Scope
from tickmark.scope import actions

DAY = date(2025, 11, 1)


def test_each_component_has_its_detail_and_what_nobody_said_is_told(program) -> None:
    lead, system = program.actor("lead"), program.system
    actions.add_vendor(lead, "host", "Host, Inc.", "Cloud", DAY)
    actions.place(
        lead, system, "db", "infrastructure", "Database", DAY, supplier="host", location="two zones"
    )
    actions.place(lead, system, "app", "software", "Ledger", DAY)
    actions.place(lead, system, "dev", "people", "Engineering", DAY, details={"headcount": "about 25"})
    actions.place(lead, system, "change", "procedures", "Change", DAY)
    said = {"role": "processor", "personal": "yes", "retention": "the contract"}
    actions.place(
        lead, system, "records", "data", "Records", DAY, classification="confidential", details=said
    )
    found = Scope(program.engagement, program.engagement.period.end).components()
    assert {row["name"]: row["detail"] for kind in found.values() for row in kind} == {
        "Database": "Host, Inc.\ntwo zones",
        "Ledger": "No supplier named.",
        "Engineering": "Head count: about 25",
        "Change": "Not stated.",
        "Records": "Class: confidential\nKept for: the contract\nPersonal data: yes\n"
        "Role: processor: the customers decide",
    }
