"""What is filed: in support of a control, and for the days of a window."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from tickmark.controls.models import Control
from tickmark.evidence.models import Evidence, Support


def uses(control: Control) -> Iterable[Support]:
    """What is filed in support of a control, newest first, with its acceptance or rejection."""
    rows = Support.objects.filter(control=control).select_related(
        "evidence", "evidence__by", "acceptance__by", "rejection__by", "by"
    )
    return rows.order_by("-pk")


def covering(control_ids: Iterable[int], start: date, end: date) -> Sequence[Evidence]:
    """Accepted evidence of controls whose days touch a window; undated evidence is listed too, never dropped."""
    supports = Support.objects.filter(control__in=control_ids).exclude(acceptance=None)
    rows = Evidence.objects.filter(pk__in=supports.values("evidence"))
    return [
        row
        for row in rows
        if row.covers_from is None or (row.covers_from <= end and (row.covers_to or row.covers_from) >= start)
    ]
