"""The parts of a programme that this step adds: controls and policies."""

from __future__ import annotations

from tickmark.controls.library import NATURES, PURPOSES
from tickmark.controls.models import ControlVersion, PolicyVersion
from tickmark.scope.programme import Part, register

OWNERS = ("owner", "backup_owner")

register(
    Part(
        "policy",
        "Policy",
        "controls.write_policy",
        PolicyVersion,
        "policies/{code}.md",
        lambda row: row.policy.code,
        joins=("policy", *OWNERS),
        body="text",
    )
)
register(
    Part(
        "control",
        "Control",
        "controls.write",
        ControlVersion,
        "controls/{code}.md",
        lambda row: row.control.code,
        joins=("control", *OWNERS),
        ending="controls.retire",
        unsaid=frozenset({"reason"}),
        body="statement",
        spelled={
            "nature": {value: name for name, value in NATURES.items()},
            "purpose": {value: name for name, value in PURPOSES.items()},
        },
    )
)
