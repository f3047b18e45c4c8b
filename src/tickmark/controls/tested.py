"""What a test is of: a control over the days on which it says the same (domain.md 0.4, rule 23).

A new owner, a deputy, a note or what else is no part of the statement changes nothing that is tested: versions whose
title, statement, criteria, frequency, nature and numbers are the same are one part.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tickmark.controls.models import ControlVersion
from tickmark.kernel import dated
from tickmark.kernel.dated import Span


def parts(spans: Iterable[Span[ControlVersion]]) -> list[Span[ControlVersion]]:
    """Spans in the order of their controls and days, those of one wording as one; the newest version names it."""
    return dated.joined(spans, _says)


def goes_on(before: Span[ControlVersion], after: Span[ControlVersion]) -> bool:
    """Whether the second is the same control, saying the same, from the day after the first."""
    return dated.goes_on(before, after, _says)


def _says(row: ControlVersion) -> tuple[Any, ...]:
    return row.control_id, row.title, row.statement, row.criteria, row.frequency, row.nature, row.parameters
