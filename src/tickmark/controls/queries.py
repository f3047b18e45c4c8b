"""Answers about controls and policies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tickmark.controls.models import ControlVersion
from tickmark.kernel import clock
from tickmark.kernel.access import holding


@holding("control")
def controls_of(user: Any) -> Mapping[str, frozenset[int]]:
    """The controls that an account owns today."""
    rows = ControlVersion.objects.as_of(clock.today()).filter(owner=user).values_list("control", flat=True)
    return {"": frozenset(rows)}
