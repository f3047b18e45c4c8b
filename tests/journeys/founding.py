"""From empty books to an approved scope and covered criteria, through pages only, by two who have never done it."""

from __future__ import annotations

import re
from typing import Any

from tests.journeys.browsing import Visitor
from tickmark.controls.library import starter_controls
from tickmark.scope.criteria import applicable, criteria

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

    def sends(self, submit: str | re.Pattern[str], given: dict[str, Any] | None = None) -> str:
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


def invites(founder: Counted) -> str:
    """The founder, who is the sponsor, invites whoever will lead the programme; the link that is shown once."""
    founder.visitor.goes("/people/invite")
    said = founder.sends(
        "Make the link", {"E-mail": "ben@harbour.example", "Name": "Ben Example", "Role": "Compliance lead"}
    )
    found = re.search(r"/join/\S+", said)
    assert found, said
    return found[0]


def joins(lead: Counted, link: str) -> None:
    """The lead takes up the invitation."""
    page = lead.visitor.page
    lead.visitor.who = "the lead"
    lead.visitor.goes(link)
    lead.fills(lead.visitor.form("Join"), {"Your name": "Ben Example", "Password": PASSWORD})
    with page.expect_navigation():
        page.get_by_role("button", name="Join").last.click()
    lead.clicks()
    lead.visitor.goes("/")


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


def sets_the_period(founder: Counted) -> None:
    """The proposal of the interview becomes the period."""
    founder.visitor.goes("/scope/interview/draft")
    founder.follows("Set this period")
    founder.sends("Record")


def approves(founder: Counted) -> None:
    """The sponsor approves what the lead wrote."""
    founder.visitor.goes("/scope/")
    dialog = founder.visitor.opens("Approve the scope")
    founder.clicks(2)
    founder.visitor.sends("Approve", within=dialog)
    founder.visitor.sees("approved")


def chosen() -> dict[str, list[str]]:
    """A small set of proposals that covers Security, Availability and Confidentiality, by area: the greatest first."""
    left = {one.id for one in applicable(["security", "availability", "confidentiality"])}
    proposals = [item for item in starter_controls() if item.fits([criteria()[code] for code in left])]
    found: dict[str, list[str]] = {}
    while left:
        best = max(proposals, key=lambda item: (len(left & set(item.criteria)), item.id))
        left -= set(best.criteria)
        found.setdefault(best.id.split("-")[0], []).append(best.id)
    return found


def says_what_is_done(lead: Counted) -> None:
    """Area by area: who owns it, and which of the proposals is done already."""
    wanted = chosen()
    lead.visitor.goes("/controls/")
    lead.follows("What do you already do?")
    for area, ids in wanted.items():
        lead.visitor.goes(f"/controls/adopt/{area}")
        lead.clicks()
        form = lead.visitor.form("Record and go on")
        lead.fills(form, {"Who owns these": "Ben Example"})
        for code in ids:
            form.locator(f"[name='{code}.answer'][value='do']").check()
            lead.clicks()
        lead.sends("Record and go on")


def is_covered(lead: Counted) -> None:
    """Every criterion in scope has a control with an owner."""
    lead.visitor.goes("/controls/coverage")
    lead.visitor.sees("38 criteria are in scope.")
    rows = lead.visitor.page.locator("#coverage tbody tr")
    assert rows.filter(has_text="nothing").count() == 0
    lead.visitor.goes("/controls/owners")
    lead.visitor.sees("Ben Example")


def adopts_the_policies(lead: Counted) -> None:
    """The policies that the controls name, in one sitting: a question is answered once for all that ask it."""
    lead.visitor.goes("/controls/adopt/")
    lead.follows("Adopt the policies")
    form = lead.visitor.form("Adopt what is ticked")
    assert form.get_by_label("What is the legal name of the company?").input_value() == "Harbour Books, Inc."
    assert form.get_by_label("Within how many hours is a lost device reported?").count() == 0
    first, second = (
        form.get_by_label("Acceptable use and endpoints"),
        form.get_by_label("Cryptography and keys"),
    )
    name = form.get_by_label("What is the legal name of the company?")
    held: list[Any] = []
    lead.visitor.page.route(
        "**/policies/adopt", lambda route: route.continue_() if held else held.append(route)
    )
    with lead.visitor.page.expect_request("**/policies/adopt"):
        first.check()
    second.check()  # while the answer to the first is under way
    name.fill("Harbour Books, Incorporated")
    held[0].continue_()
    cipher = form.get_by_label("Which symmetric cipher is approved?")
    cipher.fill("AES-256")
    assert name.input_value() == "Harbour Books, Incorporated"
    lead.visitor.page.unroute("**/policies/adopt")
    name.fill("Harbour Books, Inc.")
    form.get_by_label("Within how many hours is a lost device reported?").fill("6")
    lead.clicks(4)
    lead.sends("Adopt what is ticked", {"Who owns them": "Ben Example"})
    lead.visitor.sees("POL-04", "POL-05", "POL-09")
    lead.visitor.goes("/policies/POL-05/")
    lead.visitor.sees("Harbour Books, Inc.", "6 hours")


def weighs_a_point(lead: Counted) -> None:
    """What is weighed is seen at once, and a note to another point is still there."""
    lead.visitor.goes("/controls/criteria/CC6.1")
    other = lead.visitor.page.get_by_label("Note on CC6.1-01")
    other.fill("The asset list, half looked through")
    lead.clicks()
    why = "Rights follow the role."
    lead.sends(re.compile("Addressed CC6.1-03"), {"Note on CC6.1-03": why})
    lead.visitor.sees(why, "1 of 12 has been thought through.")
    assert other.input_value() == "The asset list, half looked through"


def is_asked_of_the_kind(lead: Counted) -> None:
    """The form of a component asks what the description tells of the chosen kind, and nothing of another."""
    lead.visitor.goes("/scope/components/new")
    kind, groups = lead.visitor.page.get_by_label("Kind"), lead.visitor.page.locator(".of-kind")
    assert groups.count() == 3
    for chosen, shown in {
        "Software": [],
        "Data": ["data"],
        "People": ["people"],
        "Procedures": ["procedures"],
    }.items():
        kind.select_option(label=chosen)
        assert [one.get_attribute("data-of") for one in groups.all() if one.is_visible()] == shown
    kind.select_option(label="Data")
    lead.visitor.looks()
