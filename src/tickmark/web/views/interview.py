"""The scope interview: its chapters as forms, kept as they are answered, and the draft that they come to."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import path

from tickmark.kernel import canonical, clock
from tickmark.kernel.access import Actor, visible
from tickmark.kernel.action import ACTIONS
from tickmark.kernel.arguments import call
from tickmark.kernel.calendars import zones
from tickmark.kernel.errors import Conflict, Invalid, NotFound, TickmarkError
from tickmark.scope import interview
from tickmark.scope.actions import ItemIn, preview
from tickmark.scope.drafting import Draft, code_of
from tickmark.scope.interview import Chapter, Question
from tickmark.scope.models import Exclusion, InterviewAnswer, SystemVersion
from tickmark.scope.programme import Change, Item, fingerprint, standing
from tickmark.scope.queries import systems
from tickmark.web import errors
from tickmark.web.forming import can, must_may
from tickmark.web.pictures import short_day
from tickmark.web.recording import onward
from tickmark.web.views.do import do

SPARE = 2
"""Empty rows below those that are filled, one where none need be; saving brings new ones."""
FIRST = "name"
"""The question without which nothing has a code; every other may wait, and its chapter is kept without it."""
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
_ROW = re.compile(r"answers\.([a-z_0-9]+)\.(\d{1,3})\.([a-z_]+)")


@dataclass(frozen=True)
class Told:
    """An interview as it stands: the code of the system that it describes (empty before any answer), its answers."""

    code: str
    answers: dict[str, Any]

    @cached_property
    def draft(self) -> Draft:
        """What the answers come to today."""
        return Draft(self.code, self.answers, clock.today())

    def done(self, chapter: Chapter) -> int:
        """How many questions of a chapter are answered, with no row half said."""
        return sum(
            bool(self.answers.get(one.id)) and not one.halves(self.answers[one.id])
            for one in chapter.questions
        )


def told(request: HttpRequest) -> Told:
    """The interview that the page is about: `?interview=code`, else that of the first system, else the newest one."""
    actor = _leader(request)
    rows: Any = visible(actor, InterviewAnswer)
    given = request.GET.get("interview", "")
    code = (given if _CODE.fullmatch(given) else code_of(given)) if given.strip() else _code(actor, rows)
    standing = rows.as_of(clock.today()).filter(interview=code)
    return Told(code, dict(standing.values_list("question", "answer")))


def _code(actor: Actor, rows: Any) -> str:
    first = systems(actor).first()
    newest = rows.order_by("-pk").first()
    return first.code if first else newest.interview if newest else ""


def _leader(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    must_may(request, "scope.tell")
    return actor


def index(request: HttpRequest) -> HttpResponse:
    """The chapters with what is answered, the date to believe, and what the answers leave open."""
    held = told(request)
    chapters = interview.chapters()
    rows = [(one, held.done(one), len(one.questions)) for one in chapters]
    following = next((one for one, done, of in rows if done < of), None)
    context = {
        **_common(request, held),
        "rows": rows,
        "following": following,
        "answered": sum(done for _, done, _ in rows),
        "open": held.draft.open if held.answers else [],
        "draft_size": len(held.draft.items),
        "others": _others(request, held),
    }
    return render(request, "scope/interview/index.html", context)


def _others(request: HttpRequest, held: Told) -> list[str]:
    """The codes of further interviews that somebody has begun."""
    rows: Any = visible(_leader(request), InterviewAnswer)
    return sorted(set(rows.exclude(interview=held.code).values_list("interview", flat=True)))


def _common(request: HttpRequest, held: Told) -> dict[str, Any]:
    given = request.GET.get("interview", "")
    system = systems(_leader(request)).filter(code=held.code).first()
    since = _since(request, held) if system and not held.answers else None
    return {
        "told": held,
        "tail": f"?interview={held.code}" if given else "",
        "window": held.draft.window if held.answers.get("asked_for") else None,
        "chapters": interview.chapters(),
        "system": system,
        "since": since,
        "since_words": f"{short_day(since)}." if since else "",
        "may_period": can(request, "scope.set_period"),
    }


def _since(request: HttpRequest, held: Told) -> date | None:
    """The first day of a system that was described without the interview."""
    rows: Any = visible(_leader(request), SystemVersion)
    first = rows.filter(system__code=held.code).order_by("effective_from").first()
    return first.effective_from if first else None


# -- a chapter ----------------------------------------------------------------------------------------------------


def chapter(request: HttpRequest, name: str) -> HttpResponse:
    """One chapter as a form; what is sent is kept, and the next one follows."""
    held = told(request)
    found = next((one for one in interview.chapters() if one.id == name), None)
    if found is None:
        raise NotFound("The interview has no such chapter.", "", "Start again from its first page.")
    return _keep(request, held, found) if request.method == "POST" else _form(request, held, found)


def _form(
    request: HttpRequest,
    held: Told,
    found: Chapter,
    refused: Mapping[str, Refusal] | None = None,
) -> HttpResponse:
    """The chapter with what stands, and with what was typed where it could not be kept."""
    wrong = refused or {}
    error = _together(wrong)
    context = {
        **_common(request, held),
        "chapter": found,
        "fields": [_field(one, held, wrong.get(one.id)) for one in found.questions],
        "may": can(request, "scope.tell"),
        "number": interview.chapters().index(found) + 1,
        "error": error,
    }
    script = getattr(request, "htmx", False) and error
    template = "scope/interview/_form.html" if script else "scope/interview/chapter.html"
    answer = render(request, template, context, status=error.status if error else 200)
    if script:
        answer["HX-Retarget"], answer["HX-Reswap"] = "form.interview", "outerHTML show:top"
    return answer


def _together(refused: Mapping[str, Refusal]) -> TickmarkError | None:
    """What is said above the form of everything that could not be kept."""
    errors_ = [one.error for one in refused.values()]
    if len(errors_) < 2:
        return errors_[0] if errors_ else None
    said = " ".join(f"{one.what} {one.why} {one.remedy}".strip() for one in errors_)
    return Invalid(f"{len(errors_)} answers cannot be taken.", said, "What else you said is kept.", "answers")


def _field(asked: Question, held: Told, refusal: Refusal | None = None) -> dict[str, Any]:
    """A question as a field of the form, with what was said."""
    standing = held.answers.get(asked.id)
    answer, shown = (refusal.typed, refusal.shown) if refusal else (standing, _digest(standing))
    kinds = {"words": "textarea", "choice": "radio", "many": "checks", "zone": "select"}
    found = {
        "name": f"answers.{asked.id}",
        "label": asked.ask,
        "help": asked.why,
        "kind": kinds.get(asked.kind, asked.kind),
        "choices": _choices(asked, str(answer or "")),
        "value": answer if answer is not None else [] if asked.kind == "many" else "",
        "required": asked.id == FIRST,
        "optional_word": "optional" if asked.optional else " ",
        "question_id": asked.id,
        "shown": shown,
    }
    if asked.kind != "rows":
        return found
    filled = [row for row in answer or [] if any(row[name] for name in row if name != interview.KEY)]
    return found | {"rows": _rows(asked, filled), "question": asked, "lists": _lists(asked, held)}


def _choices(asked: Question, answer: str) -> list[tuple[str, str]]:
    if asked.kind != "zone":
        return list(asked.choices.items())
    return [(one, one) for one in dict.fromkeys([*zones(), *filter(None, [answer])])]


def _lists(asked: Question, held: Told) -> list[tuple[str, list[str]]]:
    """The names that other answers have given, for the columns that offer them."""
    return [(_list_id(asked, column), names) for column in asked.columns if (names := _offered(column, held))]


def _list_id(asked: Question, column: interview.Column) -> str:
    return f"names-{asked.id}-{column.name}"


def _offered(column: interview.Column, held: Told) -> list[str]:
    found: dict[str, None] = {}
    for place in column.offers:
        question, _, name = place.partition(".")
        found |= dict.fromkeys(row.get(name, "") for row in held.answers.get(question) or [])
    return [one for one in found if one]


def _rows(asked: Question, answer: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The filled rows and a few empty ones; each a list of cells."""
    every = [*answer, *[{}] * (1 if asked.optional else SPARE)]
    return [
        {
            "number": number,
            "key": row.get(interview.KEY, ""),
            "filled": bool(row),
            "lacking": asked.lacking(row) if row else [],
            "cells": [_cell(asked, number, column, row) for column in asked.columns],
        }
        for number, row in enumerate(every, 1)
    ]


def _cell(asked: Question, number: int, column: interview.Column, row: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": f"answers.{asked.id}.{number}.{column.name}",
        "label": column.label,
        "kind": _kind(column),
        "choices": [(one, one) for one in column.choices],
        "value": row.get(column.name, ""),
        "rows": 2,
        "list": _list_id(asked, column) if column.offers else "",
        "optional_word": "needed" if column.needed else " ",
        "on": "yes",
        "quiet": True,
    }


def _kind(column: interview.Column) -> str:
    if column.yes:
        return "checkbox"
    return "select" if column.choices else "textarea" if column.long else "text"


@dataclass(frozen=True)
class Refusal:
    """An answer that could not be kept: what was typed, the digest of what the form had shown, and why."""

    typed: Any
    shown: str
    error: TickmarkError


def _keep(request: HttpRequest, held: Told, found: Chapter) -> HttpResponse:
    """Keep what is new of a chapter, and go on to the next one; what cannot be kept is shown again with the reason."""
    new: dict[str, Any] = {}
    refused: dict[str, Refusal] = {}
    for asked in found.questions:
        typed = _given(request.POST, asked)
        try:
            if typed != held.answers.get(asked.id):
                new |= _news(request, asked, typed, held)
        except TickmarkError as error:
            refused[asked.id] = Refusal(typed, request.POST.get(f"shown.{asked.id}", ""), error)
    code = held.code or code_of(str(new.get("name", "")))
    target = _after(request, found, code, new)
    if not new:
        return _form(request, held, found, refused) if refused else onward(request, target)
    if not refused:
        post: QueryDict = request.POST.copy()
        post["interview"], post["answers"], post["next"] = code, json.dumps(new), target
        post["say"] = f"{found.title}: kept."
        request.POST = post  # type: ignore[assignment]
        return do(request, "scope.tell")
    call(ACTIONS["scope.tell"], _leader(request), {"interview": code, "answers": new})
    rows: Any = visible(_leader(request), InterviewAnswer)
    standing = rows.as_of(clock.today()).filter(interview=code)
    return _form(request, Told(code, dict(standing.values_list("question", "answer"))), found, refused)


def _news(request: HttpRequest, asked: Question, typed: Any, held: Told) -> dict[str, Any]:
    """The answer as it is kept, by its question, if it is new. Raises Invalid, and Conflict as `_meant` does."""
    value = asked.read(typed)
    if value == held.answers.get(asked.id, _empty(value)) or not _meant(request, asked.id, value, held):
        return {}
    return {asked.id: value}


def _digest(answer: Any) -> str:
    """An answer by the SHA-256 of its canonical form, shortened: what a form has shown."""
    return hashlib.sha256(canonical.dumps(answer or "")).hexdigest()[:20]


def _meant(request: HttpRequest, name: str, value: Any, held: Told) -> bool:
    """Whether whoever sent the form changed this answer. Raises Conflict where somebody else did so meanwhile."""
    shown = request.POST.get(f"shown.{name}", "")
    if not shown or shown == _digest(held.answers.get(name)):
        return True
    if _digest(value) == shown:
        return False
    raise Conflict(
        f"Somebody answered “{interview.question(name).ask}” since you opened the page.",
        "Your answer and theirs differ.",
        "What you typed is still here. Open the chapter in a second tab, take over what you want, and send it there.",
        f"answers.{name}",
    )


def _empty(value: Any) -> Any:
    return [] if isinstance(value, list) else ""


def _given(post: QueryDict, asked: Question) -> Any:
    name = f"answers.{asked.id}"
    if asked.kind == "many":
        return post.getlist(name)
    if asked.kind != "rows":
        return post.get(name, "")
    found: dict[int, dict[str, str]] = {}
    for key in post:
        match = _ROW.fullmatch(key)
        if match and match[1] == asked.id:
            found.setdefault(int(match[2]), {})[match[3]] = str(post[key]).strip()
    return [row for _, row in sorted(found.items())]


def _refused(request: HttpRequest, error: TickmarkError) -> HttpResponse:
    if getattr(request, "htmx", False):
        return errors.fragment(request, error)
    return errors.answer(request, error)


def _after(request: HttpRequest, found: Chapter, code: str, new: Mapping[str, Any]) -> str:
    """Where the form leads: to the next chapter, back to all of them, or, staying, to the table that grew."""
    every = interview.chapters()
    place = every.index(found) + 1
    further = place < len(every) and "stay" not in request.POST
    where = f"/scope/interview/{every[place].id}" if further else "/scope/interview/"
    anchor = ""
    if "here" in request.POST:
        where = f"/scope/interview/{found.id}"
        tables = [one.id for one in found.questions if one.id in new and one.kind == "rows"]
        anchor = f"#rows-{tables[-1]}" if tables else ""
    return (f"{where}?interview={code}" if request.GET.get("interview") else where) + anchor


# -- the draft ----------------------------------------------------------------------------------------------------


def draft(request: HttpRequest) -> HttpResponse:
    """What the answers come to, beside what the books say: looked at, ticked, and recorded by a person."""
    held, actor = told(request), _leader(request)
    if request.method == "POST":
        return _record(request, held)
    changes = preview(actor, _items(held)) if held.draft.items else []
    listed = set(visible(actor, Exclusion).filter(system__code=held.code).values_list("what", flat=True))
    context = {
        **_common(request, held),
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
    return list(map(ItemIn.of, held.draft.items))


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
        return _refused(request, error)
    post: QueryDict = request.POST.copy()
    post["items"] = json.dumps([item.model_dump(mode="json") for item in items])
    post["source"], post["next"] = "the scope interview", "/scope/"
    post["say"] = (
        f"Recorded: {len(items)} part{'' if len(items) == 1 else 's'} of the scope. Now somebody approves it."
    )
    request.POST = post  # type: ignore[assignment]
    return do(request, "scope.apply")


def _ticked(request: HttpRequest, held: Told) -> list[ItemIn]:
    marks = set(request.POST.getlist("agreed"))
    if not marks:
        raise Invalid("Nothing is ticked.", "", "Tick what you agree to.", "agreed")
    changes = {_mark(one): one for one in preview(_leader(request), _items(held))}
    if marks - changes.keys():
        raise Conflict(
            "The draft is not what you saw any more.",
            "Somebody answered a question or changed the scope since.",
            "Load the page again and look once more.",
            "agreed",
        )
    wanted = {changes[mark].item.key for mark in marks}
    return [item for item in _items(held) if (item.kind, item.code) in wanted]


routes = [
    path("scope/interview/", index, name="interview"),
    path("scope/interview/draft", draft, name="interview-draft"),
    path("scope/interview/<slug:name>", chapter, name="interview-chapter"),
]
