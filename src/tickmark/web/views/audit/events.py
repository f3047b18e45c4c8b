"""What happened on engagements, newest first, as far as the reader may see it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tickmark.audit import models as m
from tickmark.kernel.access import Actor, visible


@dataclass(frozen=True)
class Source:
    """A kind of event: its model, what one and several are called, the path to the engagement, what it says, where."""

    model: Any
    one: str
    several: str
    path: str
    says: Callable[[Any], str]
    where: Callable[[Any], str]
    related: tuple[str, ...] = ()
    tone: str = "neutral"


def _control(row: Any) -> str:
    return str(row.procedure.control_version.control.code)


def _request(row: Any) -> str:
    return f"requests/{row.request.code}"


def _test(row: Any) -> str:
    return f"tests/{row.procedure.ref}"


TEST = ("procedure__control_version__control", "procedure__engagement")
SOURCES = (
    Source(
        m.Engagement,
        "engagement opened",
        "engagements opened",
        "pk",
        lambda r: f"Engagement opened with {r.firm}",
        lambda r: "",
    ),
    Source(
        m.Commission,
        "engagement planned",
        "engagements planned",
        "engagement",
        lambda r: "Planned; a nonce is committed",
        lambda r: "",
        ("engagement",),
    ),
    Source(
        m.Request,
        "request",
        "requests",
        "engagement",
        lambda r: f"{r.code} asked: {r.title}",
        lambda r: f"requests/{r.code}",
        ("engagement",),
    ),
    Source(
        m.Answer,
        "answer",
        "answers",
        "request__engagement",
        lambda r: f"{r.request.code} answered",
        _request,
        ("request__engagement",),
    ),
    Source(
        m.RequestMove,
        "request moved",
        "requests moved",
        "request__engagement",
        lambda r: f"{r.request.code} {r.get_move_display().lower()}",
        _request,
        ("request__engagement",),
    ),
    Source(
        m.Message,
        "message",
        "messages",
        "request__engagement",
        lambda r: f"Message on {r.request.code}",
        _request,
        ("request__engagement",),
    ),
    Source(
        m.PopulationLock,
        "population locked",
        "populations locked",
        "procedure__engagement",
        lambda r: f"Population of {_control(r)} locked: {r.count:,} items",
        _test,
        TEST,
    ),
    Source(
        m.Sample,
        "draw",
        "draws",
        "procedure__engagement",
        lambda r: f"{r.size:,} items drawn for {_control(r)}",
        _test,
        TEST,
    ),
    Source(
        m.Publishing,
        "test published",
        "tests published",
        "procedure__engagement",
        lambda r: f"Test of {_control(r)} published",
        _test,
        TEST,
    ),
    Source(
        m.Deviation,
        "deviation",
        "deviations",
        "procedure__engagement",
        lambda r: f"Deviation of {_control(r)} confirmed",
        lambda r: f"/follow-up/{r.ref}",
        TEST,
        "warn",
    ),
    Source(
        m.Response,
        "response",
        "responses",
        "deviation__procedure__engagement",
        lambda r: f"Response to {r.deviation.ref}",
        lambda r: f"/follow-up/{r.deviation.ref}",
        ("deviation__procedure__engagement",),
    ),
    Source(
        m.Conclusion,
        "conclusion",
        "conclusions",
        "procedure__engagement",
        lambda r: f"{_control(r)} concluded",
        _test,
        TEST,
        "good",
    ),
    Source(
        m.SignOff,
        "sign-off",
        "sign-offs",
        "procedure__engagement",
        lambda r: f"Paper of {_control(r)} signed: {r.get_stage_display().lower()}",
        _test,
        TEST,
        "good",
    ),
)


def news(actor: Actor, engagements: Iterable[m.Engagement], since: datetime) -> list[tuple[int, str]]:
    """How many of each kind others did since a moment, as far as the reader may see it; kinds without any left out."""
    codes = [row.pk for row in engagements]
    found = []
    for source in SOURCES:
        rows = visible(actor, source.model).filter(**{f"{source.path}__in": codes}, recorded_at__gt=since)
        number = rows.exclude(by=actor.user).count()
        found += [(number, source.one if number == 1 else source.several)] if number else []
    return found


def events(
    actor: Actor, engagements: Iterable[m.Engagement], limit: int = 12, since: datetime | None = None
) -> list[dict[str, Any]]:
    """The newest events on some engagements, as `timeline` shows them; one query for each kind.

    What others did since a moment is marked as new.
    """
    codes = {row.pk: row.code for row in engagements}
    rows: list[tuple[Any, Source]] = []
    for source in SOURCES:
        seen = visible(actor, source.model).filter(**{f"{source.path}__in": list(codes)})
        rows += [(row, source) for row in seen.select_related("by", *source.related).order_by("-pk")[:limit]]
    rows.sort(key=lambda one: one[0].recorded_at, reverse=True)
    shown = set(visible(actor, m.Procedure).filter(engagement__in=list(codes)).values_list("pk", flat=True))
    return [
        _event(row, source, codes, shown)
        | {"new": since is not None and row.recorded_at > since and row.by != actor.user}
        for row, source in rows[:limit]
    ]


def _event(row: Any, source: Source, codes: dict[int, str], shown: set[int]) -> dict[str, Any]:
    where = source.where(row)
    hidden = where.startswith("tests/") and row.procedure_id not in shown
    address = where if where.startswith("/") else f"/audit/{_code(row, source, codes)}/{where}"
    return {
        "at": row.recorded_at,
        "who": str(row.by or "Tickmark"),
        "side": row.by.side if row.by else "",
        "what": source.says(row),
        "url": "" if hidden else address,
        "tone": source.tone,
    }


def _code(row: Any, source: Source, codes: dict[int, str]) -> str:
    found = row
    for part in source.path.split("__"):
        found = getattr(found, part)
    return codes[found if isinstance(found, int) else found.pk]
