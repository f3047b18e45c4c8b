"""Verbs of upkeep: what comes next, and who is told of what."""

from tickmark.upkeep.actions.rolling import roll_forward
from tickmark.upkeep.actions.telling import (
    Tried,
    add_webhook,
    change_webhook,
    choose_digest,
    end_feed,
    end_webhook,
    enqueue_event,
    make_feed,
    record_delivery,
    test_mail,
    test_webhook,
)

__all__ = [
    "Tried",
    "add_webhook",
    "change_webhook",
    "choose_digest",
    "end_feed",
    "end_webhook",
    "enqueue_event",
    "make_feed",
    "record_delivery",
    "roll_forward",
    "test_mail",
    "test_webhook",
]
