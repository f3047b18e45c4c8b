"""Every request as a line of a list: light, and read anew only when requests or controls were recorded since."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import QuerySet

from tickmark.audit.models import Request, RequestControl, RequestKind
from tickmark.audit.queries.requests import RequestState, with_state
from tickmark.controls.models import ControlVersion
from tickmark.kernel.grown import while_same

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


def request_lines(rows: QuerySet[Request], day: date) -> list[RequestLine]:
    """The lines of these requests on the day, by the day they are due."""
    wanted = set(rows.order_by().values_list("pk", flat=True))
    return [line for line in _every(day) if line.pk in wanted]


@while_same(
    "audit.Request",
    "audit.RequestControl",
    "audit.RequestMove",
    "audit.Answer",
    "controls.ControlVersion",
    "audit.Engagement",
)
def _every(day: date) -> tuple[RequestLine, ...]:
    states: Any = with_state(Request.objects.all()).order_by("due_on", "pk")
    owners = _owners(day)
    found = states.values_list(*FIELDS, "stands", "last_reason")
    return tuple(_line(row, stands, reason, owners, day) for *row, stands, reason in found)


Owner = tuple[str, int, str]


def _line(
    row: Sequence[Any], stands: str, reason: str | None, owners: Mapping[int, list[Owner]], day: date
) -> RequestLine:
    now = RequestState(stands, "" if stands == "submitted" else reason or "")
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
        state=now,
        overdue=now.waits_for == "company" and due_on < day,
        control_codes=tuple(code for code, _, _ in mine),
        owner_ids=frozenset(owner for _, owner, _ in mine),
        owner_names=tuple(sorted({name for _, _, name in mine})),
    )


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
