"""Verbs of the audit: the engagement, its requests, its tests, and what is concluded from them."""

from tickmark.audit.actions.concluding import (
    clear_note,
    conclude,
    conclude_criterion,
    deviate,
    note,
    opine,
    publish_deviation,
    respond,
    sign_off,
)
from tickmark.audit.actions.drawing import draw, extend, lock
from tickmark.audit.actions.engagement import (
    add_member,
    confirm_independence,
    end_member,
    invite,
    open_engagement,
    plan,
    take_up,
)
from tickmark.audit.actions.marking import mark, mark_by_check, mark_many
from tickmark.audit.actions.requests import (
    answer,
    ask,
    ask_again,
    ask_list,
    close,
    reopen,
    say,
    send_back,
    withdraw,
)
from tickmark.audit.actions.testing import prepare, publish, walk_through

__all__ = [
    "add_member",
    "answer",
    "ask",
    "ask_again",
    "ask_list",
    "clear_note",
    "close",
    "conclude",
    "conclude_criterion",
    "confirm_independence",
    "deviate",
    "draw",
    "end_member",
    "extend",
    "invite",
    "lock",
    "mark",
    "mark_by_check",
    "mark_many",
    "note",
    "open_engagement",
    "opine",
    "plan",
    "prepare",
    "publish",
    "publish_deviation",
    "reopen",
    "respond",
    "say",
    "send_back",
    "sign_off",
    "take_up",
    "walk_through",
    "withdraw",
]
