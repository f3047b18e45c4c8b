"""What the description criteria ask for, piece by piece, and what the books say of each (domain.md 2.1).

One function a criterion. A piece is said, missing, none (nobody recorded one and the report says so), or not held here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tickmark.people.models import Role
from tickmark.people.queries import with_role
from tickmark.scope.advice import closed, relied_on, some
from tickmark.scope.criteria import Category
from tickmark.scope.details import DETAILS, silent
from tickmark.scope.models import (
    Commitment,
    Complement,
    Component,
    ComponentKind,
    Method,
    ReportType,
    SystemEvent,
    SystemVersion,
    VendorVersion,
)
from tickmark.scope.queries import Scope

SAID, MISSING, NONE, ELSEWHERE = "said", "missing", "none", "elsewhere"
REPORT = "/report/"


@dataclass(frozen=True)
class Piece:
    """One thing that a description criterion asks for.

    `told` is what the books say, `who` could say what is missing, `url` is where it is said.
    """

    what: str
    state: str
    told: str
    who: str = ""
    url: str = ""


@dataclass(frozen=True)
class View:
    """The scope of a day as the description criteria ask about it."""

    scope: Scope
    version: SystemVersion

    @property
    def type_1(self) -> bool:
        """Whether the report is of one day; without a period it is taken for a Type 2, which asks for more."""
        return self.scope.period is not None and self.scope.period.type == ReportType.TYPE_1

    @cached_property
    def lead(self) -> str:
        """The compliance lead by name, or that nobody is."""
        return _holders(Role.LEAD)

    @cached_property
    def sponsor(self) -> str:
        """The executive sponsor by name, or that nobody is."""
        return _holders(Role.SPONSOR)

    def owners(self, rows: Iterable[Component | VendorVersion]) -> str:
        """Those who answer for the rows; the lead where nobody does, or nobody who is still there."""
        owners = [row.owner for row in rows if row.owner is not None and not closed(row.owner, self.scope)]
        names = dict.fromkeys(owner.name for owner in owners)
        return some(names) if names else self.lead

    def happened(self, kind: SystemEvent.Kind) -> list[SystemEvent]:
        """Events of the period so far; for a Type 1 all of them up to its date."""
        period = self.scope.period
        rows = [one for one in self.scope.events if one.kind == kind]
        if period is None:
            return rows
        first = None if self.type_1 else period.start
        return [
            one for one in rows if one.happened_on <= period.end and not (first and one.happened_on < first)
        ]


def _holders(role: Role) -> str:
    names = some(user.name for user in with_role(role))
    return f"{role.label} ({names})" if names else f"{role.label} (nobody holds the role)"


def _piece(what: str, told: Any, missing: str, who: str, url: str) -> Piece:
    """Said where something is told, else missing."""
    return Piece(what, SAID, str(told), "", url) if told else Piece(what, MISSING, missing, who, url)


def _lacking(what: str, names: Sequence[str], all_told: str, lacks: str, who: str, url: str) -> Piece:
    """Said of all, or missing for the rows that are named."""
    if not names:
        return Piece(what, SAID, all_told, "", url)
    return Piece(what, MISSING, f"{lacks} {some(names).rstrip('.')}.", who, url)


def count(number: int, one: str, many: str = "") -> str:
    """`1 promise`, `2 promises`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def _written(what: str, where: str) -> Piece:
    return _elsewhere(what, f"Written with the report, as “{where}”.", REPORT)


def _elsewhere(what: str, told: str, url: str) -> Piece:
    return Piece(what, ELSEWHERE, told, "", url)


# -- DC 1 and DC 2 ------------------------------------------------------------------------------------------------


def services(view: View) -> Iterator[Piece]:
    """DC 1: the company and what it provides."""
    version = view.version
    url = "/scope/describe"
    yield _piece("Legal name of the company", version.company, "No name.", view.lead, url)
    yield _piece("Name of the service", version.name, "No name.", view.lead, url)
    yield _piece("What it does", version.services, "Nothing is said.", view.lead, url)
    out = view.scope.exclusions
    told = (
        f"{count(len(out), 'decision')} to leave something out."
        if out
        else "Nothing was left out by decision."
    )
    yield Piece("What is left out of the report", SAID if out else NONE, told, "", "/scope/exclusions/")
    yield _written("Customers, locations, how it is delivered", "Overview” and “Who uses the service")


def promises(view: View) -> Iterator[Piece]:
    """DC 2: commitments and requirements."""
    rows, url = view.scope.commitments, "/scope/commitments/"
    made = [one for one in rows if one.kind == Commitment.Kind.COMMITMENT]
    principal = sum(one.principal for one in made)
    told = f"{count(principal, 'principal commitment')}, each with its source." if principal else ""
    yield _piece("Principal service commitments", told, "None is recorded.", view.lead, url)
    bare = [
        Category(name).label
        for name in view.scope.categories
        if not any(one.category == name for one in made)
    ]
    yield _lacking(
        "A commitment behind each category", bare, "Each category has one.", "None for", view.lead, url
    )
    needs = [one for one in rows if one.kind == Commitment.Kind.REQUIREMENT]
    told = f"{count(len(needs), 'requirement')}, each with its source." if needs else ""
    yield _piece("System requirements", told, "None is recorded.", view.lead, url)
    unmapped = [one.code for one in needs if not one.criteria]
    if needs:
        what = "Criteria that each requirement supports"
        yield _lacking(what, unmapped, "Each names its criteria.", "None named for", view.lead, url)
    targets = sum(bool(one.target) for one in made)
    yield Piece(
        "Targets that can be measured",
        SAID if targets else NONE,
        f"{targets} of {len(made)} have one.",
        "",
        url,
    )


# -- DC 3 ---------------------------------------------------------------------------------------------------------


def components(view: View) -> Iterator[Piece]:
    """DC 3: the five kinds, and where they end."""
    parts = [one for one in view.scope.components if one.inside]
    for kind in ComponentKind:
        yield _of_kind(view, kind, [one for one in parts if one.kind == kind])
    url = "/scope/components/"
    bare = [one.name for one in parts if one.owner is None or not one.owner.is_active]
    owners = "/scope/components/?owned=no" if any(one.owner is None for one in parts) else "/controls/owners"
    yield _lacking(
        "An owner for each", bare, "Each has one.", "Nobody who can sign in for", view.lead, owners
    )
    yield from _provided(parts)
    data = [one for one in parts if one.kind == ComponentKind.DATA]
    if data:
        yield from _of_data(view, data)
    for kind in (ComponentKind.PEOPLE, ComponentKind.PROCEDURES):
        yield from _detailed(view, kind, [one for one in parts if one.kind == kind])
    passed = [flow for one in view.scope.components for flow in one.flows]
    told = f"{count(len(passed), 'flow')} between components and to vendors." if passed else ""
    yield _piece("What passes from where to where", told, "No flow is named.", view.owners(parts), url)
    yield _piece(
        "The boundary in words", view.version.boundary, "Nothing is said.", view.lead, "/scope/describe"
    )
    drawn = "Drawn from the facts of each day." if parts else ""
    yield _piece("The boundary drawn", drawn, "Nothing stands inside.", view.lead, "/scope/#boundary")
    yield _written("Narrative of each process", "Processes")


def _of_kind(view: View, kind: ComponentKind, parts: list[Component]) -> Piece:
    url = f"/scope/components/?kind={kind.value}"
    silent = [one for one in parts if not one.description.strip()]
    if not parts:
        return Piece(kind.label, MISSING, "Nothing inside the boundary.", view.lead, url)
    names = [one.name for one in silent]
    told = f"{len(parts)} inside, {'each ' if len(parts) > 1 else ''}with its purpose."
    return _lacking(kind.label, names, told, f"{len(parts)} inside; no purpose for", view.owners(silent), url)


def _of_data(view: View, data: list[Component]) -> Iterator[Piece]:
    url = "/scope/components/?kind=data"
    plain = [one for one in data if not one.classification]
    yield _lacking("A class for each kind of data", [one.name for one in plain], "Each has one.", "None for",
                   view.owners(plain), url)  # fmt: skip
    held = {code for one in view.scope.components for code in one.data}
    loose = [one for one in data if one.code not in held]
    yield _lacking("Where each kind of data is held", [one.name for one in loose], "Each is held by a component.",
                   "Nothing says where to find", view.owners(loose), "/scope/components/")  # fmt: skip
    yield from _detailed(view, ComponentKind.DATA, data)


def _provided(parts: Sequence[Component]) -> Iterator[Piece]:
    """Who supplies infrastructure and software. Nobody named may mean the company: the report says just that."""
    asked = [one for one in parts if one.kind in (ComponentKind.INFRASTRUCTURE, ComponentKind.SOFTWARE)]
    bare = [one.name for one in asked if not one.supplier]
    if asked:
        told = f"No supplier named for {some(bare)}, and the report says so." if bare else "Named for each."
        what = "Who supplies infrastructure and software"
        yield Piece(what, NONE if bare else SAID, told, "", "/scope/components/")


def _detailed(view: View, kind: ComponentKind, parts: Sequence[Component]) -> Iterator[Piece]:
    """What the description tells of each component of a kind, as one piece: what nobody has said, and of which."""
    if not parts:
        return
    bare = [(one, [part.name for part in parts if one in silent(part)]) for one in DETAILS[kind]]
    open_ = [f"{one.label.lower()} ({some(names)})" for one, names in bare if names]
    asked = [one.label.lower() for one in DETAILS[kind]]
    what = f"{kind.label}: {', '.join(asked[:-1])}, {asked[-1]}"
    url = f"/scope/components/?kind={kind.value}"
    if open_:
        owners = view.owners([part for part in parts if silent(part)])
        yield Piece(what, MISSING, f"Not said: {', '.join(open_)}.", owners, url)
    else:
        yield Piece(what, SAID, "Said of each.", "", url)


# -- DC 4 to DC 6 -------------------------------------------------------------------------------------------------


def incidents(view: View) -> Iterator[Piece]:
    """DC 4: incidents that must be told."""
    rows, url = view.happened(SystemEvent.Kind.INCIDENT), "/scope/events/?kind=incident"
    shown = [one for one in rows if one.disclosed]
    nil = "Nothing recorded meets the test of disclosure, and the report says so."
    told = f"{count(len(shown), 'incident')} of {len(rows)} disclosed." if shown else nil
    yield Piece("Incidents to disclose", SAID if shown else NONE, told, "", url)
    for what, field in (("Their cause", "cause"), ("What became of them", "disposition")):
        if shown:
            names = [one.title for one in shown if not getattr(one, field).strip()]
            yield _lacking(what, names, "Said of each.", "Not said of", view.lead, url)
    kept = len(rows) - len(shown)
    if kept:
        yield Piece("Incidents not disclosed", SAID, f"{kept}, each with the reason.", "", url)


def criteria(view: View) -> Iterator[Piece]:
    """DC 5: the criteria; later steps add the controls."""
    number = count(len(view.scope.criteria), "criterion", "criteria")
    told = f"{number} of {', '.join(one.label for one in view.scope.categories)}."
    yield Piece("Applicable criteria", SAID, told, "", "/controls/coverage")


def cuecs(view: View) -> Iterator[Piece]:
    """DC 6: what customers must do."""
    rows, url = (
        [one for one in view.scope.complements if one.kind == Complement.Kind.CUEC],
        "/scope/complements/?kind=cuec",
    )
    if not rows:
        yield Piece("Controls of customers", NONE, "Nothing is assumed.", "", url)
        return
    yield Piece(
        "Controls of customers",
        SAID,
        f"{count(len(rows), 'CUEC')}, each with the criteria it supports.",
        "",
        url,
    )
    yield _lacking(
        "Why each is needed",
        [one.code for one in rows if not one.why],
        "Said of each.",
        "Not said of",
        view.lead,
        url,
    )


# -- DC 7 to DC 9 -------------------------------------------------------------------------------------------------


def subservice(view: View) -> Iterator[Piece]:
    """DC 7: subservice organisations."""
    rows, url = view.scope.subservice, "/scope/vendors/?subservice=1"
    if not rows:
        undecided = [one for one, _ in relied_on(view.scope)]
        if undecided:
            names = some(one.name for one in undecided)
            told = "No vendor is marked as one. Not decided, though data or a promise rests there: "
            told += f"{names.rstrip('.')}."
            yield Piece("Subservice organisations", MISSING, told, view.owners(undecided), "/scope/vendors/")
            return
        told = "No vendor is marked as one. Hosting usually is."
        yield Piece("Subservice organisations", NONE, told, "", "/scope/vendors/")
        return
    told = f"{some(one.name for one in rows)}, each with method and criteria."
    yield Piece("Subservice organisations", SAID, told, "", url)
    yield _assumed(view, [one for one in rows if one.method == Method.CARVE_OUT])
    by = f"Named for each: {some(dict.fromkeys(one.monitored_by for one in rows))}."
    lacking: tuple[tuple[str, str, Callable[[VendorVersion], Any]], ...] = (
        ("The control that monitors each", by, lambda one: one.monitored_by),
        ("Its own report", "Said of each.", lambda one: one.report),
        ("The last day that its report covers", "Said of each.", lambda one: one.report_end),
    )
    for what, all_told, says in lacking:
        silent = [one for one in rows if not says(one)]
        yield _lacking(what, [one.name for one in silent], all_told, "Not said of", view.owners(silent), url)
    if any(one.method == Method.INCLUSIVE for one in rows):
        yield _written(
            "Components and controls of those that are included", "Components under the inclusive method"
        )


def _assumed(view: View, rows: Sequence[VendorVersion]) -> Piece:
    """A CSOC of each organisation that is carved out, for each criterion that rests on it in this report."""
    aside = {one.criterion for one in view.scope.not_relevant}
    asked = {one.id for one in view.scope.criteria} - aside
    bare: dict[VendorVersion, str] = {}
    for one in rows:
        csocs = [csoc for csoc in view.scope.complements if csoc.vendor_id == one.vendor_id]
        covered = {code for csoc in csocs for code in csoc.criteria}
        open_ = [code for code in one.criteria if code in asked and code not in covered]
        if open_ or not csocs:
            bare[one] = f"{one.name} ({', '.join(open_)})" if open_ else one.name
    return _lacking("Controls assumed there (CSOC)", list(bare.values()), "Said of each, for each criterion.",
                    "Not said of", view.owners(bare), "/scope/complements/?kind=csoc")  # fmt: skip


def not_relevant(view: View) -> Iterator[Piece]:
    """DC 8: criteria that do not apply."""
    rows = view.scope.not_relevant
    nil = f"All {len(view.scope.criteria)} apply."
    told = f"{some(one.criterion for one in rows)}, each with its printed reason." if rows else nil
    yield Piece("Criteria that are not relevant", SAID if rows else NONE, told, "", "/scope/set-aside/")


def changes(view: View) -> Iterator[Piece]:
    """DC 9: what changed; nothing for a Type 1."""
    if view.type_1:
        return
    rows = view.happened(SystemEvent.Kind.CHANGE)
    shown, url = [one for one in rows if one.disclosed], "/scope/events/?kind=change"
    nil = "Nothing was recorded in the period so far."
    told = f"{count(len(shown), 'change')} of {len(rows)} disclosed." if shown else nil
    yield Piece("Significant changes", SAID if shown else NONE, told, "", url)
    period = view.scope.period
    if period is None:
        return
    last = min(view.scope.day, period.end)
    versions = [one for one in view.scope.versions if period.start < one.effective_from <= last]
    if versions:
        told = f"{count(len(versions), 'version')} of the description; the report tells what differs."
        yield Piece("Changes of the description itself", SAID, told, "", "/scope/history")
