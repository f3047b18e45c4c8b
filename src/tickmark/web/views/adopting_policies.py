"""Policies of the library adopted as a set: which of them, who owns them, and each question that they ask once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import path

from tickmark.controls import queries
from tickmark.controls.actions import adopt_policies, control_numbers
from tickmark.controls.asking import Blank, asked_by
from tickmark.controls.library import Answer, StarterPolicy, starter_policies
from tickmark.controls.models import Policy
from tickmark.kernel import clock
from tickmark.kernel.access import visible
from tickmark.kernel.errors import TickmarkError
from tickmark.people.queries import colleagues
from tickmark.web.forming import Field, as_number, can, must_may, people_choices
from tickmark.web.recording import record
from tickmark.web.scoping import scope_of

ROOT = "/policies/adopt"
FEW = 5
"""Policies that ask a question are named one by one up to so many."""
TICKS = (("all", "Tick all"), ("none", "Tick none"))


@dataclass(frozen=True)
class Offer:
    """A policy that nobody adopted yet: how many controls in force name it, and whether it is ticked."""

    item: StarterPolicy
    cited: int
    ticked: bool


def waiting(request: HttpRequest) -> list[StarterPolicy]:
    """The policies that fit the scope and do not stand yet."""
    held = set(visible(request.actor, Policy).values_list("code", flat=True))  # type: ignore[attr-defined]
    scope = scope_of(request)
    inside = scope.criteria if scope else []
    return [item for item in starter_policies() if item.id not in held and (not inside or item.fits(inside))]


def cited(day: date) -> Counter[str]:
    """How many of the controls in force name each policy."""
    return Counter(version.policy for version in queries.versions_on(day) if version.policy)


def named(request: HttpRequest) -> int:
    """How many of the policies that controls in force name fit the scope and do not stand yet."""
    of = cited(clock.today())
    return sum(1 for item in waiting(request) if of[item.id])


def adopt_set(request: HttpRequest) -> HttpResponse:
    """Tick policies, answer what they ask, and adopt them at once; `show` and `tick` only draw the page anew."""
    must_may(request, "controls.adopt_policies")
    if request.method == "POST" and not {"show", "tick"} & request.POST.keys():
        return _record(request)
    return _page(request)


def _record(request: HttpRequest) -> HttpResponse:
    codes = request.POST.getlist("take")
    number = f"{len(codes)} policies are" if len(codes) > 1 else f"{''.join(codes)} is"
    say = f"{number} written. Somebody else approves {'each' if len(codes) > 1 else 'it'}."
    raw = {
        "starters": codes,
        "owner": request.POST.get("owner", ""),
        "effective_from": request.POST.get("effective_from", ""),
        "answers": _answers(request.POST, codes),
    }
    return record(request, adopt_policies, raw, "/policies/", say, lambda error: _page(request, error))


def _answers(post: QueryDict, codes: list[str]) -> dict[str, Answer]:
    """What was typed for what the ticked ask. A number that a control sets is nobody's answer; one left empty is as
    proposed, as on the form of a single policy.
    """
    held = control_numbers(_day(post))
    asked = asked_by(item for item in starter_policies() if item.id in codes)
    typed = {one: post.get(f"answers.{one.name}", "").strip() for one in asked if one.name not in held}
    return {one.name: as_number(said) for one, said in typed.items() if said or not one.control}


def _day(given: QueryDict) -> date:
    try:
        return date.fromisoformat(given.get("effective_from", ""))
    except ValueError:
        return clock.today()


def _page(request: HttpRequest, error: TickmarkError | None = None) -> HttpResponse:
    given = request.POST or request.GET
    offers = _offers(request, given)
    chosen = [one.item for one in offers if one.ticked]
    people = people_choices(colleagues())
    context = {
        "offers": offers,
        "chosen": chosen,
        "named": any(one.cited for one in offers),
        "ticks": TICKS,
        "people": people,
        "owner": given.get("owner") or (people[0][0] if len(people) == 1 else ""),
        "effective_from": given.get("effective_from") or clock.today(),
        "may_adopt": can(request, "controls.adopt_policies"),
        "may_interview": can(request, "controls.adopt_many"),
        "error": error,
        **_questions(request, given, chosen, told=error is not None),
    }
    return render(request, "controls/adopt_policies.html", context, status=error.status if error else 200)


def _offers(request: HttpRequest, given: QueryDict) -> list[Offer]:
    """What can be adopted; before anybody ticked, those are ticked that controls name."""
    found, of = waiting(request), cited(clock.today())
    ticked = {item.id for item in found} if given.get("tick") == "all" else set(given.getlist("take"))
    if request.method == "GET" and "take" not in given:
        ticked = set(of)
    if given.get("tick") == "none":
        ticked = set()
    return [Offer(item, of[item.id], item.id in ticked) for item in found]


# -- what they ask --------------------------------------------------------------------------------------------------


def _questions(
    request: HttpRequest, given: QueryDict, chosen: list[StarterPolicy], told: bool
) -> dict[str, Any]:
    """The questions as fields: those that several ask, those of one policy, and the numbers of controls."""
    scope, held = scope_of(request), control_numbers(_day(given))
    known = {"company": scope.version.company} if scope and scope.version else {}
    asked = asked_by(chosen)
    fields = {one.name: _field(one, given, known, chosen, told) for one in asked if one.name not in held}
    plain = [one for one in asked if not one.control]
    return {
        "shared": [fields[one.name] for one in plain if one.shared],
        "single": [(item, own) for item in chosen if (own := _own(item, plain, fields))],
        "count": len(plain),
        "numbers": [(one, held[one.name]) for one in asked if one.name in held],
        "unset": [fields[one.name] for one in asked if one.control and one.name in fields],
        "typed": _typed(given, fields),
    }


def _own(item: StarterPolicy, plain: list[Blank], fields: Mapping[str, Field]) -> list[Field]:
    return [fields[one.name] for one in plain if one.by == (item,)]


def _field(
    one: Blank, given: QueryDict, known: Mapping[str, str], chosen: list[StarterPolicy], told: bool
) -> Field:
    value = given.get(f"answers.{one.name}", known.get(one.name, one.proposed))
    return {
        **answer_field(one, value),
        "placeholder": str(one.proposed) if one.control else "",
        "help": _who(one, chosen) if one.shared or one.control else "",
        "error": "Not answered." if told and not one.control and not str(value).strip() else "",
    }


def answer_field(one: Blank, value: Answer) -> Field:
    """A question of a policy as a field; the number of a control may be left out."""
    number = isinstance(one.proposed, int)
    return {
        "name": f"answers.{one.name}",
        "label": one.ask,
        "kind": "number" if number else "text",
        "min": 0 if number else None,
        "value": value,
        "required": not one.control,
    }


def _who(one: Blank, chosen: list[StarterPolicy]) -> str:
    """The policies that ask it, by name; of many those that do not."""
    others = [item for item in chosen if item not in one.by]
    if len(one.by) <= FEW:
        return f"For {_names(one.by)}."
    if not others:
        return "For every policy that is ticked."
    if len(others) <= FEW:
        return f"For every policy that is ticked, but not for {_names(others)}."
    return f"For {_names(one.by)}."


def _names(items: Iterable[StarterPolicy]) -> str:
    return ", ".join(f"{item.id} {item.title}" for item in items)


def _typed(given: QueryDict, fields: Mapping[str, Field]) -> list[Field]:
    """What was typed for questions that no ticked policy asks: kept, for it may be ticked again."""
    names = [
        name for name in given if name.startswith("answers.") and name.removeprefix("answers.") not in fields
    ]
    return [{"name": name, "kind": "hidden", "value": given[name]} for name in names]


routes = [path("policies/adopt", adopt_set, name="policies-adopt")]
