"""Rows whose texts fit their columns and can be read as they were meant.

SQLite takes a text of any length and PostgreSQL fails on one that is too long: both answer the same here.
"""

from __future__ import annotations

import re
from typing import Any, TypeVar

from django.db import models

from tickmark.kernel.action import need
from tickmark.kernel.dated import Fact

F = TypeVar("F", bound=Fact)

LONGEST_TEXT = 200_000
_LINE = re.compile(r"[\x00-\x1f\x7f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_TEXT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069]")
"""Control characters, and those that turn the direction of writing around: a name could pose as another."""


def fitting(row: F) -> F:
    """The row, if each of its texts fits. Raises Invalid, naming the field."""
    for column in row._meta.concrete_fields:
        if isinstance(column, models.CharField | models.TextField):
            check_text(getattr(row, column.attname), column)
    return row


def check_text(value: str | None, column: models.Field[Any, Any]) -> None:
    """Raise Invalid for a text longer than its column, or with characters that no reader sees."""
    field, longest = column.name, column.max_length or LONGEST_TEXT
    text = value or ""
    need(
        len(text) <= longest,
        f"The {_word(field)} has {len(text):,} characters.",
        f"It may have {longest:,}.",
        "Shorten it.",
        field,
    )
    found = (_LINE if column.max_length else _TEXT).search(text)
    need(
        found is None,
        f"The {_word(field)} holds a character that cannot be shown: U+{ord(found[0]) if found else 0:04X}.",
        "Control characters would let a text pose as another.",
        "Remove it.",
        field,
    )


def _word(field: str) -> str:
    return field.replace("_", " ")
