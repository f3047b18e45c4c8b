"""Verbs of the scope step."""

from tickmark.scope.actions.applying import ItemIn, apply, preview
from tickmark.scope.actions.checks import check_categories, check_code, check_owners, check_zone, not_before
from tickmark.scope.actions.parts import Flow, add_vendor, assume, commit, place
from tickmark.scope.actions.period import SHORTEST_TYPE_2, set_period
from tickmark.scope.actions.system import (
    CRITERIA_SET,
    approve,
    describe,
    end_exclusion,
    exclude,
    report_event,
    set_aside,
)
from tickmark.scope.actions.weighing import tell, weigh

__all__ = [
    "CRITERIA_SET",
    "SHORTEST_TYPE_2",
    "Flow",
    "ItemIn",
    "add_vendor",
    "apply",
    "approve",
    "assume",
    "check_categories",
    "check_code",
    "check_owners",
    "check_zone",
    "commit",
    "describe",
    "end_exclusion",
    "exclude",
    "not_before",
    "place",
    "preview",
    "report_event",
    "set_aside",
    "set_period",
    "tell",
    "weigh",
]
