"""Verbs about its parts: commitments, components, vendors, complements."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import BaseModel

from tickmark.kernel.access import Actor
from tickmark.kernel.action import action, need
from tickmark.people.actions import put
from tickmark.people.models import User
from tickmark.scope.actions.checks import (
    check_code,
    check_flows,
    check_named,
    check_owners,
    commitment_codes,
    data_codes,
    not_before,
    said,
    vendor_codes,
)
from tickmark.scope.criteria import Category, check_codes
from tickmark.scope.details import checked
from tickmark.scope.models import (
    Commitment,
    Complement,
    Component,
    ComponentKind,
    Method,
    System,
    Vendor,
    VendorVersion,
)

NO_CODES: list[str] = []


class Flow(BaseModel):
    """What a component passes on: to which component or vendor, by code, and what it is in words."""

    to: str
    what: str


NO_FLOWS: list[Flow] = []
NO_DETAILS: dict[str, str] = {}


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
    said(text, "text", "A promise says something.")
    said(source, "source", "A promise stands somewhere: a contract, a service level, a notice, a law.")
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
    backup_owner: User | None = None,
    data: list[str] = NO_CODES,
    commitments: list[str] = NO_CODES,
    flows: list[Flow] = NO_FLOWS,
    classification: str = "",
    location: str = "",
    supplier: str = "",
    details: dict[str, str] = NO_DETAILS,
    withdrawn: bool = False,
) -> Component:
    """Place a component inside or outside the boundary (DC 3).

    `data` names the kinds of data that it stores or handles, `commitments` those that it helps to keep, both by code;
    `flows` where it passes data on to, by the code of a component or vendor; `supplier` is the vendor behind it;
    `details` says what DC 3 asks of its kind: of people headcount and contractors, of procedures policy, automation and
    frequency, of data source, encryption, retention, deletion, access, personal (yes, no) and role.
    """
    said(name, "name", "The description names each component.")
    check_owners(owner, backup_owner)
    check_flows([(flow.to, flow.what) for flow in flows])
    check_named(data, lambda: data_codes(system), "data")
    check_named(commitments, lambda: commitment_codes(system), "commitments")
    check_named([supplier] if supplier else [], vendor_codes, "supplier")
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
            backup_owner=backup_owner,
            data=list(data),
            commitments=list(commitments),
            flows=[{"to": flow.to.strip(), "what": flow.what.strip()} for flow in flows],
            classification=classification.strip(),
            location=location.strip(),
            supplier=supplier,
            details=checked(kind, details),
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
    owner: User | None = None,
    backup_owner: User | None = None,
    data: list[str] = NO_CODES,
    commitments: list[str] = NO_CODES,
    withdrawn: bool = False,
) -> VendorVersion:
    """Record a vendor; a subservice organisation has a method and the criteria it helps to meet (DC 7).

    `report` is its own report, kind and opinion in words; `report_end` is the last day that one covers. `data` and
    `commitments` name, by code, what it can reach and what cannot be kept without it.
    """
    check_codes(criteria)
    check_owners(owner, backup_owner)
    said(name, "name", "The description names it.")
    said(service, "service", "What is bought from it decides whether it is a subservice organisation.")
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
            owner=owner,
            backup_owner=backup_owner,
            data=list(data),
            commitments=list(commitments),
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
    said(text, "text", "It says what the other side must do.")
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
