"""Words, questions and marks: no books."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickmark.kernel.search.words import LONGEST_WORD, MOST_TERMS, Where, marked, plain, query, snippet


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("EV-412", "ev 412"),
        ("CC6.1-02", "cc6 1 02"),
        ("Zoë’s Überprüfung", "zoe s uberprufung"),
        ("Zoe\u0308", "zoe"),
        ("a_b\u202ec\x00d", "a b c d"),
        ("½ ﬁle ²", "1 2 file 2"),
        ("Straße", "strasse"),
        ("x" * 200, "x" * LONGEST_WORD),
        ("\ud800", ""),
        ("", ""),
    ],
)
def test_words_have_no_case_no_accents_and_nothing_between_them(text: str, expected: str) -> None:
    assert plain(text) == expected


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("access review", (("access",), ("review",))),
        ("access access", (("access",),)),
        ('"access review" Q2', (("access", "review"), ("q2",))),
        ('"never closed', (("never", "closed"),)),
        ("EV-412 OR NOT * ^ : ( )", (("ev", "412"), ("or",), ("not",))),
        ("--- \x00 ' \" \\", ()),
        (" ".join(str(n) for n in range(99)), tuple((str(n),) for n in range(MOST_TERMS))),
    ],
)
def test_a_question_is_terms_that_must_all_occur(text: str, terms: tuple[tuple[str, ...], ...]) -> None:
    assert query(text).terms == terms


def test_both_engines_are_asked_the_same() -> None:
    asked = query('EV-412 "peer review" a')
    assert asked.fts5() == '"ev 412" * AND "peer review" * AND "a"'
    assert asked.tsquery() == "('ev' <-> '412':*) & ('peer' <-> 'review':*) & ('a')"
    assert asked.fts5(Where.TITLE) == f"title : ({asked.fts5()})"
    assert asked.fts5(Where.ELSEWHERE) == f"({asked.fts5()}) NOT ({asked.fts5(Where.TITLE)})"
    assert asked.tsquery(Where.TITLE) == "('ev':A <-> '412':*A) & ('peer':A <-> 'review':*A) & ('a':A)"
    assert asked.tsquery(Where.ELSEWHERE) == f"{asked.tsquery()} & !({asked.tsquery(Where.TITLE)})"


def test_marks_stand_where_the_words_do() -> None:
    asked = query("zoe review")
    assert marked("Zoë’s quarterly reviews", asked) == [
        ("Zoë", True),
        ("’s quarterly ", False),
        ("reviews", True),
    ]


def test_a_snippet_is_around_the_first_place_that_fits() -> None:
    text = "before " * 5000 + "the <b>needle</b> here " + "after " * 5000
    pieces = snippet(text, query("needle"))
    assert [piece for piece, mark in pieces if mark] == ["needle"]
    assert 100 < sum(len(piece) for piece, _ in pieces) < 400
    assert (pieces[0], pieces[-1]) == (("… ", False), (" …", False))


@given(st.text(max_size=600), st.text(max_size=60))
def test_pieces_are_the_text_and_nothing_else(text: str, asked: str) -> None:
    assert "".join(piece for piece, _ in marked(text, query(asked))) == text
    snippet(text, query(asked))


@given(st.text(max_size=200))
def test_plain_words_stay_as_they_are(text: str) -> None:
    assert plain(plain(text)) == plain(text)
