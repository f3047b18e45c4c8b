"""Verbs about the system as a whole: described, approved, what is set aside or left out, what happened to it."""

from __future__ import annotations

from datetime import date

from tickmark.kernel import clock
from tickmark.kernel.access import Actor
from tickmark.kernel.action import action, need
from tickmark.kernel.calendars import business_calendar
from tickmark.kernel.errors import Conflict, Invalid
from tickmark.people.actions import put
from tickmark.scope.actions.checks import (
    check_categories,
    check_code,
    check_named,
    check_zone,
    commitment_codes,
    not_before,
    said,
)
from tickmark.scope.criteria import Category, check_codes
from tickmark.scope.models import (
    Commitment,
    Exclusion,
    ExclusionEnd,
    NotRelevant,
    ScopeApproval,
    System,
    SystemEvent,
    SystemVersion,
)

CRITERIA_SET = "tsc-2017-2022"
NO_CODES: list[str] = []


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
    said(name, "name", "The report names the system.")
    said(company, "company", "The report names the company.")
    said(services, "services", "DC 1 asks what the system does, and for whom.")
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


@action("scope.set_aside")
def set_aside(
    actor: Actor, system: System, criterion: str, reason: str, effective_from: date, withdrawn: bool = False
) -> NotRelevant:
    """Say that a criterion is not relevant, with the reason that the report will print (DC 8)."""
    _check_criterion(criterion)
    said(reason, "reason", "It is printed in the report.")
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
    said(what, "what", "An exclusion is never silent.")
    said(reason, "reason", "The auditor weighs it.")
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
    said(reason, "reason", "The auditor reads why it ended.")
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
    said(title, "title", "The event is named in lists.")
    said(text, "text", "Nature, timing, extent and what was done about it.")
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
    check_named(commitments, lambda: commitment_codes(system), "commitments")
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
