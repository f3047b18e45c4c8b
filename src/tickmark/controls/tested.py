"""What a test is of: a control over the days on which it says the same (domain.md 0.4, rule 23).

A new owner, a deputy, a note or what else is no part of the statement changes nothing that is tested: versions whose
title, statement, criteria, frequency, nature and numbers are the same are one part.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from tickmark.controls.models import ControlVersion
from tickmark.kernel.dated import Span


def parts(spans: Iterable[Span[ControlVersion]]) -> list[Span[ControlVersion]]:
    """Spans in the order of their controls and days, those that go on as one; the newest version names it."""
    joined: list[Span[ControlVersion]] = []
    for span in spans:
        if joined and goes_on(joined[-1], span):
            joined[-1] = Span(span.version, joined[-1].start, span.end)
        else:
            joined.append(span)
    return joined


def goes_on(before: Span[ControlVersion], after: Span[ControlVersion]) -> bool:
    """Whether the second is the same control, saying the same, from the day after the first."""
    return before.end + timedelta(days=1) == after.start and _says(before.version) == _says(after.version)


def _says(row: ControlVersion) -> tuple[Any, ...]:
    return row.control_id, row.title, row.statement, row.criteria, row.frequency, row.nature, row.parameters
