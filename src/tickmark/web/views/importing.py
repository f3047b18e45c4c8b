"""Bringing in what other programs and spreadsheets hold: the form, what would change, and the recording of just that.

No file is kept. The preview and the recording each read the file that the form sends; the fingerprint of the preview
goes with it, so that nothing else is recorded than what was seen.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_POST

from tickmark.controls.bringing import VERB, Asked, Brought, Files, arguments, brought, reading
from tickmark.controls.importers import KINDS, Reading, sheet_of
from tickmark.controls.importers.told import CHOSEN
from tickmark.controls.importers.values import shown as shown_word
from tickmark.controls.models import Frequency, Nature, Purpose
from tickmark.evidence.uploads import label
from tickmark.kernel import clock
from tickmark.kernel.access import Actor, may
from tickmark.kernel.action import ACTIONS, need
from tickmark.kernel.arguments import call
from tickmark.kernel.errors import Invalid, NotFound, TickmarkError
from tickmark.people.queries import colleagues
from tickmark.scope.programme import Change, plain
from tickmark.scope.queries import systems
from tickmark.web import errors
from tickmark.web.lists import safe_cell
from tickmark.web.recording import onward

SHOWN = 50
"""Of each sort of change so many are listed; the others are counted."""
LONGEST = 240
"""Letters of a value that are shown."""
LISTED = {
    "control": "/controls/",
    "policy": "/policies/",
    "component": "/scope/components/",
    "vendor": "/scope/vendors/",
    "commitment": "/scope/commitments/",
    "complement": "/scope/complements/",
}
DEFAULTS = ("owner", "nature", "purpose", "frequency")
ACCEPT = ".csv,.tsv,.txt,.xlsx,.json,.yaml,.yml,.md,.docx,.zip"


def form(request: HttpRequest) -> HttpResponse:
    """Choose files and say what they are; a posted form is recorded."""
    actor = _actor(request)
    _must_apply(actor)
    if request.method == "POST":
        return _record(request, actor)
    return _page(request, actor)


@require_POST
def look(request: HttpRequest) -> HttpResponse:
    """What would change. Nothing is kept or written. Without script it is the page again, with the preview on it."""
    actor = _actor(request)
    _must_apply(actor)
    found = _shown(brought(actor, _files(request), _asked(request)))
    if getattr(request, "htmx", False):
        return render(request, "scope/_import_preview.html", {**found, "swapped": True})
    return _page(request, actor, {**found, "again": True})


@require_POST
def table(request: HttpRequest) -> HttpResponse:
    """What the files say as a table, to fill in what they do not say."""
    actor = _actor(request)
    _must_apply(actor)
    kind, rows = sheet_of(reading(actor, _files(request), _asked(request)))
    body = io.StringIO()
    csv.writer(body, lineterminator="\r\n").writerows([safe_cell(cell) for cell in row] for row in rows)
    answer = HttpResponse("\ufeff" + body.getvalue(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{kind}s-to-fill-in.csv"'
    return answer


def _record(request: HttpRequest, actor: Actor) -> HttpResponse:
    try:
        given = arguments(actor, _files(request), _asked(request), request.POST.get("seen", ""))
        need(
            given["seen"],
            "Nothing was recorded: the preview was not looked at.",
            "Only what a preview has shown is recorded.",
            "Look at what would change, then record it.",
            "seen",
        )
        done = call(ACTIONS[VERB], actor, given)
    except TickmarkError as error:
        if getattr(request, "htmx", False):
            return errors.fragment(request, error)
        return _page(request, actor, {"error": error}, error.status)
    messages.success(request, f"Recorded as {done.ref}: {done.new:,} new, {done.changed:,} changed.")
    kinds = {one["kind"] for one in given["items"]}
    target = LISTED[kinds.pop()] if len(kinds) == 1 else "/controls/"
    return onward(request, target)


def _page(
    request: HttpRequest, actor: Actor, more: dict[str, Any] | None = None, status: int = 200
) -> HttpResponse:
    shown = {"fields": _fields(request, actor), "details": _details(request), **(more or {})}
    return render(request, "scope/import.html", shown, status=status)


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


def _must_apply(actor: Actor) -> None:
    if not may(actor, VERB):
        why = "Check the address, and the account you are signed in with."
        raise NotFound("There is no such page.", "", why)


# -- what was posted ------------------------------------------------------------------------------------------------


def _files(request: HttpRequest) -> Files:
    """The chosen files by their bare names."""
    found = [(label(str(one.name or "")), one) for one in request.FILES.getlist("files")]
    if not found:
        raise Invalid("No file is chosen.", "There is nothing to read.", "Choose a file.", "files")
    return found


def _asked(request: HttpRequest) -> Asked:
    post = request.POST
    kind = post.get("kind", "") if post.get("kind") in KINDS else ""
    pairs = zip(post.getlist("heading"), post.getlist("into"), strict=False)
    # columns that were put into the fields of one kind say nothing of another
    stands = not kind or post.get("mapped", kind) == kind
    return Asked(
        kind=kind,
        mapping=dict(pairs) if stands else {},
        system=post.get("system", ""),
        defaults={name: post.get(name, "") for name in DEFAULTS},
        first_day=_day(post.get("first_day", "")),
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Invalid(f"'{text[:20]}' is no day.", "", "Write it as 2026-01-31.", "first_day") from None


# -- the form -------------------------------------------------------------------------------------------------------


def _fields(request: HttpRequest, actor: Actor) -> list[dict[str, Any]]:
    said = request.POST or request.GET
    codes = [row.code for row in systems(actor)]
    kind = said.get("kind", "")
    return [
        {"name": "files", "label": "File or files", "kind": "file", "required": True, "multiple": True,
         "accept": ACCEPT,
         "placeholder": "Choose a table, a library or the documents of your policies, or drop them here."},
        {"name": "kind", "label": "What it lists", "kind": "select", "required": True,
         "choices": [("any", "Find out"), *((one.name, one.many) for one in KINDS.values())],
         "value": kind if kind in KINDS else "any"},
        {"name": "system", "label": "For the system", "kind": "select" if len(codes) > 1 else "hidden",
         "choices": codes, "required": True, "value": said.get("system") or (codes[0] if codes else "")},
        {"name": "owner", "label": "Owner where the file names none", "kind": "select", "none_word": "Nobody",
         "choices": [(one.email, one.name) for one in colleagues()], "value": said.get("owner", "")},
        {"name": "first_day", "label": "In force from", "kind": "date", "required": True,
         "value": said.get("first_day") or clock.today(), "help": "Unless the file has a day for each row."},
    ]  # fmt: skip


def _details(request: HttpRequest) -> list[dict[str, Any]]:
    """What only new controls need and lists of other programs rarely have."""
    said = request.POST
    choices = {"nature": Nature.choices, "purpose": Purpose.choices, "frequency": Frequency.choices}
    return [
        {
            "name": name,
            "none_word": "Not said",
            "label": name.capitalize(),
            "kind": "select",
            "choices": known,
            "value": said.get(name, ""),
        }
        for name, known in choices.items()
    ]


# -- the preview ----------------------------------------------------------------------------------------------------


def _shown(found: Brought) -> dict[str, Any]:
    told, refused = found.reading, found.refused
    return {
        "found": found,
        "reading": told,
        "kind": KINDS.get(told.kind),
        "refused": refused[:SHOWN],
        "refusals": len(refused),
        "new": [_new(one, found) for one in found.new[:SHOWN]],
        "news": len(found.new),
        "changed": [_changed(one) for one in found.changed[:SHOWN]],
        "changes": len(found.changed),
        "recorded": len(found.new) + len(found.changed),
        "library": bool(told.items) and not told.columns and told.kind != "policy",
        "unknown": bool(refused) and _unknown(told),
        "read_as": any(one.read_as for one in told.columns),
        "shown": SHOWN,
    }


def _unknown(told: Reading) -> bool:
    """Whether hardly a column is known: fewer than half of the fields that only the file can say have one."""
    kind, found = KINDS.get(told.kind), {one.field for one in told.columns}
    asked = [name for name in kind.needed if name not in CHOSEN] if kind else []
    return bool(told.columns) and 2 * sum(name in found for name in asked) < len(asked)


def _new(one: Change, found: Brought) -> dict[str, Any]:
    told = [
        (_label(one, name), words(after)) for name, _, after in one.fields if name not in ("title", "name")
    ]
    proposed = found.reading.proposed.get(one.item.key, "")
    return {**_named(one), "told": [pair for pair in told if pair[1]], "proposed": proposed}


def _changed(one: Change) -> dict[str, Any]:
    rows = [
        {"name": _label(one, name), "before": words(before), "after": words(after)}
        for name, before, after in one.fields
    ]
    return {**_named(one), "rows": rows}


def _named(one: Change) -> dict[str, Any]:
    code = one.item.code.rpartition("/")[2]
    stood = one.before.fields if one.before else {}
    title = str(stood.get("title") or stood.get("name") or one.title)[:LONGEST]
    return {"code": code, "title": title, "where": one.item.where, "since": one.item.since}


def _label(one: Change, name: str) -> str:
    known = KINDS[one.item.kind].by_name if one.item.kind in KINDS else {}
    return known[name].title if name in known else name.replace("_", " ").capitalize()


def words(value: Any) -> str:
    """A value as people read it, cut where it is long."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(words(one) for one in value)[:LONGEST]
    said = "" if value is None else shown_word(str(plain(value)))
    return said if len(said) <= LONGEST else f"{said[:LONGEST].rstrip()} …"


routes = [
    path("scope/import/", form, name="scope-import"),
    path("scope/import/preview", look, name="scope-import-preview"),
    path("scope/import/table.csv", table, name="scope-import-table"),
]
