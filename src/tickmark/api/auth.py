"""Who calls: a token of least right, or a person's browser session."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.http import HttpRequest
from ninja.security import APIKeyCookie, HttpBearer
from ninja.utils import check_csrf

from tickmark.kernel import clock, limits, logs
from tickmark.kernel.access import Actor
from tickmark.kernel.errors import Refused
from tickmark.people.actions import note_sign_in
from tickmark.people.models import SignInKind
from tickmark.people.models import Token as TokenRow
from tickmark.people.queries import READ, SCIM, actor_for, is_live, token_of, used_since

SAFE = frozenset({"GET", "HEAD"})
CALLS, PER = 1200, 60
"""Calls of one token in a minute; a process takes them twenty at a time."""
_calls = limits.Lots("api", CALLS, PER, lot=20)


def bearer(request: HttpRequest, secret: str) -> TokenRow | None:
    """The live token behind a secret; its use is noted once an hour, its use after its end once a minute.

    Raises TooMany for a token that calls too often.
    """
    token, now = token_of(secret), clock.system_now()
    if token is None:
        return None
    if not is_live(token, now):
        if limits.take("dead token", str(token.pk), 1, 60):
            _note(request, SignInKind.TOKEN_REFUSED, token)
        return None
    _calls.need(str(token.pk))
    if not used_since(token, now.replace(minute=0, second=0, microsecond=0)):
        _note(request, SignInKind.TOKEN_USED, token)
    return token


def _note(request: HttpRequest, kind: SignInKind, token: TokenRow) -> None:
    agent, address = request.META.get("HTTP_USER_AGENT", ""), get_adapter().get_client_ip(request)
    note_sign_in(kind, token.user, token=token, address=address, agent=agent)


class Token(HttpBearer):
    """`Authorization: Bearer tm_…`: acts as its account, limited to the scopes that it names."""

    def authenticate(self, request: HttpRequest, token: str) -> Actor | None:
        """The actor of a live token. A directory's token acts at its own door alone."""
        found = bearer(request, token)
        if found is None or SCIM in found.scopes:
            return None
        return _acting(request, actor_for(found.user, frozenset(found.scopes), kind="token"))


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
