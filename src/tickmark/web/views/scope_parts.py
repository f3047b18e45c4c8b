"""The parts of the scope: for each its list, its columns, and the words of the form that records one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tickmark.kernel import clock
from tickmark.people.queries import colleagues
from tickmark.scope import queries
from tickmark.scope.criteria import Category, applicable, criteria
from tickmark.scope.models import (
    Commitment,
    Complement,
    Component,
    ComponentKind,
    Exclusion,
    Method,
    NotRelevant,
    SystemEvent,
    VendorVersion,
)
from tickmark.scope.queries import Scope
from tickmark.web.forming import criteria_groups, people_choices
from tickmark.web.lists import Column, Filter

CATEGORIES = [(one.value, one.label) for one in Category]

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


def _criteria_field(scope: Scope, chosen: Sequence[str], help: str, required: bool = True) -> dict[str, Any]:
    inside = scope.criteria or list(criteria().values())
    more = [one for one in criteria().values() if one.id in chosen and one not in inside]
    return {
        "kind": "criteria",
        "groups": criteria_groups([*inside, *more], chosen),
        "help": help,
        "required": required,
        "value": list(chosen),
    }


def _commitment_fields(scope: Scope, row: Any) -> dict[str, dict[str, Any]]:
    return {
        "kind": {"kind": "radio", "choices": Commitment.Kind.choices},
        "code": {"help": "Such as C-1 for a commitment, R-1 for a requirement."},
        "category": {"kind": "select", "choices": CATEGORIES},
        "text": {"kind": "textarea", "help": "In plain words, as it was promised."},
        "target": {"help": "If it can be measured: 99.9 % a month."},
        "source": {"help": "Where it stands: contract, service level, notice, law."},
        "criteria": _criteria_field(
            scope, getattr(row, "criteria", []), "The criteria that a system requirement supports.", False
        ),
        "principal": {"label": "Principal: made to customers at large, printed in the report"},
    }


def _component_fields(scope: Scope, row: Any) -> dict[str, dict[str, Any]]:
    return {
        "name": {},
        "code": {"help": "Short, such as ledger-db."},
        "kind": {"kind": "select", "choices": ComponentKind.choices},
        "inside": {"label": "Inside the boundary", "help": "Leave it out to name it as outside."},
        "description": {"label": "Purpose", "kind": "textarea"},
        "owner": {"kind": "select", "choices": people_choices(colleagues())},
    }


def _vendor_fields(scope: Scope, row: Any) -> dict[str, dict[str, Any]]:
    return {
        "name": {"label": "Legal name"},
        "code": {"help": "Short, such as hosting."},
        "service": {"label": "What is bought from it", "kind": "textarea", "rows": 2},
        "subservice": {
            "label": "It is a subservice organisation",
            "help": "Would a criterion fail if it had no controls, and are your own not enough? Then it is one.",
        },
        "method": {"kind": "select", "choices": Method.choices, "none_word": "not a subservice organisation"},
        "criteria": _criteria_field(scope, getattr(row, "criteria", []), "What it is relied on for.", False),
        "monitored_by": {"help": "The control that reads its reports, such as VND-03."},
        "report": {
            "label": "Its own report",
            "help": "Kind and opinion, such as: SOC 2 Type 2, unmodified. Printed with DC 7.",
        },
        "report_end": {"label": "Last day that its report covers"},
    }


def _complement_fields(scope: Scope, row: Any) -> dict[str, dict[str, Any]]:
    choices = [(one.vendor.ref, one.name) for one in scope.subservice]
    return {
        "kind": {
            "kind": "radio",
            "choices": [
                ("cuec", "CUEC", "customers must do it"),
                ("csoc", "CSOC", "a subservice organisation must do it"),
            ],
        },
        "code": {"help": "Such as CUEC-1."},
        "vendor": {
            "kind": "select",
            "choices": choices,
            "help": "For a CSOC only.",
            "none_word": "customers",
        },
        "text": {
            "kind": "textarea",
            "help": "As a duty of the other side. Only what a criterion needs, no advice.",
        },
        "why": {
            "label": "Why it is needed",
            "kind": "textarea",
            "rows": 2,
            "help": "Printed beside it: what would not be met without it.",
        },
        "criteria": _criteria_field(scope, getattr(row, "criteria", []), "The criteria that need it."),
    }


def _aside_fields(scope: Scope, row: Any) -> dict[str, dict[str, Any]]:
    inside = scope.criteria or applicable(["security"])
    return {
        "criterion": {"kind": "select", "choices": [(one.id, f"{one.id} {one.title}") for one in inside]},
        "reason": {"kind": "textarea", "help": "Printed in the report (DC 8)."},
    }


def _exclusion_fields(scope: Scope, row: Any) -> dict[str, dict[str, Any]]:
    return {
        "what": {"label": "What is left out"},
        "reason": {"kind": "textarea", "help": "The auditor reads it."},
        "until": {"label": "Until", "help": "The last day. It stays in force until somebody ends it."},
    }


def _promises(scope: Scope) -> list[Commitment]:
    return [one for one in scope.commitments if one.kind == Commitment.Kind.COMMITMENT]


def _event_fields(scope: Scope, row: Any) -> dict[str, dict[str, Any]]:
    return {
        "kind": {
            "kind": "radio",
            "choices": [("incident", "Incident", "DC 4"), ("change", "Significant change", "DC 9")],
        },
        "title": {},
        "happened_on": {"label": "Day", "max": clock.today().isoformat()},
        "text": {
            "kind": "textarea",
            "help": "Nature, timing, extent or effect, what was done. Before and after, for a change.",
        },
        "discovered_on": {
            "label": "Discovered on",
            "max": clock.today().isoformat(),
            "help": "Of an incident, if later than the day.",
        },
        "cause": {
            "kind": "textarea",
            "rows": 2,
            "help": "Of an incident: did a control fail, or what was it? Printed with DC 4.",
        },
        "disposition": {
            "label": "What became of it",
            "kind": "textarea",
            "rows": 2,
            "help": "Of an incident: how it ended, and what was done so that it does not come again.",
        },
        "commitments": {
            "kind": "checks",
            "choices": [(one.code, f"{one.code} {one.text}") for one in _promises(scope)],
            "help": "Of an incident: the promises it touched.",
        },
        "criteria": _criteria_field(scope, [], "The criteria it touches.", False),
        "disclosed": {"label": "Disclosed in the description", "value": True},
        "why": {"label": "Why not disclosed", "kind": "textarea", "rows": 2, "help": "Needed if it is not."},
    }


CODE = Column("Code", "code", order="code")
SINCE = Column("In force from", "effective_from", order=("effective_from",))
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
            _commitment_fields,
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
                Column("Owner", "owner", "owner.name", order=("owner__name", "name")),
                SINCE,
            ),
            ("code", "name", "description"),
            _component_fields,
            (
                Filter("kind", "Kind", ComponentKind.choices),
                Filter("inside", "Boundary", [("1", "inside"), ("0", "outside")]),
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
                Column("Its own report", value="report"),
                Column("Report to", "report_end", order=("report_end", "name")),
                SINCE,
            ),
            ("vendor__code", "name", "service"),
            _vendor_fields,
            (Filter("subservice", "Subservice", [("1", "yes"), ("0", "no")]), _criteria_filter()),
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
            _complement_fields,
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
            _aside_fields,
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
            _exclusion_fields,
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
            _event_fields,
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
    "components": ("Code",),
    "vendors": ("Code", "Method", "Its own report", "Report to", "In force from"),
    "complements": ("Why needed",),
    "exclusions": ("Ended", "Why ended"),
    "events": ("Why not", "Text", "Discovered", "Cause", "What became of it", "Commitments", "Recorded"),
}
"""Columns of the export that the page shows within others."""
