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
from tickmark.scope.drafting import Draft, code_of
from tickmark.scope.interview import Chapter, Question
from tickmark.scope.models import InterviewAnswer, SystemVersion
from tickmark.scope.queries import systems
from tickmark.web.forming import can, must_may
from tickmark.web.pictures import short_day
from tickmark.web.recording import onward
from tickmark.web.views.do import do_with

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
    actor = leader(request)
    rows: Any = visible(actor, InterviewAnswer)
    given = request.GET.get("interview", "")
    code = (given if _CODE.fullmatch(given) else code_of(given)) if given.strip() else _code(actor, rows)
    standing = rows.as_of(clock.today()).filter(interview=code)
    return Told(code, dict(standing.values_list("question", "answer")))


def _code(actor: Actor, rows: Any) -> str:
    first = systems(actor).first()
    newest = rows.order_by("-pk").first()
    return first.code if first else newest.interview if newest else ""


def leader(request: HttpRequest) -> Actor:
    """Whoever asks, if they may answer the interview; for all others its pages do not exist."""
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
        **common(request, held),
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
    rows: Any = visible(leader(request), InterviewAnswer)
    return sorted(set(rows.exclude(interview=held.code).values_list("interview", flat=True)))


def common(request: HttpRequest, held: Told) -> dict[str, Any]:
    """What every page of an interview shows: what was told, the window it leads to, the system that stands."""
    given = request.GET.get("interview", "")
    system = systems(leader(request)).filter(code=held.code).first()
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
    rows: Any = visible(leader(request), SystemVersion)
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
        **common(request, held),
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
        more = {"interview": code, "answers": json.dumps(new), "next": target, "say": f"{found.title}: kept."}
        return do_with(request, "scope.tell", more)
    call(ACTIONS["scope.tell"], leader(request), {"interview": code, "answers": new})
    rows: Any = visible(leader(request), InterviewAnswer)
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


routes = [
    path("scope/interview/", index, name="interview"),
    path("scope/interview/<slug:name>", chapter, name="interview-chapter"),
]
