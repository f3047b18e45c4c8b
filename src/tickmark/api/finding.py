"""GET /search: the same question as the page's, for programs."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema
from ninja.params.functions import Query

from tickmark.api.auth import reader
from tickmark.api.calls import openapi_extra
from tickmark.api.lists import _check_day
from tickmark.api.problems import READING, Problem
from tickmark.api.schemas import Instant
from tickmark.evidence.queries import end_of
from tickmark.kernel.arguments import LARGEST
from tickmark.kernel.errors import Invalid
from tickmark.kernel.search.asking import LAST_PAGE, Asked, Hit, places, search
from tickmark.kernel.search.said import NOUNS
from tickmark.kernel.search.words import LONGEST_QUERY, Piece

routes = Router()


class Match(Schema):
    """A row that fits. In `title` and `snippet` the words that fit stand between « and ».

    `text` says whether the text inside of its file is searched: read, waiting, unread, or empty without a file;
    `unread` says why not, or what was left out.
    """

    ref: str
    noun: str
    title: str
    snippet: str
    url: str
    recorded_at: Instant
    side: str
    text: str
    unread: str


class KindCount(Schema):
    """How many rows of a noun fit, of those that you may see."""

    noun: str
    count: int


class Matches(Schema):
    """A page of matches. `named` are the rows that the words name exactly, by reference or by code.

    What was not looked at is told: `behind` entries of the ledger are not indexed yet, the text of `waiting` files is
    not read yet, that of `unread` ones cannot be. With `at_least`, more rows fit than were counted.
    """

    items: list[Match]
    named: list[Match]
    total: int
    at_least: bool
    kinds: list[KindCount]
    next: int | None
    behind: int
    waiting: int
    unread: int


@routes.get(
    "/search", response={200: Matches, READING: Problem}, operation_id="search", tags=["search"],
    summary="Find rows by their words.", openapi_extra=openapi_extra(READING),
)  # fmt: skip
def find(
    request: HttpRequest,
    q: str = Query(
        ..., max_length=LONGEST_QUERY, description='Words that must all occur; "two words" side by side.'
    ),
    noun: str = Query("", max_length=60, description="Only this noun, such as evidence.Evidence."),
    step: str = Query("", max_length=20, description="Only nouns of this step."),
    own: bool = Query(False, description="Only what your own side wrote."),
    since: date | None = Query(None, alias="from", description="Recorded on this day or later."),
    until: date | None = Query(None, alias="to", description="Recorded on this day or earlier."),
    known: int | None = Query(None, ge=0, lt=LARGEST, description="Only what the log held at this size."),
    page: int = Query(1, ge=1, le=LAST_PAGE),
) -> dict[str, Any]:
    """Rows that you may see: those with all words in the title first, then the newest."""
    actor = reader(request)
    for day in (since, until):
        if day is not None:
            _check_day(day)
    _check_words(noun, step)
    asked = Asked(
        q=q,
        noun=noun,
        step=step,
        side=actor.side if own else "",
        since=end_of(since) - timedelta(days=1) if since else None,
        until=end_of(until) if until else None,
        known=known,
        page=page,
    )
    found = search(actor, asked)
    return {
        "items": [_match(hit) for hit in found.hits],
        "named": [_match(hit) for hit in places(actor, q)],
        "total": found.total,
        "at_least": found.at_least,
        "kinds": [{"noun": kind.noun.label, "count": kind.count} for kind in found.kinds],
        "next": page + 1 if found.more and page < LAST_PAGE else None,
        "behind": found.behind,
        "waiting": found.waiting,
        "unread": found.unread,
    }


def _check_words(noun: str, step: str) -> None:
    """A filter that is not understood is an error: no hits would read as the answer."""
    if noun and noun not in NOUNS:
        raise Invalid(
            f"There is no noun '{noun}'.", "It is written evidence.Evidence.", "Leave it out.", "noun"
        )
    if step and step not in {one.step for one in NOUNS.values()}:
        raise Invalid(f"There is no step '{step}'.", "It has no nouns.", "Leave it out.", "step")


def _match(hit: Hit) -> dict[str, Any]:
    return {
        "ref": hit.ref,
        "noun": hit.noun.label,
        "title": _marked(hit.title),
        "snippet": _marked(hit.snippet),
        "url": hit.address,
        "recorded_at": hit.recorded_at.isoformat(),
        "side": hit.side,
        "text": hit.file,
        "unread": hit.unread,
    }


def _marked(pieces: list[Piece]) -> str:
    return "".join(f"«{piece}»" if mark else piece for piece, mark in pieces)
