"""TICKMARK_MAIL: what it may say, and what a wrong one is told at the start."""

from __future__ import annotations

from typing import Any

import pytest

from tickmark.settings import _mail

OPEN = {"user": "", "password": "", "starttls": False, "implicit": False, "from": ""}


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("smtp://mail.example", {**OPEN, "host": "mail.example", "port": 25}),
        ("smtp://localhost:2525", {**OPEN, "host": "localhost", "port": 2525}),
        (
            "smtp://ada%40n.example:p%2Fw@mail.example?tls=starttls",
            {**OPEN, "host": "mail.example", "port": 587, "user": "ada@n.example", "password": "p/w",
             "starttls": True, "from": "ada@n.example"},
        ),
        (
            "smtps://u:p@mail.example?from=Tickmark%20%3Ct@n.example%3E",
            {**OPEN, "host": "mail.example", "port": 465, "user": "u", "password": "p", "implicit": True,
             "from": "Tickmark <t@n.example>"},
        ),
    ],
)  # fmt: skip
def test_a_server(url: str, found: dict[str, Any]) -> None:
    assert _mail(url) == found


@pytest.mark.parametrize(
    "url",
    [
        "smtp://", "mail.example:25", "http://mail.example", "smtp://u:p@mail.example", "smtp://h?tls=none",
        "smtps://h?tls=starttls", "smtp://h?tsl=starttls", "consol",
    ],
)  # fmt: skip
def test_what_cannot_be_meant_stops_the_start_with_words(url: str) -> None:
    with pytest.raises(SystemExit, match="TICKMARK_MAIL"):
        _mail(url)


def test_a_message_about_it_never_holds_the_password() -> None:
    with pytest.raises(SystemExit) as found:
        _mail("smtp://ada:s3cret@mail.example")
    assert "s3cret" not in str(found.value)
