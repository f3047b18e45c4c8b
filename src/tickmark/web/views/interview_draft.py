"""The draft of the scope: what the answers of the interview come to, looked at, ticked, and recorded by a person."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path

from tickmark.kernel import clock
from tickmark.kernel.access import Actor, visible
from tickmark.kernel.errors import Conflict, Invalid, TickmarkError
from tickmark.scope import interview
from tickmark.scope.actions import ItemIn, preview
from tickmark.scope.details import merged, worded
from tickmark.scope.drafting import Draft
from tickmark.scope.models import Exclusion, InterviewAnswer
from tickmark.scope.programme import Change, Item, fingerprint, standing
from tickmark.web import errors
from tickmark.web.forming import can
from tickmark.web.views.do import do_with
from tickmark.web.views.interview import Told, common, leader, told


def draft(request: HttpRequest) -> HttpResponse:
    """What the answers come to, beside what the books say: looked at, ticked, and recorded by a person."""
    held, actor = told(request), leader(request)
    if request.method == "POST":
        return _record(request, held)
    changes = preview(actor, _items(held)) if held.draft.items else []
    listed = set(visible(actor, Exclusion).filter(system__code=held.code).values_list("what", flat=True))
    context = {
        **common(request, held),
        "groups": _groups(changes, _Names.of(held, actor)),
        "refused": [one for one in changes if one.refused and not _waits(one, changes)],
        "count": len(changes),
        "open": held.draft.open if held.answers else [],
        "gone": _gone(actor, held),
        "left_out": [row for row in held.draft.left_out if row["what"] not in listed],
        "may": can(request, "scope.apply"),
        "may_exclude": can(request, "scope.exclude"),
    }
    return render(request, "scope/interview/draft.html", context)


def _gone(actor: Actor, held: Told) -> list[Item]:
    """What was drafted from answers that were taken back since, and still stands in the books."""
    rows: Any = visible(actor, InterviewAnswer)
    earlier: dict[str, Any] = {}
    for name, answer in rows.filter(interview=held.code).order_by("-pk").values_list("question", "answer"):
        if isinstance(answer, list) and answer and isinstance(answer[0], dict):
            known = earlier.setdefault(name, [])
            known += [row for row in answer if row not in known]
        else:
            earlier.setdefault(name, answer)
    drafted = {item.key for item in Draft(held.code, {**held.answers, **earlier}, clock.today()).items}
    spoken_of = {name: _whole(name, answer, earlier.get(name, [])) for name, answer in held.answers.items()}
    wanted = {item.key for item in Draft(held.code, spoken_of, clock.today()).items}
    stands = standing(clock.today(), None, actor)
    return [stands[key] for key in sorted(drafted - wanted) if key in stands and key[0] != "system"]


def _whole(name: str, answer: Any, earlier: Any) -> Any:
    """An answer with rows that are only half said as they were when they were whole: they are still spoken of."""
    asked = interview.questions().get(name)
    if asked is None or asked.kind != "rows":
        return answer
    known = {row.get(interview.KEY): row for row in reversed(earlier) if not asked.lacking(row)}
    return [known.get(row.get(interview.KEY), row) if asked.lacking(row) else row for row in answer]


def _items(held: Told) -> list[ItemIn]:
    """The draft as `scope.apply` takes it. Details that the interview does not ask for stay as they were written last,
    planned for later days included: what is recorded follows that version.
    """
    last = standing(date.max)
    return [ItemIn.of(_kept(one, last.get(one.key))) for one in held.draft.items]


def _kept(one: Item, stands: Item | None) -> Item:
    if stands is None or "details" not in one.fields:
        return one
    return replace(
        one, fields={**one.fields, "details": merged(stands.fields["details"], one.fields["details"])}
    )


PLURALS = {
    "vendor": "Vendors",
    "commitment": "Commitments",
    "component": "Components",
    "complement": "Complementary controls",
}
"""How the parts of a draft are headed, where there can be many."""


def _groups(changes: list[Change], names: _Names) -> list[dict[str, Any]]:
    """The changes by kind, each with the mark by which it is agreed to."""
    found: dict[str, list[dict[str, Any]]] = {}
    for one in changes:
        row = {
            "change": one,
            "mark": _mark(one),
            "is_new": one.what == "new",
            "waits": _waits(one, changes),
            "fields": [
                (name, names.told(name, before), names.told(name, after))
                for name, before, after in one.fields
            ],
        }
        found.setdefault(one.item.kind, []).append(row)
    return [
        {"title": PLURALS.get(kind, rows[0]["change"].part.title), "rows": rows}
        for kind, rows in found.items()
    ]


def _waits(change: Change, changes: list[Change]) -> bool:
    """Whether a part is refused only since the system to which it belongs is."""
    missing = {
        one.item.code for one in changes if one.refused and one.item.kind == "system" and not one.before
    }
    return bool(change.refused) and change.part.scoped and change.item.code.partition("/")[0] in missing


@dataclass(frozen=True)
class _Names:
    """What the parts of a draft and of the books are called, by code: a reader knows names."""

    components: Mapping[str, str]
    vendors: Mapping[str, str]

    @classmethod
    def of(cls, held: Told, actor: Actor) -> _Names:
        """The names of what is drafted, before those of what stands."""
        found: dict[str, dict[str, str]] = {"component": {}, "vendor": {}}
        stands = standing(clock.today(), None, actor).values()
        mine = (one for one in stands if one.kind == "vendor" or one.code.startswith(f"{held.code}/"))
        for item in (*mine, *held.draft.items):
            if item.kind in found:
                found[item.kind][item.code.rpartition("/")[2]] = str(item.fields.get("name") or item.code)
        return cls(found["component"], found["vendor"])

    def told(self, field: str, value: Any) -> Any:
        """The value of a field with names in the place of codes."""
        if field == "flows" and value:
            either = {**self.vendors, **self.components}
            return "; ".join(f"{one['what']} to {either.get(one['to'], one['to'])}" for one in value)
        if field == "details" and value:
            return worded(value)
        if field == "data" and value:
            return ", ".join(self.components.get(one, one) for one in value)
        return self.vendors.get(value, value) if field in ("supplier", "vendor") and value else value


def _mark(change: Change) -> str:
    """A change by its fingerprint: who ticks it agrees to this and to nothing else."""
    return fingerprint([change])[:20]


def _record(request: HttpRequest, held: Told) -> HttpResponse:
    """Record the changes that were ticked. Raises Conflict for one that is not as it was shown."""
    try:
        items = _ticked(request, held)
    except TickmarkError as error:
        return errors.answer(request, error)
    parts = f"{len(items)} part{'' if len(items) == 1 else 's'}"
    more = {
        "items": json.dumps([item.model_dump(mode="json") for item in items]),
        "source": "the scope interview",
        "next": "/scope/",
        "say": f"Recorded: {parts} of the scope. Now somebody approves it.",
    }
    return do_with(request, "scope.apply", more)


def _ticked(request: HttpRequest, held: Told) -> list[ItemIn]:
    marks = set(request.POST.getlist("agreed"))
    if not marks:
        raise Invalid("Nothing is ticked.", "", "Tick what you agree to.", "agreed")
    changes = {_mark(one): one for one in preview(leader(request), _items(held))}
    if marks - changes.keys():
        raise Conflict(
            "The draft is not what you saw any more.",
            "Somebody answered a question or changed the scope since.",
            "Load the page again and look once more.",
            "agreed",
        )
    wanted = {changes[mark].item.key for mark in marks}
    return [item for item in _items(held) if (item.kind, item.code) in wanted]


routes = [path("scope/interview/draft", draft, name="interview-draft")]
