"""Words as search compares them, the questions people type, and the pieces of text that a hit shows. No books.

Both engines are given the same plain words, so that they answer alike: letters without case and accents, digits, and
nothing between them. `EV-412` is the two words `ev 412` side by side.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

LONGEST_QUERY = 200
MOST_TERMS = 16
LONGEST_WORD = 64
"""Letters of a word that count; PostgreSQL drops words beyond 2 KB, so neither engine is given one."""
SHORTEST_BEGINNING = 2
"""A single letter finds itself alone: as the beginning of words it would find nearly everything."""
AROUND = 90
_RUN = re.compile(r"[^\W_](?:[^\W_]|[\u0300-\u036f])*")
"""A word with the accents that stand in it as characters of their own."""
_PART = re.compile(r'"([^"]*)"?|(\S+)')

Term = tuple[str, ...]


def plain(text: str) -> str:
    """A text as its plain words with spaces between them."""
    return " ".join(word for word, _, _ in runs(text))


def runs(text: str) -> Iterator[tuple[str, int, int]]:
    """Each plain word of a text with where it stands in it."""
    for match in _RUN.finditer(text):
        for word in _folded(match[0]).split():
            yield word[:LONGEST_WORD], match.start(), match.end()


def _folded(run: str) -> str:
    if run.isascii():
        return run.lower()
    bare = (letter for letter in unicodedata.normalize("NFKD", run) if unicodedata.category(letter)[0] != "M")
    folded = "".join(bare).casefold()
    return " ".join(_RUN.findall(unicodedata.normalize("NFKD", folded)))


class Where(Enum):
    """Where the words of a question stand: anywhere, all in the title, or not all in the title."""

    ANYWHERE = 0
    TITLE = 1
    ELSEWHERE = 2


@dataclass(frozen=True)
class Query:
    """What somebody typed, as terms that must all occur: each is one word, or words side by side."""

    terms: tuple[Term, ...]

    @property
    def empty(self) -> bool:
        """Whether nothing is left to look for."""
        return not self.terms

    def fts5(self, where: Where = Where.ANYWHERE) -> str:
        """The question as SQLite's FTS5 takes it."""
        said = " AND ".join(f'"{" ".join(term)}"{" *" if _begins(term) else ""}' for term in self.terms)
        return {
            Where.ANYWHERE: said,
            Where.TITLE: f"title : ({said})",
            Where.ELSEWHERE: f"({said}) NOT (title : ({said}))",
        }[where]

    def tsquery(self, where: Where = Where.ANYWHERE) -> str:
        """The question as PostgreSQL's `to_tsquery` takes it; words of a title have the weight A."""
        said, titled = (" & ".join(_tsterm(term, weight) for term in self.terms) for weight in ("", "A"))
        return {
            Where.ANYWHERE: said,
            Where.TITLE: titled,
            Where.ELSEWHERE: f"{said} & !({titled})",
        }[where]


def query(text: str) -> Query:
    """The question behind a text: its first 16 terms; `"two words"` stand side by side."""
    found: list[Term] = []
    for quoted, word in _PART.findall(text[:LONGEST_QUERY]):
        term = tuple(plain(quoted or word).split())
        if term and term not in found:
            found.append(term)
    return Query(tuple(found[:MOST_TERMS]))


def _begins(term: Term) -> bool:
    return len(term[-1]) >= SHORTEST_BEGINNING


def _tsterm(term: Term, weight: str) -> str:
    marks = [*([""] * (len(term) - 1)), "*" if _begins(term) else ""]
    words = [
        f"'{word}'" + (f":{mark}{weight}" if mark or weight else "")
        for word, mark in zip(term, marks, strict=True)
    ]
    return f"({' <-> '.join(words)})"


Piece = tuple[str, bool]


def marked(text: str, asked: Query) -> list[Piece]:
    """The whole text in pieces, each with whether it is what was asked for."""
    return _pieces(text, _places(text, asked), 0, len(text))


def snippet(text: str, asked: Query) -> list[Piece]:
    """A piece of the text around the first place that fits, the words marked; its beginning if none does."""
    start = _near(text, asked)
    window = text[start : start + 4 * AROUND]
    places = _places(window, asked)
    first = places[0][0] if places else 0
    begin, end = max(first - AROUND, 0), min(first + 2 * AROUND, len(window))
    while 0 < begin < first and not window[begin - 1].isspace():
        begin += 1
    pieces = [(re.sub(r"\s+", " ", piece), mark) for piece, mark in _pieces(window, places, begin, end)]
    before = [("… ", False)] if start + begin else []
    return [*before, *pieces, *([(" …", False)] if start + end < len(text) else [])]


def _near(text: str, asked: Query) -> int:
    """Where a window around the first fitting place begins, found by letters alone: a text may be very long."""
    if len(text) <= 4 * AROUND:
        return 0
    between = r"[\W_]+"
    terms = "|".join(between.join(map(re.escape, term)) for term in asked.terms)
    found = re.search(rf"(?<![^\W_])(?:{terms})", text, re.IGNORECASE) if terms else None
    return max(found.start() - AROUND, 0) if found else 0


def _places(text: str, asked: Query) -> list[tuple[int, int]]:
    """Where terms stand in the text, in order, none within another."""
    words = list(runs(text))
    found: list[tuple[int, int]] = []
    at = 0
    while at < len(words):
        length = max((len(term) for term in asked.terms if _fits(words, at, term)), default=0)
        if length:
            found.append((words[at][1], words[at + length - 1][2]))
        at += length or 1
    return found


def _fits(words: Sequence[tuple[str, int, int]], at: int, term: Term) -> bool:
    found = [word for word, _, _ in words[at : at + len(term)]]
    if len(found) < len(term) or found[:-1] != list(term[:-1]):
        return False
    return found[-1].startswith(term[-1]) if _begins(term) else found[-1] == term[-1]


def _pieces(text: str, places: Sequence[tuple[int, int]], start: int, end: int) -> list[Piece]:
    pieces: list[Piece] = []
    at = start
    for first, last in places:
        if first >= at and last <= end:
            pieces += [(text[at:first], False), (text[first:last], True)]
            at = last
    return [piece for piece in (*pieces, (text[at:end], False)) if piece[0]]
