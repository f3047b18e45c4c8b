"""From empty books to a scope that somebody can approve, through pages only, as a founder who has never done it."""

from __future__ import annotations

import re
from typing import Any

from tests.journeys.browsing import Visitor

PASSWORD = "a few words of my own"
ANSWERS: dict[str, dict[str, Any]] = {
    "start": {
        "What is the service called": "Harbour Ledger",
        "What does it do, and for whom?": "It keeps the books of small firms and sends their invoices.",
        "What does a customer ask you for?": "A SOC 2 Type 2 report",
    },
    "company": {
        "What is the legal name of the company?": "Harbour Books, Inc.",
        "In which time zone": "America/New_York",
    },
    "promises": {
        "Whose personal data do you handle": "Our customers decide; we process on their behalf",
    },
    "parts": {},
    "others": {},
}
"""What is typed into plain fields, by chapter and label."""
ROWS: dict[str, list[list[dict[str, str | bool]]]] = {
    "promises": [
        [{"Promise": "Customers' books are protected against unauthorised access.", "Where it stands": "Terms, section 8"}],
        [{"Promise": "The service is up.", "Target": "99.9 % a month", "Where it stands": "SLA, section 2"}],
        [{"Promise": "What customers entrust to us stays confidential.", "Target": "30 days", "Where it stands": "Terms, section 9"}],
    ],
    "parts": [
        [{"Kind of data": "Customers' books", "Class": "Confidential"}, {"Kind of data": "Invoices", "Class": "Confidential"}],
        [{"Name": "Ledger application", "What it is for": "Serves customers", "Data in it": "Customers' books, Invoices",
          "Passes data to": "Ledger database"}],
        [{"Name": "Ledger database", "What it is for": "Keeps the books", "Region or place": "us-east", "Supplied by": "Cloudport AG"}],
        [{"Team": "Engineering", "What it does": "Builds and runs the service"}],
    ],
    "others": [
        [{"Legal name": "Cloudport AG", "What is bought": "Hosting", "Reaches customers": True, "Promises fail": True}],
        [{"Their duty": "They remove the accounts of their leavers.", "Criteria": "CC6.2"}],
        [{"Left out": "The mobile pilot", "Why": "Three customers try it without any promise."}],
    ],
}  # fmt: skip
"""What is typed into questions that take rows: by chapter, for each question its rows."""
PROCEDURES = ["Access", "Change", "Incidents", "Backup and restore"]


class Counted:
    """A visitor whose every click, choice and typed field is counted."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor, self.deeds = visitor, 0

    def clicks(self, count: int = 1) -> None:
        """Note clicks."""
        self.deeds += count

    def fills(self, form: Any, given: dict[str, Any]) -> None:
        """Fill fields and count each."""
        self.visitor.fills(form, given)
        self.deeds += sum(len(value) if isinstance(value, list) else 1 for value in given.values())

    def sends(self, submit: str, given: dict[str, Any] | None = None) -> str:
        """Fill and send a form."""
        self.deeds += 1 + sum(
            len(value) if isinstance(value, list) else 1 for value in (given or {}).values()
        )
        return self.visitor.sends(submit, given or {})

    def follows(self, name: str | re.Pattern[str]) -> None:
        """Click a link."""
        self.deeds += 1
        self.visitor.follows(name)


def begins(founder: Counted, name: str = "Ada Example", email: str = "ada@harbour.example") -> None:
    """The first account of empty books."""
    page = founder.visitor.page
    founder.visitor.who = "the founder"
    page.goto("/")
    form = founder.visitor.form("Begin")
    founder.fills(form, {"Your name": name, "E-mail": email, "Password": PASSWORD})
    with page.expect_navigation():
        page.get_by_role("button", name="Begin").last.click()
    founder.clicks()
    founder.visitor.looks()


def is_interviewed(founder: Counted) -> None:
    """All chapters of the interview, one after the other."""
    founder.follows("Answer three questions")
    founder.follows("Begin")
    for chapter, plain in ANSWERS.items():
        visitor = founder.visitor
        assert visitor.path.startswith(f"/scope/interview/{chapter}")
        form = visitor.form("Keep and go on")
        founder.fills(form, plain)
        groups = form.locator("fieldset.answer-rows")
        for number, rows in enumerate(ROWS.get(chapter, [])):
            for place, row in enumerate(rows):
                founder.fills(groups.nth(number).locator(".answer-row").nth(place), row)
        if chapter == "parts":
            founder.fills(form, {"Which of these do you already do": PROCEDURES})
        founder.sends("Keep and go on")


def records_the_draft(founder: Counted) -> None:
    """Look at what the answers come to, and record it."""
    founder.follows("Look at the draft")
    founder.visitor.sees("Harbour Ledger", "Cloudport AG", "CSOC-1", "Type 2")
    founder.sends("Record what is ticked")
    founder.visitor.sees("Harbour Books, Inc.", "Availability", "Confidentiality")
