"""“What do you already do?”: the proposed controls area by area, and what is covered with what was ticked."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import path

from tickmark.controls import adopting, queries
from tickmark.controls.actions import adopt_many
from tickmark.controls.library import StarterControl, starter_controls
from tickmark.controls.models import Control, Frequency
from tickmark.kernel import clock
from tickmark.kernel.access import not_found, visible
from tickmark.kernel.errors import TickmarkError
from tickmark.people.queries import colleagues
from tickmark.scope.criteria import criteria
from tickmark.web import pictures
from tickmark.web.control_pages import AREAS, scope_of
from tickmark.web.forming import as_number, can, must_see, people_choices
from tickmark.web.recording import onward, record
from tickmark.web.views.adopting_policies import named

ROOT = "/controls/adopt/"
DOES, DIFFERENTLY, OPEN = "do", "differently", "open"
ANSWERS = (
    (DOES, "We do this"),
    (DIFFERENTLY, "We do it differently"),
    (OPEN, "Not yet, or not for us"),
)


@dataclass(frozen=True)
class Part:
    """One area of the interview: its proposals that fit the scope, those that stand, what the others would close."""

    code: str
    items: tuple[StarterControl, ...]
    held: frozenset[str]
    closes: tuple[str, ...]

    @property
    def name(self) -> str:
        """The area in words."""
        return AREAS[self.code]

    @property
    def open(self) -> tuple[StarterControl, ...]:
        """The proposals that nobody adopted yet."""
        return tuple(item for item in self.items if item.id not in self.held)

    @property
    def stands(self) -> int:
        """How many of its proposals are adopted."""
        return len(self.items) - len(self.open)


@dataclass(frozen=True)
class Interview:
    """The interview on a day: which criteria have something behind them, and the areas with what is proposed."""

    standing: dict[str, bool]
    parts: tuple[Part, ...]

    def part(self, code: str) -> Part | None:
        """The area with this code, if anything of it fits the scope."""
        return next((one for one in self.parts if one.code == code), None)

    def then(self, tally: adopting.Tally, looked_at: Collection[str] = ()) -> str:
        """The area to go to next: the one that closes the most of what is left, by id; empty if none closes any."""
        return adopting.next_area({one.code: one.open for one in self.parts}, tally.left, looked_at)


def _interview(request: HttpRequest) -> Interview:
    scope = scope_of(request)
    lines = queries.cover(scope) if scope else []
    standing = {line.criterion.id: line.state != "bare" for line in lines if line.aside is None}
    left = [code for code, stands in standing.items() if not stands]
    held = frozenset(visible(request.actor, Control).values_list("code", flat=True))  # type: ignore[attr-defined]
    fitting = [
        item
        for item in starter_controls()
        if scope and item.fits(scope.criteria) and set(item.criteria) & standing.keys()
    ]
    parts = []
    for code in AREAS:
        items = tuple(item for item in fitting if queries.area(item.id) == code)
        closes = adopting.closes((item for item in items if item.id not in held), left)
        parts += [Part(code, items, held, tuple(closes))] if items else []
    return Interview(standing, tuple(parts))


def overview(request: HttpRequest) -> HttpResponse:
    """All areas: how far each is, what it would close, and where to begin."""
    must_see(request.actor, Control)  # type: ignore[attr-defined]
    found = _interview(request)
    tally = adopting.tally(found.standing, ())
    context = {
        "parts": found.parts,
        **_counted(tally),
        "then": found.part(found.then(tally)),
        "begun": any(one.stands for one in found.parts),
        "may_adopt": can(request, "controls.adopt_many"),
        "policies": named(request) if can(request, "controls.adopt_policies") else 0,
        "kept": _kept(request),
    }
    return render(request, "controls/adopt_areas.html", context)


def area(request: HttpRequest, code: str) -> HttpResponse:
    """One area: each proposal with its numbers and an answer to it; recorded at once."""
    must_see(request.actor, Control)  # type: ignore[attr-defined]
    found = _interview(request)
    part = found.part(code)
    if part is None:
        raise not_found(Control, code[:20])
    if request.method == "POST":
        return _record(request, found, part)
    return _page(request, found, part, request.GET)


def _page(
    request: HttpRequest, found: Interview, part: Part, given: QueryDict, error: TickmarkError | None = None
) -> HttpResponse:
    rows = [_row(item, given) for item in part.open]
    tally = adopting.tally(found.standing, (row.item for row in rows if row.done))
    people = people_choices(colleagues())
    context = {
        "part": part,
        "rows": rows,
        "held": [item for item in part.items if item.id in part.held],
        **_counted(tally),
        "answers": ANSWERS,
        "then": found.part(found.then(tally, _looked_at(request, part))),
        "people": people,
        "owner": given.get("owner") or (people[0][0] if len(people) == 1 else ""),
        "effective_from": given.get("effective_from") or clock.today(),
        "may_adopt": can(request, "controls.adopt_many"),
        "error": error,
        "kept": _kept(request, _looked_at(request, part)),
    }
    status = error.status if error else 200
    return render(request, "controls/adopt_area.html", context, status=status)


def _counted(tally: adopting.Tally) -> dict[str, Any]:
    had, more, left = len(tally.covered), len(tally.added), len(tally.left)
    desc = f"{had} of {tally.all} have something behind them, {more} more with your answers, {left} are left."
    return {
        "tally": tally,
        "added": _titled(tally.added),
        "left": _titled(tally.left),
        "bar": pictures.gained(had, more, left, "Criteria", desc),
    }


def _titled(codes: tuple[str, ...]) -> list[tuple[str, str]]:
    return [(code, criteria()[code].title) for code in codes]


def _looked_at(request: HttpRequest, part: Part) -> list[str]:
    """The areas of this sitting: whoever left one open is not led back to it."""
    return [*filter(None, request.GET.get("looked", "").split(",")), part.code]


def _kept(request: HttpRequest, looked_at: Collection[str] = ()) -> str:
    """What was said for the last area and holds for the next as well: the owner, the first day, the system."""
    given = request.POST or request.GET
    said = {name: given.get(name, "") for name in ("owner", "effective_from")}
    said |= {"system": request.GET.get("system", ""), "looked": ",".join(dict.fromkeys(looked_at))}
    found = urlencode({name: value for name, value in said.items() if value})
    return f"?{found}" if found else ""


# -- one proposal ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """A proposal as it stands in the form, with what was answered and typed."""

    item: StarterControl
    answer: str
    numbers: dict[str, str]
    title: str
    statement: str
    owner: str
    effective_from: str
    pieces: list[dict[str, str]] = field(default_factory=list)

    @property
    def done(self) -> bool:
        """Whether it was said that the company does it, in these words or in its own."""
        return self.answer in (DOES, DIFFERENTLY)

    @property
    def title_field(self) -> str:
        """The name of the field that holds the title in the company's words; so the next three."""
        return f"{self.item.id}.title"

    @property
    def statement_field(self) -> str:
        """The field of the statement."""
        return f"{self.item.id}.statement"

    @property
    def owner_field(self) -> str:
        """The field of an owner of its own."""
        return f"{self.item.id}.owner"

    @property
    def from_field(self) -> str:
        """The field of a first day of its own."""
        return f"{self.item.id}.from"

    @property
    def frequency(self) -> str:
        """How often it operates, in words."""
        return Frequency(self.item.frequency).label

    def choice(self) -> dict[str, Any]:
        """It as a choice of `controls.adopt_many`."""
        own = self.answer == DIFFERENTLY
        return {
            "starter": self.item.id,
            "parameters": {name: as_number(value) for name, value in self.numbers.items() if value},
            "title": self.title if own else "",
            "statement": self.statement if own else "",
            "owner": self.owner,
            "effective_from": self.effective_from or None,
        }


def _row(item: StarterControl, given: QueryDict) -> Row:
    def said(name: str, proposed: str = "") -> str:
        return given.get(f"{item.id}.{name}", proposed).strip()

    numbers = {name: said(name, str(value)) for name, value in item.parameters.items()}
    cut = [
        {"text": piece.text, "name": piece.name, "value": numbers.get(piece.name, "")}
        for piece in adopting.pieces(item)
    ]
    answer = said("answer")
    return Row(
        item,
        answer if answer in dict(ANSWERS) else "",
        numbers,
        said("title", item.title),
        said("statement", item.statement()),
        said("owner"),
        said("from"),
        cut,
    )


# -- recording ------------------------------------------------------------------------------------------------------


def _record(request: HttpRequest, found: Interview, part: Part) -> HttpResponse:
    rows = [row for row in (_row(item, request.POST) for item in part.open) if row.done]
    then = found.then(adopting.tally(found.standing, (row.item for row in rows)), _looked_at(request, part))
    where = f"{ROOT}{then}{_kept(request, _looked_at(request, part) if then else ())}"
    if not rows:
        return onward(request, where)
    raw, say = _choices(request, rows), _said(part, rows)
    return record(
        request, adopt_many, raw, where, say, lambda error: _page(request, found, part, request.POST, error)
    )


def _choices(request: HttpRequest, rows: list[Row]) -> dict[str, Any]:
    return {
        "choices": [row.choice() for row in rows],
        "owner": request.POST.get("owner", ""),
        "effective_from": request.POST.get("effective_from", ""),
    }


def _said(part: Part, rows: list[Row]) -> str:
    codes = ", ".join(row.item.id for row in rows)
    return f"{part.name}: {codes} {'stand' if len(rows) > 1 else 'stands'}."


routes = [
    path("controls/adopt/", overview, name="adopt-areas"),
    path("controls/adopt/<str:code>", area, name="adopt-area"),
]
