"""Pages that make controls of other controls: several merged into one, one split into several."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path

from tickmark.controls import queries
from tickmark.controls.actions import split as split_action
from tickmark.controls.models import Control, ControlVersion, Frequency, Nature, Purpose
from tickmark.kernel import clock
from tickmark.kernel.access import Actor, may, not_found, visible
from tickmark.kernel.errors import TickmarkError
from tickmark.people.queries import colleagues
from tickmark.scope.criteria import criteria
from tickmark.scope.queries import open_periods
from tickmark.web.control_pages import control_of
from tickmark.web.forming import (
    criteria_groups,
    gathered,
    lines_of,
    must_see,
    numbers_of,
    people_choices,
    specs,
    values_of,
)
from tickmark.web.recording import record
from tickmark.web.views.do import do_with

PARTS, MOST_PARTS = 2, 6
"""How many parts a control is split into: those that the form asks for, and those that it has room for."""


def merge(request: HttpRequest) -> HttpResponse:
    """Choose the controls that become one, then say what it is."""
    must_see(request.actor, Control)  # type: ignore[attr-defined]
    if not may(request.actor, "controls.merge"):  # type: ignore[attr-defined]
        raise not_found(Control, "merge")
    if request.method == "POST":
        to = f"/controls/{request.POST.get('code', '').strip()}/"
        return do_with(gathered(request, "parameters"), "controls.merge", {"next": to})
    held = queries.versions_on(clock.today())
    wanted = request.GET.getlist("control")
    chosen = [one for one in held if one.control.code in wanted]
    if len(chosen) < 2:
        areas = {queries.area(one.control.code) for one in chosen}
        others = [one for one in held if queries.area(one.control.code) in areas or not areas]
        context = {"chosen": chosen, "others": [one for one in others if one not in chosen][:100]}
        return render(request, "controls/merge_choice.html", context)
    context = _merge_form(chosen) | {"bases": _bases(request, chosen)}
    return render(request, "controls/merge.html", context)


def _bases(request: HttpRequest, held: Sequence[ControlVersion]) -> list[str]:
    """The version of each control that was written last: what the form has looked at."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    rows = visible(actor, ControlVersion).filter(control__in=[one.control_id for one in held])
    return list({row.control_id: row.ref for row in rows.order_by("pk")}.values())


def _merge_form(chosen: Sequence[ControlVersion]) -> dict[str, Any]:
    first = chosen[0]
    codes = [code for code in criteria() if any(code in one.criteria for one in chosen)]
    evidence = dict.fromkeys(
        line for one in chosen for line in one.evidence_wanted.splitlines() if line.strip()
    )
    numbers, told = _numbers_of(chosen)
    values = {
        **values_of("controls.write", first),
        "code": first.control.code,
        "statement": "\n".join(one.statement for one in chosen),
        "effective_from": clock.today(),
        "criteria": codes,
        "reason": "",
    }
    words = {
        "code": {"help": "That of one of them, which goes on under it, or a new one."},
        **_words(codes, numbers, told, "\n".join(evidence)),
        "controls": {"leave": True},
    }
    for name, shown in DIFFERING.items():
        words[name] = {"help": _where_they_differ(chosen, shown), **words[name]}
    return {
        "chosen": chosen,
        "fields": specs("controls.merge", values, **words),
        "open": list(open_periods(clock.today())),
    }


DIFFERING: dict[str, Callable[[ControlVersion], str]] = {
    "frequency": lambda one: one.get_frequency_display(),
    "nature": lambda one: one.get_nature_display(),
    "purpose": lambda one: one.get_purpose_display(),
    "owner": lambda one: one.owner.name,
    "backup_owner": lambda one: one.backup_owner.name if one.backup_owner else "nobody",
    "policy": lambda one: one.policy or "none",
    "performed_by": lambda one: one.performed_by or "the owner",
    "reviewed_by": lambda one: one.reviewed_by or "nobody named",
}
"""What the new control has only one of: the form begins with that of the first, and says where another differs."""


def _where_they_differ(chosen: Sequence[ControlVersion], shown: Callable[[ControlVersion], str]) -> str:
    said = [(one.control.code, shown(one)) for one in chosen]
    if len({word for _, word in said}) == 1:
        return ""
    return "They differ. " + " ".join(f"{code}: {word}." for code, word in said)


def _numbers_of(chosen: Sequence[ControlVersion]) -> tuple[dict[str, Any], str]:
    """The numbers of all of them, and where those come from that differ under one name: `days` and `days_2`."""
    found: dict[str, Any] = {}
    told = []
    for one in chosen:
        for name, value in sorted(one.parameters.items()):
            tries = (name if nth == 1 else f"{name}_{nth}" for nth in count(1))
            own = next(key for key in tries if found.get(key, value) == value)
            if own != name and own not in found:
                told.append(f"{own} is {name} of {one.control.code}.")
            found[own] = value
    return found, " ".join(told)


def _words(
    codes: Sequence[str], numbers: dict[str, Any], told: str, evidence: str
) -> dict[str, dict[str, Any]]:
    people = people_choices(colleagues())
    groups = criteria_groups([criteria()[code] for code in codes], codes)
    lines = "\n".join(f"{name} = {value}" for name, value in numbers.items())
    return {
        "title": {},
        "statement": {"kind": "textarea", "rows": 6, "help": "What can be tested: who does what, how often."},
        "criteria": {"kind": "criteria", "groups": groups},
        "frequency": {"kind": "select", "choices": Frequency.choices},
        "nature": {"kind": "select", "choices": Nature.choices},
        "purpose": {"kind": "select", "choices": Purpose.choices},
        "owner": {"kind": "select", "choices": people},
        "backup_owner": {"kind": "select", "choices": people, "none_word": "Nobody yet"},
        "policy": {},
        "parameters": {"label": "Numbers", "kind": "textarea", "rows": 2, "value": lines, "help": told},
        "evidence_wanted": {"label": "Evidence it leaves", "kind": "textarea", "rows": 4, "value": evidence},
        "performed_by": {},
        "reviewed_by": {},
        "effective_from": {"label": "From"},
        "reason": {"label": "Why", "rows": 2},
    }  # fmt: skip


# -- splitting ------------------------------------------------------------------------------------------------------


def split(request: HttpRequest, code: str) -> HttpResponse:
    """Say which controls one control becomes."""
    found = control_of(request, code)
    if not may(request.actor, "controls.split"):  # type: ignore[attr-defined]
        raise not_found(Control, code[:40])
    version = queries.version_on(found, clock.today())
    if version is None:
        raise not_found(Control, code[:40])
    if request.method != "POST":
        return _split_page(request, version)
    parts = [_part(request, version, number) for number in range(1, MOST_PARTS + 1) if _said(request, number)]
    raw = {
        "control": found.ref,
        "into": parts,
        "effective_from": request.POST.get("effective_from", ""),
        "reason": request.POST.get("reason", ""),
    }
    into = ", ".join(one["code"] for one in parts)
    say = f"{found.code} is split into {into} from {raw['effective_from']}."
    return record(
        request, split_action, raw, "/controls/", say, lambda error: _split_page(request, version, error)
    )


TOLD = ("code", "title", "statement", "evidence_wanted", "parameters")
"""The fields of a further part that begin empty: whoever fills in one of them asks for the part."""


def _said(request: HttpRequest, number: int) -> bool:
    """Whether the form tells of this part: two are asked for, a further one counts once it says something."""
    told = (request.POST.get(f"{number}.{name}", "").strip() for name in TOLD)
    return number <= PARTS or any(told)


def _part(request: HttpRequest, version: ControlVersion, number: int) -> dict[str, Any]:
    """A part as the action takes it; what is not asked for is as in the control."""

    def said(name: str) -> str:
        return request.POST.get(f"{number}.{name}", "").strip()

    return {
        "code": said("code"),
        "title": said("title"),
        "statement": said("statement"),
        "criteria": request.POST.getlist(f"{number}.criteria"),
        "nature": version.nature,
        "purpose": version.purpose,
        "frequency": said("frequency"),
        "owner": said("owner"),
        "policy": version.policy,
        "parameters": numbers_of(said("parameters")),
        "evidence_wanted": said("evidence_wanted"),
        "backup_owner": said("backup_owner"),
        "performed_by": version.performed_by,
        "reviewed_by": version.reviewed_by,
    }


def _split_page(
    request: HttpRequest, version: ControlVersion, error: TickmarkError | None = None
) -> HttpResponse:
    fields = [(number, _part_fields(request, version, number)) for number in range(1, MOST_PARTS + 1)]
    context = {
        "held": version,
        "address": f"/controls/{version.control.code}/",
        "bases": request.POST.getlist("base") or _bases(request, [version]),
        "parts": fields[:PARTS],
        "further": [(number, one, _said(request, number)) for number, one in fields[PARTS:]],
        "effective_from": request.POST.get("effective_from") or clock.today(),
        "reason": request.POST.get("reason", ""),
        "open": list(open_periods(clock.today())),
        "error": error,
    }
    return render(request, "controls/split.html", context, status=error.status if error else 200)


def _part_fields(request: HttpRequest, version: ControlVersion, number: int) -> list[dict[str, Any]]:
    """The fields of one part: the first begins as the control itself, the others with its owner and frequency."""
    whole, needed = number == 1, number <= PARTS
    proposed: dict[str, Any] = {
        "code": version.control.code if whole else "",
        "title": version.title if whole else "",
        "statement": version.statement if whole else "",
        "criteria": list(version.criteria),
        "frequency": version.frequency,
        "owner": version.owner.ref,
        "backup_owner": version.backup_owner.ref if version.backup_owner else "",
        "evidence_wanted": version.evidence_wanted if whole else "",
        "parameters": lines_of(version.parameters) if whole else "",
    }
    choices = [(code, f"{code} {criteria()[code].title}") for code in version.criteria if code in criteria()]
    own = "The control's own code goes on with what is left to it." if whole else "A new one."
    people = people_choices(colleagues())
    shapes: dict[str, dict[str, Any]] = {
        "code": {"required": needed, "help": own},
        "title": {"required": needed},
        "statement": {"kind": "textarea", "rows": 4, "required": needed},
        "criteria": {"kind": "checks", "choices": choices, "required": needed},
        "frequency": {"kind": "select", "choices": Frequency.choices, "required": needed},
        "owner": {"kind": "select", "choices": people, "required": needed},
        "backup_owner": {"label": "Backup owner", "kind": "select", "choices": people, "none_word": "Nobody yet"},
        "evidence_wanted": {"label": "Evidence it leaves", "kind": "textarea", "rows": 2},
        "parameters": {"label": "Numbers", "kind": "textarea", "rows": 2, "help": "One a line: days = 1."},
    }  # fmt: skip
    return [
        {
            "name": f"{number}.{name}",
            "label": name.capitalize(),
            "optional_word": "needed if there is this part" if "required" in shape else "",
            **shape,
            "value": _value(request, f"{number}.{name}", proposed[name]),
        }
        for name, shape in shapes.items()
    ]


def _value(request: HttpRequest, name: str, proposed: Any) -> Any:
    """What was typed, boxes that were cleared included; before anything is sent what is proposed."""
    if not request.POST:
        return proposed
    return request.POST.getlist(name) if isinstance(proposed, list) else request.POST.get(name, proposed)


routes = [
    path("controls/merge", merge, name="control-merge"),
    path("controls/<str:code>/split", split, name="control-split"),
]
