"""Answers about the audit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from tickmark.audit.models import TeamMember
from tickmark.kernel.access import holding


@holding("engagement")
def engagements_of(user: Any) -> Mapping[str, frozenset[int]]:
    """The engagements on whose team an account is now, by role; the empty role means any."""
    found: dict[str, set[int]] = defaultdict(set)
    for engagement, role in TeamMember.objects.filter(user=user, end=None).values_list("engagement", "role"):
        found[role].add(engagement)
        found[""].add(engagement)
    return {role: frozenset(ids) for role, ids in found.items()}


@holding("system")
def systems_of(user: Any) -> Mapping[str, frozenset[int]]:
    """The systems that an auditor examines."""
    rows = TeamMember.objects.filter(user=user, end=None).values_list("engagement__system", flat=True)
    return {"": frozenset(rows)}
