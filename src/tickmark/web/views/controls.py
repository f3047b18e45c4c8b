"""Controls: the list, one control in time, the library, coverage and criteria."""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import groupby
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path

from tickmark.controls import queries
from tickmark.controls.library import EVIDENCE_KINDS, StarterControl, starter_controls, starter_policies
from tickmark.controls.models import Control, ControlVersion, Frequency, Nature, Purpose
from tickmark.controls.wording import Looked, worded, worded_as
from tickmark.kernel import clock
from tickmark.kernel.access import Actor, may, not_found, visible
from tickmark.kernel.action import ACTIONS
from tickmark.people.queries import colleagues
from tickmark.scope.criteria import Category, criteria
from tickmark.scope.queries import open_periods
from tickmark.web.control_pages import AREAS, control_of, scope_of, tabs
from tickmark.web.forming import (
    base_of,
    can,
    criteria_groups,
    gathered,
    kept,
    lines_of,
    must_see,
    people_choices,
    specs,
    values_of,
)
from tickmark.web.lists import Column, Filter, Listing, list_paths
from tickmark.web.scoping import outside
from tickmark.web.shell import day_of, known_of
from tickmark.web.views import adopting, adopting_policies, coverage, owners, policies, reshaping, wording
from tickmark.web.views.do import do
from tickmark.web.views.wording import recorded_against, typed_wording

COLUMNS = (
    Column("Control", "code", "control.code", order="control__code"),
    Column("Title", "title", order="title"),
    Column("Statement", value="statement"),
    Column("Criteria", value="criteria"),
    Column("Frequency", "frequency", "get_frequency_display", order=("frequency", "control__code")),
    Column("Owner", "owner", "owner.name", order=("owner__name", "control__code")),
    Column("In force from", "effective_from", order=("effective_from", "control__code")),
)
SHOWN = ("Control", "Criteria", "Frequency", "Owner", "In force from")


def index(request: HttpRequest) -> HttpResponse:
    """The controls in force on the day."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    must_see(actor, Control)
    day, known = day_of(request), known_of(request)
    rows = queries.in_force(day, known).filter(control__in=visible(actor, Control))
    listing = Listing(
        request,
        rows,
        COLUMNS,
        filters=_filters(queries.versions_on(day, known)),
        search=("control__code", "title", "statement"),
    )
    if listing.wants_csv:
        return listing.csv("controls")
    context = {
        "list": listing,
        "shown": [column for column in listing.columns if column["label"] in SHOWN],
        "may_write": can(request, "controls.write"),
        "may_import": can(request, "scope.apply"),
        "may_adopt": can(request, "controls.adopt_many"),
        "may_merge": can(request, "controls.merge"),
        "tabs": tabs(request, wording=sum(bool(one.faults) for one in worded(day, known))),
    }
    return render(request, "controls/index.html", context)


def _filters(held_on: Iterable[ControlVersion]) -> list[Filter]:
    versions = list(held_on)
    held = sorted({queries.area(one.control.code) for one in versions})
    owners = sorted({(one.owner_id, one.owner.name) for one in versions}, key=lambda one: one[1])
    return [
        Filter("area", "Area", [(one, AREAS.get(one, one)) for one in held], _in_area),
        Filter("category", "Category", [(one.value, one.label) for one in Category], _in_category),
        Filter("criterion", "Criterion", list(criteria()), _serves),
        Filter("frequency", "Frequency", Frequency.choices),
        Filter("owner", "Owner", [(str(pk), name) for pk, name in owners], "owner"),
    ]


def _in_area(rows: Any, value: str) -> Any:
    return rows.filter(control__code__startswith=f"{value}-")


def _serves(rows: Any, value: str) -> Any:
    return rows.filter(pk__in=[pk for pk, codes in rows.values_list("pk", "criteria") if value in codes])


def _in_category(rows: Any, value: str) -> Any:
    inside = {code for code, criterion in criteria().items() if criterion.category == value}
    found = [pk for pk, codes in rows.values_list("pk", "criteria") if inside & set(codes)]
    return rows.filter(pk__in=found)


def control(request: HttpRequest, code: str) -> HttpResponse:
    """One control on the day: what it says, who owns it, its versions, what is expected of it in the period."""
    found = control_of(request, code)
    day, known = day_of(request), known_of(request)
    version, versions = queries.version_on(found, day, known), queries.versions_of(found, known)
    scope = scope_of(request)
    period = scope.period if scope else None
    spans = queries.parts_in(found, period, known) if period else []
    shown = version or versions[0]
    starter = next((item for item in starter_controls() if item.id == found.code), None)
    context = {
        "control": found,
        "held": version,
        "newest": versions[0],
        "worded": worded_as(version, day, known).held_against(recorded_against(request).get(found.code, ()))
        if version
        else None,
        "versions": [(one, _standing(one, version, day)) for one in versions],
        "changes": changes(versions[1], versions[0]) if len(versions) > 1 else [],
        "window": period,
        "spans": spans,
        "tests": starter.tests(shown.parameters) if starter else None,
        "wanted": _wanted(shown),
        "outside": outside(scope, shown.criteria),
        "titles": {code: one.title for code, one in criteria().items()},
        "may_change": can(request, "controls.write"),
        "may_hand_over": version is not None and can(request, "controls.hand_over", control=found),
        "may_retire": version is not None and can(request, "controls.retire", control=found),
        "may_reshape": version is not None and can(request, "controls.split", control=found),
        "may_file": can(request, "evidence.file", control=found),
        "others": people_choices(colleagues().exclude(pk=shown.owner_id)),
        "everybody": people_choices(colleagues()),
        "open": list(open_periods(clock.today())),
    }
    return render(request, "controls/control.html", context)


def _standing(one: ControlVersion, current: ControlVersion | None, day: Any) -> str:
    if one == current:
        return "in force"
    if one.effective_from > day:
        return "takes effect later"
    return "retired" if one.withdrawn else "superseded"


def _wanted(version: ControlVersion) -> list[tuple[str, str]]:
    """The lines of the evidence that is wanted, each with its kind in words."""
    lines = [line.strip() for line in version.evidence_wanted.splitlines() if line.strip()]
    pairs = [
        (line[:3], line[4:].lstrip(": ")) if line[:3] in EVIDENCE_KINDS else ("", line) for line in lines
    ]
    return [(EVIDENCE_KINDS.get(kind, ""), text) for kind, text in pairs]


COMPARED = (
    "title",
    "statement",
    "criteria",
    "nature",
    "purpose",
    "frequency",
    "owner",
    "policy",
    "parameters",
    "evidence_wanted",
)


def changes(before: ControlVersion, after: ControlVersion) -> list[dict[str, str]]:
    """What differs between two versions, field by field."""
    pairs = [(name, _words(before, name), _words(after, name)) for name in COMPARED]
    found = [
        {"name": name.replace("_", " ").capitalize(), "before": old, "after": new}
        for name, old, new in pairs
        if old != new
    ]
    if after.withdrawn != before.withdrawn:
        found.append({"name": "In force", "before": "yes", "after": "retired"})
    return found


def _words(version: ControlVersion, name: str) -> str:
    value = getattr(version, name)
    if name in ("nature", "purpose", "frequency"):
        return str(getattr(version, f"get_{name}_display")())
    if isinstance(value, dict):
        return ", ".join(f"{key} = {held}" for key, held in sorted(value.items()))
    return ", ".join(value) if isinstance(value, list) else str(value)


# -- writing ------------------------------------------------------------------------------------------------------


def new(request: HttpRequest) -> HttpResponse:
    """Write a control in the company's own words."""
    if request.method == "POST":
        return _write(request, "Write a control", None)
    if not may(request.actor, "controls.write"):  # type: ignore[attr-defined]
        raise not_found(Control, "new")
    values = {"effective_from": clock.today(), "frequency": "event", "nature": "M", "purpose": "P"}
    values["criteria"] = [code for code in request.GET.getlist("criterion") if code in criteria()]
    return _write_form(request, "Write a control", values, None)


def change(request: HttpRequest, code: str) -> HttpResponse:
    """A new version of a control, from a day on."""
    found = control_of(request, code)
    if request.method == "POST":
        return _write(request, f"Change {found.code}", found)
    if not may(request.actor, "controls.write"):  # type: ignore[attr-defined]
        raise not_found(Control, code[:40])
    newest = queries.versions_of(found)[0]
    values = {
        **values_of("controls.write", newest),
        "code": found.code,
        "effective_from": clock.today(),
        "reason": "",
    }
    return _write_form(request, f"Change {found.code}", values, found, newest)


def _write(request: HttpRequest, title: str, control: Control | None) -> HttpResponse:
    """Record what was typed, or only look at how it is worded."""
    request = gathered(request, "parameters")
    if "look" not in request.POST or not may(request.actor, "controls.write"):  # type: ignore[attr-defined]
        return do(request, "controls.write")
    looked = typed_wording(request)
    if getattr(request, "htmx", False):
        return render(request, "controls/_remarks.html", {"worded": looked})
    values: dict[str, Any] = {name: request.POST.get(name, "") for name in ACTIONS["controls.write"].types}
    values["criteria"] = [code for code in request.POST.getlist("criteria") if code in criteria()]
    values["parameters"] = json.loads(request.POST["parameters"])
    newest = queries.versions_of(control)[0] if control else None
    return _write_form(request, title, values, control, newest, looked)


def _write_form(
    request: HttpRequest,
    title: str,
    values: dict[str, Any],
    control: Control | None,
    newest: ControlVersion | None = None,
    looked: Looked | None = None,
) -> HttpResponse:
    scope = scope_of(request)
    inside = scope.criteria if scope and scope.criteria else list(criteria().values())
    chosen = values.get("criteria", [])
    more = [one for one in criteria().values() if one.id in chosen and one not in inside]
    numbers = lines_of(values.get("parameters", {}))
    fields = specs(
        "controls.write",
        values,
        code={"kind": "hidden"} if control else {"help": "Capitals, a hyphen, a number: AC-04."},
        title={},
        statement={
            "kind": "textarea",
            "rows": 5,
            "help": "Who does what, how often, to what. The auditor tests it as written: leave out “all” and "
            "“immediately” unless you mean them.",
        },
        criteria={
            "kind": "criteria",
            "groups": criteria_groups([*inside, *more], chosen),
            "help": "The criteria that it helps to meet.",
        },
        frequency={"kind": "select", "choices": Frequency.choices},
        nature={"kind": "select", "choices": Nature.choices},
        purpose={"kind": "select", "choices": Purpose.choices},
        owner={
            "kind": "select",
            "choices": people_choices(colleagues()),
            "help": "Who is asked when something is due.",
        },
        backup_owner={
            "kind": "select",
            "choices": people_choices(colleagues()),
            "none_word": "Nobody yet",
            "help": "Who is asked when the owner is away or has left.",
        },
        performed_by={"help": "Where somebody else than the owner does it: a role, a team, a system."},
        reviewed_by={"help": "Who looks at what was done, if somebody does."},
        policy={"help": "The policy it follows, such as POL-04."},
        parameters={
            "label": "Numbers",
            "kind": "textarea",
            "rows": 2,
            "value": numbers,
            "help": "One a line: days = 1. Policies and checks take them from here.",
        },
        evidence_wanted={
            "label": "Evidence it leaves",
            "kind": "textarea",
            "rows": 3,
            "help": "The record, list or setting by which it can be shown later, one a line.",
        },
        effective_from={"label": "In force from"},
        reason={"label": "Why it changes", "required": True, "rows": 2} if control else {"leave": True},
        replaces=kept("replaces", values),
        foreign_ids=kept("foreign_ids", values),
    )
    context = {
        "title": title,
        "fields": fields,
        "control": control,
        "back": f"/controls/{control.code}/" if control else "/controls/",
        "open": list(open_periods(clock.today())) if control else [],
        "base": base_of(request.actor, newest),  # type: ignore[attr-defined]
        "looked": looked,
    }
    return render(request, "controls/write.html", context)


# -- the library --------------------------------------------------------------------------------------------------


def library(request: HttpRequest) -> HttpResponse:
    """The proposed controls by area, and which of them stand already."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    must_see(actor, Control)
    held = set(visible(actor, Control).values_list("code", flat=True))
    scope = scope_of(request)
    inside = scope.criteria if scope else []
    rows = [(item, item.id in held, not inside or item.fits(inside)) for item in starter_controls()]
    wanted = request.GET.get("q", "").strip().casefold()[:100]
    if wanted:
        rows = [row for row in rows if wanted in f"{row[0].id} {row[0].title} {row[0].control}".casefold()]
    context = {
        "areas": _by_area(rows),
        "q": request.GET.get("q", ""),
        "left": sum(not stands for _, stands, fits in rows if fits),
        "may_adopt": can(request, "controls.adopt"),
        "policies": len(starter_policies()),
        "tabs": tabs(request),
    }
    return render(request, "controls/library.html", context)


def _by_area(rows: Iterable[tuple[StarterControl, bool, bool]]) -> list[tuple[str, list[Any]]]:
    ordered = sorted(rows, key=lambda row: (list(AREAS).index(queries.area(row[0].id)), row[0].id))
    return [
        (AREAS[area], list(found))
        for area, found in groupby(ordered, key=lambda row: queries.area(row[0].id))
    ]


def adopt(request: HttpRequest, starter: str) -> HttpResponse:
    """One proposed control: what it says, what it needs, and the form that adopts it."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    must_see(actor, Control)
    item = next((one for one in starter_controls() if one.id == starter), None)
    if item is None:
        raise not_found(Control, starter[:20])
    if request.method == "POST":
        return do(gathered(request, "parameters"), "controls.adopt")
    context = {
        "item": item,
        "statement": item.statement(),
        "tests": item.tests(),
        "stands": visible(actor, Control).filter(code=item.id).exists(),
        "may_adopt": can(request, "controls.adopt"),
        "fields": _adopt_fields(item),
        "titles": {code: one.title for code, one in criteria().items()},
        "needs": [(EVIDENCE_KINDS[one.kind], one.text) for one in item.evidence],
        "nature": Nature(item.nature).label,
        "purpose": Purpose(item.purpose).label,
        "frequency": Frequency(item.frequency).label,
    }
    return render(request, "controls/adopt.html", context)


def _adopt_fields(item: StarterControl) -> list[dict[str, Any]]:
    numbers = [
        {
            "name": f"parameters.{name}",
            "label": name.replace("_", " ").capitalize(),
            "kind": "number",
            "value": value,
            "required": True,
            "min": 0,
        }
        for name, value in item.parameters.items()
    ]
    fields = specs(
        "controls.adopt",
        {"starter": item.id, "effective_from": clock.today()},
        starter={"kind": "hidden"},
        parameters={"leave": True},
        owner={
            "kind": "select",
            "choices": people_choices(colleagues()),
            "help": f"Usually the {item.owner_role}. Who is asked when something is due.",
        },
        backup_owner={
            "kind": "select",
            "choices": people_choices(colleagues()),
            "none_word": "Nobody yet",
            "help": "Who is asked when the owner is away or has left.",
        },
        effective_from={"label": "In force from", "help": "The day from which you really do it."},
        title={"label": "Title in your words"},
        statement={
            "label": "Statement in your words",
            "kind": "textarea",
            "rows": 4,
            "help": "Only where the proposed one does not fit: who does what, how often.",
        },
    )
    return [*numbers, *fields]


routes = [
    *list_paths("controls/", index, "controls"),
    path("controls/new", new, name="control-new"),
    path("controls/library", library, name="control-library"),
    path("controls/library/<str:starter>", adopt, name="control-adopt"),
    *adopting.routes,
    *wording.routes,
    *reshaping.routes,
    *coverage.routes,
    *owners.routes,
    path("controls/<str:code>/", control, name="control"),
    path("controls/<str:code>/change", change, name="control-change"),
    *policies.routes,
    *adopting_policies.routes,
]
