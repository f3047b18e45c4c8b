"""A password that anybody would try here first: the product's word, the company's domain, the year."""

from __future__ import annotations

import re
from typing import Any

from django.core.exceptions import ValidationError

WORDS = (
    "tickmark",
    "password",
    "passwort",
    "welcome",
    "letmein",
    "soc2",
    "audit",
    "auditor",
    "changeme",
    "qwerty",
)
LEAST_REST = 8
"""Letters that must be left when every word that anybody would try is taken out."""


class OwnWords:
    """Refuses a password that is little more than words of this place, and figures behind them."""

    def validate(self, password: str, user: Any = None) -> None:
        """Raise ValidationError for one that is."""
        rest = password.lower()
        for word in sorted({*WORDS, *_of(user)}, key=len, reverse=True):
            rest = rest.replace(word, "")
        if len(re.sub(r"[\W\d_]", "", rest)) < LEAST_REST and len(rest) < len(password):
            raise ValidationError("It is made of words that anybody would try here first.")

    def get_help_text(self) -> str:
        """What the form says."""
        return "Your password cannot be made of the product's or the company's name."


def _of(user: Any) -> set[str]:
    """The parts of the account's address and name that are long enough to be a word."""
    text = f"{getattr(user, 'email', '') or ''} {getattr(user, 'name', '') or ''}".lower()
    return {part for part in re.split(r"[\W_]+", text) if len(part) >= 4}
