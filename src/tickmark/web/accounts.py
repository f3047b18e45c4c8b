"""Sign-in by django-allauth: accounts come by invitation only, and what the library decides is noted here."""

from __future__ import annotations

import logging
from base64 import urlsafe_b64encode
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse

from tickmark.kernel import limits
from tickmark.kernel.errors import Refused, Unavailable
from tickmark.people import queries
from tickmark.people.models import Side, SignInKind
from tickmark.web import errors
from tickmark.web.signing_in import note

log = logging.getLogger("tickmark.accounts")
UNSPECIFIED = "0.0.0.0"
NOT_INVITED = Refused(
    "There is no account for this identity.",
    "Accounts come by invitation, and are found by an e-mail address that the provider has verified.",
    "Ask an administrator to invite you, or ask your provider to verify your address.",
)
NOT_THEIRS = Refused(
    "The company's identity provider opens accounts of the company alone.",
    "Whoever runs it could otherwise enter as the auditor.",
    "Sign in with your password or passkey.",
)


class Adapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Closes public sign-up, and notes who was not let in."""

    def get_client_ip(self, request: HttpRequest) -> str:
        """The visitor's address; the unspecified one where the server was not told, as behind a socket file."""
        try:
            found: str = super().get_client_ip(request)
        except PermissionDenied:
            return UNSPECIFIED
        return found

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Nobody signs up by themselves: the first-run page and invitations make accounts."""
        return False

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Count the attempt; one that comes too soon is noted once a minute."""
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError:
            address = str(credentials.get("email", ""))
            if limits.take("held back", address.lower(), 1, 60):
                note(request, SignInKind.HELD_BACK, queries.by_email(address), stranger=address)
            raise

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """A wrong password, or an address that has no account: the journal tells them apart, the page does not."""
        address = str(credentials.get("email", ""))
        note(request, SignInKind.REFUSED, queries.by_email(address), method="password", stranger=address)

    def send_mail(self, *args: Any, **kwargs: Any) -> None:
        """Send a mail that somebody waits for. Raises Unavailable where the mail server does not take it."""
        try:
            super().send_mail(*args, **kwargs)
        except OSError as error:  # smtplib's errors are of this kind
            why = f"{type(error).__name__}: the mail server did not take it."
            raise Unavailable("The mail was not sent.", why, "Try again in a moment.") from error

    def send_notification_mail(self, *args: Any, **kwargs: Any) -> None:
        """Tell somebody by mail that the account changed: the change stands, and stands in the ledger, without it."""
        try:
            super().send_notification_mail(*args, **kwargs)
        except Unavailable as error:
            log.warning("A notice of a changed account was not mailed. %s", error)


class ProviderAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """The company's identity provider opens accounts that exist, on the company's side, by a verified address."""

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Turn away whoever has no account, and every account of the auditor's side."""
        user = sociallogin.user if sociallogin.is_existing else None
        if user is None:
            self._turn_away(request, sociallogin, NOT_INVITED)
        elif user.side != Side.COMPANY:
            self._turn_away(request, sociallogin, NOT_THEIRS)

    def _turn_away(self, request: HttpRequest, sociallogin: Any, why: Refused) -> None:
        addresses = [one.email for one in sociallogin.email_addresses] or [str(sociallogin.account.uid)]
        note(request, SignInKind.UNINVITED, method="identity provider", stranger=addresses[0])
        raise ImmediateHttpResponse(errors.page(request, why))

    def on_authentication_error(self, request: HttpRequest, provider: Any, **said: Any) -> None:
        """The provider said no, or was not understood: the page says so, without what it sent."""
        raise ImmediateHttpResponse(_unproven(request))

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        """Nobody signs up."""
        return False


def _unproven(request: HttpRequest) -> HttpResponse:
    return errors.page(
        request,
        Refused(
            "The identity provider did not confirm who you are.",
            "It refused, the sign-in was cancelled, or its answer does not fit this browser.",
            "Begin again from the sign-in page.",
        ),
    )


SEALED = "sealed:"
"""Before a secret that is encrypted; one without it was kept by an earlier version."""


class FactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Second factors: the last stays where one is required; their secrets are of no use without the home's key."""

    def encrypt(self, text: str) -> str:
        """The secret as the books keep it: a copy of them alone makes no codes."""
        return SEALED + self._key().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """The secret itself."""
        if not encrypted_text.startswith(SEALED):
            return encrypted_text
        return self._key().decrypt(encrypted_text.removeprefix(SEALED).encode()).decode()

    def _key(self) -> Fernet:
        """Derived from the secret that all hosts of an installation share, for this purpose alone."""
        derived = HKDF(SHA256(), 32, salt=None, info=b"tickmark second factors")
        return Fernet(urlsafe_b64encode(derived.derive(settings.SECRET_KEY.encode())))

    def can_delete_authenticator(self, authenticator: Any) -> bool:
        """Whether the account may lose it: not the last, if it may not be without."""
        return not queries.is_last_required(authenticator)
