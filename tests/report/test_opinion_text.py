"""Section I is read as it was written; nothing is added to it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.report.build import SECTION_I
from tickmark.report.opinion_text import UNHEADED, Written, key_of, read_opinion

HEADINGS = {
    "Scope": "scope",
    "Northlight's responsibilities": "company_responsibilities",
    "Responsibilities of the service organization": "company_responsibilities",
    "Our responsibilities": "auditor_responsibilities",
    "Service auditor’s responsibilities": "auditor_responsibilities",
    "Responsibilities of the service auditor": "auditor_responsibilities",
    "Inherent limitations": "inherent_limitations",
    "Description of tests of controls": "tests",
    "Basis for qualified opinion": "basis",
    "Qualified opinion": "opinion",
    "Opinion": "opinion",
    "Emphasis of matter": "emphasis",
    "Restricted use": "restricted_use",
    "Restriction on use": "restricted_use",
    "Other information": "other",
}


@pytest.mark.parametrize(("heading", "key"), HEADINGS.items())
def test_headings(heading, key):
    assert key_of(heading) == key


def test_a_whole_text():
    found = read_opinion(SECTION_I)
    assert (found.title, found.addressee) == (
        "Independent service auditor's report",
        "the management of Northlight, Inc.",
    )
    assert found.parts[0] == {
        "key": "scope",
        "heading": "Scope",
        "text_md": "We examined the description of the system.",
    }
    assert len(found.parts) == 7


def test_headings_within_a_part_stay_in_it():
    (part,) = read_opinion("## Opinion\nOne.\n### Details\nTwo.").parts
    assert part == {"key": "opinion", "heading": "Opinion", "text_md": "One.\n### Details\nTwo."}


def test_what_is_not_there_is_empty():
    assert read_opinion("") == Written("", "", [])
    assert read_opinion("# Title only") == Written("Title only", "", [])


def test_text_without_a_heading_is_kept_and_says_so():
    found = read_opinion("# T\nTo: All\n\nIn our opinion, all is well.")
    assert found.parts == [{"key": "other", "heading": UNHEADED, "text_md": "In our opinion, all is well."}]


@given(st.lists(st.text(alphabet="ab c.\n", max_size=30), max_size=5))
def test_no_word_is_lost(bodies):
    text = "# T\nAll\n\n" + "\n".join(f"## Part {number}\n{body}" for number, body in enumerate(bodies))
    found = read_opinion(text)
    assert [part["text_md"] for part in found.parts] == [body.strip() for body in bodies]
