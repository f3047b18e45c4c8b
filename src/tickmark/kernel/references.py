"""References: how people and programs name a row. `EV-412` always works; a noun with a code answers to it too."""

from __future__ import annotations

import re
from typing import Any, TypeVar

from django.db.models import Model, QuerySet

M = TypeVar("M", bound=Model)
_PATTERN = re.compile(r"^([A-Z]{2})-([0-9]{1,18})$")


def reference(row: Any) -> str:
    """The reference of a row: its model's two letters and its number."""
    return f"{row.PREFIX}-{row.pk}"


def prefixes() -> dict[str, type[Model]]:
    """Every model that can be referred to, by its two letters."""
    from django.apps import apps

    return {model.PREFIX: model for model in apps.get_models() if getattr(model, "PREFIX", None)}


def resolve(rows: QuerySet[M], text: str) -> M | None:
    """The row of `rows` that `text` names, or None. Codes win over numbers, as people write codes."""
    model: Any = rows.model
    code = getattr(model, "CODE", None)
    if code and (found := rows.filter(**{code: text}).first()) is not None:
        return found
    match = _PATTERN.match(text)
    if match is None or match[1] != getattr(model, "PREFIX", None):
        return None
    return rows.filter(pk=int(match[2])).first()
