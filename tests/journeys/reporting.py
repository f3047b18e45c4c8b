"""The last chapters: responses, description, letters, opinion, quality review, issue, bundle, both verifiers."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

from playwright.sync_api import Browser

from tests.journeys.browsing import Visitor, violations
from tests.journeys.cast import COMPLIANCE, DAY, ENGAGEMENT, FOUNDER, PARTNER, QUALITY
from tests.journeys.sweeping import look
from tests.journeys.testing import SLOW

REPORT = f"/report/{ENGAGEMENT}"
RESPONSE = "A reminder now goes out ten days before the end of the grace; the next review was in time."
OVERVIEW = """Larkspur Ledger, Inc. (fictional) has its seat in Providence and employs about 60 people.

### Services

It offers bookkeeping software over the internet to small and mid-sized businesses."""
ASSERTION = """We have prepared the description of the system and assert that it was prepared by the description
criteria, that the controls were suitably designed and, except for the exceptions in Section IV, operated effectively
throughout the period, if the complementary controls we assumed operated as well."""
REPRESENTATION = """We have given you all records, all known incidents, deficiencies and events since the period ended.
We are responsible for the description, for the assertion and for the controls."""
OPINION = """# Independent service auditor's report

To the management of Larkspur Ledger, Inc. (fictional)

## Scope

We have examined the description of the system throughout the period and the design and operation of its controls.

## Service organisation's responsibilities

Management is responsible for its commitments, for the description and for the assertion.

## Service auditor's responsibilities

We express an opinion on the basis of our examination.

## Inherent limitations

Controls may not prevent or detect every failure.

## Description of tests of controls

The tests and their results stand in Section IV.

## Opinion

In our opinion, in all material respects, the description presents the system, and the controls were suitably designed
and operated effectively throughout the period.

## Restricted use

This report is for the company, its customers and those who understand it."""


def respond(who: Visitor) -> None:
    """The compliance lead reads each fact that the auditor told and responds; the fact stays as it is."""
    who.enters_as(COMPLIANCE)
    who.step("Follow-up")
    links = who.page.get_by_role("table", name="Deviations").get_by_role("rowheader").get_by_role("link")
    for path in [str(link.get_attribute("href")) for link in links.all()]:
        who.goes(path)
        text = (
            RESPONSE if who.page.get_by_text(SLOW).count() else "The team was told; branch rules were closed."
        )
        who.sends("Send the response", {"The fact": re.compile("Confirm", re.IGNORECASE), "Response": text})
        who.sees(text)


def description(who: Visitor) -> None:
    """The compliance lead writes what the record cannot say by itself."""
    who.enters_as(COMPLIANCE)
    who.step("Report")
    who.follows("Description")
    who.follows("Write Overview")
    who.sends("Keep this text", {"Text": OVERVIEW})
    who.sees("bookkeeping software over the internet")


def opinion(who: Visitor) -> None:
    """The partner supplies Section I in words of their own."""
    who.enters_as(PARTNER)
    who.step("Report")
    who.follows("Opinion")
    forms = {
        "On the description": "Unmodified",
        "On the design": "Unmodified",
        "On the operation": "Unmodified",
    }
    said = {"Text": OPINION, **forms, "Report date": DAY, "City and state": "Boston, Massachusetts"}
    who.sends("Supply Section I", said)
    who.sees("Read as", "Restricted use")


def letters(who: Visitor) -> None:
    """The founder signs the assertion and the representation letter, which bears the report's date."""
    who.enters_as(FOUNDER)
    who.step("Report")
    who.follows("Letters")
    for text in (ASSERTION, REPRESENTATION):
        signed = {"The letter": text, "Who signs": f"{FOUNDER}\nChief Executive Officer", "Date": DAY}
        who.sends("Sign", signed, who.page.locator("details[open]").first)


def quality(who: Visitor) -> None:
    """Who did no work on the engagement reads the report before it is released."""
    who.enters_as(QUALITY)
    who.goes(f"{REPORT}/opinion")
    who.sends(
        "Record the review",
        {"What you read, and what you found": "The draft and six papers; no matter is open."},
    )


def issue(who: Visitor) -> None:
    """The partner issues the report: nothing blocks it any more."""
    who.enters_as(PARTNER)
    who.step("Report")
    who.sees("Nothing blocks the issue.")
    who.opens("Issue the report")
    who.sends("Issue the report", {}, who.page.get_by_role("dialog"))
    who.sees("Issued", "frozen: data, file and everything that made it")


def pdf(who: Visitor) -> Path:
    """The issued report as a file."""
    return who.downloads(who.page.get_by_role("link", name="Download the report"))


def words(path: Path) -> str:
    """The report's text as a reader sees it: without line ends and hyphens."""
    read = shutil.which("pdftotext")
    assert read, "pdftotext was not found (Debian: apt-get install poppler-utils)."
    found = subprocess.run([read, str(path), "-"], capture_output=True, text=True, check=True)
    return " ".join(found.stdout.split()).replace("\u00ad ", "")


def bundle(who: Visitor, folder: Path) -> Path:
    """The compliance lead makes a bundle and takes it away as one file."""
    who.enters_as(COMPLIANCE)
    who.step("Report")
    who.sends("Make a bundle")
    got = who.downloads(who.page.get_by_role("link", name=re.compile(r"\.zip$")).first)
    return Path(shutil.copy(got, folder / "bundle.zip"))


def copy(who: Visitor, customer: Visitor) -> bytes:
    """The compliance lead gives a copy; the customer opens the link, agrees to the terms and takes the report."""
    who.follows("Copies")
    said = who.sends(
        "Make the link", {"Reader": "Ada Example, Example Books", "E-mail": "ada@customer.example"}
    )
    link = re.search(r"/copies/\S+", said)
    assert link, said
    look(customer, link[0])
    customer.sees("A SOC 2 report for Ada Example, Example Books", "Terms")
    customer.page.get_by_label("I agree to these terms").check()
    taken = customer.downloads(customer.page.get_by_role("button", name="Agree and download"))
    return taken.read_bytes()


def verify_by_script(path: Path, kept: tuple[Path, str], folder: Path) -> str:
    """What the script that lies in the bundle says, run by a bare Python with the checkpoint and key kept earlier."""
    with zipfile.ZipFile(path) as held:
        script = held.extract(_named(held, "verify.py"), folder / "apart")
    command = [sys.executable, "-I", script, str(path), "--checkpoint", str(kept[0]), "--key", kept[1]]
    said = subprocess.run(command, capture_output=True, text=True, cwd=folder, env={}, timeout=120)
    assert said.returncode == 0, said.stdout + said.stderr
    return said.stdout.strip().splitlines()[-1]


def verify_by_page(browser: Browser, path: Path, kept: tuple[Path, str], folder: Path) -> str:
    """What the page that lies in the bundle says when the zip is dropped on it, opened from the disk, without a network."""
    with zipfile.ZipFile(path) as held:
        place = Path(held.extract(_named(held, "verify.html"), folder / "apart"))
    context = browser.new_context(offline=True)
    page = context.new_page()
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.goto(place.as_uri())
    page.get_by_label("An older checkpoint").set_input_files(str(kept[0]))
    page.get_by_label("The log's key").fill(kept[1])
    page.evaluate(DROP, list(path.read_bytes()))
    page.wait_for_selector(".verdict")
    page.wait_for_selector("[data-id=older]")
    verdict = page.locator(".verdict").inner_text()
    assert violations(page) + errors == []
    context.close()
    return verdict


DROP = """bytes => {
    const bag = new DataTransfer();
    bag.items.add(new File([Uint8Array.from(bytes)], 'bundle.zip'));
    document.body.dispatchEvent(new DragEvent('drop', { dataTransfer: bag, bubbles: true, cancelable: true }));
}"""


def _named(held: zipfile.ZipFile, name: str) -> str:
    return next(one for one in held.namelist() if one.rsplit("/", 1)[-1] == name)
