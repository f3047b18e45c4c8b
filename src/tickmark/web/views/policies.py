"""Policies: the list, one policy with its versions, the library, and the page on which it is read."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils.safestring import SafeString

from tickmark.controls import queries
from tickmark.controls.actions import control_numbers
from tickmark.controls.asking import asked_by
from tickmark.controls.library import StarterPolicy, starter_policies
from tickmark.controls.models import Acknowledgement, Control, Policy, PolicyVersion
from tickmark.kernel import clock
from tickmark.kernel.access import Actor, may, not_found, visible
from tickmark.kernel.documents import markdown_html
from tickmark.kernel.references import resolve
from tickmark.people.queries import colleagues, sees
from tickmark.scope.criteria import criteria
from tickmark.scope.models import System
from tickmark.web.control_pages import tabs
from tickmark.web.forming import (
    base_of,
    can,
    criteria_groups,
    gathered,
    must_see,
    people_choices,
    specs,
    values_of,
)
from tickmark.web.lists import Column, Filter, Listing, list_paths
from tickmark.web.scoping import outside, scope_of
from tickmark.web.shell import day_of, known_of
from tickmark.web.views.adopting_policies import answer_field, waiting
from tickmark.web.views.do import do

POLICIES = (
    Column("Policy", "code", "policy.code"),
    Column("Title", "title", "shown.title"),
    Column("Version", value="shown.label"),
    Column("Owner", "owner", "shown.owner.name"),
    Column("State", "state"),
    Column("In force from", "since", "current.effective_from"),
    Column("Review due", "review", "review_on"),
)


def as_html(text: str, under: int = 1) -> SafeString:
    """Markdown as safe HTML whose highest heading stands one below the page's heading of level `under`."""
    levels = [len(marks) for marks in re.findall(r"^(#{1,6}) ", text, re.MULTILINE)]
    return markdown_html(text, shift=under + 1 - min(levels, default=under + 1))


def index(request: HttpRequest) -> HttpResponse:
    """The policies; an employee sees those that are published."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    must_see(actor, Policy)
    day, works = day_of(request), sees(actor, Control)
    lines = [line for line in queries.policies(day, known_of(request)) if works or line.published]
    asked = (
        {version.policy_id for version in queries.to_read(actor.user, day)}
        if actor.side == "company"
        else set()
    )
    listing = Listing(
        request,
        lines,
        POLICIES,
        filters=[
            Filter("state", "State", ["draft", "approved", "published"]),
            Filter("owner", "Owner", sorted({line.shown.owner.name for line in lines}), "shown.owner.name"),
        ],
    )
    if listing.wants_csv:
        return listing.csv("policies")
    context = {
        "list": listing,
        "asked": asked,
        "works": works,
        "to_read": len(asked),
        "may_adopt": can(request, "controls.adopt_policy"),
        "may_adopt_set": works and can(request, "controls.adopt_policies") and bool(waiting(request)),
        "may_import": can(request, "scope.apply"),
        "may_write": can(request, "controls.write_policy"),
        "tabs": tabs(request) if works else [],
    }
    return render(request, "controls/policies.html", context)


def _found(request: HttpRequest, code: str) -> Policy:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    policy = resolve(visible(actor, Policy), code)
    if policy is None or not visible(actor, PolicyVersion).filter(policy=policy).exists():
        raise not_found(Policy, code[:40])
    return policy


def policy(request: HttpRequest, code: str) -> HttpResponse:
    """One policy: its text on the day, its versions, who approved them and who has read them."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    found, day, known = _found(request, code), day_of(request), known_of(request)
    mine = set(visible(actor, PolicyVersion).filter(policy=found).values_list("pk", flat=True))
    versions = [one for one in queries.policy_versions(found, known) if one.pk in mine]
    standing = queries.policy_standing(found, day, known)
    shown = next((one for one in versions if one.label == request.GET.get("version")), None)
    shown = shown or _first(standing, mine) or versions[0]
    readers = (
        queries.acknowledgements(shown, day) if sees(actor, Control) and hasattr(shown, "publication") else []
    )
    context = {
        "policy": found,
        "standing": standing,
        "wording": shown,
        "html": as_html(shown.text),
        "versions": versions,
        "criteria": [(one, criteria()[one].title) for one in shown.criteria],
        "outside": outside(scope_of(request) if sees(actor, System) else None, shown.criteria),
        "counts": Counter(one.state(day) for one in readers),
        "asks": hasattr(shown, "publication") and shown.publication.must_acknowledge,
        "to_read": _to_read(actor, shown, day),
        "may_approve": not hasattr(shown, "approval")
        and can(request, "controls.approve_policy", version=shown),
        "may_publish": hasattr(shown, "approval")
        and not hasattr(shown, "publication")
        and can(request, "controls.publish_policy", version=shown),
        "may_write": can(request, "controls.write_policy"),
        "works": sees(actor, Control),
    }
    return render(request, "controls/policy.html", context)


def _first(standing: queries.PolicyStanding | None, mine: set[int]) -> PolicyVersion | None:
    """What a reader sees first: what is in force; on the programme's side else the draft."""
    held = (standing.current, standing.published, standing.draft) if standing else ()
    return next((one for one in held if one is not None and one.pk in mine), None)


def _to_read(actor: Actor, version: PolicyVersion, day: Any) -> bool:
    return actor.side == "company" and version in queries.to_read(actor.user, day)


def read(request: HttpRequest, code: str) -> HttpResponse:
    """The page of an employee: read it, acknowledge it, done."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    found, day = _found(request, code), clock.today()
    standing = queries.policy_standing(found, day)
    version = standing.published if standing else None
    if version is None:
        raise not_found(Policy, code[:40])
    acknowledged = visible(actor, Acknowledgement).filter(version=version, user=actor.user).first()
    waiting = (
        [one for one in queries.to_read(actor.user, day) if one != version] if actor.side == "company" else []
    )
    context = {
        "policy": found,
        "wording": version,
        "html": as_html(version.text),
        "acknowledged": acknowledged,
        "may_acknowledge": acknowledged is None
        and version.publication.must_acknowledge
        and can(request, "controls.acknowledge", version=version),
        "waiting": waiting,
        "minutes": max(1, round(len(version.text.split()) / 220)),
    }
    return render(request, "controls/read.html", context)


READERS = (
    Column("Name", "name"),
    Column("E-mail", "email", "user.email"),
    Column("Person", value="person.key"),
    Column("Due", "due", "due_on"),
    Column("Acknowledged", "read", "read.recorded_at"),
    Column("Digest", value="read.digest"),
)


def readers(request: HttpRequest, code: str) -> HttpResponse:
    """Who has acknowledged a version, and who is missing."""
    must_see(request.actor, Control)  # type: ignore[attr-defined]
    found, day = _found(request, code), day_of(request)
    versions = [one for one in queries.policy_versions(found) if hasattr(one, "publication")]
    version = next((one for one in versions if one.label == request.GET.get("version")), None)
    standing = queries.policy_standing(found, day)
    version = version or (standing.published if standing else None)
    if version is None:
        raise not_found(PolicyVersion, request.GET.get("version", "")[:20])
    columns = (*READERS, Column("State", "state", lambda row: row.state(day)))
    states = ["acknowledged", "late", "due", "overdue", "no account"]
    listing = Listing(
        request,
        queries.acknowledgements(version, day),
        columns,
        filters=[Filter("state", "State", states, lambda row, value: row.state(day) == value)],
    )
    if listing.wants_csv:
        return listing.csv(f"acknowledgements-{found.code}-{version.label}")
    shown = [column for column in listing.columns if column["label"] not in ("Person", "Digest")]
    rows = [(row, row.state(day)) for row in listing.page]
    context = {
        "policy": found,
        "wording": version,
        "versions": versions,
        "list": listing,
        "shown": shown,
        "rows": rows,
    }
    return render(request, "controls/readers.html", context)


# -- writing ------------------------------------------------------------------------------------------------------


def new(request: HttpRequest) -> HttpResponse:
    """Write a policy in the company's own words."""
    values = {"effective_from": clock.today(), "label": "1"}
    return _write_form(request, "Write a policy", values, None)


def change(request: HttpRequest, code: str) -> HttpResponse:
    """The next version of a policy."""
    found = _found(request, code)
    newest = queries.policy_versions(found)[0]
    values = {
        **values_of("controls.write_policy", newest),
        "code": found.code,
        "effective_from": clock.today(),
    }
    values["label"] = str(int(newest.label) + 1) if newest.label.isdecimal() else ""
    return _write_form(request, f"Next version of {found.code}", values, found, newest)


def _write_form(
    request: HttpRequest,
    title: str,
    values: dict[str, Any],
    policy: Policy | None,
    newest: PolicyVersion | None = None,
) -> HttpResponse:
    if not may(request.actor, "controls.write_policy"):  # type: ignore[attr-defined]
        raise not_found(Policy, policy.code if policy else "new")
    chosen = values.get("criteria", [])
    fields = specs(
        "controls.write_policy",
        values,
        code={"kind": "hidden"} if policy else {"help": "Such as POL-22."},
        title={},
        label={"label": "Version"},
        text={"kind": "textarea", "rows": 24, "help": "Markdown: ## for a heading, - for a list. No HTML."},
        owner={"kind": "select", "choices": people_choices(colleagues())},
        criteria={
            "kind": "criteria",
            "groups": criteria_groups(criteria().values(), chosen),
            "help": "The criteria that it serves.",
            "required": False,
        },
        effective_from={"label": "In force from", "help": "Once somebody else has approved it."},
    )
    back = f"/policies/{policy.code}/" if policy else "/policies/"
    context = {
        "title": title,
        "fields": fields,
        "policy": policy,
        "back": back,
        "base": base_of(request.actor, newest),  # type: ignore[attr-defined]
    }
    return render(request, "controls/write_policy.html", context)


def library(request: HttpRequest) -> HttpResponse:
    """The proposed policies, and which of them stand already."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    must_see(actor, Control)
    held = set(visible(actor, Policy).values_list("code", flat=True))
    scope = scope_of(request)
    inside = scope.criteria if scope else []
    rows = [(item, item.id in held, not inside or item.fits(inside)) for item in starter_policies()]
    return render(
        request,
        "controls/policy_library.html",
        {
            "rows": rows,
            "may_adopt": can(request, "controls.adopt_policy"),
            "open": any(fits and not stands for _, stands, fits in rows)
            and can(request, "controls.adopt_policies"),
        },
    )


def adopt(request: HttpRequest, starter: str) -> HttpResponse:
    """One proposed policy with the questions that it asks of the company."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    must_see(actor, Control)
    item = next((one for one in starter_policies() if one.id == starter), None)
    if item is None:
        raise not_found(Policy, starter[:20])
    if request.method == "POST":
        return do(gathered(request, "answers"), "controls.adopt_policy")
    numbers, scope = control_numbers(clock.today()), scope_of(request)
    said = {"company": scope.version.company} if scope and scope.version else {}
    context = {
        "item": item,
        "html": as_html(item.text({**numbers, **said}), under=2),
        "stands": visible(actor, Policy).filter(code=item.id).exists(),
        "may_adopt": can(request, "controls.adopt_policy"),
        "fields": _adopt_fields(item, said),
        "numbers": _numbers(item, numbers),
    }
    return render(request, "controls/adopt_policy.html", context)


def _adopt_fields(item: StarterPolicy, said: dict[str, str]) -> list[dict[str, Any]]:
    asked = [one for one in asked_by([item]) if not one.control]
    answers = [answer_field(one, said.get(one.name, one.proposed)) for one in asked]
    fields = specs(
        "controls.adopt_policy",
        {"starter": item.id, "effective_from": clock.today()},
        starter={"kind": "hidden"},
        answers={"leave": True},
        owner={
            "kind": "select",
            "choices": people_choices(colleagues()),
            "help": f"Usually the {item.owner_role}.",
        },
        effective_from={
            "label": "In force from",
            "help": f"Once approved, usually by the {item.approver_role}.",
        },
    )
    return [*answers, *fields]


def _numbers(item: StarterPolicy, held: dict[str, int]) -> list[dict[str, Any]]:
    """The numbers that the policy takes from controls, and whether that control stands."""
    return [
        {"control": one.control, "value": held.get(one.name, one.proposed), "adopted": one.name in held}
        for one in asked_by([item])
        if one.control
    ]


routes = [
    *list_paths("policies/", index, "policies"),
    path("policies/new", new, name="policy-new"),
    path("policies/library", library, name="policy-library"),
    path("policies/library/<str:starter>", adopt, name="policy-adopt"),
    path("policies/<str:code>/", policy, name="policy"),
    path("policies/<str:code>/read", read, name="policy-read"),
    path("policies/<str:code>/change", change, name="policy-change"),
    *list_paths("policies/<str:code>/acknowledgements", readers, "acknowledgements"),
]
