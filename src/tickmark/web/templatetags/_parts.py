"""What all component tags share: the register, rendering of a component, ids that are unique on a page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from django import template
from django.template import Engine, engines
from django.template.context import Context
from django.utils.safestring import SafeString, mark_safe

register = template.Library()
SHARED = ("csrf_token", "request", "day", "today", "known")


def render(context: Context, name: str, data: Mapping[str, Any]) -> SafeString:
    """Render `components/<name>.html` with `data` alone, plus what every component may need."""
    engine = context.template.engine  # type: ignore[union-attr]
    shared = {name: context.get(name) for name in SHARED}
    page = engine.get_template(f"components/{name}.html")
    return mark_safe(page.render(context.new({**shared, **data})).strip())  # noqa: S308 - made by a template


@lru_cache(maxsize=5000, typed=True)  # typed: a safe text is none that only reads the same
def drawn(component: str, **data: str | bool) -> SafeString:
    """Render `components/<component>.html` with `data` alone: the same each time, so it is done once."""
    engine: Engine = engines["django"].engine  # type: ignore[attr-defined]
    page = engine.get_template(f"components/{component}.html")
    return mark_safe(page.render(Context(data)).strip())  # noqa: S308 - made by a template


def unique(context: Context, wish: str) -> str:
    """An id that no other component of this page has: `note`, then `note-2`."""
    root: Any = context.render_context.dicts[0]
    taken: Counter[str] = root.setdefault("_ui_ids", Counter())
    taken[wish] += 1
    return wish if taken[wish] == 1 else f"{wish}-{taken[wish]}"


def as_pair(choice: Any) -> dict[str, Any]:
    """A choice as {value, label, help}, from a string, a (value, label[, help]) or such a mapping."""
    if isinstance(choice, Mapping):
        return {
            "value": choice["value"],
            "label": choice.get("label", choice["value"]),
            "help": choice.get("help"),
        }
    if isinstance(choice, (tuple, list)):
        value, label, *rest = choice
        return {"value": value, "label": label, "help": rest[0] if rest else ""}
    return {"value": choice, "label": choice, "help": ""}
