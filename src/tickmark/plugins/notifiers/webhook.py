"""Webhooks, signed by the Standard Webhooks specification, which receivers verify with libraries that exist."""

from __future__ import annotations

from standardwebhooks import Webhook

from tickmark.plugin import Notice, Notifier, Receipt, post


def send(notice: Notice) -> Receipt:
    """POST the text of a notice, signed. Only 2xx is a yes; a redirect is not followed."""
    signature = Webhook(notice.secret).sign(notice.id, notice.at, notice.text)
    headers = {
        "Content-Type": "application/json",
        "webhook-id": notice.id,
        "webhook-timestamp": str(int(notice.at.timestamp())),
        "webhook-signature": signature,
    }
    reply = post(notice.to, notice.text.encode(), headers)
    taken = 200 <= reply.status < 300
    return Receipt(
        reply.status, reply.head, "" if taken else f"It answered {reply.status}, and only 2xx is a yes."
    )


webhook = Notifier("webhook", send)
