"""What the login library announces, noted: who came and went, and how the ways into an account change."""

from __future__ import annotations

from typing import Any

from allauth.account import signals as account
from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa import signals as factors
from allauth.mfa.models import Authenticator
from allauth.socialaccount import signals as providers
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.dispatch import receiver
from django.http import HttpRequest

from tickmark.kernel.access import Actor
from tickmark.people import queries
from tickmark.people.actions import note_session, note_sign_in, record_credential
from tickmark.people.models import Credential, SignInKind, User
from tickmark.web.sessions import HAS_FACTOR


def note(
    request: HttpRequest,
    kind: SignInKind,
    user: User | None = None,
    *,
    method: str = "",
    stranger: str = "",
) -> None:
    """Write into the journal what happened, from where, with which browser."""
    note_sign_in(
        kind,
        user,
        method=method,
        address=get_adapter().get_client_ip(request),
        agent=request.META.get("HTTP_USER_AGENT", ""),
        stranger=stranger,
    )


@receiver(user_logged_in)
def entered(request: HttpRequest | None, user: Any, **_: Any) -> None:
    """Somebody signed in, by whichever way."""
    if request is not None and "REMOTE_ADDR" in request.META:
        note(request, SignInKind.ENTERED, user, method=_methods(request, user))


def _methods(request: HttpRequest, user: Any) -> str:
    """How the person proved who they are: `password, totp`; `new account` on the page that made it.

    Nobody proves anything to a demo home's switch, and it says so.
    """
    records = get_authentication_records(request, user)
    words = [str(one.get("type") or one.get("method")) for one in records]
    told = ["identity provider" if word == "socialaccount" else word for word in words]
    return ", ".join(dict.fromkeys(told)) or ("see as" if request.path.startswith("/demo") else "new account")


@receiver(user_logged_out)
def left(request: HttpRequest, user: Any, **_: Any) -> None:
    """Somebody signed out, or was signed out because the session had grown old."""
    if user is not None:
        note(request, SignInKind.LEFT, user)


@receiver(factors.authentication_failed)
def factor_refused(request: HttpRequest, user: Any, authenticator: Any = None, **_: Any) -> None:
    """A second factor did not fit."""
    note(request, SignInKind.FACTOR_REFUSED, user, method=str(getattr(authenticator, "type", "") or "code"))


@receiver(factors.authenticator_added)
@receiver(factors.authenticator_reset)
def factor_added(request: HttpRequest, user: Any, authenticator: Any, **_: Any) -> None:
    """A second factor, or a set of recovery codes."""
    codes = authenticator.type == Authenticator.Type.RECOVERY_CODES
    record(request, user, Credential.CODES if codes else Credential.FACTOR_ADDED)


@receiver(factors.authenticator_removed)
def factor_removed(request: HttpRequest, user: Any, **_: Any) -> None:
    """A second factor less: whether another is left is asked anew."""
    request.session.pop(HAS_FACTOR, None)
    record(request, user, Credential.FACTOR_REMOVED)


@receiver(account.password_set)
@receiver(account.password_changed)
@receiver(account.password_reset)
def password_changed(request: HttpRequest, user: Any, **_: Any) -> None:
    """A new password."""
    record(request, user, Credential.PASSWORD)


@receiver(account.email_changed)
def email_changed(request: HttpRequest, user: Any, **_: Any) -> None:
    """Another address, confirmed by its mail."""
    record(request, user, Credential.EMAIL)


@receiver(providers.social_account_added)
def provider_connected(request: HttpRequest, sociallogin: Any, **_: Any) -> None:
    """The first sign-in by the company's identity provider."""
    record(request, sociallogin.user, Credential.PROVIDER)


def record(request: HttpRequest, user: Any, what: Credential) -> None:
    """Record the change under the name of the account, and keep only the session that made it."""
    keep = ""
    if request.user.is_authenticated and request.user == user and request.session.session_key:
        note_session(request)
        keep = queries.session_number(request.session.session_key)
    account = queries.account(user.pk)
    mine = Actor(user=account, side=account.side, roles=frozenset({"job"}), kind="person", name=account.name)
    record_credential(mine, account, what, keep)
