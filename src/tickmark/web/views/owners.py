"""Who answers for what: the responsibility chart, who leaves with what they own, and handing it all over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path

from tickmark.controls import ownership
from tickmark.controls.models import Control
from tickmark.controls.ownership import Held
from tickmark.kernel import clock
from tickmark.kernel.access import Actor, may, not_found, visible
from tickmark.kernel.references import resolve
from tickmark.people.models import Side, User
from tickmark.people.queries import colleagues
from tickmark.web.control_pages import here, tabs
from tickmark.web.forming import can, must_see, people_choices
from tickmark.web.lists import Column, Filter, Listing, list_paths
from tickmark.web.shell import day_of, known_of

ROWS = 200
"""Rows of one page: a chart is read and printed as a whole."""
WORDS = {"control": "Controls", "policy": "Policies", "vendor": "Vendors", "component": "Components"}
NOBODY, GOES, ALONE = "no owner", "owner goes", "nobody stands in"


@dataclass(frozen=True)
class Line:
    """One thing as a row of the chart, with the mark of an owner or stand-in who goes."""

    held: Held
    owner_mark: str
    backup_mark: str

    def __getattr__(self, name: str) -> Any:
        return getattr(self.held, name)

    @property
    def states(self) -> list[str]:
        """What is to be put right about who answers for it."""
        found = [NOBODY] if self.held.owner is None else []
        found += [GOES] if self.owner_mark else []
        return found + ([ALONE] if self.held.owner and not self.held.backup else [])


COLUMNS = (
    Column("Code", "code", "held.code"),
    Column("What", "title", "held.title"),
    Column("Kind", "kind", "held.kind"),
    Column("Owns", "owner", "held.owner.name"),
    Column("Stands in", "backup", "held.backup.name"),
    Column("Does it", "does", "held.does"),
    Column("Looks at it", "reviews", "held.reviews"),
    Column("Mark", value=lambda line: ", ".join(filter(None, (line.owner_mark, line.backup_mark)))),
)
SHOWN = ("What", "Owns", "Stands in", "Does it", "Looks at it")


def index(request: HttpRequest) -> HttpResponse:
    """The responsibility chart, with what has no owner and who goes at its head."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    must_see(actor, Control)
    day, known = day_of(request), known_of(request)
    lines = _lines(ownership.held(actor, day, known), day)
    listing = Listing(request, lines, COLUMNS, filters=_filters(lines), size=ROWS)
    if listing.wants_csv:
        return listing.csv("owners")
    context = {
        "list": listing,
        "shown": [column for column in listing.columns if column["label"] in SHOWN],
        "going": _going(actor, day),
        "orphans": sum(line.held.owner is None for line in lines),
        "orphans_url": here(request, state=NOBODY),
        "may_hand_over": can(request, "controls.hand_over_all"),
        "may_scope": may(request.actor, "scope.place"),  # type: ignore[attr-defined]
        "tabs": tabs(request),
    }
    return render(request, "controls/owners.html", context)


def _lines(things: Sequence[Held], day: date) -> list[Line]:
    users = {user for one in things for user in (one.owner, one.backup) if user is not None}
    going = ownership.going(users, day)
    marks = {pk: one.words(day) for pk, one in going.items()}
    return [
        Line(
            one,
            marks.get(one.owner.pk, "") if one.owner else "",
            marks.get(one.backup.pk, "") if one.backup else "",
        )
        for one in things
    ]


def _going(actor: Actor, day: date) -> list[tuple[ownership.Succession, str]]:
    return [(one, ownership.said(one.going, day)) for one in ownership.successions(actor, day)]


def _filters(lines: list[Line]) -> list[Filter]:
    owners = {(line.owner.ref, line.owner.name) for line in lines if line.owner is not None}
    kinds = [(kind, WORDS[kind]) for kind in ownership.KINDS]
    return [
        Filter("kind", "Kind", kinds, "held.kind"),
        Filter("owner", "Owner", sorted(owners, key=lambda one: one[1]), "held.owner.ref"),
        Filter("state", "To put right", (NOBODY, GOES, ALONE), "states"),
    ]


def one(request: HttpRequest, reference: str) -> HttpResponse:
    """What one person answers for, and the form that hands all of it to somebody else."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    must_see(actor, Control)
    user = resolve(visible(actor, User).filter(side=Side.COMPANY), reference)
    if user is None:
        raise not_found(User, reference[:20])
    day = day_of(request)
    going = ownership.going([user], day).get(user.pk)
    things = ownership.held(actor, day, known_of(request), of=[user.pk])
    owns = ownership.owned_by(things, user)
    context = {
        "user_shown": user,
        "mark": going.words(day) if going else "",
        "owns": _by_kind(owns),
        "count": len(owns),
        "backs": ownership.backed_by(things, user),
        "policies": [held for held in owns if held.kind == "policy"],
        "others": people_choices(colleagues().exclude(pk=user.pk)),
        "from_day": going.from_day(clock.today()) if going else clock.today(),
        "may_hand_over": can(request, "controls.hand_over_all") and _anything(things, user),
        "may_scope": may(request.actor, "scope.place"),  # type: ignore[attr-defined]
        "may_write_policy": may(request.actor, "controls.write_policy"),  # type: ignore[attr-defined]
    }
    return render(request, "controls/owner.html", context)


def _by_kind(things: Sequence[Held]) -> list[tuple[str, list[Held]]]:
    found = [(WORDS[kind], [held for held in things if held.kind == kind]) for kind in ownership.KINDS]
    return [(word, held) for word, held in found if held]


def _anything(things: Sequence[Held], user: User) -> bool:
    return any(held.kind != "policy" for held in things)


routes = [
    *list_paths("controls/owners", index, "control-owners"),
    path("controls/owners/<str:reference>", one, name="control-owner"),
]
