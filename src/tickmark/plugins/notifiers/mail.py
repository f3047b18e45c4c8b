"""Mail, by the server that TICKMARK_MAIL names; without one it is written to the terminal."""

from __future__ import annotations

from django.conf import settings
from django.core.mail import EmailMultiAlternatives

from tickmark.plugin import Invalid, Notice, Notifier, Receipt, Unavailable


def send(notice: Notice) -> Receipt:
    """Hand a notice to the mail server as plain text, with its HTML twin and its files."""
    host = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].rstrip(">")
    marks = {"Message-ID": f"<{notice.id}@{host}>", "Auto-Submitted": "auto-generated"}
    letter = EmailMultiAlternatives(notice.subject, notice.text, to=[notice.to], headers=marks)
    if notice.html:
        letter.attach_alternative(notice.html, "text/html")
    for name, text in notice.files:
        letter.attach(name, text, "text/plain")
    try:
        letter.send()
    except OSError as error:  # what smtplib and TLS raise is one, too
        raise Unavailable(
            "The mail server did not take the mail.",
            f"{type(error).__name__}: {error}.",
            "Check TICKMARK_MAIL and whether the server answers.",
        ) from error
    except ValueError as error:
        raise Invalid("This mail cannot be sent.", f"{error}.", "Correct the address.") from error
    return Receipt()


mail = Notifier("mail", send)
