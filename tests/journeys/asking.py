"""The chapters in which both sides talk: requests, answers, deviations as facts, responses."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from tests.journeys.browsing import Visitor
from tests.journeys.cast import AUDIT_STAFF, ENGAGEMENT, ENGINEERING, PLATFORM, SYSTEMS

ASKED = "When the owner was reminded of the second quarter's review"
OWN = "Compare with the date in the review itself before closing."


def keeps(who: Visitor, folder: Path) -> tuple[Path, str]:
    """Before the work begins staff takes the log's checkpoint and key away from this host, to verify by them later."""
    who.enters_as(AUDIT_STAFF)
    who.goes("/ledger")
    kept = shutil.copy(
        who.downloads(who.page.get_by_role("link", name="Download the checkpoint")), folder / "older"
    )
    who.context.grant_permissions(["clipboard-read", "clipboard-write"])
    key = who.page.locator("dl > div").filter(has_text="Verifier key")
    key.get_by_role("button", name="Copy").click()
    key.get_by_role("button", name="Copied").wait_for()
    return Path(kept), str(who.page.evaluate("navigator.clipboard.readText()"))


def request(who: Visitor) -> None:
    """Staff asks, the owner answers with evidence, staff sends it back, the owner answers anew, staff accepts."""
    who.enters_as(AUDIT_STAFF)
    who.step("Audit")
    who.follows(re.compile("requests in all"))
    who.opens("Ask for something")
    asked = {
        "Code": "R-70",
        "Due on": "2026-11-20",
        "Title": ASKED,
        "Detail": "The reminder as the ticket system sent it, with its day.",
        "Kind": "Configuration",
        "Wave": "configuration",
        "Controls": "AC-06",
    }
    who.sends("Ask", asked)
    who.follows("R-70")
    who.sends("Write", {"Message": OWN, "Who reads it": "My side only"})
    answers(who, SYSTEMS, "R-70", "The export of the ticket.", "access-review-q2-reminder.csv")
    assert OWN not in who.page.content()
    who.enters_as(AUDIT_STAFF)
    sends_back(who, "R-70", "Please say who received it: the export names a group.")
    answers(who, SYSTEMS, "R-70", "The group is the two system administrators.", None)
    who.enters_as(AUDIT_STAFF)
    accepts(who, "R-70")


def open_requests(who: Visitor) -> None:
    """What the year left open: two answers to judge, two to give."""
    answers(who, PLATFORM, "R-60", "The one restore test of the period.", "restore-test")
    answers(
        who, ENGINEERING, "R-61", "The pull request was deleted with its fork; we hold nothing else.", None
    )
    who.enters_as(AUDIT_STAFF)
    for code in ("R-24", "R-33", "R-60", "R-61"):
        accepts(who, code)


def answers(who: Visitor, name: str, code: str, text: str, evidence: str | None) -> None:
    """The owner finds the request among the tasks and answers it."""
    who.enters_as(name)
    who.follows("My tasks")
    who.follows(code)
    given = {"Text": text}
    who.sends("Send the answer", {**given, "Evidence": evidence} if evidence else given)
    who.sees(text, "Submitted")


def sends_back(who: Visitor, code: str, why: str) -> None:
    """An answer that is not enough goes back with what is missing."""
    who.goes(f"/audit/{ENGAGEMENT}/requests/{code}")
    who.opens("Send back")
    who.sends("Send back", {"Reason": why}, who.page.get_by_role("dialog"))
    who.sees("Returned", why)


def accepts(who: Visitor, code: str) -> None:
    """An answer settles its request."""
    who.goes(f"/audit/{ENGAGEMENT}/requests/{code}")
    who.opens("Accept")
    who.sends("Accept", {}, who.page.get_by_role("dialog"))
    who.sees("Accepted")
