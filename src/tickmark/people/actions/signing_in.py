"""How people sign in: the journal of the door, sessions and their end, the rule on second factors."""

from __future__ import annotations

import hashlib
import hmac
from datetime import timedelta
from typing import Any

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session

from tickmark.kernel import clock
from tickmark.kernel.access import Actor
from tickmark.kernel.action import action, need
from tickmark.kernel.errors import Conflict, NotFound
from tickmark.kernel.ledger.entry import sealed
from tickmark.people import queries
from tickmark.people.actions.accounts import put
from tickmark.people.devices import device
from tickmark.people.models import Credential, CredentialChange, FactorRule, SessionsEnd, SignIn, Token, User

KEPT_DAYS = 400
"""How long the journal of the door is kept: a Type 2 period of a year, and the weeks of its fieldwork."""
ENDS_SESSIONS = frozenset({Credential.EMAIL, Credential.PASSWORD, Credential.FACTOR_REMOVED})
"""Changes after which a thief's session must not live on."""


@action("people.require_second_factor")
def require_second_factor(actor: Actor, required: bool, reason: str = "") -> FactorRule:
    """Decide whether every account of the company needs a second factor. Auditors always do."""
    if queries.factor_rule() == required:
        raise Conflict(
            "This is so already.", "The newest decision says the same.", "Load the page again.", "required"
        )
    need(
        required or reason.strip(),
        "The reason is empty.",
        "Both sides read why a password alone is enough.",
        "Write it.",
        "reason",
    )
    return put(FactorRule(required=required, reason=reason))


@action("people.end_sessions")
def end_sessions(actor: Actor, user: User, only: str = "", keep: str = "") -> SessionsEnd:
    """Sign an account out: everywhere, in `only` one session, or in all but the one to `keep` (by their numbers)."""
    rows = UserSession.objects.filter(user=user)
    if only:
        rows = rows.filter(pk=_number(only))
    found = list(rows.exclude(pk=_number(keep)) if keep else rows)
    if only and not found:
        raise NotFound("There is no such session.", "It may have ended.", "Load the page again.")
    _end(found)
    return put(SessionsEnd(user=user, sessions=len(found)))


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 18 else 0


def _end(rows: list[Any]) -> None:
    for row in rows:
        row.end()


@action("people.record_credential")
def record_credential(actor: Actor, user: User, what: Credential, keep: str = "") -> CredentialChange:
    """Record that an account is entered in another way from now on; its other sessions end, but the one to `keep`."""
    if what in ENDS_SESSIONS:
        _end(list(UserSession.objects.filter(user=user).exclude(pk=_number(keep))))
    return put(CredentialChange(user=user, what=what))


# -- the journal: no facts, since strangers write it at their own pace --------------------------------------------


def note_sign_in(
    kind: str,
    user: User | None = None,
    *,
    token: Token | None = None,
    method: str = "",
    address: str | None = None,
    agent: str = "",
    stranger: str = "",
) -> None:
    """Write down what happened at the door. Of an address without an account only a keyed digest is kept."""
    SignIn(
        kind=kind,
        user=user,
        token=token,
        method=method[:60],
        address=address,
        device=device(agent),
        stranger=_digest(stranger) if stranger and user is None else "",
        at=clock.system_now(),
        log_size=sealed(),
    ).save()


def _digest(stranger: str) -> str:
    key = settings.SECRET_KEY.encode()
    return hmac.new(key, stranger.strip().lower().encode(), hashlib.sha256).hexdigest()[:16]


def note_session(request: Any) -> None:
    """Note that a session is in use: where, with which browser, and when it was seen last."""
    UserSession.objects.create_from_request(request)


def prune_sign_ins() -> int:
    """Remove sessions that are over and what is older than the journal's days; gives how many rows of it went."""
    now = clock.system_now()
    Session.objects.filter(expire_date__lt=now).delete()
    UserSession.objects.exclude(session_key__in=Session.objects.values("session_key")).delete()
    removed: int = SignIn.objects.filter(at__lt=now - timedelta(days=KEPT_DAYS)).delete()[0]
    return removed
