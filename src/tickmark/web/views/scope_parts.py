"""The parts of the scope: for each its list, its columns, and the words of the form that records one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tickmark.scope import queries
from tickmark.scope.criteria import criteria
from tickmark.scope.details import Detail, every
from tickmark.scope.models import (
    Commitment,
    Complement,
    Component,
    ComponentKind,
    Exclusion,
    NotRelevant,
    SystemEvent,
    VendorVersion,
)
from tickmark.scope.queries import Scope
from tickmark.web.lists import Column, Filter
from tickmark.web.views import scope_fields as fields
from tickmark.web.views.scope_fields import CATEGORIES

Rows = Callable[[Scope], Any]


@dataclass(frozen=True)
class Noun:
    """A part of the scope: its page, its list, and the action that records one."""

    slug: str
    tab: str
    title: str
    one: str
    lead: str
    model: type[Any]
    action: str
    rows: Rows
    columns: Sequence[Column]
    search: tuple[str, ...]
    fields: Callable[[Scope, Any], dict[str, dict[str, Any]]]
    filters: Sequence[Filter] = ()
    blank: str = ""
    dated: bool = True
    fixed: tuple[str, ...] = field(default=("code",))


def _criteria_filter() -> Filter:
    choices = list(criteria())
    return Filter(
        "criterion", "Criterion", choices, lambda rows, value: rows.filter(pk__in=_serving(rows, value))
    )


def _serving(rows: Any, code: str) -> list[int]:
    return [pk for pk, codes in rows.values_list("pk", "criteria") if code in codes]


def _details_columns() -> list[Column]:
    return [Column(one.label, value=_detail(one)) for one in every().values()]


def _detail(one: Detail) -> Callable[[Component], str]:
    return lambda row: one.worded(row.details.get(one.name, ""))


CODE = Column("Code", "code", order="code")
SINCE = Column("In force from", "effective_from", order=("effective_from",))
OWNER = Column("Owner", "owner", "owner.name", order=("owner__name", "name"))
BACKUP = Column("Backup owner", value="backup_owner.name")
OWNED = Filter("owned", "Owner", [("no", "nobody"), ("yes", "somebody")], lambda rows, value: rows.filter(
    owner__isnull=value == "no"))  # fmt: skip
NOUNS = {
    noun.slug: noun
    for noun in (
        Noun(
            "commitments",
            "Promises",
            "Commitments and requirements",
            "a commitment",
            "What customers were promised, and what the system needs so that it is kept (DC 2).",
            Commitment,
            "scope.commit",
            lambda s: queries.commitments(s.system, s.day, s.known).order_by("code"),
            (
                CODE,
                Column("Text", "text"),
                Column("Kind", "kind", "get_kind_display", order=("kind", "code")),
                Column("Category", "category", order=("category", "code")),
                Column("Target", value="target"),
                Column("Source", "source", order=("source", "code")),
                Column("Criteria", value="criteria"),
                SINCE,
            ),
            ("code", "text", "source", "target"),
            fields.commitment_fields,
            (Filter("category", "Category", CATEGORIES), Filter("kind", "Kind", Commitment.Kind.choices)),
            "Promises to customers will stand here: they are why a category is chosen.",
        ),
        Noun(
            "components",
            "Components",
            "Components",
            "a component",
            "Infrastructure, software, people, procedures and data: what the system is made of (DC 3).",
            Component,
            "scope.place",
            lambda s: queries.components(s.system, s.day, s.known).order_by("kind", "name"),
            (
                Column("Name", "name", order="name"),
                CODE,
                Column("Kind", "kind", "get_kind_display", order=("kind", "name")),
                Column(
                    "Boundary",
                    "inside",
                    lambda row: "inside" if row.inside else "outside",
                    order=("-inside", "name"),
                ),
                Column("Purpose", value="description"),
                OWNER,
                Column("Data", value="data"),
                Column("Class", value="classification"),
                Column("Commitments", value="commitments"),
                Column("Passes on", value=lambda row: fields.flow_lines(row.flows)),
                Column("Supplied by", value="supplier"),
                Column("Location", value="location"),
                *_details_columns(),
                BACKUP,
                SINCE,
            ),
            ("code", "name", "description"),
            fields.component_fields,
            (
                Filter("kind", "Kind", ComponentKind.choices),
                Filter("inside", "Boundary", [("1", "inside"), ("0", "outside")]),
                OWNED,
            ),
            "Components will stand here: the important parts of the system, by kind.",
        ),
        Noun(
            "vendors",
            "Vendors",
            "Vendors",
            "a vendor",
            "Who supplies the company. Those whose controls a criterion rests on are subservice organisations (DC 7).",
            VendorVersion,
            "scope.add_vendor",
            lambda s: queries.vendors(s.day, s.known).order_by("name"),
            (
                Column("Name", "name", order="name"),
                Column("Code", "code", "vendor.code", order="vendor__code"),
                Column("Service", value="service"),
                Column("Subservice", "subservice", order=("-subservice", "name")),
                Column("Method", "method", "get_method_display", order=("method", "name")),
                Column("Criteria", value="criteria"),
                Column("Monitored by", "monitored_by", order=("monitored_by", "name")),
                OWNER,
                Column("Its own report", value="report"),
                Column("Report to", "report_end", order=("report_end", "name")),
                Column("Data", value="data"),
                Column("Commitments", value="commitments"),
                BACKUP,
                SINCE,
            ),
            ("vendor__code", "name", "service"),
            fields.vendor_fields,
            (Filter("subservice", "Subservice", [("1", "yes"), ("0", "no")]), _criteria_filter(), OWNED),
            "Vendors will stand here.",
        ),
        Noun(
            "complements",
            "Complements",
            "Complementary controls",
            "a complementary control",
            "What customers (CUEC) and subservice organisations (CSOC) must do so that yours work (DC 6, DC 7).",
            Complement,
            "scope.assume",
            lambda s: queries.complements(s.system, s.day, s.known).order_by("code"),
            (
                CODE,
                Column("Text", "text"),
                Column("Kind", "kind", "get_kind_display", order=("kind", "code")),
                Column(
                    "Whose",
                    "vendor",
                    lambda row: row.vendor.code if row.vendor else "customers",
                    order=("vendor__code", "code"),
                ),
                Column("Why needed", value="why"),
                Column("Criteria", value="criteria"),
                SINCE,
            ),
            ("code", "text"),
            fields.complement_fields,
            (Filter("kind", "Kind", Complement.Kind.choices), _criteria_filter()),
            "Complementary controls will stand here: only those that a criterion needs.",
        ),
        Noun(
            "set-aside",
            "Set aside",
            "Criteria set aside",
            "a criterion that is not relevant",
            "Criteria in scope that do not apply to this system. Each reason is printed in the report (DC 8).",
            NotRelevant,
            "scope.set_aside",
            lambda s: queries.not_relevant(s.system, s.day, s.known).order_by("criterion"),
            (Column("Criterion", "criterion", order="criterion"), Column("Reason", value="reason"), SINCE),
            ("criterion", "reason"),
            fields.aside_fields,
            blank="Nothing is set aside: every criterion of the chosen categories applies.",
            fixed=("criterion",),
        ),
        Noun(
            "exclusions",
            "Left out",
            "Exclusions",
            "an exclusion",
            "What is left out, by whom, why and until when. Listed for ever; the auditor always sees it.",
            Exclusion,
            "scope.exclude",
            lambda s: queries.exclusions(s.system, s.known).order_by("-recorded_at", "-pk"),
            (
                Column("What", "what", order="what"),
                Column("Reason", value="reason"),
                Column("By", "by", "by.name", order="by__name"),
                Column("Recorded", "recorded_at", order="recorded_at"),
                Column("Until", "until", order="until"),
                Column("Ended", value="end.recorded_at"),
                Column("Why ended", value="end.reason"),
            ),
            ("what", "reason"),
            fields.exclusion_fields,
            (Filter("ended", "State", [("1", "not ended"), ("0", "ended")], "end__isnull"),),
            "Nothing is left out. What is, stands here for ever, with its reason.",
            dated=False,
        ),
        Noun(
            "events",
            "Events",
            "Incidents and significant changes",
            "an event",
            "Incidents (DC 4) and significant changes (DC 9) that the description weighs, disclosed or not.",
            SystemEvent,
            "scope.report_event",
            lambda s: (
                queries.events(s.system, s.known)
                .filter(happened_on__lte=s.day)
                .order_by("-happened_on", "-pk")
            ),
            (
                Column("Day", "happened_on", order="happened_on"),
                Column("Title", "title", order="title"),
                Column("Kind", "kind", "get_kind_display", order=("kind", "-happened_on")),
                Column("Criteria", value="criteria"),
                Column("Disclosed", "disclosed", order=("disclosed", "-happened_on")),
                Column("Why not", value="why"),
                Column("Text", value="text"),
                Column("Discovered", value="discovered_on"),
                Column("Cause", value="cause"),
                Column("What became of it", value="disposition"),
                Column("Commitments", value="commitments"),
                Column("Recorded", "recorded_at", order="recorded_at"),
            ),
            ("title", "text"),
            fields.event_fields,
            (
                Filter("kind", "Kind", SystemEvent.Kind.choices),
                Filter("disclosed", "Disclosed", [("1", "yes"), ("0", "no")]),
                _criteria_filter(),
            ),
            "No incident and no significant change was recorded. The report says so in these words.",
            dated=False,
        ),
    )
}

HIDDEN = {
    "commitments": ("Target", "Kind", "Criteria", "In force from"),
    "components": (
        *("Code", "Data", "Class", "Commitments", "Passes on"),
        *("Supplied by", "Location", "Backup owner", "In force from"),
        *(one.label for one in every().values()),
    ),
    "vendors": (
        *("Code", "Method", "Its own report", "Report to"),
        *("Data", "Commitments", "Backup owner", "In force from"),
    ),
    "complements": ("Why needed",),
    "exclusions": ("Ended", "Why ended"),
    "events": ("Why not", "Text", "Discovered", "Cause", "What became of it", "Commitments", "Recorded"),
}
"""Columns of the export that the page shows within others."""
