"""The scope interview as pages: kept as it goes, drafted, ticked, recorded; nothing typed is lost."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client

from tests.web.pages import client, seen
from tickmark.kernel import clock
from tickmark.kernel.ledger.entry import Entry
from tickmark.scope import actions as scope
from tickmark.scope import interview
from tickmark.scope.models import Commitment, Component, Exclusion, InterviewAnswer, SystemVersion
from tickmark.scope.queries import Scope

THREE = {"answers.name": "Harbour", "answers.does": "It keeps books.", "answers.asked_for": "soon"}
PROMISES = {
    "answers.role": "processor",
    "answers.availability.1.text": "Up.",
    "answers.availability.1.source": "SLA 2",
    "answers.availability.1.target": "99.9 %",
    "answers.availability.2.text": " ",
    "answers.security.1.text": "Safe.",
    "answers.security.1.source": "Terms",
}
START, CHAPTER, DRAFT = "/scope/interview/start", "/scope/interview/promises", "/scope/interview/draft"


@pytest.fixture
def lead(cast: SimpleNamespace) -> Client:
    """The lead's browser, on books that hold nothing but accounts."""
    return client(SimpleNamespace(cast=cast), "lead")


def answers(code: str) -> dict[str, Any]:
    """What stands, by question."""
    rows = InterviewAnswer.objects.as_of(clock.today()).filter(interview=code)
    return dict(rows.values_list("question", "answer"))


def html(browser: Client, address: str) -> str:
    """A page that answers."""
    found = browser.get(address)
    assert found.status_code == 200
    return found.content.decode()


def marks(text: str, ticked: bool = False) -> list[str]:
    """The marks of a draft's page, or those that stand ticked."""
    found = re.findall(r'name="agreed" value="([0-9a-f]+)"( checked)?', text)
    return [mark for mark, on in found if on or not ticked]


def test_who_leads_the_programme_is_interviewed_and_nobody_else(program: SimpleNamespace) -> None:
    for address in ("/scope/interview/", START, DRAFT):
        found = seen(program, address)
        assert {who: found[who] for who in ("founder", "lead")} == {"founder": 200, "lead": 200}
        assert {found[who] for who in ("owner", "employee", "auditor", "stranger")} == {404}


def test_three_answers_are_kept_and_lead_to_the_next_chapter(lead: Client) -> None:
    assert "/scope/interview/" in html(lead, "/")
    found = lead.post(START, THREE)
    assert (found.status_code, found["Location"]) == (302, "/scope/interview/company")
    assert answers("harbour") == {"name": "Harbour", "does": "It keeps books.", "asked_for": "soon"}
    text = html(lead, "/scope/interview/")
    assert "Type 1 on" in text
    assert "3 of 3" in text
    assert 'value="Harbour"' in html(lead, START)


def test_what_is_said_again_is_not_written_again(lead: Client) -> None:
    lead.post(START, THREE)
    entries = Entry.objects.count()
    assert lead.post(START, {**THREE, "stay": "1"})["Location"] == "/scope/interview/"
    assert Entry.objects.count() == entries
    lead.post(START, {**THREE, "answers.does": "It keeps more."})
    assert answers("harbour")["does"] == "It keeps more."
    assert InterviewAnswer.objects.filter(question="does").count() == 2


def test_rows_are_read_and_empty_ones_are_none(lead: Client) -> None:
    lead.post(START, THREE)
    lead.post(CHAPTER, PROMISES)
    assert answers("harbour")["availability"] == [
        {"text": "Up.", "target": "99.9 %", "source": "SLA 2", "key": 1}
    ]
    text = html(lead, CHAPTER)
    assert 'value="99.9 %"' in text
    assert 'name="answers.availability.2.text"' in text


def test_a_row_half_said_is_kept_and_told_everywhere(lead: Client) -> None:
    lead.post(START, THREE)
    half = {"answers.security.1.text": "Safe as houses.", "answers.role": "processor"}
    found = lead.post(CHAPTER, {**half, "here": "1"})
    assert (found.status_code, found["Location"]) == (302, f"{CHAPTER}#rows-security")
    assert [row["text"] for row in answers("harbour")["security"]] == ["Safe as houses."]
    told = "“Where it stands” is empty in row 1 of “What have you promised about security?”."
    assert told in html(lead, "/scope/interview/")
    text = html(lead, DRAFT)
    assert told in text
    assert "S-1" not in text
    text = html(lead, CHAPTER)
    assert "Safe as houses.</textarea>" in text
    assert "Row 1 is kept, and still open: “Where it stands”." in text
    assert 'name="answers.security.3.text"' in text
    assert not re.search(r'name="answers\.security\.1\.source"[^>]* required', text)


def test_a_browser_keeps_nobody_from_sending_a_chapter_half_answered(lead: Client) -> None:
    for chapter in interview.chapters():
        text = html(lead, f"/scope/interview/{chapter.id}")
        names = re.findall(r'name="answers\.([^"]+)"[^>]* required', text)
        assert names == (["name"] if chapter.id == "start" else [])


def test_what_cannot_be_kept_says_why_and_takes_nothing_else_with_it(lead: Client) -> None:
    lead.post(START, THREE)
    address = "/scope/interview/company"
    wrong = {"answers.zone": "PST", "answers.company": "Harbour, Inc."}
    found = lead.post(address, wrong)
    assert found.status_code == 422
    text = found.content.decode()
    assert "There is no time zone “PST”" in text
    assert '<option value="PST" selected>' in text
    assert answers("harbour")["company"] == "Harbour, Inc."
    assert "zone" not in answers("harbour")
    shown = dict(re.findall(r'name="(shown\.\w+)" value="(\w*)"', text))
    more = lead.post(address, {**wrong, **shown, "answers.company": "Harbour Books"})
    assert more.status_code == 422
    assert answers("harbour")["company"] == "Harbour Books"
    fragment = lead.post(address, wrong, headers={"hx-request": "true"})
    assert fragment["HX-Retarget"] == "form.interview"
    assert "<html" not in fragment.content.decode()
    assert "Choose the largest place near you." in fragment.content.decode()


def test_the_zones_that_are_offered_are_places(lead: Client, program: SimpleNamespace) -> None:
    for address in ("/scope/interview/company", "/scope/describe", "/scope/period"):
        text = html(lead, address)
        assert '<option value="Europe/Berlin"' in text
        assert not re.search(r'value="(Factory|localtime)"', text)


def test_the_draft_is_looked_at_ticked_and_recorded_as_one(lead: Client) -> None:
    assert "It needs the name of the service" in html(lead, DRAFT)
    lead.post(START, THREE)
    lead.post(CHAPTER, PROMISES)
    entries = Entry.objects.count()
    text = html(lead, DRAFT)
    assert len(marks(text)) == len(marks(text, ticked=True)) == 3
    assert Entry.objects.count() == entries
    found = lead.post(DRAFT, {"agreed": marks(text)})
    assert (found.status_code, found["Location"]) == (302, "/scope/")
    assert Entry.objects.latest("pk").verb == "scope.apply"
    held = Scope(SystemVersion.objects.get().system, clock.today())
    assert [one.value for one in held.categories] == ["security", "availability"]
    assert sorted(one.code for one in held.commitments) == ["A-1", "S-1"]
    assert "The books say what your answers say." in html(lead, DRAFT)


def test_only_what_is_ticked_is_recorded(lead: Client) -> None:
    lead.post(START, THREE)
    lead.post(CHAPTER, PROMISES)
    lead.post(DRAFT, {"agreed": marks(html(lead, DRAFT))[:1]})
    assert (SystemVersion.objects.count(), Commitment.objects.count()) == (1, 0)
    found = lead.post(DRAFT, {}, headers={"hx-request": "true"})
    assert "Nothing is ticked." in found.content.decode()


def test_what_changed_since_it_was_shown_is_not_recorded(lead: Client) -> None:
    lead.post(START, THREE)
    shown = marks(html(lead, DRAFT))
    lead.post(START, {**THREE, "answers.does": "Something else."})
    found = lead.post(DRAFT, {"agreed": shown}, headers={"hx-request": "true"})
    assert "The draft is not what you saw any more." in found.content.decode()
    assert SystemVersion.objects.count() == 0


def test_what_the_books_say_otherwise_is_not_ticked_for_anybody(lead: Client, cast: SimpleNamespace) -> None:
    lead.post(START, THREE)
    lead.post(DRAFT, {"agreed": marks(html(lead, DRAFT))})
    system = SystemVersion.objects.get().system
    scope.describe(
        cast.actor("lead"),
        system.code,
        "Harbour",
        "Harbour, Inc.",
        "Better words.",
        ["security"],
        clock.today(),
    )
    text = html(lead, DRAFT)
    assert (len(marks(text)), len(marks(text, ticked=True))) == (1, 0)
    assert "<del>Better words.</del> <ins>It keeps books.</ins>" in text


def test_what_cannot_be_recorded_says_why_and_the_others_wait_for_it(lead: Client) -> None:
    lead.post(START, THREE)
    lead.post("/scope/interview/company", {"answers.company": "x" * 300})
    lead.post(CHAPTER, PROMISES)
    text = html(lead, DRAFT)
    assert text.count('class="refused-why"') == 1
    assert text.count("Waits for the system.") == 2
    assert "There is no" not in text
    assert len(re.findall(r'name="agreed" value="[0-9a-f]+" disabled', text)) == 3


def test_a_draft_is_headed_in_the_plural_and_speaks_in_names(lead: Client) -> None:
    lead.post(START, THREE)
    lead.post(CHAPTER, PROMISES)
    lead.post(
        "/scope/interview/parts",
        {
            "answers.data.1.name": "Customers' books",
            "answers.software.1.name": "App",
            "answers.software.1.purpose": "Serves",
            "answers.software.1.data": "customers books",
            "answers.software.1.sends": "Main database",
            "answers.infrastructure.1.name": "Main database",
            "answers.infrastructure.1.purpose": "Keeps",
            "answers.infrastructure.1.vendor": "Cloudport",
        },
    )
    assert '<option value="Cloudport">' in html(lead, "/scope/interview/others")
    lead.post(
        "/scope/interview/others",
        {
            "answers.vendors.1.name": "Cloudport AG",
            "answers.vendors.1.service": "Hosting",
            "answers.vendors.1.data": "yes",
            "answers.vendors.1.needed": "yes",
        },
    )
    text = html(lead, DRAFT)
    for word in ("Components", "Commitments", "Vendors", "Complementary controls"):
        assert re.search(rf"<h2[^>]*>\s*{word}", text), word
    assert "<dd>customers books to Main database</dd>" in text
    assert "<dd>Cloudport AG</dd>" in text
    assert text.count("<dd>Customers&#x27; books</dd>") == 2


def test_what_the_interview_says_of_vendors_reaches_the_scope(lead: Client) -> None:
    lead.post(START, THREE)
    lead.post(CHAPTER, PROMISES)
    lead.post("/scope/interview/parts", {"answers.data.1.name": "Books"})
    vendor = {"answers.vendors.1.name": "Desk", "answers.vendors.1.service": "Tickets"}
    lead.post("/scope/interview/others", {**vendor, "answers.vendors.1.data": "yes"})
    lead.post(DRAFT, {"agreed": marks(html(lead, DRAFT))})
    text = html(lead, "/scope/")
    assert "Desk reaches Books and is no subservice organisation." in text
    assert "not drawn" not in text
    assert "Not decided, though data or a promise rests there: Desk." in html(lead, "/scope/description")


def test_where_the_scope_stands_without_it_the_interview_asks_nothing(program: SimpleNamespace) -> None:
    lead = client(program, "lead")
    assert "/scope/interview/" not in html(lead, "/scope/")
    for address in ("/scope/interview/", DRAFT):
        text = html(lead, address)
        assert "The scope stands since 1 Nov 2025." in text
        assert "Still open" not in text
        assert "0 answered" not in text
    text = html(lead, "/scope/interview/?interview=second")
    assert "The scope stands" not in text
    lead.post(f"{START}?interview=second", {"answers.name": "Second"})
    assert answers("second") == {"name": "Second"}
    assert 'href="/scope/interview/?interview=second"' in html(lead, "/scope/interview/")
    lead.post(START, {"answers.name": "Ledger"})
    assert "/scope/interview/" in html(lead, "/scope/")
    assert "Still open" in html(lead, "/scope/interview/")


def test_a_day_that_cannot_be_met_is_told_with_what_can(lead: Client) -> None:
    lead.post(START, {**THREE, "answers.asked_for": "type_2"})
    dates = {"answers.in_place": "2090-01-01", "answers.needed_by": "2090-06-15", "answers.months": "6"}
    lead.post("/scope/interview/company", dates)
    lead.post(DRAFT, {"agreed": marks(html(lead, DRAFT))})
    text = html(lead, DRAFT)
    assert "In time for that day" in text
    assert "after 15 Jun 2090, by when" in text
    assert "type=2&amp;start=2090-01-01&amp;end=2090-03-31" in text


def test_what_is_left_out_is_listed_by_a_click(lead: Client) -> None:
    lead.post(START, THREE)
    lead.post(
        "/scope/interview/others", {"answers.left_out.1.what": "Pilot", "answers.left_out.1.reason": "Small"}
    )
    assert "They can be listed once the system is recorded." in html(lead, DRAFT)
    lead.post(DRAFT, {"agreed": marks(html(lead, DRAFT))})
    text = html(lead, DRAFT)
    assert 'action="/do/scope.exclude"' in text
    lead.post("/do/scope.exclude", {"system": "harbour", "what": "Pilot", "reason": "Small", "next": DRAFT})
    assert Exclusion.objects.get().what == "Pilot"
    assert 'action="/do/scope.exclude"' not in html(lead, DRAFT)


def test_the_proposed_period_stands_in_the_form(lead: Client) -> None:
    lead.post(START, THREE)
    lead.post(DRAFT, {"agreed": marks(html(lead, DRAFT))})
    link = re.search(r'href="(/scope/period\?[^"]+)"', html(lead, DRAFT))
    assert link
    text = html(lead, link[1].replace("&amp;", "&"))
    assert re.search(r'name="start" value="\d{4}-\d\d-01"', text)


def test_two_people_in_one_chapter_do_not_undo_each_other(lead: Client) -> None:
    lead.post(START, THREE)
    shown = dict(re.findall(r'name="(shown\.\w+)" value="(\w+)"', html(lead, START)))
    assert set(shown) == {"shown.name", "shown.does", "shown.asked_for"}
    lead.post(START, {**THREE, **shown, "answers.does": "What A says."})
    lead.post(START, {**THREE, **shown, "answers.asked_for": "type_2"})
    assert answers("harbour") == {"name": "Harbour", "does": "What A says.", "asked_for": "type_2"}
    found = lead.post(START, {**THREE, **shown, "answers.does": "What B says."})
    assert found.status_code == 409
    assert "since you opened the page" in found.content.decode()
    assert "What B says." in found.content.decode()
    assert answers("harbour")["does"] == "What A says."


def test_a_row_keeps_its_code_and_what_was_taken_back_is_told(lead: Client) -> None:
    lead.post(START, THREE)
    two = {**PROMISES, "answers.availability.2.text": "Back.", "answers.availability.2.source": "SLA 3"}
    lead.post(CHAPTER, two)
    lead.post(DRAFT, {"agreed": marks(html(lead, DRAFT))})
    keys = re.findall(r'name="answers\.availability\.(\d)\.key" value="(\d)"', html(lead, CHAPTER))
    assert keys == [("1", "1"), ("2", "2")]
    kept = {key: value for key, value in two.items() if ".availability.1." not in key}
    lead.post(CHAPTER, {**kept, "answers.availability.2.key": "2"})
    text = html(lead, DRAFT)
    assert marks(text) == []
    assert "Taken back, and still in the books" in text
    assert "harbour/A-1</span> Up." in text
    assert "harbour/A-2" not in text


def test_a_row_that_lost_a_word_is_open_and_not_taken_back(lead: Client) -> None:
    lead.post(START, THREE)
    lead.post(CHAPTER, PROMISES)
    lead.post(DRAFT, {"agreed": marks(html(lead, DRAFT))})
    keys = {"answers.security.1.key": "1", "answers.availability.1.key": "1"}
    lead.post(CHAPTER, {**PROMISES, **keys, "answers.security.1.source": ""})
    text = html(lead, DRAFT)
    assert "“Where it stands” is empty in row 1" in text
    assert "Taken back, and still in the books" not in text


def test_hostile_words_stay_words(lead: Client) -> None:
    lead.post(START, {**THREE, "answers.name": "<script>x</script>"})
    lead.post("/scope/interview/parts", {"answers.data.1.name": "<b>", "answers.data.999.name": "far"})
    for address in (START, "/scope/interview/parts", DRAFT, "/scope/interview/"):
        assert "<script>x" not in html(lead, address)
    assert Component.objects.count() == 0


def test_each_question_is_asked_on_a_page_with_its_reason(lead: Client) -> None:
    for chapter in interview.chapters():
        text = html(lead, f"/scope/interview/{chapter.id}")
        for one in chapter.questions:
            assert one.ask in text.replace("&#x27;", "'")
    assert 18 <= len(interview.questions()) <= 24


def test_details_that_the_interview_does_not_ask_for_stay(lead: Client, cast: SimpleNamespace) -> None:
    lead.post(START, THREE)
    row = {"answers.data.1.name": "Books", "answers.data.1.personal": "no", "answers.data.1.kept": "a year"}
    lead.post("/scope/interview/parts", row)
    lead.post(DRAFT, {"agreed": marks(html(lead, DRAFT))})
    books = Component.objects.get(code="books")
    assert books.details == {"personal": "no", "retention": "a year"}
    more = {**books.details, "encryption": "at rest"}
    scope.place(cast.actor("lead"), books.system, "books", "data", "Books", clock.today(), details=more)
    assert "The books say what your answers say." in html(lead, DRAFT)
    lead.post("/scope/interview/parts", {**row, "answers.data.1.kept": "two years"})
    text = html(lead, DRAFT)
    assert "Kept for: two years" in text
    lead.post(DRAFT, {"agreed": marks(text)})
    newest = Component.objects.filter(code="books").latest("pk")
    assert newest.details == {"personal": "no", "retention": "two years", "encryption": "at rest"}


@pytest.mark.parametrize("address", ["description", "history", "exclusions/", "components/", "vendors/new"])
def test_pages_of_a_system_that_nobody_described_lead_to_where_it_is(lead: Client, address: str) -> None:
    found = lead.get(f"/scope/{address}")
    text = found.content.decode()
    assert found.status_code == 404
    assert "No system is described yet." in text
    assert '<a class="button primary" href="/scope/">Begin with the scope</a>' in text
