"""The HR system's employee export and the supplier portal's contractor export."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

from .days import export_moment
from .out import csv_text, manifest, put
from .roster import ON_LEAVE_SINCE, Spell, spells

PEOPLE = (
    "Employee ID,Employment No,First Name,Last Name,Work Email,Employment Type,Department,Job Title,Manager ID,"
    "Location,Hire Date,Termination Date,Termination Type,Status,Entered At,Termination Entered At,Last Changed"
).split(",")
CONTRACTORS = (
    "Contractor ID,Full Name,Company Email,Supplier,Engagement,Department,Sponsor ID,Contract Start,Contract End,"
    "Status,Entered At,Last Changed"
).split(",")


def _ending(spell: Spell, moment: datetime) -> tuple[str, str, datetime | None]:
    """Termination date, status and time of entry as the system knew them at a moment."""
    if spell.left_entered is None or spell.left_entered > moment:
        leave = ON_LEAVE_SINCE.get(spell.key)
        return "", "On Leave" if leave and leave <= moment else "Active", None
    if spell.left is None:
        return "", "Inactive", spell.left_entered
    return spell.left.isoformat(), "Inactive" if spell.left < moment.date() else "Active", spell.left_entered


def _person(spell: Spell, moment: datetime) -> tuple[object, ...]:
    left, status, entered = _ending(spell, moment)
    return (
        spell.key, spell.spell, spell.first, spell.last,
        spell.email, spell.type, spell.department, spell.title, spell.manager,
        spell.location, spell.hire.isoformat(), left, spell.leaving if entered else "", status,
        spell.entered_at.isoformat(), entered.isoformat() if entered else "",
        (entered or spell.entered_at).isoformat(),
    )  # fmt: skip


def _contractor(spell: Spell, moment: datetime) -> tuple[object, ...]:
    left, status, entered = _ending(spell, moment)
    return (
        spell.key, spell.name, spell.login, spell.location, spell.title, spell.department, spell.manager,
        spell.hire.isoformat(), left, "Ended" if status == "Inactive" else "Active",
        spell.entered_at.isoformat(), (entered or spell.entered_at).isoformat(),
    )  # fmt: skip


def write(target: Path, day: date) -> None:
    """`hris/people.csv` and `hris/contractors.csv`, each with its manifest."""
    moment = export_moment(day)
    known = [spell for spell in spells() if spell.entered_at <= moment]
    people = [_person(spell, moment) for spell in known if not spell.contract_only]
    contractors = [_contractor(spell, moment) for spell in known if spell.contract_only]
    folder = target / "hris"
    put(folder / "people.csv", csv_text(PEOPLE, people))
    manifest(
        folder / "people.manifest.json", day, len(people), file="people.csv", system="HR system, production tenant",
        report="Employee export, one row for each employment",
        filters={"status": ["Active", "On Leave", "Inactive"], "employment_type": "all", "hire_date": "any"},
    )  # fmt: skip
    put(folder / "contractors.csv", csv_text(CONTRACTORS, contractors))
    manifest(
        folder / "contractors.manifest.json", day, len(contractors), file="contractors.csv",
        system="Supplier portal", report="Engagements by supplier", filters={"status": ["Active", "Ended"]},
    )  # fmt: skip
