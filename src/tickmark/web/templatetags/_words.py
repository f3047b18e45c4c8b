"""Filters that write days, sizes, figures and names the same way on every page."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from django.template.context import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString

from tickmark.web import pictures
from tickmark.web.templatetags._parts import register
from tickmark.web.terms import ROAD, SIDES


@register.filter
def initials(name: str) -> str:
    """`Ada Lovelace-King` → `AL`; nobody is `?`."""
    words = [word for word in str(name).split() if word[:1].isalnum()]
    return "".join(word[0].upper() for word in (words[:1] + words[1:][-1:])) or "?"


@register.filter
def day(value: date | datetime | None) -> str:
    """`16 Nov 2026`, or a dash where there is none."""
    return pictures.short_day(value) if value else "–"


_WRITTEN = re.compile(r"(?<![\w/.-])(year-to-)?(\d{4}-\d{2}-\d{2})(?![\w-])")


@register.filter
def spelled(text: str) -> str:
    """A sentence with its days as the pages write them: `2026-10-31` as `31 Oct 2026`, a key of a year in words."""

    def day_of(found: re.Match[str]) -> str:
        try:
            said = pictures.short_day(date.fromisoformat(found[2]))
        except ValueError:
            return found[0]
        return f"the year to {said}" if found[1] else said

    return _WRITTEN.sub(day_of, str(text))


@register.filter
def moment(value: datetime | None) -> str:
    """`16 Nov 2026, 14:03 UTC`: the zone is always named."""
    return f"{pictures.short_day(value)}, {value:%H:%M} {value:%Z}".rstrip() if value else "–"


@register.simple_tag
def period(first: date | None, last: date | None) -> SafeString:
    """`1 Jul – 30 Sep 2026` in one piece; one day for a point in time, words where a day is not known."""
    if not first or not last:
        return format_html("{}", f"{day(first)} – {day(last)}" if first or last else "not stated")
    start = f"{first.day} {first:%b}" if first.year == last.year else day(first)
    return format_html(
        '<span class="nowrap">{}</span>', day(last) if first == last else f"{start} – {day(last)}"
    )


@register.simple_tag(takes_context=True)
def same_day(context: Context) -> str:
    """`?day=…&known=…` when the page shows another day, so that a link stays there; nothing for today."""
    shown, kept = context.get("day"), {}
    if shown and shown != context.get("today"):
        kept["day"] = shown.isoformat()
    if context.get("known"):
        kept["known"] = str(context["known"])
    return f"?{urlencode(kept)}" if kept else ""


@register.filter
def size(count: int | None) -> str:
    """Bytes for people: `0 bytes`, `12.4 kB`, `3.1 MB` (powers of 1000)."""
    if count is None:
        return "size not known"
    for unit, scale in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= scale:
            return f"{count / scale:.1f} {unit}"
    return f"{count} byte" if count == 1 else f"{count} bytes"


@register.filter
def number(value: float | str | None) -> str:
    """`12,408`, a dash where nobody knows; words stay as they are."""
    if value is None or value == "":
        return "–"
    return value if isinstance(value, str) else f"{value:,}"


@register.filter
def side_word(side: str) -> str:
    """`Company` or `Auditor`."""
    return SIDES.get(side, side)


@register.filter
def road_word(state: str) -> str:
    """done, now, next or later."""
    return ROAD.get(state, "later")


@register.filter
def field_name(name: str) -> str:
    """The name of a field in words: `backup_owner` as `Backup owner`."""
    return name.replace("_", " ").capitalize()


@register.filter
def saying(value: Any) -> str:
    """A plain value in words: a list with commas, yes or no, a flow as `code: what`, a table as `name: value`."""
    if value in (None, "", [], {}):
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        if value.keys() == {"to", "what"}:
            return f"{value['to']}: {value['what']}"
        return ", ".join(f"{name}: {saying(item)}" for name, item in value.items())
    return ", ".join(map(saying, value)) if isinstance(value, list | tuple) else str(value)
