"""A real mail server on loopback for one test, and what it took."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from tests.servers import free_port


@dataclass
class Post:
    """Mails that were taken, and what the server says to the next ones."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    says: str = "250 taken"
    logins: list[tuple[str, str]] = field(default_factory=list)

    def texts(self) -> list[str]:
        """The plain text of each mail."""
        return [body(mail, "plain") for mail in self.mails]

    def subjects(self) -> list[tuple[str, str]]:
        """To whom and about what, each mail."""
        return [(mail["to"], mail["subject"]) for mail in self.mails]


def body(mail: EmailMessage, kind: str) -> str:
    """The plain or HTML text of a mail, with the line ends of this program."""
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


class _Handler:
    def __init__(self, kept: Post) -> None:
        self.kept = kept

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 (aiosmtpd's name)
        if self.kept.says.startswith("250"):
            found = message_from_bytes(envelope.content, policy=policy.default)
            assert isinstance(found, EmailMessage)
            self.kept.mails.append(found)
        return self.kept.says


@contextmanager
def mail_server(certificate: Path | None = None) -> Iterator[Post]:
    """Runs on a free port; with a certificate it wants STARTTLS and a login first."""
    kept = Post()

    def login(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        kept.logins.append((data.login.decode(), data.password.decode()))
        return AuthResult(success=True)

    more: dict[str, Any] = {}
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        more = {
            "tls_context": context,
            "require_starttls": True,
            "auth_required": True,
            "authenticator": login,
        }
    controller = Controller(_Handler(kept), hostname="localhost", port=free_port(), **more)
    controller.start()
    kept.port = controller.port
    try:
        yield kept
    finally:
        controller.stop(no_assert=True)
