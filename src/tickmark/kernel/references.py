"""References: how people and programs name a row. `EV-412` always works; a noun with a code answers to it too."""

from __future__ import annotations

import re
from typing import Any, TypeVar

from django.db.models import Model, QuerySet

M = TypeVar("M", bound=Model)
_PATTERN = re.compile(r"([A-Z]{2})-([0-9]{1,18})")


def reference(row: Any) -> str:
    """The reference of a row: its model's two letters and its number."""
    return f"{row.PREFIX}-{row.pk}"


def prefixes() -> dict[str, type[Model]]:
    """Every model that can be referred to, by its two letters."""
    from django.apps import apps

    return {str(prefix): model for model in apps.get_models() if (prefix := getattr(model, "PREFIX", None))}


def number(model: type[Model], text: str) -> int | None:
    """The number in a reference to a row of `model`, or None if the text is no such reference."""
    match = _PATTERN.fullmatch(text)
    return int(match[2]) if match and match[1] == getattr(model, "PREFIX", None) else None


def resolve(rows: QuerySet[M], text: str) -> M | None:
    """The row of `rows` that `text` names, or None.

    A reference wins over a code: nobody can name something `CT-1` and so step before the row that the ledger calls so.
    """
    if (pk := number(rows.model, text)) is not None and (found := rows.filter(pk=pk).first()) is not None:
        return found
    code = getattr(rows.model, "CODE", None)
    return rows.filter(**{code: text}).first() if code and storable(text) else None


def storable(text: str) -> bool:
    """Whether a text can stand in the books: no NUL, and no half of a character that only pairs stand for."""
    return "\x00" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)
