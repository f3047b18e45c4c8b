"""What is said about the program's own doings: one line for people, or one line of JSON for a collector of logs.

Each line names the request and who acts, by reference. The request's id is the one that its ledger entry keeps. Secrets
stay out: links, tokens and passwords are cut before a line is written.
"""

from __future__ import annotations

import json
import logging
import re
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

request_id: ContextVar[str] = ContextVar("request_id", default="")
"""The request that is served now: also the field `request` of the entries that it writes."""
acting: ContextVar[str] = ContextVar("acting", default="")
"""Who acts in it: `US-3`, `visitor`, `job:collect`."""

FORMS = ("text", "json")
EXTRA = ("method", "route", "status", "milliseconds", "slot", "outcome")
_SECRETS = (
    (re.compile(r"(/(?:join|copies)/)[^\s/?\"']+"), r"\1…"),
    (re.compile(r"(/password/reset/key/)[^\s/?\"']+"), r"\1…"),
    (re.compile(r"\btm_[A-Za-z0-9_-]+"), "tm_…"),
    (re.compile(r"(Bearer\s+)\S+", re.I), r"\1…"),
    (re.compile(r"(\b\w+://[^\s/:@]*:)[^\s/@]+@"), r"\1…@"),
    (
        re.compile(
            r"""((?:password|secret|token|signature|link)["']?\s*[=:]\s*)("[^"]*"|'[^']*'|[^\s&,}]+)""", re.I
        ),
        r"\1…",
    ),
)


def clean(text: str) -> str:
    """A text without what opens a door: links with a secret, tokens, passwords in addresses and assignments."""
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    return text


class Text(logging.Formatter):
    """A line for people: time, level, who says it, what."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        """The line, cleaned, with the request's id at its end if there is one."""
        request = request_id.get()
        return clean(super().format(record)) + (f" [{request}]" if request else "")


class Json(logging.Formatter):
    """A line of JSON: `at` in UTC, `level`, `logger`, `message`, `request`, `actor`, and what the message adds."""

    def format(self, record: logging.LogRecord) -> str:
        """The line; a traceback stands in `error`."""
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": clean(record.getMessage()),
            "request": request_id.get(),
            "actor": acting.get(),
        }
        line |= {name: getattr(record, name) for name in EXTRA if hasattr(record, name)}
        if record.exc_info:
            line["error"] = clean(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False, default=str)


def logging_of(form: str) -> dict[str, Any]:
    """The settings of Python's logging for one of FORMS. In JSON every request and every slot has a line."""
    formatter = "tickmark.kernel.logs.Json" if form == "json" else "tickmark.kernel.logs.Text"
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": formatter}},
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["console"], "level": "WARNING"},
        "loggers": {"tickmark": {"level": "INFO" if form == "json" else "WARNING"}},
    }
