"""What happened on engagements, newest first, as far as the reader may see it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet, Value

from tickmark.audit import models as m
from tickmark.kernel.access import Actor, visible
from tickmark.kernel.ledger.entry import after_size


@dataclass(frozen=True)
class Source:
    """A kind of event: its model, the path to the engagement, what it says, where; one and several, if it is not the
    name of the model."""

    model: Any
    path: str
    says: Callable[[Any], str]
    where: Callable[[Any], str]
    related: tuple[str, ...] = ()
    tone: str = "neutral"
    words: tuple[str, str] | None = None

    def seen(self, actor: Actor, engagements: Iterable[int]) -> QuerySet[Any]:
        """The events of this kind on some engagements that the reader may see."""
        return visible(actor, self.model).filter(**{f"{self.path}__in": list(engagements)})

    def news(self, actor: Actor, engagements: Iterable[int], log_size: int) -> QuerySet[Any]:
        """Those of them that others did since the log was so long."""
        return self.seen(actor, engagements).filter(after_size(log_size)).exclude(by=actor.user)

    def counted(self, number: int) -> str:
        """One or several, in words."""
        names = self.model._meta
        return (self.words or (str(names.verbose_name), str(names.verbose_name_plural)))[number != 1]


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
        "pk",
        lambda r: f"Engagement opened with {r.firm}",
        lambda r: "",
        words=("engagement opened", "engagements opened"),
    ),
    Source(
        m.Commission,
        "engagement",
        lambda r: "Planned; a nonce is committed",
        lambda r: "",
        ("engagement",),
        words=("engagement planned", "engagements planned"),
    ),
    Source(
        m.Request,
        "engagement",
        lambda r: f"{r.code} asked: {r.title}",
        lambda r: f"requests/{r.code}",
        ("engagement",),
    ),
    Source(
        m.Answer,
        "request__engagement",
        lambda r: f"{r.request.code} answered",
        _request,
        ("request__engagement",),
    ),
    Source(
        m.RequestMove,
        "request__engagement",
        lambda r: f"{r.request.code} {r.get_move_display().lower()}",
        _request,
        ("request__engagement",),
        words=("request moved", "requests moved"),
    ),
    Source(
        m.Message,
        "request__engagement",
        lambda r: f"Message on {r.request.code}",
        _request,
        ("request__engagement",),
    ),
    Source(
        m.PopulationLock,
        "procedure__engagement",
        lambda r: f"Population of {_control(r)} locked: {r.count:,} items",
        _test,
        TEST,
    ),
    Source(
        m.Sample,
        "procedure__engagement",
        lambda r: f"{r.size:,} items drawn for {_control(r)}",
        _test,
        TEST,
        words=("draw", "draws"),
    ),
    Source(
        m.Publishing,
        "procedure__engagement",
        lambda r: f"Test of {_control(r)} published",
        _test,
        TEST,
        words=("test published", "tests published"),
    ),
    Source(
        m.Deviation,
        "procedure__engagement",
        lambda r: f"Deviation of {_control(r)} confirmed",
        lambda r: f"/follow-up/{r.ref}",
        TEST,
        "warn",
    ),
    Source(
        m.Response,
        "deviation__procedure__engagement",
        lambda r: f"Response to {r.deviation.ref}",
        lambda r: f"/follow-up/{r.deviation.ref}",
        ("deviation__procedure__engagement",),
    ),
    Source(
        m.Conclusion,
        "procedure__engagement",
        lambda r: f"{_control(r)} concluded",
        _test,
        TEST,
        "good",
    ),
    Source(
        m.SignOff,
        "procedure__engagement",
        lambda r: f"Paper of {_control(r)} signed: {r.get_stage_display().lower()}",
        _test,
        TEST,
        "good",
        words=("sign-off", "sign-offs"),
    ),
)


def news(actor: Actor, engagements: Iterable[m.Engagement], log_size: int) -> list[tuple[int, str]]:
    """How many of each kind others did since the log was so long, as far as the reader may see it."""
    codes = [row.pk for row in engagements]
    counts = [(source, source.news(actor, codes, log_size).count()) for source in SOURCES]
    return [(number, source.counted(number)) for source, number in counts if number]


def events(
    actor: Actor, engagements: Iterable[m.Engagement], limit: int = 12, log_size: int | None = None
) -> list[dict[str, Any]]:
    """The newest events on some engagements, as `timeline` shows them; one query for each kind.

    What others did since the log was so long is marked as new.
    """
    late: Any = Value(False) if log_size is None else after_size(log_size)
    codes = {row.pk: row.code for row in engagements}
    rows: list[tuple[Any, Source]] = []
    for source in SOURCES:
        seen = source.seen(actor, codes).select_related("by", *source.related)
        rows += [(row, source) for row in seen.annotate(late=late).order_by("-pk")[:limit]]
    rows.sort(key=lambda one: one[0].recorded_at, reverse=True)
    shown = set(visible(actor, m.Procedure).filter(engagement__in=list(codes)).values_list("pk", flat=True))
    return [
        _event(row, source, codes, shown) | {"new": row.late and row.by != actor.user}
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
