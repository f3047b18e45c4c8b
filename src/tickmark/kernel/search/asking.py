"""Questions to the index: what somebody may see, in a constant number of queries.

Every row passes the predicate of `visible`: a noun of which the actor sees all is named, a noun of which it sees some
is narrowed by the same rows that its list would show, and any other has no hits and no count.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Q, QuerySet

from tickmark.kernel.access import Actor, bounds
from tickmark.kernel.ledger.entry import Leaf
from tickmark.kernel.references import number, prefixes, storable
from tickmark.kernel.search import engines, index, words
from tickmark.kernel.search.said import NOUNS, Noun
from tickmark.kernel.search.tables import FileText, Indexed

PAGE = 20
LAST_PAGE = 100
MOST = 2_000
"""Hits that are counted and can be paged through; whoever finds more is told so and adds a word."""
MOST_FILES = 10_000
"""Files without a searched text that are counted."""


@dataclass(frozen=True)
class Asked:
    """What is looked for. `since` and `until` bound the moment of recording; `known` is a size of the log."""

    q: str = ""
    noun: str = ""
    step: str = ""
    side: str = ""
    file: str = ""
    since: datetime | None = None
    until: datetime | None = None
    known: int | None = None
    page: int = 1


@dataclass(frozen=True)
class Hit:
    """A row that was found, with its title and a piece of its text, each in pieces that are marked or not."""

    ref: str
    noun: Noun
    title: list[words.Piece]
    snippet: list[words.Piece]
    address: str
    recorded_at: datetime
    side: str
    file: str
    unread: str
    code: str = ""

    @property
    def by_code(self) -> bool:
        """Whether the row has a code that people write."""
        return bool(self.code)


@dataclass(frozen=True)
class Kind:
    """A noun and how many of its rows fit, whichever noun was asked for."""

    noun: Noun
    count: int


@dataclass(frozen=True)
class Found:
    """The answer: a page of hits, how many there are, of which kinds, and what was not looked at.

    `behind` entries are not in the index yet; `waiting` and `unread` count files that the actor may see and whose
    text is not searched yet, or cannot be.
    """

    hits: list[Hit] = field(default_factory=list)
    total: int = 0
    kinds: list[Kind] = field(default_factory=list)
    behind: int = 0
    waiting: int = 0
    unread: int = 0
    more: bool = False

    @property
    def at_least(self) -> bool:
        """Whether there may be more hits than were counted."""
        return sum(kind.count for kind in self.kinds) >= MOST

    @property
    def whole(self) -> bool:
        """Whether all that the actor may see was looked at, but for files that hold no readable text."""
        return not self.behind and not self.waiting


def search(actor: Actor, asked: Asked) -> Found:
    """The rows that hold all the words and that the actor may see: those with them in the title first, then newest."""
    question = words.query(asked.q)
    seen = _seen(actor)
    looked = _looked(seen)
    if question.empty and asked.file != FileText.UNREAD:
        return looked
    fitting = _narrowed(seen, asked)
    kinds = _kinds(fitting if question.empty else engines.matching(fitting, question))
    total = sum(kind.count for kind in kinds if not asked.noun or kind.noun.label == asked.noun)
    rows = fitting.filter(noun=asked.noun) if asked.noun else fitting
    start = (min(max(asked.page, 1), LAST_PAGE) - 1) * PAGE
    hits = [_hit(row, question) for row in _page(rows, question, start)]
    return replace(looked, hits=hits, total=total, kinds=kinds, more=start + len(hits) < total)


def _looked(seen: QuerySet[Indexed]) -> Found:
    """An answer without hits: how far the index is behind, and the files that it does not hold."""
    unsearched = seen.filter(file__in=(FileText.WAITING, FileText.UNREAD)).values_list("file", flat=True)
    files = Counter(unsearched.order_by()[:MOST_FILES])
    return Found(
        behind=index.behind(), waiting=files[FileText.WAITING.value], unread=files[FileText.UNREAD.value]
    )


def places(actor: Actor, text: str) -> list[Hit]:
    """Rows that the text names by reference (`RM-12`) or by code (`AC-06`) and that the actor may see."""
    name = text.strip().upper()
    if not name or len(name) > 60 or not storable(name):
        return []
    model = prefixes().get(name[:2])
    key = number(model, name) if model else None
    named = Q(code=name)
    if model is not None and key is not None and name == f"{name[:2]}-{key}":
        named |= Q(noun=model._meta.label, row=key)
    rows = _seen(actor).filter(named).select_related("said").order_by("pk")[:PAGE]
    hits = [_hit(row, words.query(text)) for row in rows]
    return [replace(hit, code=hit.code if hit.code == name else "") for hit in hits]


def _seen(actor: Actor) -> QuerySet[Indexed]:
    """The rows of the index that the actor may see, by the predicates of `visible`."""
    whole: list[str] = []
    where, params = ["1 = 0"], []
    for noun in NOUNS.values():
        predicate = bounds(actor, noun.model)
        if not predicate:
            whole.append(noun.label)
        elif inner := _rows_of(connection.vendor, noun, predicate):
            where.append(f"(kernel_indexed.noun = %s AND kernel_indexed.row IN ({inner[0]}))")
            params += [noun.label, *inner[1]]
    if whole:
        where.append(f"kernel_indexed.noun IN ({', '.join(['%s'] * len(whole))})")
    return Indexed.objects.extra(where=[f"({' OR '.join(where)})"], params=[*params, *whole])


@lru_cache(maxsize=2000)
def _rows_of(engine: str, noun: Noun, predicate: Q) -> tuple[str, tuple[Any, ...]] | None:
    """The keys of a noun's rows within a predicate, as SQL; None where there can be none.

    Kept, because making the SQL of some forty predicates costs more than asking them.
    """
    try:
        return noun.model._default_manager.filter(predicate).order_by().values("pk").query.sql_with_params()
    except EmptyResultSet:
        return None


def _narrowed(rows: QuerySet[Indexed], asked: Asked) -> QuerySet[Indexed]:
    narrow: dict[str, Any] = {
        "side": asked.side,
        "file": asked.file,
        "recorded_at__gte": asked.since,
        "recorded_at__lt": asked.until,
        "noun__startswith": f"{asked.step}." if asked.step else "",
    }
    rows = rows.filter(**{name: value for name, value in narrow.items() if value})
    if asked.known is not None:
        rows = rows.filter(entry__in=Leaf.objects.filter(position__lt=asked.known).values("entry__uid"))
    return rows


def _kinds(rows: QuerySet[Indexed]) -> list[Kind]:
    """How many rows fit by noun, of the newest MOST: a word that every row holds need not be counted to its end."""
    by_noun = Counter(rows.values_list("noun", flat=True)[:MOST])
    return [Kind(noun, by_noun[label]) for label, noun in NOUNS.items() if by_noun[label]]


def _page(rows: QuerySet[Indexed], question: words.Query, start: int) -> list[Indexed]:
    """The rows of a page, each with what it said."""
    if question.empty:
        keys = list(rows.order_by("-pk").values_list("pk", flat=True)[start : start + PAGE])
    else:
        keys = _keys(rows, question, start)
    found = Indexed.objects.select_related("said").in_bulk(keys)
    return [found[key] for key in keys]


def _keys(rows: QuerySet[Indexed], question: words.Query, start: int) -> list[int]:
    """Of those with the words in the title, then of the others, the keys of a page."""
    titled = engines.matching(rows, question, words.Where.TITLE).values_list("pk", flat=True)
    others = engines.matching(rows, question, words.Where.ELSEWHERE).values_list("pk", flat=True)
    first = list(titled[: start + PAGE])
    at = max(start - len(first), 0)
    return [*first[start:], *others[at : at + PAGE - len(first[start:])]]


def _hit(row: Indexed, question: words.Query) -> Hit:
    noun, said = NOUNS[row.noun], row.said
    prefix = getattr(noun.model, "PREFIX", "")
    return Hit(
        ref=f"{prefix}-{row.row}",
        noun=noun,
        title=words.marked(said.title, question),
        snippet=words.snippet(said.text, question),
        address=said.address,
        recorded_at=row.recorded_at,
        side=row.side,
        file=row.file,
        unread=said.unread,
        code=row.code,
    )
