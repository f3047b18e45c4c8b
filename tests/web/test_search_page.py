"""The search page: what each character gets, jumps, marks, filters, and what is said of what was not looked at."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tests.deeds import writing
from tests.web.pages import HOSTILE, client, fill, seen
from tickmark.controls.models import Control
from tickmark.evidence import actions as evidence
from tickmark.evidence.models import EvidenceKind
from tickmark.kernel import files
from tickmark.kernel.arguments import Upload
from tickmark.kernel.search import index
from tickmark.kernel.search.work import whole


@pytest.fixture
def filled(program: SimpleNamespace) -> SimpleNamespace:
    """A programme of which everything is indexed."""
    program.made = fill(program)
    whole()
    return program


def page(program: Any, who: str, **given: str) -> str:
    """The page as text."""
    answer = client(program, who).get("/search", given)
    assert answer.status_code == 200
    return answer.content.decode()


def file(program: Any, name: str, content: bytes) -> Any:
    """A piece of evidence by the lead."""
    kept = files.keep(content)
    upload = Upload(name, "text/plain", kept.sha256, kept.size)
    return evidence.file(program.actor("lead"), upload, EvidenceKind.DOC, "the lead")


def test_everybody_with_an_account_has_the_page(program: SimpleNamespace) -> None:
    assert seen(program, "/search?q=peer") == {
        **dict.fromkeys(("founder", "lead", "owner", "employee", "auditor", "stranger"), 200),
        "visitor": "/account/login/?next=%2Fsearch%3Fq%3Dpeer",
    }


def test_a_reference_or_a_code_leads_to_its_page(filled: SimpleNamespace) -> None:
    lead, stranger = client(filled, "lead"), client(filled, "stranger")
    for text, place in (
        ("chg-02", "/controls/CHG-02/"),
        (filled.control_version.ref, "/controls/CHG-02/"),
        (f"ct-{filled.control.pk}", "/controls/CHG-02/"),
        (" POL-04 ", "/policies/POL-04/"),
    ):
        assert lead.get("/search", {"q": text, "go": "1"}).headers.get("Location") == place
        assert stranger.get("/search", {"q": text, "go": "1"}).status_code == 200
    assert "Go to" in page(filled, "lead", q="CHG-02")
    assert "Go to" not in page(filled, "stranger", q="CHG-02")


def test_hits_are_marked_and_escaped(filled: SimpleNamespace) -> None:
    text = page(filled, "lead", q="alert")
    assert "<script>alert(" not in text and "<mark>alert</mark>" in text
    assert HOSTILE not in text


def test_a_former_account_and_a_stranger_find_nothing(filled: SimpleNamespace) -> None:
    nothing = "Nothing that you may see holds these words."
    assert nothing in page(filled, "stranger", q="review")
    assert nothing not in page(filled, "auditor", q="merge")
    assert client(filled, "former").get("/search", {"q": "review"}).status_code == 302


def test_filters_narrow_and_the_kinds_count_what_is_visible(filled: SimpleNamespace) -> None:
    assert "Control version (1)" in page(filled, "lead", q="peer merge")
    assert "Nothing that you may see" in page(filled, "lead", q="peer merge", step="audit")
    assert "Nothing that you may see" in page(filled, "lead", q="peer merge", kind="audit.Request")
    assert "Nothing that you may see" in page(filled, "lead", q="peer merge", to="2001-01-01")
    assert "CHG-02" in page(filled, "lead", q="peer merge", side="own", step="controls")
    assert client(filled, "lead").get("/search", {"q": "x", "from": "gestern"}).status_code == 422


def test_the_text_inside_of_a_file_is_found_by_those_who_may_see_the_file(filled: SimpleNamespace) -> None:
    row = file(filled, "minutes.txt", b"The zebra committee met.")
    index.catch_up()
    assert "not read yet" in page(filled, "lead", q="minutes")
    assert "The text inside of 1 file" in page(filled, "lead", q="zebra")
    assert "The text inside of" not in page(filled, "auditor", q="zebra")
    whole()
    assert row.ref in page(filled, "lead", q="zebra committee")
    assert row.ref not in page(filled, "auditor", q="zebra committee")


def test_a_file_that_cannot_be_read_says_so(filled: SimpleNamespace) -> None:
    file(filled, "scan.png", b"\x89PNG\r\n\x1a\n")
    whole()
    assert "Text of the file not read: It is a picture." in page(filled, "lead", q="scan.png")
    assert "1 file without text" in page(filled, "lead", q="anything")
    assert "scan.png" in page(filled, "lead", file="unread")


def test_what_is_behind_is_never_nothing_found(filled: SimpleNamespace) -> None:
    with writing(filled.cast.lead):
        Control(code="NEW-01").save()
    text = page(filled, "lead", q="zebra")
    assert "The index is behind." in text and "Not everything was looked at" in text


def test_an_empty_question_says_what_can_be_asked(filled: SimpleNamespace) -> None:
    assert "Everything that you may see, by its words." in page(filled, "lead")
    assert "Everything that you may see, by its words." in page(filled, "lead", q="'\x00 - *")


@pytest.mark.parametrize(
    "q", ['"', '" OR NEAR(', "title:x", "a AND", "\ud800", "()*^", "x" * 5000, "e' -- ;"]
)
def test_no_question_breaks_it(filled: SimpleNamespace, q: str) -> None:
    assert page(filled, "lead", q=q.encode("utf-8", "replace").decode())


def test_a_search_answers_for_the_day_of_the_page(filled: SimpleNamespace) -> None:
    assert "Nothing that you may see" in page(filled, "lead", q="peer merge", day="2001-01-01")
    assert "Nothing that you may see" in page(filled, "lead", q="peer merge", known="0")


def test_a_code_is_meant_before_a_reference_that_reads_alike(filled: SimpleNamespace) -> None:
    alike = filled.control.ref
    with writing(filled.cast.lead):
        Control(code=alike).save()
    whole()
    lead = client(filled, "lead")
    assert lead.get("/search", {"q": alike, "go": "1"}).headers["Location"] == f"/controls/{alike}/"
    assert page(filled, "lead", q=alike).count("Go to control") == 2
    assert lead.get("/search", {"q": alike.replace("-", "-0"), "go": "1"}).status_code == 200
