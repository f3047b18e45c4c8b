"""Section III from the scope step: what was in force over the period, never what is in force today (domain.md 2)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from itertools import pairwise
from typing import Any, Literal

from tickmark.audit.models import Engagement
from tickmark.kernel.dated import Span
from tickmark.people.queries import roles_of
from tickmark.report.models import DescriptionPart
from tickmark.report.template_data import (
    Boundary,
    Change,
    Components,
    Csoc,
    Cuec,
    Description,
    Excluded,
    Incident,
    Part,
    Requirement,
    Service,
    Subservice,
)
from tickmark.report.template_data import Commitment as Promise
from tickmark.scope import details
from tickmark.scope.criteria import Category, applicable
from tickmark.scope.models import (
    Commitment,
    Complement,
    Component,
    ComponentKind,
    Exclusion,
    Method,
    NotRelevant,
    SystemEvent,
    SystemVersion,
    VendorVersion,
)

NARRATIVES = (
    DescriptionPart.ENVIRONMENT,
    DescriptionPart.RISK,
    DescriptionPart.COMMUNICATION,
    DescriptionPart.MONITORING,
    DescriptionPart.PROCESSES,
)
Texts = Mapping[str, str]
PROVIDED = (ComponentKind.INFRASTRUCTURE, ComponentKind.SOFTWARE)
"""Kinds of which the report says who provides them."""
NOT_STATED = "Not stated."
NO_SUPPLIER = "No supplier named."
"""What the books do not hold is said, never left blank or made up."""


def description(
    engagement: Engagement, last: date, version: SystemVersion | None, written: Texts
) -> Description:
    """The description as it stood at the end of the period, with what changed in it."""
    scope = Scope(engagement, last)
    return {
        "overview_md": written.get(DescriptionPart.OVERVIEW, ""),
        "services": _services(version, written),
        "commitments": scope.commitments(),
        "requirements": scope.requirements(),
        "components": scope.components(),
        "boundary": scope.boundary(version, written),
        "incidents": scope.incidents(),
        "controls_md": written.get(DescriptionPart.CONTROLS, ""),
        "environment": _narratives(written),
        "cuecs": scope.cuecs(),
        "subservices": scope.subservices(written),
        "not_relevant": scope.not_relevant(),
        "changes": scope.changes(),
        "exclusions": scope.exclusions(),
    }


def _services(version: SystemVersion | None, written: Texts) -> list[Service]:
    if version is None:
        return []
    users = written.get(DescriptionPart.USERS, "")
    return [{"name": version.name, "what": version.services, "users": users, "in_scope": True}]


def _narratives(written: Texts) -> list[Part]:
    return [
        {"heading": part.label, "text_md": written[part]}
        for part in NARRATIVES
        if written.get(part, "").strip()
    ]


def _detail(row: Component, supplier: str) -> str:
    """Who provides it and where, or what else is told of its kind, a line each."""
    said = [supplier or NO_SUPPLIER] if row.kind in PROVIDED else []
    said += [f"Class: {row.classification}"] if row.classification else []
    said += [f"{label}: {words}" for label, words in details.told(row.details)]
    return "\n".join([*said, *filter(None, [row.location])]) or NOT_STATED


class Scope:
    """What the scope step holds of a system for an engagement, up to the last day of its period."""

    def __init__(self, engagement: Engagement, last: date) -> None:
        self.engagement, self.start, self.last = engagement, engagement.period.start, last
        self.of = {"system": engagement.system_id}
        self.criteria = {one.id for one in applicable(engagement.categories, engagement.criteria_set)}
        self.chosen = {*engagement.categories, Category.SECURITY.value}

    def _in_scope(self, codes: Iterable[str]) -> list[str]:
        return [code for code in codes if code in self.criteria]

    def _standing(self, kind: Commitment.Kind) -> Any:
        return Commitment.objects.as_of(self.last).filter(kind=kind, **self.of).order_by("code")

    def commitments(self) -> list[Promise]:
        """Principal commitments of the categories in scope (DC 2)."""
        return [
            {
                "ref": row.code,
                "category": row.category,
                "text": row.text,
                "target": row.target,
                "source": row.source,
            }
            for row in self._standing(Commitment.Kind.COMMITMENT)
            if row.principal and row.category in self.chosen
        ]

    def requirements(self) -> list[Requirement]:
        """System requirements of the categories in scope (DC 2)."""
        return [
            {
                "ref": row.code,
                "text": row.text,
                "source": row.source,
                "criteria": self._in_scope(row.criteria),
            }
            for row in self._standing(Commitment.Kind.REQUIREMENT)
            if row.category in self.chosen
        ]

    def _parts(self) -> list[Any]:
        return list(Component.objects.as_of(self.last).filter(**self.of).order_by("code"))

    def components(self) -> Components:
        """The five kinds of component (DC 3)."""
        found: Components = {"infrastructure": [], "software": [], "people": [], "procedures": [], "data": []}
        by_kind: dict[str, Any] = dict(found)
        vendors = VendorVersion.objects.as_of(self.last).select_related("vendor")
        names = {one.vendor.code: one.name for one in vendors}
        for row in self._parts():
            detail = _detail(row, names.get(row.supplier, row.supplier))
            by_kind[row.kind].append(
                {"name": row.name, "purpose": row.description, "detail": detail, "inside": row.inside}
            )
        return found

    def boundary(self, version: SystemVersion | None, written: Texts) -> Boundary:
        """What is inside and what is not; what was decided to be left out is named among the latter."""
        parts = self._parts()
        text = written.get(DescriptionPart.BOUNDARY, "") or (version.boundary if version else "")
        outside = [row.name for row in parts if not row.inside]
        return {
            "text_md": text,
            "included": [row.name for row in parts if row.inside],
            "excluded": list(dict.fromkeys([*outside, *(one["what"] for one in self.exclusions())])),
        }

    def _events(self, kind: SystemEvent.Kind) -> Any:
        in_period = {"happened_on__lte": self.last}
        if self.engagement.of_type_2:
            in_period["happened_on__gte"] = self.start
        rows = SystemEvent.objects.filter(kind=kind, disclosed=True, **in_period, **self.of)
        return rows.order_by("happened_on", "pk")

    def incidents(self) -> list[Incident]:
        """Disclosed incidents of the period, whenever they became known; for a Type 1 all those to its date (DC 4)."""
        printed = {one["ref"] for one in self.commitments()}
        return [
            {
                "ref": row.ref,
                "discovered": (row.discovered_on or row.happened_on).isoformat(),
                "nature": row.title,
                "cause": row.cause or NOT_STATED,
                "effect": row.text,
                "disposition": row.disposition or NOT_STATED,
                "commitments": [code for code in row.commitments if code in printed],
            }
            for row in self._events(SystemEvent.Kind.INCIDENT)
        ]

    def _complements(self, kind: Complement.Kind) -> Iterator[tuple[Complement, list[str]]]:
        rows = Complement.objects.as_of(self.last).filter(kind=kind, **self.of).order_by("code")
        for row in rows:
            if codes := self._in_scope(row.criteria):
                yield row, codes

    def cuecs(self) -> list[Cuec]:
        """Controls that user entities are assumed to operate (DC 6)."""
        return [
            {"ref": row.code, "text": row.text, "why": row.why, "criteria": codes}
            for row, codes in self._complements(Complement.Kind.CUEC)
        ]

    def csocs(self) -> dict[int | None, list[Csoc]]:
        """Kinds of control assumed at subservice organisations, by vendor (DC 7)."""
        found: dict[int | None, list[Csoc]] = {}
        for row, codes in self._complements(Complement.Kind.CSOC):
            found.setdefault(row.vendor_id, []).append({"ref": row.code, "text": row.text, "criteria": codes})
        return found

    def _vendor_spans(self) -> dict[int, list[Span[VendorVersion]]]:
        found: dict[int, list[Span[VendorVersion]]] = {}
        for span in VendorVersion.objects.all().over(self.start, self.last):
            found.setdefault(span.version.vendor_id, []).append(span)
        return found

    def subservices(self, written: Texts) -> list[Subservice]:
        """Subservice organisations at any time of the period, with their days where these are not all of it (DC 7)."""
        csocs = self.csocs()
        found = []
        for vendor, spans in self._vendor_spans().items():
            held = [span for span in spans if span.version.subservice]
            if held:
                found.append(self._subservice(held, csocs.get(vendor, []), written))
        return sorted(found, key=lambda one: one["name"])

    def _subservice(self, held: list[Span[VendorVersion]], csocs: list[Csoc], written: Texts) -> Subservice:
        row = held[-1].version
        method: Literal["carve_out", "inclusive"] = (
            "inclusive" if row.method == Method.INCLUSIVE else "carve_out"
        )
        first, last = held[0].start, held[-1].end
        part = "" if (first, last) == (self.start, self.last) else f" (from {first} to {last})"
        return {
            "name": row.name,
            "service": f"{row.service}{part}",
            "method": method,
            "criteria": self._in_scope(row.criteria),
            "monitoring": row.monitored_by,
            "report": self._own_report(row),
            "components_md": written.get(DescriptionPart.INCLUSIVE, "") if method == "inclusive" else "",
            "csocs": csocs,
        }

    def _own_report(self, row: VendorVersion) -> str:
        """Its report in words; one that ends before the examined days do is told with its gap (10, case 74)."""
        if not row.report:
            return NOT_STATED
        if row.report_end is None or row.report_end >= self.last:
            return row.report
        return f"{row.report}; it ends {(self.last - row.report_end).days} days before {self.last}"

    def not_relevant(self) -> list[Any]:
        """Criteria in scope that were set aside, with the printed reason (DC 8)."""
        rows = NotRelevant.objects.as_of(self.last).filter(**self.of).order_by("criterion")
        return [
            {"criterion": row.criterion, "reason": row.reason}
            for row in rows
            if row.criterion in self.criteria
        ]

    def exclusions(self) -> list[Excluded]:
        """Everything that was left out at some time of the period; ended ones stay listed."""
        rows = list(Exclusion.objects.filter(**self.of).select_related("by", "end").order_by("pk"))
        roles = {by: ", ".join(roles_of(by)) for by in {row.by for row in rows} if by}
        found: list[Excluded] = [
            {
                "what": row.what,
                "reason": row.reason,
                "by": roles.get(row.by) or "Management",
                "until": _until(row),
            }
            for row in rows
        ]
        start = self.start.isoformat()
        return [one for one in found if one["until"] is None or one["until"] >= start]

    # -- DC 9

    def changes(self) -> list[Change]:
        """Reported changes, and how the description itself changed within the period (DC 9; Type 2 only)."""
        if not self.engagement.of_type_2:
            return []
        found = [*self._reported(), *self._of_system(), *self._of_commitments(), *self._of_vendors()]
        return sorted(found, key=lambda one: one["date"])

    def _reported(self) -> Iterator[Change]:
        for row in self._events(SystemEvent.Kind.CHANGE):
            yield _change(row.happened_on, row.title, row.text, row.why)

    def _of_system(self) -> Iterator[Change]:
        for before, after in _neighbours(SystemVersion.objects.filter(**self.of).over(self.start, self.last)):
            for name, words in _WORDS.items():
                old, new = getattr(before.version, name), getattr(after.version, name)
                if old != new:
                    yield _change(after.start, _text(old), _text(new), f"{words} changed")

    def _of_commitments(self) -> Iterator[Change]:
        spans = Commitment.objects.filter(principal=True, **self.of).over(self.start, self.last)
        for before, after in _neighbours(spans):
            if (before.version.text, before.version.target) != (after.version.text, after.version.target):
                yield _change(
                    after.start,
                    _promise(before.version),
                    _promise(after.version),
                    f"{after.version.code} changed",
                )

    def _of_vendors(self) -> Iterator[Change]:
        for spans in self._vendor_spans().values():
            held = [span for span in spans if span.version.subservice]
            if held and held[0].start > self.start:
                name = held[0].version.name
                yield _change(held[0].start, "", name, "Subservice organisation added")
            if held and held[-1].end < self.last:
                ended = held[-1].end + timedelta(days=1)
                yield _change(ended, held[-1].version.name, "", "Subservice organisation ended")


def _until(row: Exclusion) -> str | None:
    """The day it was ended, or the day it ends by itself."""
    if row.ended:
        return str(row.end.recorded_at.date())
    return row.until.isoformat() if row.until else None


_WORDS = {
    "name": "The system's name",
    "services": "The services",
    "boundary": "The boundary",
    "categories": "The categories",
}


def _neighbours(spans: list[Span[Any]]) -> Iterator[tuple[Span[Any], Span[Any]]]:
    """Each version in the period with the one of the same subject that followed it."""
    for before, after in pairwise(spans):
        keys = [
            tuple(
                getattr(span.version, span.version._meta.get_field(name).attname)
                for name in span.version.SUBJECT
            )
            for span in (before, after)
        ]
        if keys[0] == keys[1]:
            yield before, after


def _change(day: date, before: str, after: str, why: str) -> Change:
    return {"date": day.isoformat(), "before": before, "after": after, "why": why, "controls": []}


def _promise(row: Commitment) -> str:
    return f"{row.text} ({row.target})" if row.target else row.text


def _text(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
