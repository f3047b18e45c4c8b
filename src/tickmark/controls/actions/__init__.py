"""Verbs of the controls step: controls, policies, acknowledgements."""

from tickmark.controls.actions.policies import (
    acknowledge,
    adopt_policy,
    approve_policy,
    control_numbers,
    publish_policy,
    write_policy,
)
from tickmark.controls.actions.writing import adopt, check_code, hand_over, retire, write

__all__ = [
    "acknowledge",
    "adopt",
    "adopt_policy",
    "approve_policy",
    "check_code",
    "control_numbers",
    "hand_over",
    "publish_policy",
    "retire",
    "write",
    "write_policy",
]
