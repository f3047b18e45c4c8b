"""What the upkeep step's nouns say to search; a webhook's address and key are not searched."""

from __future__ import annotations

from tickmark.kernel.search.said import Said, searched
from tickmark.upkeep.models import RollForward, Webhook, WebhookVersion


@searched(RollForward)
def roll_forward(row: RollForward) -> Said:
    """The step from one period into the next."""
    return Said(f"Roll-forward on {row.recorded_at:%Y-%m-%d}", row.note, "/upkeep/")


@searched(Webhook)
def webhook(row: Webhook) -> Said:
    """A webhook by its code; how it is set stands in its versions."""
    return Said("", address="/upkeep/", code=row.code)


@searched(WebhookVersion, "webhook")
def webhook_version(row: WebhookVersion) -> Said:
    """How a webhook is set, by its code and the reason."""
    return Said(f"Webhook {row.webhook.code}", row.reason, "/upkeep/")
