"""Answers about the scope: how the system stands on a day, what does not fit together, who owes what."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import pairwise

from django.db.models import QuerySet

from tickmark.kernel.access import Actor, visible, which
from tickmark.kernel.answers import Task, duty, step_state
from tickmark.kernel.calendars import add_months
from tickmark.people.queries import after, stands
from tickmark.scope import chain
from tickmark.scope.criteria import Category, Criterion, applicable, criteria
from tickmark.scope.models import (
    Commitment,
    Complement,
    Component,
    ComponentKind,
    Exclusion,
    NotRelevant,
    Period,
    ReportType,
    System,
    SystemEvent,
    SystemVersion,
    VendorVersion,
)

REPORT_MONTHS = 12
"""Months after its end in which a subservice organisation's report still counts as fresh (domain.md 7.5)."""


@dataclass(frozen=True)
class Finding:
    """Something in the scope that does not fit together: what, why it matters, the remedy, and the page to do it on.

    `sort` says how: `fit`, or the scope is too `narrow`, too `broad`, or something is `missing`.
    """

    code: str
    what: str
    why: str
    remedy: str
    url: str
    sort: str = "fit"


@dataclass(frozen=True)
class Scope:
    """A system on a day, as known at a sealed size of the log (None: all that is written)."""

    system: System
    day: date
    known: int | None = None

    @cached_property
    def version(self) -> SystemVersion | None:
        """The version in force, with its writer and approval."""
        rows = SystemVersion.objects.as_of(self.day, self.known).filter(system=self.system)
        found: SystemVersion | None = rows.select_related("by", "approval__by").first()
        return found

    @cached_property
    def versions(self) -> list[SystemVersion]:
        """Every version, newest first; those that take effect after the day included."""
        rows = SystemVersion.objects.filter(system=self.system).known(self.known)
        return list(rows.select_related("by", "approval__by").order_by("-effective_from", "-pk"))

    @property
    def approved(self) -> bool:
        """Whether the version in force was approved by the end of the day."""
        return self.version is not None and approved_on(self.version, self.day, self.known)

    @property
    def categories(self) -> list[Category]:
        """The categories chosen, in official order; none before the system is described."""
        return [Category(name) for name in self.version.categories] if self.version else []

    @property
    def criteria(self) -> list[Criterion]:
        """The criteria in scope, those set aside included."""
        return applicable(self.version.categories, self.version.criteria_set) if self.version else []

    @cached_property
    def commitments(self) -> list[Commitment]:
        """Commitments and requirements in force."""
        return list(commitments(self.system, self.day, self.known).order_by("kind", "category", "code"))

    @cached_property
    def components(self) -> list[Component]:
        """Components in force, inside and outside."""
        return list(components(self.system, self.day, self.known).order_by("kind", "-inside", "name"))

    @cached_property
    def vendors(self) -> list[VendorVersion]:
        """Vendors in force."""
        return list(vendors(self.day, self.known).order_by("-subservice", "name"))

    @cached_property
    def complements(self) -> list[Complement]:
        """CUECs and CSOCs in force."""
        return list(complements(self.system, self.day, self.known).order_by("kind", "code"))

    @cached_property
    def not_relevant(self) -> list[NotRelevant]:
        """Criteria set aside."""
        return list(not_relevant(self.system, self.day, self.known).order_by("criterion"))

    @cached_property
    def exclusions(self) -> list[Exclusion]:
        """Every exclusion ever recorded: ended ones stay listed."""
        return list(exclusions(self.system, self.known).order_by("-recorded_at", "-pk"))

    @cached_property
    def events(self) -> list[SystemEvent]:
        """Incidents and changes that had happened by the day, newest first."""
        rows = events(self.system, self.known).filter(happened_on__lte=self.day)
        return list(rows.order_by("-happened_on", "-pk"))

    @cached_property
    def periods(self) -> list[Period]:
        """Periods that were not replaced, in order of time."""
        return list(periods(self.system, self.known))

    @property
    def period(self) -> Period | None:
        """The period that the day belongs to: the one that holds it, else the next, else the last."""
        return period_at(self.periods, self.day)

    @property
    def subservice(self) -> list[VendorVersion]:
        """Subservice organisations."""
        return [vendor for vendor in self.vendors if vendor.subservice]

    def behind(self, category: Category) -> list[Commitment]:
        """The service commitments for whose sake a category was chosen."""
        return [one for one in self.commitments if one.category == category]

    def placed(self, kind: ComponentKind, inside: bool) -> list[Component]:
        """Components of one kind on one side of the boundary."""
        return [one for one in self.components if one.kind == kind and one.inside == inside]

    @property
    def findings(self) -> list[Finding]:
        """What does not fit together on the day."""
        return [] if self.version is None else [one for look in FINDINGS for one in look(self)]


# -- rows of a day ------------------------------------------------------------------------------------------------


def commitments(system: System, day: date, known: int | None = None) -> QuerySet[Commitment]:
    """Commitments and requirements in force on the day."""
    rows: QuerySet[Commitment] = Commitment.objects.as_of(day, known).filter(system=system)
    return rows.select_related("by")


def components(system: System, day: date, known: int | None = None) -> QuerySet[Component]:
    """Components in force on the day."""
    rows: QuerySet[Component] = Component.objects.as_of(day, known).filter(system=system)
    return rows.select_related("by", "owner__end", "backup_owner__end")


def vendors(day: date, known: int | None = None) -> QuerySet[VendorVersion]:
    """Vendors in force on the day."""
    rows: QuerySet[VendorVersion] = VendorVersion.objects.as_of(day, known)
    return rows.select_related("vendor", "by", "owner__end", "backup_owner__end")


def complements(system: System, day: date, known: int | None = None) -> QuerySet[Complement]:
    """CUECs and CSOCs in force on the day."""
    rows: QuerySet[Complement] = Complement.objects.as_of(day, known).filter(system=system)
    return rows.select_related("vendor", "by")


def not_relevant(system: System, day: date, known: int | None = None) -> QuerySet[NotRelevant]:
    """Criteria set aside on the day."""
    rows: QuerySet[NotRelevant] = NotRelevant.objects.as_of(day, known).filter(system=system)
    return rows.select_related("by")


def exclusions(system: System, known: int | None = None) -> QuerySet[Exclusion]:
    """All exclusions: whoever asks for whichever day sees them."""
    rows: QuerySet[Exclusion] = Exclusion.objects.filter(system=system).known(known)
    return rows.select_related("by", "end__by")


def events(system: System, known: int | None = None) -> QuerySet[SystemEvent]:
    """Incidents and significant changes."""
    rows: QuerySet[SystemEvent] = SystemEvent.objects.filter(system=system).known(known)
    return rows.select_related("by")


def periods(system: System, known: int | None = None) -> QuerySet[Period]:
    """Periods that no other replaces, in order of time."""
    written: QuerySet[Period] = Period.objects.filter(system=system).known(known)
    replaced = written.exclude(replaces=None).values("replaces")
    return written.exclude(pk__in=replaced).order_by("start", "pk")


def systems(actor: Actor) -> QuerySet[System]:
    """The systems that the actor sees, oldest first."""
    return visible(actor, System).order_by("pk")


def period_at(rows: list[Period], day: date) -> Period | None:
    """The period that holds the day, else the next one, else the last."""
    holding = [one for one in rows if one.start <= day <= one.end]
    coming = [one for one in rows if one.start > day]
    return (holding or coming or rows[-1:] or [None])[0]  # type: ignore[list-item]


def open_periods(day: date) -> QuerySet[Period]:
    """Type 2 periods of any system that hold the day: a control that changes in one is two controls in time."""
    rows: QuerySet[Period] = Period.objects.filter(
        type=ReportType.TYPE_2, start__lte=day, end__gte=day, replaced_by=None
    )
    return rows.select_related("system").order_by("start", "pk")


def approved_on(version: SystemVersion, day: date, known: int | None = None) -> bool:
    """Whether the version was approved by the end of the day."""
    return stands(getattr(version, "approval", None), day, known)


def exclusion_state(exclusion: Exclusion, day: date, known: int | None = None) -> str:
    """Where an exclusion stands at the end of the day: in force, ended, past its last day, or recorded later."""
    if not stands(exclusion, day):
        return "recorded later"
    if stands(getattr(exclusion, "end", None), day, known):
        return "ended"
    return "past its day" if exclusion.until and exclusion.until < day else "in force"


# -- what does not fit together -----------------------------------------------------------------------------------


def _bare_categories(scope: Scope) -> Iterator[Finding]:
    for category in scope.categories:
        if not scope.behind(category):
            yield Finding(
                "category-without-commitment",
                f"{category.label} has no commitment behind it.",
                "A category is chosen because of a promise to customers.",
                "Add the promise with its source, or leave the category out.",
                "/scope/commitments/new",
                "broad",
            )


def _stray_commitments(scope: Scope) -> Iterator[Finding]:
    for one in scope.commitments:
        if one.category not in scope.categories:
            label = Category(one.category).label
            yield Finding(
                "commitment-without-category",
                f"{one.code} promises {label.lower()}, which is not chosen.",
                "Customers will look for it in the report and not find it.",
                f"Choose {label}, or correct the category of {one.code}.",
                f"/scope/commitments/{one.ref}",
                "narrow",
            )


def _subservice_without_csoc(scope: Scope) -> Iterator[Finding]:
    relied_on = {one.vendor_id for one in scope.complements}
    for vendor in scope.subservice:
        if vendor.method == "carve-out" and vendor.vendor_id not in relied_on:
            yield Finding(
                "subservice-without-csoc",
                f"{vendor.name} is carved out, and no control is assumed there.",
                "The description says which controls the company relies on at a subservice organisation (DC 7).",
                "Record what it must do for you.",
                "/scope/complements/new",
                "missing",
            )


def _unmonitored(scope: Scope) -> Iterator[Finding]:
    for vendor in scope.subservice:
        if not vendor.monitored_by:
            yield Finding(
                "subservice-without-monitoring",
                f"{vendor.name} is not monitored by any control.",
                "Controls that are carved out are watched by the company's own (CC9.2).",
                "Name the control that reads its reports, such as VND-03.",
                f"/scope/vendors/{vendor.ref}",
                "missing",
            )


def _csoc_of_a_plain_vendor(scope: Scope) -> Iterator[Finding]:
    subservice = {vendor.vendor_id for vendor in scope.subservice}
    for one in scope.complements:
        if one.kind == Complement.Kind.CSOC and one.vendor_id not in subservice:
            yield Finding(
                "csoc-without-subservice",
                f"{one.code} relies on {one.vendor}, which is no subservice organisation.",
                "A vendor on whose controls a criterion rests is one.",
                "Mark the vendor as a subservice organisation, or withdraw the CSOC.",
                f"/scope/complements/{one.ref}",
            )


def _missing_kinds(scope: Scope) -> Iterator[Finding]:
    for kind in ComponentKind:
        if not scope.placed(kind, inside=True):
            yield Finding(
                "kind-without-component",
                f"No {kind.label.lower()} stands inside the boundary.",
                "A system has components of five kinds (DC 3).",
                "Name the important ones.",
                "/scope/components/new",
                "missing",
            )


def _out_of_scope(scope: Scope) -> Iterator[Finding]:
    inside = {criterion.id for criterion in scope.criteria}
    for one in scope.complements:
        if not inside & set(one.criteria):
            yield Finding(
                "complement-out-of-scope",
                f"{one.code} supports only criteria that are out of scope.",
                "A complement is kept only where a criterion in scope needs it (DC 6).",
                "Correct its criteria, or withdraw it.",
                f"/scope/complements/{one.ref}",
                "broad",
            )
    for aside in scope.not_relevant:
        if aside.criterion not in inside:
            yield Finding(
                "set-aside-out-of-scope",
                f"{aside.criterion} is set aside, though its category is not chosen.",
                "What is out of scope needs no reason (DC 8).",
                "Withdraw it.",
                f"/scope/set-aside/{aside.ref}",
                "broad",
            )


def _old_exclusions(scope: Scope) -> Iterator[Finding]:
    for one in scope.exclusions:
        if exclusion_state(one, scope.day, scope.known) == "past its day":
            yield Finding(
                "exclusion-past-its-day",
                f"“{one.what}” was to be left out until {one.until}.",
                "Nobody has ended it, so it still counts as left out.",
                "End it, or record a new one with its reason.",
                "/scope/exclusions/",
            )


def _periods(scope: Scope) -> Iterator[Finding]:
    if scope.period is None:
        yield Finding(
            "no-period",
            "No date or period is set.",
            "Every step after this one counts in it.",
            "Set a Type 1 date or a Type 2 period.",
            "/scope/#period",
            "missing",
        )
    elif scope.period.end < scope.day:
        yield Finding(
            "no-next-period",
            f"The last period ended on {scope.period.end}.",
            "Customers expect the next one to begin on the day after.",
            "Roll forward.",
            "/upkeep/next",
            "missing",
        )


def _breaks(scope: Scope) -> Iterator[Finding]:
    """Days that no Type 2 period covers, or two: said plainly, with the reason that was given (domain.md 9.3)."""
    type_2 = [one for one in scope.periods if one.type == ReportType.TYPE_2]
    for one, other in pairwise(type_2):
        found = chain.break_between(chain.Days(one.start, one.end), chain.Days(other.start, other.end))
        if found is not None:
            yield Finding(
                f"{found.name}-between-periods",
                found.what,
                f"Said of it: {other.gap}" if other.gap else "Readers of both reports see it.",
                f"Tell customers, or let {other.ref} begin on the day after {one.ref}.",
                "/scope/#period",
            )


def _old_reports(scope: Scope) -> Iterator[Finding]:
    """A subservice organisation's own report that ends long before the day (domain.md 7.5, 10 case 74)."""
    for vendor in scope.subservice:
        if vendor.report_end and add_months(vendor.report_end, REPORT_MONTHS) < scope.day:
            yield Finding(
                "subservice-report-old",
                f"The report of {vendor.name} ends on {vendor.report_end}.",
                f"Over {REPORT_MONTHS} months old, it tells nothing of today's controls there.",
                "Ask for its next report or a bridge letter, and record it.",
                f"/scope/vendors/{vendor.ref}",
            )


def _unapproved(scope: Scope) -> Iterator[Finding]:
    if not scope.approved:
        yield Finding(
            "not-approved",
            "The version in force is not approved.",
            "The scope is done when somebody with the say has approved it.",
            "The executive sponsor approves it, unless they wrote it.",
            "/scope/",
            "missing",
        )


FINDINGS = (
    _bare_categories,
    _stray_commitments,
    _subservice_without_csoc,
    _unmonitored,
    _csoc_of_a_plain_vendor,
    _missing_kinds,
    _out_of_scope,
    _old_exclusions,
    _periods,
    _breaks,
    _old_reports,
    _unapproved,
)


def criterion_titles() -> dict[str, str]:
    """The title of every criterion, by id."""
    return {code: criterion.title for code, criterion in criteria().items()}


# -- the road -----------------------------------------------------------------------------------------------------


@step_state("scope")
def state(actor: Actor, day: date) -> str:
    """Done when every system is approved with commitments behind each category (domain.md 0.3)."""
    found = [Scope(system, day) for system in systems(actor)]
    return "done" if found and all(_gate(scope) for scope in found) else "current"


def _gate(scope: Scope) -> bool:
    chosen = [name for name in scope.categories if name != Category.SECURITY]
    return scope.approved and all(scope.behind(category) for category in chosen)


@duty
def approvals_owed(actor: Actor, day: date) -> Iterator[Task]:
    """Versions of the system that wait for this actor's approval."""
    waiting = SystemVersion.objects.filter(approval=None, recorded_at__lt=after(day))
    waiting = waiting.filter(pk__in=_newest(day))
    for version in which(actor, "scope.approve", "version", waiting.select_related("system")):
        yield Task(
            "scope",
            f"Approve the scope of {version.name}",
            f"/scope/?system={version.system.code}",
            version.effective_from,
            "A version that somebody else wrote waits for you.",
        )


def _newest(day: date) -> set[int]:
    """The newest written version of each system: an older draft that nobody approved waits for nobody."""
    rows = SystemVersion.objects.filter(recorded_at__lt=after(day)).order_by("effective_from", "pk")
    return set(dict(rows.values_list("system", "pk")).values())
