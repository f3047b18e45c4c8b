"""Libraries of CISO Assistant: reference controls and policies, with the criteria that a framework beside them names.

The shape is that of the YAML files in its own repository (`backend/library/libraries`): `urn`, `ref_id` and `objects`,
in which `reference_controls` (in older files `security_functions`) and `framework` stand.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tickmark.controls.importers.proposing import Proposals, criteria_of, listed, said_of
from tickmark.controls.importers.told import Given, Reading
from tickmark.kernel.errors import Invalid

_OURS = re.compile(r"soc[ -]?2|trust services|\btsc\b", re.I)
TAKEN = frozenset({"reference_controls", "security_functions", "framework", "frameworks"})


def is_library(data: Any) -> bool:
    """Whether this is one of its libraries."""
    return isinstance(data, Mapping) and "urn" in data and isinstance(data.get("objects"), Mapping)


def of_library(name: str, data: Mapping[str, Any], given: Given) -> Reading:
    """The controls and policies of a library; its URNs are kept as foreign ids."""
    objects = data["objects"]
    told = Reading("CISO Assistant library", source="ciso-assistant")
    found = [*listed(objects.get("reference_controls")), *listed(objects.get("security_functions"))]
    if not found:
        why = f"It holds {', '.join(map(str, objects)) or 'nothing'}."
        raise Invalid(
            f"{name!r} holds no controls.", why, "Export a library with reference controls.", "files"
        )
    for other in sorted(set(map(str, objects)) - TAKEN):
        told.leave(other.replace("_", " ").capitalize(), "Only reference controls and policies are taken.")
    proposals, mapped = Proposals(told, given), _mapped(objects)
    for number, one in enumerate(found, 1):
        _one(name, number, one, proposals, mapped)
    return told


def _one(
    name: str, number: int, one: dict[str, Any], proposals: Proposals, mapped: Mapping[str, list[str]]
) -> None:
    own, urn, category = said_of(one.get("ref_id")), said_of(one.get("urn")), said_of(one.get("category"))
    where = f"{name}, control {number}{f' ({own})' if own else ''}"
    if not urn and not own:
        proposals.told.problem(where, "It has neither a urn nor a ref_id.", "", "Give it one of them.")
        return
    said = {"title": said_of(one.get("name")), "criteria": mapped.get(urn, [])}
    body = "\n\n".join(filter(None, (said_of(one.get("description")), said_of(one.get("annotation")))))
    if category.casefold() == "policy":
        text = f"# {said['title'] or own}\n\n{body}\n"
        proposals.add(
            "policy", where, own, f"ciso-assistant:{urn or own}", {**said, "text": text, "label": "1"}
        )
        return
    said |= {"statement": body, "evidence_wanted": said_of(one.get("typical_evidence"))}
    proposals.add("control", where, own, f"ciso-assistant:{urn or own}", said)


def _mapped(objects: Mapping[str, Any]) -> dict[str, list[str]]:
    """The criteria of each control, by its URN: those of the requirements that refer to it in a framework of ours."""
    found: dict[str, list[str]] = {}
    for framework in [objects.get("framework"), *listed(objects.get("frameworks"))]:
        if not isinstance(framework, dict):
            continue
        names = " ".join(said_of(framework.get(key)) for key in ("urn", "ref_id", "name"))
        if not _OURS.search(names):
            continue
        for node in listed(framework.get("requirement_nodes")):
            named = node.get("reference_controls") or node.get("security_functions") or []
            for urn in named if isinstance(named, list) else []:
                found.setdefault(said_of(urn), []).append(said_of(node.get("ref_id")))
    return {urn: criteria_of(references) for urn, references in found.items()}
