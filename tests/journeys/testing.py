"""The auditors' chapters: lock, draw, mark, look at what is flagged, tell it as fact, conclude, sign."""

from __future__ import annotations

import re
from dataclasses import dataclass

from playwright.sync_api import Locator

from tests.journeys.browsing import Visitor
from tests.journeys.cast import AUDIT_LEAD, AUDIT_STAFF, ENGAGEMENT, NONCE

TESTS = f"/audit/{ENGAGEMENT}/tests"
LISTED = ("CHG-02", "AC-04", "GOV-05")
"""Controls whose test goes over a list."""
JUDGED = {
    "3a70c1dfeaae": ("Deviation", "The author's account was deleted; nobody can tell who wrote the change."),
    "LL-1022/1": ("Not applicable", "No account of this person is in any list, by name or by e-mail."),
    "LL-1037/1": ("Deviation", "Left on 11 March, disabled on 18 March; the limit was 12 March."),
    "LL-1049/1": ("Deviation", "The HR system holds no day of leaving; that it was in time cannot be shown."),
}
"""What a person decides by hand, by the beginning of an item's key: what it is, and the note."""
PREFERRED = ("exceptions", "no_exceptions", "not_tested")
WORDS = {
    "not_tested": "No record of the period was filed for this control, so it was not tested.",
}
"""What Section IV prints; where deviations were told, their facts stand there."""
LATE = (
    "The central account of a leaver was disabled four business days after the limit that the control sets."
)
UNSEEN = "Nothing shows when a person left, so nothing shows that the central account was disabled in time."
UNREVIEWED = "The change reached the main branch without an approval by another person on the merged version."
UNKNOWN = "The author of a change is not known any more, so nothing shows that another person approved it."
SLOW = "The review of the second quarter of 2026 was performed on 29 July, after the 15 days of grace."
OUTSIDE = {
    "AC-06": SLOW,
    "HR-06": "One joiner completed the training 12 days after the limit, and one contractor was never asked to take it.",
    "AC-02": "One account of the support tool, which is not behind single sign-on, had no second factor.",
    "INC-02": "One of two grave incidents was closed without a root cause and without lessons.",
    "OPS-02": "One weakness was fixed 25 days after the limit, and the exception of another ran out before it was fixed.",
    "AST-02": "The disk of one laptop was not encrypted from 22 September 2026 on.",
}
"""What the records of a control show that is tested without items: the fact that is told."""
FACTS = {"LL-1037": LATE, "LL-1049": UNSEEN, "3a70c1dfeaae": UNKNOWN, "": UNREVIEWED}
"""The wording of a deviation by the item that shows it; the last one is for every other change."""


@dataclass(frozen=True)
class Paper:
    """A working paper in the list of tests."""

    ref: str
    control: str
    stage: str

    @property
    def path(self) -> str:
        """Its address."""
        return f"{TESTS}/{self.ref}"


def papers(who: Visitor) -> list[Paper]:
    """The list of tests as the page shows it."""
    who.goes(TESTS)
    rows = who.page.get_by_role("table", name="Tests").locator("tbody tr")
    return [_paper(row.get_by_role("cell").all_inner_texts(), row) for row in rows.all()]


def _paper(cells: list[str], row: Locator) -> Paper:
    control = row.get_by_role("rowheader").get_by_role("link").inner_text()
    return Paper(cells[0].strip(), control.strip(), cells[-1].split("\n")[0].strip())


def open_papers(who: Visitor, *controls: str) -> list[Paper]:
    """Papers that are only planned, of some controls or of all."""
    return [
        one for one in papers(who) if one.stage == "Planned" and (not controls or one.control in controls)
    ]


def lock_and_draw(who: Visitor) -> None:
    """Staff locks the lists and draws: all items where that can be looked at, else a sample by the committed nonce."""
    who.enters_as(AUDIT_STAFF)
    for paper in open_papers(who, *LISTED):
        who.goes(paper.path)
        who.sends("Lock it", {"Basis": "Read by the collector and held against a second count."})
        who.sees("Key hash", "Reconciled")
        if paper.control == "GOV-05" or who.page.get_by_text("2 Mar – 31 Oct 2026").count():
            draws_sample(who)
        else:
            who.sends("Draw, once", {"Method": "All items"})


def draws_sample(who: Visitor) -> None:
    """Only the nonce that was committed to at planning gives a sample."""
    refused = who.is_refused("Draw, once", {"Method": "Random", "Nonce": "another nonce"})
    assert "This is not the committed nonce." in refused
    who.sends("Draw, once", {"Method": "Random", "Nonce": NONCE})
    who.sees(NONCE, "How it falls over the months")


def mark(who: Visitor) -> None:
    """Changes are marked by their check, people by hand; what a check cannot decide, a person looks at."""
    for paper in [one for one in papers(who) if one.control in LISTED]:
        if paper.control == "CHG-02":
            marks_by_check(who, paper)
        else:
            marks_by_hand(who, paper)
        who.goes(f"{paper.path}/grid?only=open")
        for path in [link.get_attribute("href") for link in items(who)]:
            decides(who, str(path))


def marks_by_check(who: Visitor, paper: Paper) -> None:
    """Each attribute by the newest run that read the locked list."""
    who.goes(f"{paper.path}/grid")
    button = who.page.get_by_role("button", name="Mark by the check")
    for at in range(button.count()):
        form = who.page.locator("form").filter(has=button).nth(at)
        form.get_by_role("combobox").select_option(index=1)
        who.presses(form.get_by_role("button", name="Mark by the check"), form)


def marks_by_hand(who: Visitor, paper: Paper) -> None:
    """Several at once as met, those left out that are not; a page of the list at a time."""
    who.goes(f"{paper.path}/grid")
    letters = [
        text[:1]
        for text in who.page.get_by_label("Tick several as met").locator("option").all_inner_texts()[1:]
    ]
    for letter in letters:
        who.goes(f"{paper.path}/grid")
        who.fills(who.form("Show the boxes"), {"Tick several as met": f"{letter}:"})
        with who.page.expect_navigation():
            who.page.get_by_role("button", name="Show the boxes").click()
        for box in who.page.get_by_role("checkbox").all():
            if not any(key in str(box.get_attribute("aria-label")) for key in JUDGED):
                box.check()
        who.sends(re.compile(f"as met: {letter}"))


def items(who: Visitor) -> list[Locator]:
    """The items of the grid as links."""
    return who.page.get_by_role("table", name="Items").get_by_role("rowheader").get_by_role("link").all()


def decides(who: Visitor, path: str) -> None:
    """Look at an item and mark by hand what is open on it."""
    who.goes(path)
    who.sees("Its row in the locked list")
    key = who.page.get_by_role("heading", level=1).inner_text()
    verdict, note = next(what for begin, what in JUDGED.items() if begin in key)
    forms = who.page.locator("form").filter(has=who.page.get_by_role("button", name="Record the mark"))
    for at in range(forms.count()):
        form = forms.nth(at)
        if form.locator("..").get_by_text(re.compile("^(Not marked yet|Pending)")).count():
            who.fills(form, {"Verdict": verdict, "Note": note})
            who.presses(form.get_by_role("button", name="Record the mark"), form)


def deviations(who: Visitor) -> None:
    """Staff confirms each flagged item as a fact, and the facts that are no items; the lead tells the company."""
    flagged = who.page.locator("details").filter(has=who.page.get_by_text("Look at the item"))
    tested = papers(who)
    for paper in [one for one in tested if one.control in LISTED]:
        who.goes(paper.path)
        while flagged.count():
            confirms(who, flagged.first)
    outside = who.page.locator("details").filter(has_text="A finding outside of the items")
    for paper in [one for one in tested if one.control in OUTSIDE]:
        who.goes(paper.path)
        outside.locator("summary").click()
        who.sends("Record it", {"Fact": OUTSIDE[paper.control]}, outside)
    who.enters_as(AUDIT_LEAD)
    for paper in [one for one in tested if one.control in (*LISTED, *OUTSIDE)]:
        who.goes(paper.path)
        while who.page.get_by_role("button", name="Tell the company").count():
            who.sends("Tell the company")


def confirms(who: Visitor, flagged: Locator) -> None:
    """One flagged item: its words depend on what it is."""
    flagged.locator("summary").click()
    key = flagged.locator("summary").inner_text()
    fact = next(words for begin, words in FACTS.items() if begin in key)
    who.sends("Confirm as fact", {"Fact": fact, "Nature": "missing step"}, flagged)


def conclude(who: Visitor) -> None:
    """Staff walks through what has no list, concludes every open test and signs; the lead reviews and signs."""
    who.enters_as(AUDIT_STAFF)
    for paper in papers(who):
        if paper.stage in ("Signed", "Reviewed"):
            continue
        who.goes(paper.path)
        if paper.control not in LISTED:
            walks_through(who, paper.control)
        concludes(who)
        who.sends("Sign as prepared")
    who.enters_as(AUDIT_LEAD)
    for paper in papers(who):
        if paper.stage != "Reviewed":
            who.goes(paper.path)
            who.sends("Sign as reviewed")


def walks_through(who: Visitor, control: str) -> None:
    """One occurrence from start to end with the control's owner."""
    who.page.get_by_text("Record a walkthrough").click()
    seen = {
        "With whom": f"the owner of {control}",
        "Held on": "2026-11-16",
        "What was followed and seen": "One occurrence of the period from its start to its record.",
        "If it works as written, does it meet its part of the criterion?": "Yes",
        "Is it in use?": "Yes",
    }
    who.sends("Record it", seen, who.page.locator("details[open]").filter(has_text="Record a walkthrough"))


def concludes(who: Visitor) -> None:
    """Choose what the counts allow, with a reason."""
    form = who.form("Conclude")
    choices = {str(one.get_attribute("value")): one for one in form.get_by_role("radio").all()}
    result = next(one for one in PREFERRED if one in choices)
    choices[result].check()
    words = {
        "Reason": "Each item was looked at; the counts above say so.",
        "Text of the result": WORDS.get(result, ""),
    }
    who.sends("Conclude", words)


def criteria(who: Visitor) -> None:
    """The lead concludes on every criterion, one by one, each with its reason."""
    who.enters_as(AUDIT_LEAD)
    who.goes(f"/audit/{ENGAGEMENT}/criteria")
    table = who.page.get_by_role("table", name="Criteria")
    codes = [one.inner_text() for one in table.get_by_role("rowheader").locator(".ref").all()]
    assert len(codes) == 38
    for code in codes:
        row = table.get_by_role("row").filter(
            has=who.page.get_by_role("rowheader", name=re.compile(rf"^{re.escape(code)} "))
        )
        row.locator("summary").click()
        who.sends(
            "Record",
            {code: "Met", "Reason": f"The controls tested for {code} give reasonable assurance."},
            row,
        )
    who.sees("38 of 38 are concluded.")
