"""What this step says to earlier ones: a report that was issued stands on how things were, so that is not rewritten."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from tickmark.kernel.access import Actor
from tickmark.kernel.action import deed, on
from tickmark.kernel.dated import Version
from tickmark.kernel.errors import Conflict
from tickmark.report.models import Report

DESIGNS = (
    "scope.describe",
    "scope.commit",
    "scope.place",
    "scope.add_vendor",
    "scope.assume",
    "scope.set_aside",
    "controls.write",
    "controls.adopt",
    "controls.hand_over",
    "controls.retire",
    "controls.write_policy",
    "controls.adopt_policy",
)
"""The actions that say how a design stands from a day on."""


def not_into_an_issued_report(actor: Actor, version: Version) -> None:
    """Raise Conflict for a version that would begin within what an issued report covers, or before it."""
    system = getattr(version, "system_id", None)
    until = deed().once(("issued until", system), lambda: issued_until(system))
    if until is not None and version.effective_from <= until:
        raise Conflict(
            f"It would hold from {version.effective_from}, which an issued report covers.",
            f"The report covers the days up to {until}; what stood in them is not rewritten (domain.md 0.4 rule 26).",
            f"Give {until + timedelta(days=1)} or a later day.",
            "effective_from",
        )


def issued_until(system: Any = None) -> date | None:
    """The last day that an issued report covers: of a system by its key, or of any."""
    rows = Report.objects.filter(engagement__system=system) if system else Report.objects.all()
    found: date | None = (
        rows.order_by("-engagement__period__end").values_list("engagement__period__end", flat=True).first()
    )
    return found


for name in DESIGNS:
    on(name)(not_into_an_issued_report)
