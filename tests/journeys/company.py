"""The company's chapters of the road: scope, controls, policies, evidence, readiness, answers, responses, letters."""

from __future__ import annotations

import re
from pathlib import Path

from tests.journeys.browsing import PHONE, Visitor
from tests.journeys.cast import COMPLIANCE, EMPLOYEE, FOUNDER, PLATFORM, REVIEWER, SYSTEMS

EXCLUDED = "The sandbox in which applicants solve exercises"
PROMISED = "Customers are told two weeks ahead of a change of a subservice organisation."
SECTION = "Lost devices are reported to the service desk on the day they are missed."


def scope(who: Visitor) -> None:
    """The founder sees the eight steps, promises something further and leaves something out."""
    who.goes("/")
    who.enters_as(FOUNDER)
    steps = who.page.get_by_role("navigation", name="The eight steps").locator("ol > li")
    assert steps.count() == 8
    who.step("Scope")
    who.sees("Larkspur Ledger accounting platform", "The boundary", "Left out")
    who.follows("All exclusions")
    who.follows("Record an exclusion")
    left = {"What is left out": EXCLUDED, "Reason": "It holds no customer records.", "Until": "2027-03-31"}
    assert "Recorded" in who.sends("Record", left)
    who.sees(EXCLUDED)
    who.follows("Promises")
    who.follows("Record a commitment")
    promise = {
        "Kind": "Commitment",
        "Code": "C-9",
        "Category": "Security",
        "Text": PROMISED,
        "Source": "Customer agreement, section 9",
        "In force from": "2026-11-16",
    }
    who.sends("Record", promise)
    who.sees(PROMISED)


def control(who: Visitor) -> None:
    """The compliance lead changes a control as of a day to come; today it stands as it was."""
    who.enters_as(COMPLIANCE)
    who.step("Controls")
    who.page.get_by_role("searchbox", name="Code, title or statement").fill("AC-06")
    who.page.wait_for_url("**q=AC-06**")
    who.follows("User access review")
    before = who.page.locator("p.statement").inner_text()
    who.follows("Change")
    changed = {
        "Statement": f"{before} Accounts of programs are reviewed with them.",
        "In force from": "2026-12-01",
        "Why it changes": "Program accounts were reviewed apart; one list is simpler.",
    }
    who.sends("Record", changed)
    assert who.page.locator("p.statement").inner_text() == before
    who.sees("Accounts of programs are reviewed with them.", "takes effect later")
    who.goes("/controls/criteria/CC6.2")
    why = "AC-04: by the end of the next business day."
    who.sends(re.compile("Addressed CC6.2-03"), {"Note on CC6.2-03": why})
    who.sees(why)


def policy(who: Visitor, phone: Visitor) -> None:
    """A policy's next version: written by the lead, approved by the founder, published, read by an employee."""
    who.step("Controls")
    who.follows("Policies")
    who.follows("POL-01")
    who.follows("Write the next version")
    text = who.page.get_by_label("Text").input_value()
    who.sends("Record", {"Version": "3", "Text": f"{text}\n\n## Lost devices\n\n{SECTION}\n"})
    who.enters_as(FOUNDER)
    who.goes("/policies/POL-01/?version=3")
    who.opens("Approve")
    who.sends("Approve", {"Note": "As discussed."})
    who.opens("Publish")
    who.sends("Publish")
    phone.goes("/")
    phone.enters_as(EMPLOYEE)
    phone.page.get_by_role("button", name="Menu").click()
    phone.follows("My tasks")
    phone.follows("Read and acknowledge “Information security”")
    phone.sees(SECTION)
    assert phone.page.viewport_size == PHONE
    phone.sends("I have read it and will keep to it")
    phone.sees("You have acknowledged this version.")


def evidence(who: Visitor, folder: Path) -> None:
    """A control's owner files a record for it, an empty file is refused, and a second person accepts the record."""
    record, empty = folder / "access-review-q2-reminder.csv", folder / "nothing.csv"
    record.write_text(
        "sent,to,about\n2026-07-27,it,review of the second quarter is due\n2026-07-29,it,done\n"
    )
    empty.write_text("")
    who.enters_as(SYSTEMS)
    who.step("Evidence")
    who.follows("File evidence")
    who.fills(who.form("Show its occurrences"), {"For which control?": "AC-06"})
    with who.page.expect_navigation():
        who.page.get_by_role("button", name="Show its occurrences").click()
    told = {
        "File": empty,
        "What it is": "Record of an occurrence",
        "Where it comes from": "Ticket system, export by the owner",
        "What it shows": "Reminder and close of the second quarter's access review",
        "Occurrence": "2026-Q2",
        "Performed on": "2026-07-29",
        "Covers from": "2026-04-01",
        "Covers to": "2026-06-30",
    }
    assert "empty" in who.is_refused("File it", told)
    who.sends("File it", {"File": record})
    who.sees("access-review-q2-reminder.csv", "AC-06", "2026-Q2")
    who.enters_as(REVIEWER)
    who.step("Evidence")
    who.follows("Show them")
    who.follows("access-review-q2-reminder.csv")
    who.opens("Accept")
    who.sends("Accept", {"What you looked at": "Read it beside the review itself; both name 29 July."})
    who.sees("Accepted", f"by {REVIEWER}")


def many(who: Visitor, folder: Path) -> None:
    """The same owner files two notes as one."""
    notes = [folder / "access-note-may.txt", folder / "access-note-june.txt"]
    for at, note in enumerate(notes, 5):
        note.write_text(f"The access list of 2026-{at:02} was exported for the review.\n")
    who.enters_as(SYSTEMS)
    who.step("Evidence")
    who.follows("File many")
    told = {"Files": notes, "What they are": "Observation", "Where they come from": "Identity provider"}
    who.sends("File them", told)
    who.sees("2 documents filed as one", "access-note-may.txt", "access-note-june.txt")


def gap(who: Visitor) -> None:
    """The lead looks at the grave gaps and plans a remedy for one."""
    who.enters_as(COMPLIANCE)
    who.step("Readiness")
    who.sees("When you can expect to be ready", "Gaps", "Level by level")
    row = who.page.get_by_role("table", name="Gaps", exact=True).locator("tbody tr").first
    with who.page.expect_navigation():
        row.get_by_role("link").first.click()
    who.looks()
    who.sees("What was seen", "What to do")
    who.opens("Plan a remedy")
    who.sends("Plan it", {"Owner": PLATFORM, "Until": "2026-12-18"})
    who.sees("due 18 Dec 2026", f"Owned by {PLATFORM}")
