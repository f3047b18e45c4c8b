"""Pictures as tags, each with the same figures as a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from django.template.context import Context
from django.utils.safestring import SafeString

from tickmark.web import pictures
from tickmark.web.templatetags._parts import register, render
from tickmark.web.terms import VERDICTS


@register.simple_tag(takes_context=True)
def bars(
    context: Context, items: Sequence[tuple[str, float]], title: str, unit: str = "", kind: str = ""
) -> SafeString:
    """Horizontal bars of (label, value) with a table twin."""
    drawn = pictures.bars(items, title, unit=unit, kind=kind)
    return _figure(context, f"{title}, {unit}" if unit else title, drawn, ("", unit or "Value"), items)


@register.simple_tag(takes_context=True)
def spark(
    context: Context, items: Sequence[tuple[str, float | None]], title: str, unit: str = ""
) -> SafeString:
    """A line through (label, value or None) in time order, with a table twin; unknown breaks the line."""
    drawn = pictures.spark([value for _, value in items], title, unit=unit)
    title = f"{title}, {unit}" if unit else title
    rows = [(label, "not known" if value is None else value) for label, value in items]
    return _figure(context, title, drawn, ("", unit or "Value"), rows)


@register.simple_tag(takes_context=True)
def stacked(context: Context, counts: Mapping[str, int], title: str) -> SafeString:
    """All items split by verdict: {verdict: number}; its legend is the table."""
    parts = [(verdict, counts.get(verdict, 0)) for verdict in VERDICTS]
    return render(
        context, "stacked", {"title": title, "drawn": pictures.stacked(parts, title), "parts": parts}
    )


@register.simple_tag(takes_context=True)
def heat(
    context: Context, rows: Iterable[Mapping[str, Any]], first: date, last: date, caption: str
) -> SafeString:
    """Control × day from `first` to `last`: {label, name, url, states: one per day}.

    A row that is shorter than the span is filled with undetermined: days nobody judged are not passes.
    """
    days = (last - first).days + 1
    lines = [_heat_row(row, first, days) for row in rows]
    return render(context, "heat", {"lines": lines, "axis": pictures.axis(first, last), "caption": caption})


def _heat_row(row: Mapping[str, Any], first: date, days: int) -> dict[str, Any]:
    states = list(row["states"])[:days]
    states += ["undetermined"] * (days - len(states))
    found = [run for run in pictures.runs(states, first) if run.state != "none"]
    return {
        **row,
        "strip": pictures.strip(str(row["label"]), states, first),
        "runs": found,
        "total": Counter(states),
    }


@register.simple_tag(takes_context=True)
def gantt(
    context: Context,
    lanes: Iterable[tuple[str, str, Sequence[pictures.Bar]]],
    first: date,
    last: date,
    caption: str,
    now: date | None = None,
) -> SafeString:
    """A time table of (label, address, bars) from `first` to `last`, with a line at `now` and a table twin."""
    rows = [
        {"label": label, "url": url, "items": items, "drawn": pictures.gantt(label, items, first, last, now)}
        for label, url, items in lanes
    ]
    return render(
        context, "gantt", {"lanes": rows, "axis": pictures.axis(first, last), "caption": caption, "now": now}
    )


@register.simple_tag(takes_context=True)
def boundary(context: Context, map: Any, title: str = "The boundary of the system") -> SafeString:
    """A `scope.mapped.Boundary`: what stands inside and outside and what passes between, with table twins."""
    inside = sum(row.side == "inside" for row in map.rows)
    says = f"{inside} parts inside, {len(map.rows) - inside} outside, {len(map.flows)} flows; the table has each."
    return render(context, "boundary", {"map": map, "title": title, "says": says})


def _figure(
    context: Context, title: str, drawn: SafeString, head: Sequence[str], rows: Iterable[Sequence[Any]]
) -> SafeString:
    return render(context, "figure", {"title": title, "drawn": drawn, "head": head, "rows": list(rows)})
