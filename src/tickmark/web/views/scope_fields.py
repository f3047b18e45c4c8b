"""The forms of the parts of the scope: for each part the words, the help and the choices of its fields."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from tickmark.kernel import clock
from tickmark.people.queries import colleagues
from tickmark.scope.criteria import Category, applicable, criteria
from tickmark.scope.details import DETAILS, Detail
from tickmark.scope.models import Commitment, ComponentKind, Method
from tickmark.scope.queries import Scope
from tickmark.web.forming import criteria_groups, people_choices

CATEGORIES = [(one.value, one.label) for one in Category]
NO_NAMES: dict[str, str] = {}
OF_KIND = "detail-"
"""Stands before the name of a detail among the fields of a form."""
Fields = dict[str, dict[str, Any]]


def _criteria_field(scope: Scope, chosen: Sequence[str], help: str, required: bool = True) -> dict[str, Any]:
    inside = scope.criteria or list(criteria().values())
    more = [one for one in criteria().values() if one.id in chosen and one not in inside]
    return {
        "kind": "criteria",
        "groups": criteria_groups([*inside, *more], chosen),
        "help": help,
        "required": required,
        "value": list(chosen),
    }


def commitment_fields(scope: Scope, row: Any) -> Fields:
    """A promise or a requirement."""
    return {
        "kind": {"kind": "radio", "choices": Commitment.Kind.choices},
        "code": {"help": "Such as C-1 for a commitment, R-1 for a requirement."},
        "category": {"kind": "select", "choices": CATEGORIES},
        "text": {"kind": "textarea", "help": "In plain words, as it was promised."},
        "target": {"help": "If it can be measured: 99.9 % a month."},
        "source": {"help": "Where it stands: contract, service level, notice, law."},
        "criteria": _criteria_field(
            scope, getattr(row, "criteria", []), "The criteria that a system requirement supports.", False
        ),
        "principal": {"label": "Principal: made to customers at large, printed in the report"},
    }


def component_fields(scope: Scope, row: Any) -> Fields:
    """A component and what it has to do with others."""
    return {
        "name": {},
        "code": {"help": "Short, such as ledger-db."},
        "kind": {"kind": "select", "choices": ComponentKind.choices},
        "inside": {"label": "Inside the boundary", "help": "Leave it out to name it as outside."},
        "description": {"label": "Purpose", "kind": "textarea", "rows": 3},
        "data": _data_field(scope, row, "What it stores or handles; of a kind of data itself, nothing."),
        "classification": {"label": "Class", "help": "Of a kind of data, in your own words: Confidential."},
        **_details_fields(getattr(row, "details", {})),
        "details": {"leave": True},
        "commitments": _commitments_field(scope, row, "The promises and requirements that it helps to keep."),
        "flows": {
            "label": "What it passes on",
            "kind": "textarea",
            "rows": 3,
            "value": flow_lines(getattr(row, "flows", []), _names(scope)),
            "placeholder": "Ledger database: customer records",
            "help": "One a line: the name or code of a component or vendor, a colon, what passes.",
        },
        "supplier": {
            "label": "Supplied or hosted by",
            "kind": "select",
            "choices": [(one.vendor.code, one.name) for one in scope.vendors],
            "none_word": "no supplier named",
        },
        "location": {"help": "Region, zone or place, where it matters."},
        **_owner_fields(),
    }


def _details_fields(said: Mapping[str, str]) -> Fields:
    """A group for each kind that the description asks more of; the page shows that of the chosen kind."""
    return {
        f"details-{kind}": {
            "kind": "group",
            "label": f"More about {ComponentKind(kind).label.lower()}",
            "of": kind,
            "fields": [_detail_field(one, said.get(one.name, "")) for one in several],
        }
        for kind, several in DETAILS.items()
    }


def _detail_field(one: Detail, value: str) -> dict[str, Any]:
    shape = {"kind": "select", "choices": list(one.choices.items()), "none_word": "not said"}
    return {
        "name": f"{OF_KIND}{one.name}",
        "label": one.label,
        "help": one.help,
        "value": value,
        **(shape if one.choices else {"kind": "text"}),
    }


def details_of(posted: Mapping[str, str]) -> dict[str, str]:
    """What a form says of the kind that it chose; what stands in the group of another kind is not meant."""
    kind = posted.get("kind", "")
    return {one.name: posted.get(f"{OF_KIND}{one.name}", "") for one in DETAILS.get(kind, ())}


def _owner_fields() -> Fields:
    choices = people_choices(colleagues())
    away = "Who is asked when the owner is away or has left."
    return {
        "owner": {"kind": "select", "choices": choices, "none_word": "nobody yet"},
        "backup_owner": {"kind": "select", "choices": choices, "none_word": "nobody", "help": away},
    }


def _data_field(scope: Scope, row: Any, help: str) -> dict[str, Any]:
    held = [(one.code, one.name) for one in scope.components if one.kind == ComponentKind.DATA]
    return _ticks(held, getattr(row, "data", []), "Data", help, "No kind of data is named yet.")


def _commitments_field(scope: Scope, row: Any, help: str) -> dict[str, Any]:
    held = [(one.code, f"{one.code} {one.text}") for one in scope.commitments]
    return _ticks(held, getattr(row, "commitments", []), "Commitments", help, "None is recorded yet.")


def _ticks(
    held: list[tuple[str, str]], chosen: list[str], label: str, help: str, none: str
) -> dict[str, Any]:
    """What stands as ticks, and what is ticked though it no longer stands: a new version does not drop it unseen."""
    known = {code for code, _ in held}
    gone = [(code, f"{code} (no longer in force)") for code in chosen if code not in known]
    choices = [*held, *gone]
    return {
        "label": label,
        "kind": "checks",
        "choices": choices,
        "value": chosen,
        "help": help,
        "none_word": none,
    }


def _names(scope: Scope) -> dict[str, str]:
    """What people call components and vendors, by code; not those that a line could not be read with."""
    found = {one.vendor.code: one.name for one in scope.vendors} | {
        one.code: one.name for one in scope.components
    }
    called = Counter(name.casefold() for name in found.values())
    return {code: name for code, name in found.items() if ":" not in name and called[name.casefold()] == 1}


def flow_lines(flows: Sequence[dict[str, str]], names: Mapping[str, str] = NO_NAMES) -> str:
    """What a component passes on, one a line as `end: what`: the end by its name where one is given, else its code."""
    return "\n".join(f"{names.get(flow['to'], flow['to'])}: {flow['what']}" for flow in flows)


def flows_of(text: str, scope: Scope) -> list[dict[str, str]]:
    """The flows that lines of `code: what` name; a name stands for its code. What a line leaves out is left empty."""
    codes = {name.casefold(): code for code, name in _names(scope).items()}
    found = []
    for line in filter(str.strip, text.splitlines()):
        end, _, what = map(str.strip, line.partition(":"))
        found.append({"to": codes.get(end.casefold(), end), "what": what})
    return found


def vendor_fields(scope: Scope, row: Any) -> Fields:
    """A vendor and what rests on it."""
    return {
        "name": {"label": "Legal name"},
        "code": {"help": "Short, such as hosting."},
        "service": {"label": "What is bought from it", "kind": "textarea", "rows": 2},
        "subservice": {
            "label": "It is a subservice organisation",
            "help": "Would a criterion fail if it had no controls, and are your own not enough? Then it is one.",
        },
        "method": {"kind": "select", "choices": Method.choices, "none_word": "not a subservice organisation"},
        "criteria": _criteria_field(scope, getattr(row, "criteria", []), "What it is relied on for.", False),
        "monitored_by": {"help": "The control that reads its reports, such as VND-03."},
        "report": {
            "label": "Its own report",
            "help": "Kind and opinion, such as: SOC 2 Type 2, unmodified. Printed with DC 7.",
        },
        "report_end": {"label": "Last day that its report covers"},
        "data": _data_field(scope, row, "What it can reach."),
        "commitments": _commitments_field(scope, row, "The promises that cannot be kept without it."),
        **_owner_fields(),
    }


def complement_fields(scope: Scope, row: Any) -> Fields:
    """What somebody else must do."""
    choices = [(one.vendor.ref, one.name) for one in scope.subservice]
    return {
        "kind": {
            "kind": "radio",
            "choices": [
                ("cuec", "CUEC", "customers must do it"),
                ("csoc", "CSOC", "a subservice organisation must do it"),
            ],
        },
        "code": {"help": "Such as CUEC-1."},
        "vendor": {
            "kind": "select",
            "choices": choices,
            "help": "For a CSOC only.",
            "none_word": "customers",
        },
        "text": {
            "kind": "textarea",
            "help": "As a duty of the other side. Only what a criterion needs, no advice.",
        },
        "why": {
            "label": "Why it is needed",
            "kind": "textarea",
            "rows": 2,
            "help": "Printed beside it: what would not be met without it.",
        },
        "criteria": _criteria_field(scope, getattr(row, "criteria", []), "The criteria that need it."),
    }


def aside_fields(scope: Scope, row: Any) -> Fields:
    """A criterion that is not relevant."""
    inside = scope.criteria or applicable(["security"])
    return {
        "criterion": {"kind": "select", "choices": [(one.id, f"{one.id} {one.title}") for one in inside]},
        "reason": {"kind": "textarea", "help": "Printed in the report (DC 8)."},
    }


def exclusion_fields(scope: Scope, row: Any) -> Fields:
    """What is left out."""
    return {
        "what": {"label": "What is left out"},
        "reason": {"kind": "textarea", "help": "The auditor reads it."},
        "until": {"label": "Until", "help": "The last day. It stays in force until somebody ends it."},
    }


def _promises(scope: Scope) -> list[Commitment]:
    return [one for one in scope.commitments if one.kind == Commitment.Kind.COMMITMENT]


def event_fields(scope: Scope, row: Any) -> Fields:
    """An incident or a significant change."""
    return {
        "kind": {
            "kind": "radio",
            "choices": [("incident", "Incident", "DC 4"), ("change", "Significant change", "DC 9")],
        },
        "title": {},
        "happened_on": {"label": "Day", "max": clock.today().isoformat()},
        "text": {
            "kind": "textarea",
            "help": "Nature, timing, extent or effect, what was done. Before and after, for a change.",
        },
        "discovered_on": {
            "label": "Discovered on",
            "max": clock.today().isoformat(),
            "help": "Of an incident, if later than the day.",
        },
        "cause": {
            "kind": "textarea",
            "rows": 2,
            "help": "Of an incident: did a control fail, or what was it? Printed with DC 4.",
        },
        "disposition": {
            "label": "What became of it",
            "kind": "textarea",
            "rows": 2,
            "help": "Of an incident: how it ended, and what was done so that it does not come again.",
        },
        "commitments": {
            "kind": "checks",
            "choices": [(one.code, f"{one.code} {one.text}") for one in _promises(scope)],
            "help": "Of an incident: the promises it touched.",
        },
        "criteria": _criteria_field(scope, [], "The criteria it touches.", False),
        "disclosed": {"label": "Disclosed in the description", "value": True},
        "why": {"label": "Why not disclosed", "kind": "textarea", "rows": 2, "help": "Needed if it is not."},
    }
