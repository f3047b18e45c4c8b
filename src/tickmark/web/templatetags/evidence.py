"""`{% load evidence %}{% evidence_for_control control day %}`: what stands for a control, on the control's own page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django import template
from django.template.context import Context
from django.utils.safestring import SafeString, mark_safe

from tickmark.controls.models import Control
from tickmark.evidence import queries
from tickmark.evidence.models import CheckRun, Evidence, Support
from tickmark.kernel.access import may, visible

register = template.Library()
MOST = 25
"""Uses shown on the control's page; the rest stand in the list of evidence."""


@register.simple_tag(takes_context=True)
def evidence_for_control(context: Context, control: Control, day: date) -> SafeString:
    """The control's occurrences with their state, the evidence filed for it, and what the checks say of it."""
    request: Any = context["request"]
    actor = request.actor
    window = queries.window(day)
    seen = set(visible(actor, Support).filter(control=control).values_list("pk", flat=True))
    uses = [use for use in queries.uses_of([control.pk]).get(control.pk, []) if use.support in seen]
    runs = {run.pk for run in queries.standing_runs(window.start, window.until(day), [control.pk])}
    expected = queries.operation(window.start, window.end, day, [control.pk], rehearses=window.rehearses).get(
        control.pk, []
    )
    given = {
        "request": request,
        "control": control,
        "window": window,
        "expected": expected,
        "uses": _with_rows(actor, uses[:MOST]),
        "more": max(len(uses) - MOST, 0),
        "runs": visible(actor, CheckRun).filter(pk__in=runs).order_by("check_name", "start"),
        "may_file": may(actor, "evidence.file", control=control),
        "day": day,
        "today": context.get("today"),
        "known": context.get("known"),
    }
    page = context.template.engine.get_template("evidence/_for_control.html")  # type: ignore[union-attr]
    return mark_safe(page.render(context.new(given)))  # noqa: S308 - made by a template


def _with_rows(actor: Any, uses: Sequence[queries.Use]) -> list[tuple[queries.Use, Evidence]]:
    """The uses that are shown, each with its evidence."""
    rows = visible(actor, Evidence).in_bulk({use.evidence for use in uses})
    return [(use, rows[use.evidence]) for use in uses if use.evidence in rows]
