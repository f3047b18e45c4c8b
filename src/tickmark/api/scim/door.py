"""The SCIM door: /scim/v2/. A directory's token acts here alone, and what it sends becomes `people.provision`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from tickmark.api.auth import bearer
from tickmark.api.problems import SignedOut, signed_out
from tickmark.api.scim import discovery
from tickmark.api.scim.resources import USER, Described, lookup, patched, read
from tickmark.kernel.access import Actor, visible
from tickmark.kernel.action import ACTIONS
from tickmark.kernel.arguments import perform
from tickmark.kernel.errors import Conflict, Invalid, NotFound, Refused, TickmarkError
from tickmark.kernel.limits import TooMany
from tickmark.kernel.references import number
from tickmark.people import queries
from tickmark.people.models import DirectoryEntry, Person

PROVISION = "people.provision"
LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
SEARCH = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"
Asked = Mapping[str, Any]
View = Callable[..., HttpResponse]


class NotHere(Refused):
    """The address takes other methods."""

    status = 405


def door(*methods: str) -> Callable[[View], View]:
    """A view for a directory's token, with its actor; every error in SCIM's form. A token is asked for first."""

    def around(view: View) -> View:
        @csrf_exempt
        @wraps(view)
        def served(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            try:
                actor = _actor(request)
                if request.method not in methods:
                    raise NotHere(f"There is no {request.method} here.", "", f"Send {' or '.join(methods)}.")
                return view(request, actor, *args, **kwargs)
            except TickmarkError as error:
                return problem(error)

        return served

    return around


def _actor(request: HttpRequest) -> Actor:
    """The account behind the token, limited to the one action."""
    kind, _, secret = request.headers.get("Authorization", "").partition(" ")
    token = bearer(request, secret.strip()) if kind.lower() == "bearer" else None
    if token is None or queries.SCIM not in token.scopes:
        raise signed_out()
    return queries.actor_for(token.user, frozenset({PROVISION}), kind="token")


def problem(error: TickmarkError) -> HttpResponse:
    """An error as SCIM says it."""
    status = 400 if isinstance(error, Invalid) else error.status
    body: dict[str, Any] = {"schemas": [ERROR], "status": str(status), "detail": str(error)}
    if isinstance(error, Conflict):
        body["scimType"] = "uniqueness"
    elif isinstance(error, Invalid):
        body["scimType"] = getattr(error, "scim_type", "invalidValue")
    answer = _json(body, status)
    if isinstance(error, SignedOut):
        answer["WWW-Authenticate"] = "Bearer"
    if isinstance(error, TooMany):
        answer["Retry-After"] = str(error.wait)
    return answer


def _json(body: Any, status: int = 200) -> HttpResponse:
    return HttpResponse(json.dumps(body), content_type="application/scim+json", status=status)


def _base() -> str:
    return f"{settings.ADDRESS}/scim/v2"


# -- persons --------------------------------------------------------------------------------------------------------


@door("GET", "POST")
def users(request: HttpRequest, actor: Actor) -> HttpResponse:
    """A page of persons, or a new one."""
    if request.method == "GET":
        return _json(_page(actor, request.GET.dict()))
    row = _provisioned(actor, read(_body(request)))
    answer = _json(_shown(row, request.GET.dict()), 201)
    answer["Location"] = f"{_base()}/Users/{row.person.ref}"
    return answer


@door("GET", "PUT", "PATCH", "DELETE")
def user(request: HttpRequest, actor: Actor, ref: str) -> HttpResponse:
    """One person: shown, replaced, changed in parts, or taken off the directory."""
    row, asked = _found(actor, ref), request.GET.dict()
    if request.method == "GET":
        return _json(_shown(row, asked))
    if request.method == "DELETE":
        _provisioned(actor, _described(row), row, removed=True)
        return HttpResponse(status=204)
    body = _body(request)
    wanted = read(body) if request.method == "PUT" else patched(_described(row), body)
    if wanted != _described(row):
        row = _provisioned(actor, wanted, row)
    return _json(_shown(row, asked))


@door("POST")
def search(request: HttpRequest, actor: Actor) -> HttpResponse:
    """A page of persons, asked for in a body, so that nobody's name stands in an address."""
    body = _body(request)
    if not isinstance(body, dict) or SEARCH not in (body.get("schemas") or []):
        raise Invalid("This is no SearchRequest.", "", "Send one.")
    return _json(_page(actor, body))


def _provisioned(
    actor: Actor, wanted: Described, row: DirectoryEntry | None = None, removed: bool = False
) -> DirectoryEntry:
    given = {**wanted.arguments(), "removed": removed, **({"entry": row.ref} if row else {})}
    made: DirectoryEntry = perform(ACTIONS[PROVISION], actor, given).result
    return made


def _found(actor: Actor, ref: str) -> DirectoryEntry:
    row = queries.directory(visible(actor, DirectoryEntry)).filter(person=number(Person, ref) or 0).first()
    if row is None:
        raise NotFound(f"There is no User {ref[:40]}.", "", "Ask for the list of Users.")
    return row


def _body(request: HttpRequest) -> Any:
    try:
        return json.loads(request.body)
    except ValueError:
        raise Invalid("The body is no JSON.", "", "Send JSON in UTF-8.") from None


def _page(actor: Actor, asked: Asked) -> dict[str, Any]:
    rows = queries.directory(visible(actor, DirectoryEntry))
    if wanted := asked.get("filter"):
        column, value = lookup(str(wanted))
        rows = rows.filter(**{column: number(Person, value) or 0 if column == "person" else value})
    start, count = max(1, _whole(asked, "startIndex", 1)), _whole(asked, "count", discovery.MOST)
    shown = rows[start - 1 : start - 1 + min(max(0, count), discovery.MOST)]
    return _list([_shown(row, asked) for row in shown], rows.count(), start)


def _whole(asked: Asked, name: str, default: int) -> int:
    text = str(asked.get(name, ""))
    if text and not text.lstrip("-").isdecimal():
        raise Invalid(f"'{name}' cannot be taken.", "It is no whole number.", "Correct it.", name)
    return min(int(text[:9]), 10**8) if text else default


def _list(rows: list[Any], total: int, start: int = 1) -> dict[str, Any]:
    return {
        "schemas": [LIST],
        "totalResults": total,
        "startIndex": start,
        "itemsPerPage": len(rows),
        "Resources": rows,
    }


def _described(row: DirectoryEntry) -> Described:
    return Described(row.user_name, row.name, row.email, row.title, row.external_id, row.active)


def _shown(row: DirectoryEntry, asked: Asked) -> dict[str, Any]:
    """A User, with the attributes that were asked for."""
    found: dict[str, Any] = {
        "userName": row.user_name,
        "displayName": row.name,
        "active": row.active,
        "meta": {
            "resourceType": "User",
            "created": row.person.recorded_at.isoformat(),
            "lastModified": row.recorded_at.isoformat(),
            "location": f"{_base()}/Users/{row.person.ref}",
        },
    }
    more = {
        "externalId": row.external_id,
        "title": row.title,
        "emails": [{"value": row.email}] * bool(row.email),
    }
    found |= {name: value for name, value in more.items() if value}
    return {"schemas": [USER], "id": row.person.ref, **_chosen(asked, found)}


def _chosen(asked: Asked, found: dict[str, Any]) -> dict[str, Any]:
    """By `attributes` and `excludedAttributes`; schemas and id are always there."""
    wanted, unwanted = (_names(asked, name) for name in ("attributes", "excludedAttributes"))
    return {
        name: value
        for name, value in found.items()
        if (not wanted or name.lower() in wanted) and name.lower() not in unwanted
    }


def _names(asked: Asked, name: str) -> set[str]:
    """Attribute names, given as a text with commas or as a list."""
    said = asked.get(name) or ""
    items = said if isinstance(said, list) else str(said).split(",")
    given = (str(one).strip().removeprefix(f"{USER}:") for one in items)
    return {one.partition(".")[0].lower() for one in given if one}


# -- discovery ------------------------------------------------------------------------------------------------------


@door("GET")
def configuration(request: HttpRequest, actor: Actor) -> HttpResponse:
    """What this door can do."""
    return _json(discovery.configuration(_base()))


@door("GET")
def catalogue(request: HttpRequest, actor: Actor, what: str, name: str = "") -> HttpResponse:
    """Schemas and resource types: the list, or one of them."""
    if request.GET.get("filter"):
        raise Refused("These lists take no filter.", "They have one row.", "Leave it out.")
    one = discovery.schema(_base()) if what == "Schemas" else discovery.resource_type(_base())
    if name and name != one["id"]:
        raise NotFound(f"There is no {name[:80]} here.", "", "Ask for the list.")
    return _json(one if name else _list([one], 1))


@door("GET", "POST", "PUT", "PATCH", "DELETE")
def nothing(request: HttpRequest, actor: Actor, elsewhere: str) -> HttpResponse:
    """An address that this door does not have: bulk, groups, searches by POST, oneself."""
    raise NotFound(f"There is no {elsewhere[:80]} here.", "", "Ask ResourceTypes for what there is.")


routes = [
    path("ServiceProviderConfig", configuration),
    path("Schemas", catalogue, {"what": "Schemas"}),
    path("Schemas/<str:name>", catalogue, {"what": "Schemas"}),
    path("ResourceTypes", catalogue, {"what": "ResourceTypes"}),
    path("ResourceTypes/<str:name>", catalogue, {"what": "ResourceTypes"}),
    path("Users", users),
    path("Users/.search", search),
    path(".search", search),
    path("Users/<str:ref>", user),
    path("<path:elsewhere>", nothing),
]
