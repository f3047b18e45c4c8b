"""A line of log: what it names, and what never stands in it."""

from __future__ import annotations

import json
import logging
import sys

import pytest

from tickmark.kernel import logs


def line(form: logging.Formatter, message: str, error: bool = False, **extra: object) -> str:
    """The message as the formatter writes it, in a request of US-3."""
    record = logging.LogRecord("tickmark.requests", logging.INFO, "x.py", 1, message, (), None)
    record.__dict__.update(extra, created=1_772_442_000.5)
    if error:
        try:
            raise ValueError("postgresql://tickmark:hunter2@db/x is away")
        except ValueError:
            record.exc_info = sys.exc_info()
    request, actor = logs.request_id.set("f00d"), logs.acting.set("US-3")
    try:
        return form.format(record)
    finally:
        logs.request_id.reset(request)
        logs.acting.reset(actor)


def test_a_line_of_json_names_request_and_actor_by_reference() -> None:
    said = {"method": "GET", "route": "copies/<str:link>", "status": 200, "milliseconds": 3.2}
    assert json.loads(line(logs.Json(), "GET copies 200", **said)) == {
        "at": "2026-03-02T09:00:00.500+00:00",
        "level": "info",
        "logger": "tickmark.requests",
        "message": "GET copies 200",
        "request": "f00d",
        "actor": "US-3",
        **said,
    }


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("Not Found: /join/Zm9vYmFy?x=1", "Not Found: /join/…?x=1"),
        ("Internal Server Error: /copies/Zm9vYmFy", "Internal Server Error: /copies/…"),
        ("/account/password/reset/key/3-abc/", "/account/password/reset/key/…/"),
        ("Authorization: Bearer abc.def-1", "Authorization: Bearer …"),
        ("the token tm_AbC-1_x was ended", "the token tm_… was ended"),
        ("postgresql://tickmark:hunter2@db:5432/x", "postgresql://tickmark:…@db:5432/x"),
        ('{"password": "correct horse", "name": "Ada"}', '{"password": …, "name": "Ada"}'),
        ("secret=abc&next=/", "secret=…&next=/"),
        ("slot collect:CN-1:2026-03-02 done", "slot collect:CN-1:2026-03-02 done"),
        ("https://soc2.example.com/evidence/?q=mfa", "https://soc2.example.com/evidence/?q=mfa"),
    ],
)
def test_no_secret_stands_in_a_line(said: str, written: str) -> None:
    assert json.loads(line(logs.Json(), said))["message"] == written
    assert written in line(logs.Text(), said)


def test_a_traceback_is_cleaned_too() -> None:
    for form in (logs.Json(), logs.Text()):
        found = line(form, "a slot failed", error=True)
        assert "ValueError" in found and "hunter2" not in found


def test_a_form_of_the_log_is_one_of_two(monkeypatch: pytest.MonkeyPatch) -> None:
    assert logs.logging_of("json")["loggers"]["tickmark"]["level"] == "INFO"
    assert logs.logging_of("text")["loggers"]["tickmark"]["level"] == "WARNING"
    from tickmark.settings import _log

    with pytest.raises(SystemExit, match="TICKMARK_LOG is 'xml'"):
        _log("xml")
