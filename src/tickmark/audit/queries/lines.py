"""Every request as a line of a list: light, and read anew only when requests or controls were recorded since."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import Any

from tickmark.audit.models import Request, RequestControl, RequestKind
from tickmark.audit.queries.requests import RequestState, with_state
from tickmark.controls.models import ControlVersion
from tickmark.kernel.access import EVERYBODY, Actor, bounds, visible
from tickmark.kernel.grown import Grown, arriving, news_of
from tickmark.kernel.remembered import LARGE, Pieces, remember, remembered

FIELDS = ("pk", "engagement_id", "engagement__code", "code", "kind", "title", "wave", "due_on")


@dataclass(frozen=True, slots=True)
class RequestLine:
    """A request on a day: its state, the controls it serves with their owners on that day, whether it is overdue."""

    pk: int
    engagement: int
    engagement_code: str
    code: str
    kind: str
    title: str
    wave: int
    due_on: date
    state: RequestState
    overdue: bool
    control_codes: tuple[str, ...]
    owner_ids: frozenset[int]
    owner_names: tuple[str, ...]

    @property
    def kind_word(self) -> str:
        """The kind in words."""
        return str(RequestKind(self.kind).label)

    @property
    def address(self) -> str:
        """Its page."""
        return f"/audit/{self.engagement_code}/requests/{self.code}"


@remembered
def lines_for(actor: Actor, day: date) -> Sequence[RequestLine]:
    """The lines of all requests that the actor sees, by the day they are due."""
    if bounds(actor, Request) == EVERYBODY:
        return every_line(day)
    seen = set(visible(actor, Request).order_by().values_list("pk", flat=True))
    return [line for line in every_line(day) if line.pk in seen]


@remember(LARGE)
def every_line(day: date) -> tuple[RequestLine, ...]:
    """The lines of all requests, whoever sees them, by the day they are due."""
    states = _standing.now()
    return tuple(
        line
        if line.pk not in states
        else _moved.ask((line.pk, day), (line, states[line.pk]), partial(_in, line, states[line.pk], day))
        for line in _asked(day)
    )


_moved: Pieces[RequestLine] = Pieces(20_000)


def _in(line: RequestLine, state: RequestState, day: date) -> RequestLine:
    return replace(line, state=state, overdue=_overdue(state, line.due_on, day))


def _overdue(state: RequestState, due_on: date, day: date) -> bool:
    return state.waits_for == "company" and due_on < day


class _Standing:
    """How each request stands that was answered or moved, as far as this process has read."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.tables = Grown("audit.RequestMove", "request_id"), Grown("audit.Answer", "request_id")
        self.found: dict[int, RequestState] = {}

    def now(self) -> Mapping[int, RequestState]:
        """The states, by request; one that is missing was only asked. Another object whenever one changed."""
        with self.lock:
            news, anew = news_of(*self.tables)
            if anew:
                self.found = {}
            touched = {row[2] for rows in news for row in rows}
            if touched:
                with arriving(*self.tables):
                    self.found = {**self.found, **_states(touched)}
            return self.found


_standing = _Standing()
FEW = 500


def _states(requests: set[int]) -> dict[int, RequestState]:
    rows = Request.objects.all() if len(requests) > FEW else Request.objects.filter(pk__in=requests)
    standing: Any = with_state(rows)
    found = standing.order_by().values_list("pk", "stands", "last_reason")
    return {
        pk: RequestState(stands, "" if stands == "submitted" else reason or "")
        for pk, stands, reason in found
        if pk in requests
    }


@remember(LARGE)
def _asked(day: date) -> tuple[RequestLine, ...]:
    """Every request as if nobody had answered it yet."""
    owners = _owners(day)
    return tuple(
        _line(row, owners, day) for row in Request.objects.order_by("due_on", "pk").values_list(*FIELDS)
    )


Owner = tuple[str, int, str]


def _line(row: Sequence[Any], owners: Mapping[int, list[Owner]], day: date) -> RequestLine:
    pk, engagement, engagement_code, code, kind, title, wave, due_on = row
    mine = owners.get(pk, [])
    return RequestLine(
        pk,
        engagement,
        engagement_code,
        code,
        kind,
        title,
        wave,
        due_on,
        state=ASKED,
        overdue=_overdue(ASKED, due_on, day),
        control_codes=tuple(code for code, _, _ in mine),
        owner_ids=frozenset(owner for _, owner, _ in mine),
        owner_names=tuple(sorted({name for _, _, name in mine})),
    )


ASKED = RequestState("open", "")


def _owners(day: date) -> dict[int, list[Owner]]:
    """Code, owner and the owner's name of the controls of each request, as they stand on the day."""
    versions: Any = ControlVersion.objects.as_of(day)
    columns = ("control", "control__code", "owner", "owner__name", "owner__email")
    known = {row[0]: (row[1], row[2], row[3] or row[4]) for row in versions.values_list(*columns)}
    found: dict[int, list[Owner]] = defaultdict(list)
    for request, control in RequestControl.objects.order_by("request", "control").values_list(
        "request", "control"
    ):
        if control in known:
            found[request].append(known[control])
    return found
