"""The pages of the report: who sees what, what they offer, and the reader's door."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from tests.report.build import DAY, NOW, examined, issued, letter, opined
from tickmark.kernel.ledger.seal import seal
from tickmark.report import actions as report
from tickmark.report.models import Bundle, Copy, CopyRead, LetterKind, Report

pytestmark = pytest.mark.database


@pytest.fixture
def world(program: Any) -> Iterator[Any]:
    """The small programme on the day of the report."""
    with time_machine.travel(NOW):
        yield program


def page(client: Any, world: Any, name: str, address: str, status: int = 200) -> str:
    client.force_login(getattr(world.cast, name))
    answer = client.get(address)
    assert answer.status_code == status, (address, answer.status_code, answer.content[-1500:])
    return answer.content.decode()


def do(client: Any, world: Any, name: str, verb: str, **fields: Any) -> Any:
    client.force_login(getattr(world.cast, name))
    return client.post(f"/do/{verb}", {"next": "/report/", **fields})


PAGES = ("", "description", "letters", "copies", "list.csv", "copies.csv")


@pytest.mark.parametrize("name", ["founder", "lead", "owner", "auditor", "staff", "partner", "quality"])
def test_everybody_concerned_reads_the_pages(client, world, name):
    examined(world)
    for at in PAGES:
        page(client, world, name, f"/report/2026/{at}")
    assert "Fennimore" in page(client, world, name, "/report/")


def test_the_home_page_names_the_newest_report_that_is_issued(client, world):
    made = examined(world)
    assert "was <b>issued</b>" not in page(client, world, "founder", "/")
    first = report.issue(made.actor("partner"), made.engagement, DAY)
    report.issue(made.actor("partner"), made.engagement, DAY, "A name was misspelt.", first)
    for today in (DAY, DAY + timedelta(days=90)):  # whatever has begun since
        text = page(client, world, "founder", f"/?day={today}")
        assert text.count("was <b>issued</b> on 11 Dec 2026") == 1
    assert "was <b>issued</b>" not in page(client, world, "founder", f"/?day={DAY - timedelta(days=1)}")


@pytest.mark.parametrize("name", ["employee", "stranger"])
@pytest.mark.parametrize("at", ["", "description", "letters", "copies", "opinion", "draft.pdf"])
def test_for_strangers_there_is_no_such_report(client, world, name, at):
    examined(world)
    page(client, world, name, f"/report/2026/{at}", 404)


def test_visitors_are_sent_to_sign_in(client, world):
    answer = client.get("/report/2026/")
    assert answer.status_code == 302


def test_section_i_is_for_the_auditors_side_only(client, world):
    examined(world)
    page(client, world, "founder", "/report/2026/opinion", 404)
    assert "audit.opine" in page(client, world, "partner", "/report/2026/opinion")
    assert "audit.opine" not in page(client, world, "staff", "/report/2026/opinion")
    assert "report.review_quality" in page(client, world, "quality", "/report/2026/opinion")


def test_the_form_of_section_i_is_empty(client, world):
    """Nothing is drafted, not even from what was supplied before."""
    examined(world)
    text = page(client, world, "partner", "/report/2026/opinion")
    area = re.search(r'<textarea[^>]*name="text"[^>]*>(.*?)</textarea>', text, re.S)
    assert area and area[1].strip() == ""


def test_the_company_reads_its_own_part_of_the_road(client, world):
    examined(world, without={"walked", "asserted", "reviewed"})
    mine = page(client, world, "founder", "/report/2026/")
    assert "assertion is not signed" in mine
    assert "The firm has work of its own to finish" in mine
    assert "has no test" not in mine
    theirs = page(client, world, "partner", "/report/2026/")
    assert "GOV-01 has no test" in theirs and "assertion is not signed" in theirs


def test_only_the_partner_is_offered_the_issue(client, world):
    examined(world)
    assert "report.issue" in page(client, world, "partner", "/report/2026/")
    for name in ("founder", "auditor", "quality"):
        assert "report.issue" not in page(client, world, name, "/report/2026/")


def test_issue_and_bundle_through_the_pages(client, world, django_capture_on_commit_callbacks):
    examined(world)
    with django_capture_on_commit_callbacks(execute=True):
        answer = do(client, world, "partner", "report.issue", engagement="2026", dated=str(DAY))
    assert answer.status_code == 302
    row = Report.objects.get()
    text = page(client, world, "lead", "/report/2026/")
    assert "The report is issued" in text and row.pdf[:16] in text
    with django_capture_on_commit_callbacks(execute=True):
        do(client, world, "lead", "report.bundle", report=row.ref, contents="report")
    made = Bundle.objects.get()
    client.force_login(world.cast.owner)
    assert client.get(f"/report/{row.ref}.pdf").content[:5] == b"%PDF-"
    assert b"".join(client.get(f"/report/bundle/{made.ref}.zip").streaming_content)[:2] == b"PK"


def test_the_draft_of_the_company_holds_no_results(client, world):
    from tickmark.report.queries import draft

    made = examined(world)
    ours = draft(made.actor("founder"), made.engagement, DAY)
    assert all(control["tests"] == [] for control in ours["testing"]["controls"])
    assert ours["auditor_report"]["parts"] == []
    theirs = draft(made.actor("staff"), made.engagement, DAY)
    assert all(control["tests"] for control in theirs["testing"]["controls"])
    for name in ("founder", "staff"):
        client.force_login(getattr(world.cast, name))
        assert client.get("/report/2026/draft.pdf").content[:5] == b"%PDF-"


def test_the_company_finds_no_bundle_of_the_file(client, world):
    made, row = issued(world)
    bundle = report.bundle(made.actor("partner"), row, "file")
    page(client, world, "founder", f"/report/bundle/{bundle.ref}.zip", 404)
    assert bundle.ref not in page(client, world, "founder", "/report/2026/")


# -- the reader's door


def given(world: Any) -> tuple[Report, str]:
    made, row = issued(world)
    copy = report.give_copy(made.actor("lead"), row, "Rita Reader, Acme", "rita@acme.example")
    return row, copy.link


def test_a_reader_agrees_and_takes_the_report(client, world):
    row, link = given(world)
    text = client.get(link).content.decode()
    assert "Rita Reader, Acme" in text and "restricted" not in link
    refused = client.post(link)
    assert refused.status_code == 422 and not CopyRead.objects.exists()
    answer = client.post(link, {"agreed": "true"})
    assert answer.content[:5] == b"%PDF-"
    client.post(link, {"agreed": "true"})
    assert CopyRead.objects.filter(copy__report=row, agreed=True, by=None).count() == 2


def test_an_account_makes_no_difference_at_the_readers_door(client, world):
    _, link = given(world)
    client.force_login(world.cast.stranger)
    assert client.post(link, {"agreed": "true"}).status_code == 200


def test_a_cut_link_shows_nothing(client, world):
    _, link = given(world)
    assert client.get(link[:-1]).status_code == 404
    assert client.post(link[:-1], {"agreed": "true"}).status_code == 404


def test_the_link_is_shown_once_and_kept_nowhere(client, world):
    _, row = issued(world)
    answer = do(
        client,
        world,
        "lead",
        "report.give_copy",
        report=row.ref,
        reader="Rita",
        email="r@acme.example",
        terms="Do not share.",
    )
    shown = client.get(answer.url).content.decode()
    link = re.search(r"/copies/([\w-]{40,})", shown)
    assert link
    again = page(client, world, "lead", "/report/2026/copies")
    assert link[1] not in again
    from tickmark.kernel.ledger.entry import Entry

    assert not any(link[1] in str(entry.body()) for entry in Entry.objects.all())
    assert link[1] not in str(Copy.objects.get().body())


def test_a_reissued_report_is_not_read_any_more(client, world):
    row, link = given(world)
    partner = world.actor("partner")
    newer = report.issue(partner, world.engagement, DAY, "A wrong name on the cover", row)
    assert newer.reissues == row
    assert "A wrong name on the cover" in client.get(link).content.decode()
    assert client.post(link, {"agreed": "true"}).status_code == 409
    assert not CopyRead.objects.exists()


def test_the_log_shows_who_read_when(client, world):
    _, link = given(world)
    client.post(link, {"agreed": "true"})
    text = page(client, world, "staff", "/report/2026/copies")
    assert "Rita Reader, Acme" in text and "11 Dec 2026" in text
    assert "report.give_copy" not in text


@pytest.mark.parametrize("at", ["", "copies"])
def test_a_page_costs_the_same_for_one_row_and_for_three(client, world, at):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    made, row = issued(world)
    client.force_login(world.cast.lead)

    def cost() -> int:
        client.get(f"/report/2026/{at}")
        with CaptureQueriesContext(connection) as seen:
            client.get(f"/report/2026/{at}")
        return len(seen)

    report.give_copy(made.actor("lead"), row, "A", "a@x.example")
    report.bundle(made.actor("lead"), row)
    one = cost()
    for name in "BC":
        report.give_copy(made.actor("lead"), row, name, f"{name}@x.example")
        report.bundle(made.actor("lead"), row)
        letter(made, LetterKind.ASSERTION)
    seal()
    assert cost() == one


def test_supplying_section_i_through_the_page(client, world):
    made = examined(world, without={"opined", "reviewed"})
    assert "Section I is not supplied" in page(client, world, "partner", "/report/2026/")
    opined(made)
    assert "Section I is not supplied" not in page(client, world, "partner", "/report/2026/")
