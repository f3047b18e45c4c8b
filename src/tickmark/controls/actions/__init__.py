"""Verbs of the controls step: controls, policies, acknowledgements."""

from tickmark.controls.actions.adopting import AdoptIn, adopt_many
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
    "AdoptIn",
    "acknowledge",
    "adopt",
    "adopt_many",
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
