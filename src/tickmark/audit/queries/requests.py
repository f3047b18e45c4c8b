"""How a request stands, whose turn it is, who owes it, and how long answers take (domain.md 8.2)."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median
from typing import Any

from django.db.models import Case, CharField, Count, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce

from tickmark.audit.models import Answer, Engagement, Request, RequestControl, RequestMove
from tickmark.controls.models import ControlVersion
from tickmark.kernel.grown import Grown, news_of
from tickmark.kernel.remembered import remembered


@dataclass(frozen=True)
class RequestState:
    """How a request stands: open, submitted, returned, accepted, withdrawn or reopened, and why."""

    name: str
    why: str = ""

    @property
    def open(self) -> bool:
        """Whether the company can still answer."""
        return self.name not in CLOSED

    @property
    def waits_for(self) -> str:
        """Whose turn it is: company, auditor or nobody."""
        return WAITS.get(self.name, "company")


CLOSED = ("accepted", "withdrawn")
WAITS = {"submitted": "auditor", "accepted": "", "withdrawn": ""}


def with_state(rows: QuerySet[Request]) -> QuerySet[Request]:
    """Requests annotated with `stands`, the name of their state, and `last_reason`.

    The auditor's last move decides, unless an answer came that it had not seen; withdrawn stays withdrawn.
    """
    moves = RequestMove.objects.filter(request=OuterRef("pk")).order_by("-pk")
    answers = Answer.objects.filter(request=OuterRef("pk")).order_by("-pk")
    fresh = Q(last_answer__gt=Coalesce(F("judged_answer"), 0)) & ~Q(last_move="withdrawn")
    return rows.annotate(
        last_move=Coalesce(Subquery(moves.values("move")[:1]), Value("open")),
        last_reason=Subquery(moves.values("reason")[:1]),
        judged_answer=Subquery(moves.values("answer")[:1]),
        last_answer=Subquery(answers.values("pk")[:1]),
    ).annotate(
        stands=Case(When(fresh, then=Value("submitted")), default=F("last_move"), output_field=CharField())
    )


def still_open(rows: QuerySet[Request]) -> QuerySet[Request]:
    """Those that wait for somebody."""
    standing: Any = with_state(rows)
    found: QuerySet[Request] = standing.exclude(stands__in=CLOSED)
    return found


def state_counts(rows: QuerySet[Request]) -> dict[str, int]:
    """How many requests stand in which state."""
    standing: Any = with_state(rows)
    counted = standing.order_by().values("stands").annotate(number=Count("pk"))
    return {row["stands"]: row["number"] for row in counted}


def state(request: Request) -> RequestState:
    """How a request stands, and why."""
    row: Any = request
    if not hasattr(row, "stands"):
        row = with_state(Request.objects.filter(pk=request.pk)).get()
    return RequestState(row.stands, "" if row.stands == "submitted" else row.last_reason or "")


def newest_answer(request: Request) -> Answer | None:
    """The answer that the auditor judges now."""
    row: Answer | None = Answer.objects.filter(request=request).order_by("-pk").first()
    return row


@dataclass(frozen=True)
class RequestRow:
    """A request on a day: its state, the controls it serves with their owners on that day, whether it is overdue."""

    request: Request
    state: RequestState
    owners: tuple[ControlVersion, ...]
    overdue: bool

    @property
    def owner_ids(self) -> frozenset[int]:
        """The accounts that own a control of the request on the day."""
        return frozenset(version.owner_id for version in self.owners)

    @property
    def owner_names(self) -> list[str]:
        """Their names, each once."""
        return sorted({str(version.owner) for version in self.owners})

    @property
    def control_codes(self) -> list[str]:
        """The codes of its controls."""
        return [version.control.code for version in self.owners]


def request_rows(rows: QuerySet[Request], day: date) -> list[RequestRow]:
    """Requests with state and owners on a day, in three queries however many."""
    found = list(with_state(rows).select_related("engagement").order_by("due_on", "pk"))
    owners = owners_of([row.pk for row in found], day)
    return [_row(row, tuple(owners[row.pk]), day) for row in found]


def _row(request: Request, owners: tuple[ControlVersion, ...], day: date) -> RequestRow:
    now = state(request)
    return RequestRow(request, now, owners, now.waits_for == "company" and request.due_on < day)


def owners_of(request_ids: Iterable[int], day: date) -> Mapping[int, list[ControlVersion]]:
    """The controls of each request as they stand on a day; the version names the owner. Two queries."""
    links = list(
        RequestControl.objects.filter(request__in=list(request_ids)).values_list("request", "control")
    )
    versions = ControlVersion.objects.as_of(day).filter(control__in={control for _, control in links})
    known = {row.control_id: row for row in versions.select_related("owner", "control")}
    found: dict[int, list[ControlVersion]] = defaultdict(list)
    for request, control in sorted(links):
        if control in known:
            found[request].append(known[control])
    return found


@dataclass(frozen=True)
class Turnaround:
    """How many days answers of one kind took: `median` is None while none came."""

    kind: str
    asked: int
    answered: int
    median: float | None
    review: float | None


@remembered
def turnaround(engagement: Engagement) -> list[Turnaround]:
    """Days from a request to its first answer, and from each answer to the auditor's move, by kind of request."""
    asked = {pk: (kind, at) for pk, kind, at in _asked(engagement)}
    first: dict[str, list[timedelta]] = {kind: [] for kind, _ in asked.values()}
    judged: dict[str, list[timedelta]] = {kind: [] for kind in first}
    answers, moves = _times.now()
    answered = set()
    for answer, (request, at) in answers.items():
        if request in asked:
            kind, began = asked[request]
            if request not in answered:
                answered.add(request)
                first[kind].append(at - began)
            if answer in moves:
                judged[kind].append(moves[answer] - at)
    number = Counter(kind for kind, _ in asked.values())
    return [
        Turnaround(kind, number[kind], len(first[kind]), _days(first[kind]), _days(judged[kind]))
        for kind in first
    ]


@remembered
def _asked(engagement: Engagement) -> list[tuple[int, str, datetime]]:
    rows = Request.objects.filter(engagement=engagement).order_by("kind", "pk")
    return list(rows.values_list("pk", "kind", "recorded_at"))


class _Times:
    """When each answer came and when the auditor first moved on it, as far as this process has read."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.tables = (
            Grown("audit.RequestMove", "answer_id", "recorded_at"),
            Grown("audit.Answer", "request_id", "recorded_at"),
        )
        self.answers: dict[int, tuple[int, datetime]] = {}
        self.moves: dict[int, datetime] = {}

    def now(self) -> tuple[dict[int, tuple[int, datetime]], dict[int, datetime]]:
        """Request and time of each answer, oldest first; the time of the first move on each answer."""
        with self.lock:
            (moves, answers), anew = news_of(*self.tables)
            kept, moved = ({}, {}) if anew else (self.answers, self.moves)
            self.answers = kept | {pk: (request, at) for pk, _, request, at in answers}
            first = {answer: at for _, _, answer, at in reversed(moves) if answer is not None}
            self.moves = first | moved
            return self.answers, self.moves


_times = _Times()


def _days(spans: list[timedelta]) -> float | None:
    return round(median(span.total_seconds() for span in spans) / 86400, 1) if spans else None
