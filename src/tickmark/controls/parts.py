"""The parts of a programme that this step adds: controls and policies."""

from __future__ import annotations

from tickmark.controls.models import ControlVersion, PolicyVersion
from tickmark.scope.programme import Part, register

OWNERS = ("owner", "backup_owner")

register(
    Part(
        "policy",
        "Policy",
        "controls.write_policy",
        PolicyVersion,
        lambda row: row.policy.code,
        joins=("policy", *OWNERS),
    )
)
register(
    Part(
        "control",
        "Control",
        "controls.write",
        ControlVersion,
        lambda row: row.control.code,
        joins=("control", *OWNERS),
        ending="controls.retire",
        unsaid=frozenset({"reason"}),
    )
)
