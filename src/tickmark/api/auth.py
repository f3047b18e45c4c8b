"""Who calls: a token of least right, or a person's browser session."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from ninja.security import APIKeyCookie, HttpBearer
from ninja.utils import check_csrf

from tickmark.kernel import clock, logs
from tickmark.kernel.access import Actor
from tickmark.kernel.errors import Refused
from tickmark.people.queries import actor_for, token_user

READ = "read"
"""The scope that lets a token read what its account may see; writing takes the names of actions."""
SAFE = frozenset({"GET", "HEAD"})


class Token(HttpBearer):
    """`Authorization: Bearer tm_…`: acts as its account, limited to the scopes that it names."""

    def authenticate(self, request: HttpRequest, token: str) -> Actor | None:
        """The actor of a live token."""
        found = token_user(token, clock.system_now())
        return _acting(request, actor_for(found[0], found[1], kind="token")) if found else None


class Session(APIKeyCookie):
    """The session of the pages; a call that writes also sends the `X-CSRFToken` that the pages hold."""

    param_name = settings.SESSION_COOKIE_NAME

    def __init__(self) -> None:
        super().__init__(csrf=False)

    def authenticate(self, request: HttpRequest, key: str | None) -> Actor | None:
        """The actor of the signed-in person. A call that names a token is never answered by the session instead."""
        actor: Actor = request.actor  # type: ignore[attr-defined]
        if actor.user is None or "Authorization" in request.headers:
            return None
        if request.method not in SAFE and check_csrf(request) is not None:
            raise Refused(
                "This call carries no proof that you meant it.",
                "A session alone may be used by another site.",
                "Send the header X-CSRFToken, or use a token.",
            )
        return _acting(request, actor)


def _acting(request: HttpRequest, actor: Actor) -> Actor:
    request.actor = actor  # type: ignore[attr-defined]
    logs.acting.set(actor.ref)
    return actor


def reader(request: HttpRequest) -> Actor:
    """The actor of a reading call. Raises Refused for a token that may not read."""
    actor: Actor = request.auth  # type: ignore[attr-defined]
    if actor.scopes is not None and READ not in actor.scopes:
        raise Refused(
            "This token may not read.", "Its scopes name actions only.", "Make a token with the scope read."
        )
    return actor


def writer(request: HttpRequest) -> Actor:
    """The actor of a writing call; what it may do is asked by the action itself."""
    found: Any = request.auth  # type: ignore[attr-defined]
    return found  # type: ignore[no-any-return]
