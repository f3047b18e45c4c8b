"""People: the first account, invitations, accounts and roles, persons, tokens."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.html import format_html
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from tickmark.controls.queries import in_force
from tickmark.kernel import clock
from tickmark.kernel.access import may, not_found, visible
from tickmark.kernel.action import ACTIONS
from tickmark.kernel.arguments import call
from tickmark.kernel.errors import TickmarkError
from tickmark.kernel.references import resolve
from tickmark.people import queries
from tickmark.people.actions import COMPANY_ROLES
from tickmark.people.devices import device
from tickmark.people.models import Invitation, Person, Role, RoleGrant, Side, SignInKind, Token, User
from tickmark.web import forms, limited
from tickmark.web.forming import can, must_see, people_choices, specs
from tickmark.web.lists import Column, Filter, Listing, list_paths
from tickmark.web.shell import day_of

ROLE_WORDS = {
    "employee": "Employee: reads and acknowledges policies",
    **{role.value: role.label for role in Role},
    "staff": "Staff",
    "lead": "Lead",
    "partner": "Engagement partner",
    "quality": "Quality reviewer",
    "specialist": "Specialist",
}


# -- doors for people who have no account yet ---------------------------------------------------------------------


@limited.by_address("welcome")
@never_cache
@sensitive_post_parameters("password")
def welcome(request: HttpRequest) -> HttpResponse:
    """The first-run page: make the first account of empty books and enter."""
    if not queries.is_empty():
        return redirect("/")
    if request.method != "POST":
        return render(request, "people/welcome.html", {"values": {}})
    return _entered(request, "people.set_up", "people/welcome.html", {})


@limited.by_address("join")
@never_cache
@sensitive_post_parameters("password")
def join(request: HttpRequest, token: str) -> HttpResponse:
    """An invitation: make the account that it offers and enter."""
    invitation = queries.open_invitation(token, clock.now())
    context: dict[str, Any] = {"invitation": invitation, "token": token, "values": {}}
    if invitation is None:
        return render(request, "people/join.html", context, status=404)
    context["values"] = {"name": invitation.name}
    context["offer"] = _role_word(invitation.side, invitation.role)
    if request.method != "POST":
        return render(request, "people/join.html", context)
    return _entered(request, "people.join", "people/join.html", context)


def _entered(request: HttpRequest, name: str, template: str, context: dict[str, Any]) -> HttpResponse:
    """Do the action that makes an account, and sign its owner in; or the same form with what was wrong."""
    try:
        made = call(ACTIONS[name], request.actor, forms.raw(ACTIONS[name], request))  # type: ignore[attr-defined]
    except TickmarkError as error:
        typed = {"values": request.POST, "error": error}
        return render(request, template, {**context, **typed}, status=error.status)
    login(request, made.user, backend=settings.AUTHENTICATION_BACKENDS[0])
    return redirect("/")


@receiver(user_logged_in)
def ask_for_second_factor(request: HttpRequest | None, user: Any, **_: Any) -> None:
    """After a sign-in without a second factor, say where to set one up; demo homes have nothing to protect."""
    if (
        request is None
        or settings.DEMO
        or not hasattr(request, "_messages")
        or queries.has_second_factor(user)
    ):
        return
    messages.warning(
        request,
        format_html(
            'Your account has no second factor: a password alone opens it. <a href="{}">Set one up</a>',
            reverse("mfa_index"),
        ),
    )


# -- accounts -----------------------------------------------------------------------------------------------------

ACCOUNTS = (
    Column("Name", "name", "user.name", order="name"),
    Column("E-mail", "email", "user.email", order="email"),
    Column("Side", "side", "user.side", order=("side", "name")),
    Column("Roles", value="roles"),
    Column("Second factor", value="second_factor"),
    Column("State", "state", lambda row: "active" if row.active else "closed", order=("-is_active", "name")),
)


def accounts(request: HttpRequest) -> HttpResponse:
    """Accounts on both sides with their roles, and invitations that are open."""
    actor, day = request.actor, day_of(request)  # type: ignore[attr-defined]
    must_see(actor, User)
    listing = Listing(
        request,
        queries.accounts(visible(actor, User)).order_by("side", "name", "pk"),
        ACCOUNTS,
        filters=[
            Filter("side", "Side", Side.choices),
            Filter(
                "role", "Role", Role.choices, lambda rows, value: rows.filter(pk__in=_holders(actor, value))
            ),
            Filter("active", "Account", [("1", "active"), ("0", "closed")], "is_active"),
        ],
        search=("name", "email"),
        prepare=lambda rows: [queries.standing(user, day) for user in rows],
    )
    if listing.wants_csv:
        return listing.csv("accounts")
    context = {
        "list": listing,
        "invitations": queries.open_invitations(actor, clock.now()),
        "may_invite": can(request, "people.invite"),
        "rule": queries.factor_rules(actor).first(),
        "may_rule": can(request, "people.require_second_factor"),
        "tabs": people_tabs(request),
    }
    return render(request, "people/accounts.html", context)


def _holders(actor: Any, role: str) -> Any:
    return visible(actor, RoleGrant).filter(role=role, end=None).values("user")


def people_tabs(request: HttpRequest) -> list[dict[str, Any]]:
    """The tabs of people and settings that the reader has."""
    found = [("Accounts", "/people/", User), ("Persons", "/people/persons", Person)]
    tabs = [
        {"label": label, "url": url, "current": request.path == url}
        for label, url, model in found
        if queries.sees(request.actor, model)  # type: ignore[attr-defined]
    ]
    own = [
        ("Sign-ins", "/people/sign-ins"),
        ("Your sessions", "/account/security"),
        ("Your notifications", "/account/notifications"),
        ("Your API tokens", "/account/tokens"),
    ]
    return [*tabs, *({"label": label, "url": url, "current": request.path == url} for label, url in own)]


def account(request: HttpRequest, reference: str) -> HttpResponse:
    """One account: its roles, what it owns, and its end."""
    actor, day = request.actor, day_of(request)  # type: ignore[attr-defined]
    user = resolve(queries.accounts(visible(actor, User)), reference)
    if user is None:
        raise not_found(User, reference)
    standing = queries.standing(user, day)
    held = {grant.role for grant in standing.grants}
    context = {
        "account": standing,
        "grants": [(grant, can(request, "people.end_role", grant=grant)) for grant in standing.grants],
        "past": [grant for grant in user.grants.all() if getattr(grant, "end", None)],
        "owns": in_force(day).filter(owner=user) if queries.sees(actor, Person) else [],
        "may_grant": can(request, "people.grant", user=user)
        and user.side == Side.COMPANY
        and standing.active,
        "may_end": can(request, "people.end_account", user=user) and user != actor.user and standing.active,
        "roles": [(role.value, role.label) for role in Role if role not in held],
        "own": user == actor.user,
        "may_sign_out": user != actor.user
        and standing.active
        and can(request, "people.end_sessions", user=user),
        "changes": queries.credential_changes(actor, user)[:RECENT],
    }
    return render(request, "people/account.html", context)


def invite(request: HttpRequest) -> HttpResponse:
    """Invite somebody to the company's side; the link is shown once. Auditors are invited from their engagement."""
    actor = request.actor  # type: ignore[attr-defined]
    if not may(actor, "people.invite"):
        raise not_found(Invitation, "")
    fields = specs(
        "people.invite",
        {"side": Side.COMPANY.value},
        name={"autocomplete": "off"},
        email={"label": "E-mail", "kind": "email", "autocomplete": "off"},
        side={"kind": "hidden"},
        role={
            "kind": "select",
            "choices": [(role, _role_word(Side.COMPANY, role)) for role in _order(COMPANY_ROLES)],
        },
        engagement={"leave": True},
    )
    return render(request, "people/invite.html", {"fields": fields})


def _order(roles: tuple[str, ...]) -> list[str]:
    return sorted(roles, key=lambda role: role != "employee")


def _role_word(side: str, role: str) -> str:
    """What an invitation offers, in words; `lead` means another thing on each side."""
    if side == Side.COMPANY and role in Role.values:
        return Role(role).label
    return ROLE_WORDS.get(role, role)


# -- persons ------------------------------------------------------------------------------------------------------

PERSONS = (
    Column("Name", "name", "person.name", order="name"),
    Column("Key", "key", "person.key", order="key"),
    Column("Title", value="latest.title"),
    Column("Kind", value="latest.kind"),
    Column("First day", value="latest.starts_on"),
    Column("Account", value="person.user.email"),
    Column("State", value="state"),
)


def persons(request: HttpRequest) -> HttpResponse:
    """Everybody who works or worked for the company, with their spells."""
    actor, day = request.actor, day_of(request)  # type: ignore[attr-defined]
    must_see(actor, Person)
    active = queries.active_on(day).values("pk")
    listing = Listing(
        request,
        queries.persons(visible(actor, Person)).order_by("name", "pk"),
        PERSONS,
        filters=[
            Filter(
                "state",
                "State",
                [("active", "active"), ("other", "not active")],
                lambda rows, value: (
                    rows.filter(pk__in=active) if value == "active" else rows.exclude(pk__in=active)
                ),
            ),
            Filter("account", "Account", [("0", "has one"), ("1", "has none")], "user__isnull"),
        ],
        search=("name", "key", "email"),
        prepare=lambda rows: [queries.spells_of(person, day) for person in rows],
    )
    if listing.wants_csv:
        return listing.csv("persons")
    context = {"list": listing, "may_add": can(request, "people.add"), "tabs": people_tabs(request)}
    return render(request, "people/persons.html", context)


def person(request: HttpRequest, key: str) -> HttpResponse:
    """One person with all spells; a rehire is a new one."""
    actor, day = request.actor, day_of(request)  # type: ignore[attr-defined]
    must_see(actor, Person)
    found = resolve(queries.persons(visible(actor, Person)), key)
    if found is None:
        raise not_found(Person, key[:60])
    spells = queries.spells_of(found, day)
    open_spell = next((one for one in spells.spells if queries.ends_on(one) is None), None)
    context = {
        "one": spells,
        "open_spell": open_spell,
        "may_depart": open_spell is not None and can(request, "people.depart", employment=open_spell),
        "may_add": open_spell is None and can(request, "people.add"),
        "fields": _spell_fields({"key": found.key, "name": found.name, "starts_on": day}, known=True),
    }
    return render(request, "people/person.html", context)


def new_person(request: HttpRequest) -> HttpResponse:
    """Add a person by hand; most come from the HR system's export."""
    if not may(request.actor, "people.add"):  # type: ignore[attr-defined]
        raise not_found(Person, "")
    return render(
        request, "people/new_person.html", {"fields": _spell_fields({"starts_on": day_of(request)})}
    )


def _spell_fields(values: dict[str, date | str], known: bool = False) -> list[dict[str, Any]]:
    kept: dict[str, Any] = {"kind": "hidden"} if known else {}
    free = queries.colleagues().filter(person=None)
    return specs(
        "people.add",
        values,
        name=kept,
        key={
            "help": "What names the person in the HR system, such as P-017. It outlives names and addresses.",
            **kept,
        },
        title={"label": "Job title"},
        starts_on={"label": "First day"},
        kind={},
        email={"label": "E-mail", "kind": "email"} if not known else {"leave": True},
        user={"leave": True}
        if known
        else {"label": "Account", "kind": "select", "choices": people_choices(free)},
    )


# -- sessions and sign-ins ----------------------------------------------------------------------------------------

ALARMING = frozenset({*("refused", "factor_refused", "held_back", "uninvited", "token_refused")})
RECENT = 12
DOOR = (
    Column("When", "at", "at", order="at"),
    Column("Account", "account", "user.name", order="user__name"),
    Column("What", "what", "get_kind_display", order="kind"),
    Column("How", value="method"),
    Column("Device", value="device"),
    Column("Address", value="address"),
)


@never_cache
def security(request: HttpRequest) -> HttpResponse:
    """The visitor's own sessions, recent sign-ins, and changes to how the account is entered."""
    actor = request.actor  # type: ignore[attr-defined]
    if actor.user is None:
        return redirect(f"{reverse('account_login')}?next={request.path}")
    key = request.session.session_key
    rows = queries.sessions_of(actor.user, clock.system_now())
    sessions = [
        {"row": row, "device": device(row.user_agent), "current": row.session_key == key} for row in rows
    ]
    context = {
        "sessions": sorted(sessions, key=lambda one: not one["current"]),
        "current": queries.session_number(key),
        "me_ref": actor.user.ref,
        "recent": queries.recent_sign_ins(actor.user)[:RECENT],
        "alarming": ALARMING,
        "changes": queries.credential_changes(actor, actor.user)[:RECENT],
        "provider": bool(settings.SOCIALACCOUNT_PROVIDERS),
        "tabs": people_tabs(request),
    }
    return render(request, "people/security.html", context)


def sign_ins(request: HttpRequest) -> HttpResponse:
    """What happened at the door, as far as the visitor may see it: the own, and those that one administers."""
    actor = request.actor  # type: ignore[attr-defined]
    listing = Listing(
        request,
        queries.sign_ins(actor),
        DOOR,
        filters=[
            Filter("kind", "What", SignInKind.choices, "kind"),
            Filter("token", "By", [("0", "tokens"), ("1", "people")], "token__isnull"),
        ],
        search=("user__name", "method"),
    )
    if listing.wants_csv:
        return listing.csv("sign-ins")
    guards = may(actor, "people.require_second_factor")
    context = {"list": listing, "guards": guards, "alarming": ALARMING, "tabs": people_tabs(request)}
    return render(request, "people/sign_ins.html", context)


# -- tokens -------------------------------------------------------------------------------------------------------


@never_cache
def tokens(request: HttpRequest) -> HttpResponse:
    """The visitor's own API tokens, each limited to the actions that it names."""
    actor = request.actor  # type: ignore[attr-defined]
    if actor.user is None:
        return redirect(f"{reverse('account_login')}?next={request.path}")
    rows = queries.tokens(actor)
    now = clock.system_now()
    context = {
        "tokens": [(row, _token_state(row, now)) for row in rows],
        "groups": _scopes(actor),
        "reading": [("read", "read", "See what you see")],
        "directory": [("scim", "scim", "Provision persons by SCIM, and nothing else")]
        if may(actor, "people.provision")
        else [],
        "reading_chosen": ["read"],
        "tabs": people_tabs(request),
        "days": [("1", "1 day"), ("7", "7 days"), ("30", "30 days"), ("90", "90 days")],
    }
    return render(request, "people/tokens.html", context)


def _token_state(token: Token, now: Any) -> str:
    if getattr(token, "end", None) is not None:
        return "ended"
    return "expired" if token.expires_at <= now else "live"


def _scopes(actor: Any) -> list[dict[str, Any]]:
    """The actions that the actor may do at all, by step: a token can never do more."""
    names = [name for name in sorted(ACTIONS) if may(actor, name)]
    steps = dict.fromkeys(name.split(".")[0] for name in names)
    return [
        {"step": step, "choices": [(n, n, ACTIONS[n].says) for n in names if n.startswith(f"{step}.")]}
        for step in steps
    ]


routes = [
    path("welcome", welcome, name="welcome"),
    path("join/<str:token>", join, name="join"),
    *list_paths("people/", accounts, "people"),
    path("people/invite", invite, name="invite"),
    path("people/accounts/<str:reference>", account, name="account"),
    *list_paths("people/persons", persons, "persons"),
    path("people/persons/new", new_person, name="new-person"),
    path("people/persons/<str:key>", person, name="person"),
    path("account/tokens", tokens, name="tokens"),
    path("account/security", security, name="security"),
    *list_paths("people/sign-ins", sign_ins, "sign-ins"),
]
