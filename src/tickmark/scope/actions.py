"""Verbs of the scope step."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any, Literal
from zoneinfo import available_timezones

from django.db.models import QuerySet

from tickmark.kernel import clock
from tickmark.kernel.access import Actor
from tickmark.kernel.action import action, need
from tickmark.kernel.calendars import business_calendar
from tickmark.kernel.errors import Conflict, Invalid
from tickmark.people.actions import put
from tickmark.people.models import Side, User
from tickmark.scope import chain
from tickmark.scope.criteria import Category, check_codes
from tickmark.scope.models import (
    Commitment,
    Complement,
    Component,
    ComponentKind,
    Exclusion,
    ExclusionEnd,
    Method,
    NotRelevant,
    Period,
    ReportType,
    ScopeApproval,
    System,
    SystemEvent,
    SystemVersion,
    Vendor,
    VendorVersion,
)

CRITERIA_SET = "tsc-2017-2022"
NO_CODES: list[str] = []
SHORTEST_TYPE_2 = 28
"""Days: a Type 2 shows operation over time; shorter ones are a slip of the pen."""


@action("scope.describe")
def describe(
    actor: Actor,
    code: str,
    name: str,
    company: str,
    services: str,
    categories: list[str],
    effective_from: date,
    boundary: str = "",
    time_zone: str = "UTC",
    calendar: str = "none",
) -> SystemVersion:
    """Describe the system that is examined, from a day on."""
    chosen = check_categories(categories)
    check_zone(time_zone)
    business_calendar(calendar)
    _said(name, "name", "The report names the system.")
    _said(company, "company", "The report names the company.")
    _said(services, "services", "DC 1 asks what the system does, and for whom.")
    system = System.objects.filter(code=code).first() or put(System(code=check_code(code)))
    not_before(SystemVersion.objects.filter(system=system), effective_from)
    return put(
        SystemVersion(
            system=system,
            effective_from=effective_from,
            name=name.strip(),
            company=company.strip(),
            services=services,
            boundary=boundary,
            categories=chosen,
            criteria_set=CRITERIA_SET,
            time_zone=time_zone,
            calendar=calendar,
        )
    )


def check_categories(categories: list[str]) -> list[str]:
    """The categories in official order, Security among them. Raises Invalid for a name that is none."""
    known = [category.value for category in Category]
    strange = [name for name in categories if name not in known]
    need(
        not strange,
        f"'{strange[0][:40] if strange else ''}' is no category.",
        f"Categories: {', '.join(known)}.",
        "Choose among them.",
        "categories",
    )
    need(
        "security" in categories,
        "Security is left out.",
        "The common criteria apply with every category.",
        "Choose Security.",
        "categories",
    )
    return [name for name in known if name in categories]


def check_zone(name: str) -> None:
    """Raise Invalid for a time zone that nobody knows."""
    need(
        name in available_timezones(),
        f"There is no time zone '{name[:40]}'.",
        "Names are like Europe/Berlin.",
        "Correct it.",
        "time_zone",
    )


def check_code(code: str) -> str:
    """A code that addresses and references can hold. Raises Invalid."""
    need(
        re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}", code),
        f"'{code[:40]}' is no code.",
        "A code has letters, figures and hyphens, 40 at most: people refer to it, addresses hold it.",
        "Write it like main-product.",
        "code",
    )
    return code


def not_before(versions: QuerySet[Any], effective_from: date) -> None:
    """Raise Invalid for a version that would slip in before the newest of its subject: the past stays as it was."""
    newest = versions.order_by("-effective_from", "-pk").first()
    need(
        newest is None or effective_from >= newest.effective_from,
        "The day lies before the newest version.",
        f"That one holds from {newest.effective_from if newest else ''}; what was in force before is not rewritten.",
        "Give a later day.",
        "effective_from",
    )


def _said(text: str, field: str, why: str) -> None:
    need(text.strip(), f"The {field.replace('_', ' ')} is empty.", why, "Write it.", field)


@action("scope.approve")
def approve(actor: Actor, version: SystemVersion, note: str = "") -> ScopeApproval:
    """Approve a version of the system that somebody else wrote."""
    if hasattr(version, "approval"):
        raise Conflict(
            f"{version} is approved already.", "A version is approved once.", "Load the page again."
        )
    day = max(clock.today(), version.effective_from)
    promises = Commitment.objects.as_of(day).filter(system=version.system)
    behind = set(promises.values_list("category", flat=True))
    bare = [name for name in version.categories if name not in behind and name != Category.SECURITY]
    need(
        not bare,
        f"{Category(bare[0]).label if bare else ''} has no commitment behind it.",
        "A category is chosen because of a promise to customers.",
        "Add the commitment, or leave the category out.",
        "version",
    )
    return put(ScopeApproval(version=version, note=note))


@action("scope.commit")
def commit(
    actor: Actor,
    system: System,
    code: str,
    kind: Commitment.Kind,
    category: Category,
    text: str,
    source: str,
    effective_from: date,
    target: str = "",
    principal: bool = True,
    criteria: list[str] = NO_CODES,
    withdrawn: bool = False,
) -> Commitment:
    """Record a service commitment or a system requirement with its source (DC 2).

    A requirement names the criteria that it supports.
    """
    check_codes(criteria)
    known = [item.value for item in Category]
    need(
        category in known,
        f"'{category[:40]}' is no category.",
        f"Categories: {', '.join(known)}.",
        "Choose one of them.",
        "category",
    )
    _said(text, "text", "A promise says something.")
    _said(source, "source", "A promise stands somewhere: a contract, a service level, a notice, a law.")
    not_before(Commitment.objects.filter(system=system, code=check_code(code)), effective_from)
    return put(
        Commitment(
            system=system,
            code=code,
            kind=kind,
            category=str(category),
            text=text,
            source=source,
            effective_from=effective_from,
            target=target,
            principal=principal,
            criteria=list(criteria),
            withdrawn=withdrawn,
        )
    )


@action("scope.place")
def place(
    actor: Actor,
    system: System,
    code: str,
    kind: ComponentKind,
    name: str,
    effective_from: date,
    description: str = "",
    inside: bool = True,
    owner: User | None = None,
    withdrawn: bool = False,
) -> Component:
    """Place a component inside or outside the boundary (DC 3)."""
    _said(name, "name", "The description names each component.")
    need(
        owner is None or owner.side == Side.COMPANY,
        f"{owner} is not of the company.",
        "The auditor owns no part of the system.",
        "Choose somebody of the company.",
        "owner",
    )
    not_before(Component.objects.filter(system=system, code=check_code(code)), effective_from)
    return put(
        Component(
            system=system,
            code=code,
            kind=kind,
            name=name.strip(),
            effective_from=effective_from,
            description=description,
            inside=inside,
            owner=owner,
            withdrawn=withdrawn,
        )
    )


@action("scope.add_vendor")
def add_vendor(
    actor: Actor,
    code: str,
    name: str,
    service: str,
    effective_from: date,
    subservice: bool = False,
    method: Method | Literal[""] = "",
    criteria: list[str] = NO_CODES,
    monitored_by: str = "",
    report: str = "",
    report_end: date | None = None,
    withdrawn: bool = False,
) -> VendorVersion:
    """Record a vendor; a subservice organisation has a method and the criteria it helps to meet (DC 7).

    `report` is its own report, kind and opinion in words; `report_end` is the last day that one covers.
    """
    check_codes(criteria)
    _said(name, "name", "The description names it.")
    _said(service, "service", "What is bought from it decides whether it is a subservice organisation.")
    need(method in {"", *Method.values}, f"'{method}' is no method.", "Carve-out or inclusive.", "", "method")
    need(
        not subservice or (method and criteria),
        "A subservice organisation needs a method and criteria.",
        "The description says what it is relied on for.",
        "Choose carve-out or inclusive, and name the criteria.",
        "criteria" if method else "method",
    )
    need(
        report.strip() or report_end is None,
        "A report that is not named ends on no day.",
        "",
        "Say which report it is.",
        "report",
    )
    vendor = Vendor.objects.filter(code=code).first() or put(Vendor(code=check_code(code)))
    not_before(VendorVersion.objects.filter(vendor=vendor), effective_from)
    return put(
        VendorVersion(
            vendor=vendor,
            name=name.strip(),
            service=service,
            effective_from=effective_from,
            subservice=subservice,
            method=method if subservice else "",
            criteria=list(criteria) if subservice else [],
            monitored_by=monitored_by.strip(),
            report=report.strip(),
            report_end=report_end,
            withdrawn=withdrawn,
        )
    )


@action("scope.assume")
def assume(
    actor: Actor,
    system: System,
    code: str,
    kind: Complement.Kind,
    text: str,
    criteria: list[str],
    effective_from: date,
    vendor: Vendor | None = None,
    why: str = "",
    withdrawn: bool = False,
) -> Complement:
    """Record a control that customers (CUEC) or a subservice organisation (CSOC) must operate (DC 6, DC 7)."""
    check_codes(criteria)
    _said(text, "text", "It says what the other side must do.")
    need(
        criteria,
        "No criterion is named.",
        "Only complements that a criterion needs are kept.",
        "Name the criteria.",
        "criteria",
    )
    need(
        (kind == Complement.Kind.CSOC) == (vendor is not None),
        "A CSOC has a vendor, a CUEC has none.",
        "A CSOC is the duty of a subservice organisation, a CUEC that of the customers.",
        "Name the vendor of a CSOC, and none for a CUEC.",
        "vendor",
    )
    not_before(Complement.objects.filter(system=system, code=check_code(code)), effective_from)
    return put(
        Complement(
            system=system,
            code=code,
            kind=kind,
            text=text,
            criteria=list(criteria),
            vendor=vendor,
            why=why.strip(),
            effective_from=effective_from,
            withdrawn=withdrawn,
        )
    )


@action("scope.set_aside")
def set_aside(
    actor: Actor, system: System, criterion: str, reason: str, effective_from: date, withdrawn: bool = False
) -> NotRelevant:
    """Say that a criterion is not relevant, with the reason that the report will print (DC 8)."""
    _check_criterion(criterion)
    _said(reason, "reason", "It is printed in the report.")
    not_before(NotRelevant.objects.filter(system=system, criterion=criterion), effective_from)
    return put(
        NotRelevant(
            system=system,
            criterion=criterion,
            reason=reason,
            effective_from=effective_from,
            withdrawn=withdrawn,
        )
    )


def _check_criterion(code: str) -> None:
    try:
        check_codes([code])
    except Invalid as error:
        error.field = "criterion"
        raise


@action("scope.exclude")
def exclude(actor: Actor, system: System, what: str, reason: str, until: date | None = None) -> Exclusion:
    """List what is left out, and why. The auditor always sees it."""
    _said(what, "what", "An exclusion is never silent.")
    _said(reason, "reason", "The auditor weighs it.")
    need(
        until is None or until >= clock.today(),
        "The last day lies in the past.",
        "An exclusion holds from today on; nothing is left out backwards.",
        "Give a later day, or none.",
        "until",
    )
    return put(Exclusion(system=system, what=what.strip(), reason=reason, until=until))


@action("scope.end_exclusion")
def end_exclusion(actor: Actor, exclusion: Exclusion, reason: str) -> ExclusionEnd:
    """End an exclusion; it stays listed with its end."""
    if exclusion.ended:
        raise Conflict(f"{exclusion} has ended already.", "It ends once.", "Load the page again.")
    _said(reason, "reason", "The auditor reads why it ended.")
    return put(ExclusionEnd(exclusion=exclusion, reason=reason))


@action("scope.report_event")
def report_event(
    actor: Actor,
    system: System,
    kind: SystemEvent.Kind,
    happened_on: date,
    title: str,
    text: str,
    criteria: list[str] = NO_CODES,
    disclosed: bool = True,
    why: str = "",
    discovered_on: date | None = None,
    cause: str = "",
    disposition: str = "",
    commitments: list[str] = NO_CODES,
) -> SystemEvent:
    """Record an incident (DC 4) or a significant change (DC 9), disclosed or not with the reason.

    Of an incident also when it was discovered, its cause, what became of it, and the commitments it touched by code.
    """
    check_codes(criteria)
    _said(title, "title", "The event is named in lists.")
    _said(text, "text", "Nature, timing, extent and what was done about it.")
    need(
        happened_on <= clock.today(),
        "The day lies in the future.",
        "It has not happened yet.",
        "Correct the day.",
        "happened_on",
    )
    need(
        disclosed or why.strip(),
        "The reason is empty.",
        "Leaving it out of the description needs one.",
        "Write why it is not disclosed.",
        "why",
    )
    need(
        discovered_on is None or happened_on <= discovered_on <= clock.today(),
        "It cannot have been discovered then.",
        f"It happened on {happened_on}, and today is {clock.today()}.",
        "Give a day between the two, or none.",
        "discovered_on",
    )
    known = set(Commitment.objects.filter(system=system).values_list("code", flat=True))
    strange = next((code for code in commitments if code not in known), "")
    need(
        not strange,
        f"There is no commitment {strange[:40]}.",
        "The description names it beside its text.",
        f"Known are {', '.join(sorted(known)) or 'none'}.",
        "commitments",
    )
    return put(
        SystemEvent(
            system=system,
            kind=kind,
            happened_on=happened_on,
            title=title.strip(),
            text=text,
            criteria=list(criteria),
            disclosed=disclosed,
            why=why,
            discovered_on=discovered_on,
            cause=cause.strip(),
            disposition=disposition.strip(),
            commitments=list(commitments),
        )
    )


@action("scope.set_period")
def set_period(
    actor: Actor,
    system: System,
    type: ReportType,
    start: date,
    end: date,
    time_zone: str = "UTC",
    replaces: Period | None = None,
    gap: str = "",
) -> Period:
    """Set the date (Type 1) or the period, both days included (Type 2).

    A Type 2 begins on the day after the period before it; `gap` says why, if it does not (domain.md 9.3).
    """
    check_zone(time_zone)
    _check_days(type, start, end)
    _check_replaced(system, replaces)
    clashing = Period.objects.filter(
        system=system, type=type, start__lte=end, end__gte=start, replaced_by=None
    )
    if (other := clashing.exclude(pk=replaces.pk if replaces else None).first()) is not None:
        raise Conflict(
            f"The period overlaps {other.ref}.",
            f"That one runs from {other.start} to {other.end}; what happened would count twice.",
            "Replace that one, or start on the day after it ends.",
            "start",
        )
    _check_chain(system, type, start, replaces, gap)
    return put(
        Period(
            system=system,
            type=type,
            start=start,
            end=end,
            time_zone=time_zone,
            replaces=replaces,
            gap=gap.strip(),
        )
    )


def _check_chain(system: System, type: ReportType, start: date, replaces: Period | None, gap: str) -> None:
    """Days between two Type 2 periods that none covers are told to readers, so they need their reason."""
    if type != ReportType.TYPE_2 or gap.strip():
        return
    standing = Period.objects.filter(system=system, type=type, replaced_by=None, end__lt=start)
    earlier = standing.exclude(pk=replaces.pk if replaces else None).order_by("end").last()
    if earlier is None:
        return
    found = chain.break_between(chain.Days(earlier.start, earlier.end), chain.Days(start, start))
    need(
        found is None,
        f"The period does not begin on the day after the last one. {found.what if found else ''}",
        "Customers read the gap in the report; it must be explained.",
        f"Begin on {earlier.end + timedelta(days=1)}, or write why there is a gap.",
        "gap",
    )


def _check_days(type: ReportType, start: date, end: date) -> None:
    need(
        start <= end,
        "The period ends before it starts.",
        f"It would run from {start} to {end}.",
        "Swap the two days.",
        "end",
    )
    need(
        type != ReportType.TYPE_1 or start == end,
        "A Type 1 has one date.",
        "Start and end differ.",
        "Give the same day twice.",
        "end",
    )
    need(
        type != ReportType.TYPE_2 or (end - start).days + 1 >= SHORTEST_TYPE_2,
        "The period is too short.",
        f"A Type 2 covers months, {SHORTEST_TYPE_2} days at least; this has {(end - start).days + 1}.",
        "Choose a later end.",
        "end",
    )


def _check_replaced(system: System, replaces: Period | None) -> None:
    if replaces is None:
        return
    need(
        replaces.system_id == system.pk,
        f"{replaces} is of another system.",
        "",
        "Choose a period of this one.",
        "replaces",
    )
    if hasattr(replaces, "replaced_by"):
        raise Conflict(f"{replaces} is replaced already.", "", "Load the page again.", "replaces")
