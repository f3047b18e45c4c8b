"""Questions to the index: what somebody may see, in a constant number of queries.

Every row passes the predicate of `visible`: a noun of which the actor sees all is named, a noun of which it sees some
is narrowed by the same rows that its list would show, and any other has no hits and no count.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Case, Count, F, Q, QuerySet, Value, When

from tickmark.kernel.access import NOBODY, Actor, bounds, visible
from tickmark.kernel.ledger.entry import Leaf
from tickmark.kernel.references import number, prefixes, storable
from tickmark.kernel.search import engines, index, words
from tickmark.kernel.search.said import NOUNS, Noun
from tickmark.kernel.search.tables import FileText, Indexed

PAGE = 20
LAST_PAGE = 500


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
    def whole(self) -> bool:
        """Whether all that the actor may see was looked at, but for files that hold no readable text."""
        return not self.behind and not self.waiting


def search(actor: Actor, asked: Asked) -> Found:
    """The rows that hold all the words and that the actor may see: those with them in the title first, then newest."""
    question = words.query(asked.q)
    seen = Indexed.objects.filter(_visible(actor, NOUNS.values()))
    files = _by_file(seen)
    looked = {"behind": index.behind(), "waiting": files.get("waiting", 0), "unread": files.get("unread", 0)}
    if question.empty and asked.file != FileText.UNREAD:
        return Found(**looked)
    fitting = _narrowed(seen, asked)
    if not question.empty:
        fitting = fitting.filter(pk__in=engines.matching(question))
    kinds = _kinds(fitting)
    total = sum(kind.count for kind in kinds if not asked.noun or kind.noun.label == asked.noun)
    rows = fitting.filter(noun=asked.noun) if asked.noun else fitting
    start = (min(max(asked.page, 1), LAST_PAGE) - 1) * PAGE
    hits = [_hit(row, question) for row in _ordered(rows, question)[start : start + PAGE]]
    return Found(hits=hits, total=total, kinds=kinds, more=start + len(hits) < total, **looked)


def places(actor: Actor, text: str) -> list[Hit]:
    """Rows that the text names by reference (`RM-12`) or by code (`AC-06`) and that the actor may see."""
    name = text.strip().upper()
    if not name or len(name) > 60 or not storable(name):
        return []
    model = prefixes().get(name[:2])
    key = number(model, name) if model else None
    named = Q(code=name)
    if model is not None and key is not None:
        named |= Q(noun=model._meta.label, row=key)
    rows = Indexed.objects.filter(_visible(actor, NOUNS.values())).filter(named).select_related("said")
    return [_hit(row, words.query(text)) for row in rows.order_by("pk")[:PAGE]]


def _visible(actor: Actor, nouns: Iterable[Noun]) -> Q:
    whole: list[str] = []
    found = NOBODY
    for noun in nouns:
        predicate = bounds(actor, noun.model)
        if predicate == NOBODY:
            continue
        if not predicate:
            whole.append(noun.label)
        else:
            found |= Q(noun=noun.label, row__in=visible(actor, noun.model).values("pk"))
    return found | Q(noun__in=whole) if whole else found


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


def _by_file(rows: QuerySet[Indexed]) -> dict[str, int]:
    unsearched = rows.filter(file__in=(FileText.WAITING, FileText.UNREAD)).order_by()
    return dict(unsearched.values("file").annotate(n=Count("pk")).values_list("file", "n"))


def _kinds(rows: QuerySet[Indexed]) -> list[Kind]:
    counted = rows.order_by().values("noun").annotate(n=Count("pk")).values_list("noun", "n")
    by_noun = dict(counted)
    return [Kind(noun, by_noun[label]) for label, noun in NOUNS.items() if by_noun.get(label)]


def _ordered(rows: QuerySet[Indexed], question: words.Query) -> QuerySet[Indexed]:
    rows = rows.select_related("said")
    if question.empty:
        return rows.order_by("-recorded_at", "-pk")
    titled = Indexed.objects.filter(pk__in=engines.matching(question, title=True)).values("pk")
    first = Case(When(pk__in=titled, then=Value(0)), default=Value(1))
    return rows.annotate(first=first).order_by(F("first"), "-recorded_at", "-pk")


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
    )
