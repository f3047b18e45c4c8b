"""Verbs of the controls step: controls, policies, acknowledgements."""

from tickmark.controls.actions.adopting import AdoptIn, adopt_many, adopt_policies
from tickmark.controls.actions.handing import hand_over_all
from tickmark.controls.actions.policies import (
    acknowledge,
    adopt_policy,
    approve_policy,
    control_numbers,
    publish_policy,
    write_policy,
)
from tickmark.controls.actions.reshaping import ControlIn, merge, split
from tickmark.controls.actions.writing import adopt, check_code, hand_over, retire, write

__all__ = [
    "AdoptIn",
    "ControlIn",
    "acknowledge",
    "adopt",
    "adopt_many",
    "adopt_policies",
    "adopt_policy",
    "approve_policy",
    "check_code",
    "control_numbers",
    "hand_over",
    "hand_over_all",
    "merge",
    "publish_policy",
    "retire",
    "split",
    "write",
    "write_policy",
]
