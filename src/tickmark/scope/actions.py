"""Verbs of the scope step."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo, available_timezones

from tickmark.kernel import clock
from tickmark.kernel.access import Actor
from tickmark.kernel.action import action, need
from tickmark.kernel.calendars import business_calendar
from tickmark.kernel.errors import Conflict
from tickmark.people.models import User
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
    need(
        time_zone in available_timezones(),
        f"There is no time zone '{time_zone}'.",
        "Names are like Europe/Berlin.",
        "Correct it.",
        "time_zone",
    )
    business_calendar(calendar)
    need(
        services.strip(),
        "The services are not described.",
        "DC 1 asks for them.",
        "Say what the system does, and for whom.",
        "services",
    )
    system = System.objects.filter(code=code).first()
    if system is None:
        system = System(code=code)
        system.full_clean(exclude=["entry", "recorded_at"])
        system.save()
    row = SystemVersion(
        system=system,
        effective_from=effective_from,
        name=name,
        company=company,
        services=services,
        boundary=boundary,
        categories=chosen,
        criteria_set=CRITERIA_SET,
        time_zone=time_zone,
        calendar=calendar,
    )
    row.save()
    return row


def check_categories(categories: list[str]) -> list[str]:
    """The categories in official order, Security among them. Raises Invalid for a name that is none."""
    known = [category.value for category in Category]
    strange = [name for name in categories if name not in known]
    need(
        not strange,
        f"'{strange[0] if strange else ''}' is no category.",
        f"Categories: {', '.join(known)}.",
        "",
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


@action("scope.approve")
def approve(actor: Actor, version: SystemVersion, note: str = "") -> ScopeApproval:
    """Approve a version of the system that somebody else wrote."""
    behind = set(
        Commitment.objects.as_of(clock.today())
        .filter(system=version.system)
        .values_list("category", flat=True)
    )
    bare = [name for name in version.categories if name not in behind and name != "security"]
    need(
        not bare,
        f"{Category(bare[0]).label if bare else ''} has no commitment behind it.",
        "A category is chosen because of a promise (domain: each category has commitments behind it).",
        "Add the commitment, or leave the category out.",
        "version",
    )
    row = ScopeApproval(version=version, note=note)
    row.save()
    return row


@action("scope.commit")
def commit(
    actor: Actor,
    system: System,
    code: str,
    kind: Commitment.Kind,
    category: str,
    text: str,
    source: str,
    effective_from: date,
    target: str = "",
    principal: bool = True,
    withdrawn: bool = False,
) -> Commitment:
    """Record a service commitment or a system requirement with its source (DC 2)."""
    known = [item.value for item in Category]
    need(
        category in known, f"'{category}' is no category.", f"Categories: {', '.join(known)}.", "", "category"
    )
    need(
        text.strip() and source.strip(),
        "Text or source is empty.",
        "A promise stands somewhere.",
        "Say what and where.",
        "text",
    )
    row = Commitment(
        system=system,
        code=code,
        kind=kind,
        category=category,
        text=text,
        source=source,
        effective_from=effective_from,
        target=target,
        principal=principal,
        withdrawn=withdrawn,
    )
    row.save()
    return row


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
    need(
        code.strip() and name.strip(),
        "Code or name is empty.",
        "Both name the component for ever.",
        "Give both.",
        "name",
    )
    row = Component(
        system=system,
        code=code,
        kind=kind,
        name=name,
        effective_from=effective_from,
        description=description,
        inside=inside,
        owner=owner,
        withdrawn=withdrawn,
    )
    row.save()
    return row


@action("scope.add_vendor")
def add_vendor(
    actor: Actor,
    code: str,
    name: str,
    service: str,
    effective_from: date,
    subservice: bool = False,
    method: str = "",
    criteria: list[str] | None = None,
    monitored_by: str = "",
    withdrawn: bool = False,
) -> VendorVersion:
    """Record a vendor; a subservice organisation has a method and the criteria it helps to meet (DC 7)."""
    check_codes(criteria or [])
    need(method in {"", *Method.values}, f"'{method}' is no method.", "Carve-out or inclusive.", "", "method")
    need(
        not subservice or (method and criteria),
        "A subservice organisation needs method and criteria.",
        "The description says what it is relied on for.",
        "Choose carve-out or inclusive, and name the criteria.",
        "method",
    )
    vendor = Vendor.objects.filter(code=code).first()
    if vendor is None:
        vendor = Vendor(code=code)
        vendor.save()
    row = VendorVersion(
        vendor=vendor,
        name=name,
        service=service,
        effective_from=effective_from,
        subservice=subservice,
        method=method,
        criteria=criteria or [],
        monitored_by=monitored_by,
        withdrawn=withdrawn,
    )
    row.save()
    return row


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
    withdrawn: bool = False,
) -> Complement:
    """Record a control that customers (CUEC) or a subservice organisation (CSOC) are assumed to operate (DC 6, DC 7)."""
    check_codes(criteria)
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
        "",
        "",
        "vendor",
    )
    row = Complement(
        system=system,
        code=code,
        kind=kind,
        text=text,
        criteria=criteria,
        vendor=vendor,
        effective_from=effective_from,
        withdrawn=withdrawn,
    )
    row.save()
    return row


@action("scope.set_aside")
def set_aside(
    actor: Actor, system: System, criterion: str, reason: str, effective_from: date, withdrawn: bool = False
) -> NotRelevant:
    """Say that a criterion is not relevant, with the reason that the report will print (DC 8)."""
    check_codes([criterion])
    need(reason.strip(), "The reason is empty.", "It is printed in the report.", "Write it.", "reason")
    row = NotRelevant(
        system=system, criterion=criterion, reason=reason, effective_from=effective_from, withdrawn=withdrawn
    )
    row.save()
    return row


@action("scope.exclude")
def exclude(actor: Actor, system: System, what: str, reason: str, until: date | None = None) -> Exclusion:
    """List what is left out, and why. The auditor always sees it."""
    need(
        what.strip() and reason.strip(),
        "What or reason is empty.",
        "An exclusion is never silent.",
        "Write both.",
        "reason",
    )
    row = Exclusion(system=system, what=what, reason=reason, until=until)
    row.save()
    return row


@action("scope.end_exclusion")
def end_exclusion(actor: Actor, exclusion: Exclusion, reason: str) -> ExclusionEnd:
    """End an exclusion; it stays listed with its end."""
    row = ExclusionEnd(exclusion=exclusion, reason=reason)
    row.save()
    return row


@action("scope.report_event")
def report_event(
    actor: Actor,
    system: System,
    kind: SystemEvent.Kind,
    happened_on: date,
    title: str,
    text: str,
    criteria: list[str] | None = None,
    disclosed: bool = True,
    why: str = "",
) -> SystemEvent:
    """Record an incident (DC 4) or a significant change (DC 9), disclosed or not with the reason."""
    check_codes(criteria or [])
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
        "Write it.",
        "why",
    )
    row = SystemEvent(
        system=system,
        kind=kind,
        happened_on=happened_on,
        title=title,
        text=text,
        criteria=criteria or [],
        disclosed=disclosed,
        why=why,
    )
    row.save()
    return row


@action("scope.set_period")
def set_period(
    actor: Actor,
    system: System,
    type: ReportType,
    start: date,
    end: date,
    time_zone: str = "UTC",
    replaces: Period | None = None,
) -> Period:
    """Set the date (Type 1) or the period, both days included (Type 2)."""
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
        type != ReportType.TYPE_2 or (end - start).days >= 27,
        "The period is too short.",
        "A Type 2 covers months.",
        "Choose a later end.",
        "end",
    )
    ZoneInfo(time_zone)
    clashing = Period.objects.filter(
        system=system, type=type, start__lte=end, end__gte=start, replaced_by=None
    )
    if (other := clashing.exclude(pk=replaces.pk if replaces else None).first()) is not None:
        raise Conflict(
            f"The period overlaps {other.ref}.",
            f"That one runs from {other.start} to {other.end}; items would count twice.",
            "Replace it, or start the day after it ends.",
            "start",
        )
    row = Period(system=system, type=type, start=start, end=end, time_zone=time_zone, replaces=replaces)
    row.save()
    return row
