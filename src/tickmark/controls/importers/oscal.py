"""OSCAL catalogs and component definitions, 1.0 to 1.1, as proposals for controls.

A control of a catalog is what some framework asks; an implemented requirement is what a component does. Neither names
a criterion of ours unless its id is one: another framework's id is kept as a foreign id and proves nothing here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tickmark.controls.importers.proposing import Proposals, criteria_of, listed, said_of
from tickmark.controls.importers.told import Given, Reading
from tickmark.kernel.errors import Invalid

ROOTS = (
    "catalog",
    "component-definition",
    "profile",
    "system-security-plan",
    "assessment-plan",
    "assessment-results",
    "plan-of-action-and-milestones",
    "mapping-collection",
)
READ = ROOTS[:2]
_VERSION = re.compile(r"1\.[01](\.\d+)?")
_INSERT = re.compile(r"\{\{\s*(?:insert:\s*)?param,?\s*([\w.-]+)\s*\}\}")
DEEPEST = 20


def is_oscal(data: Any) -> bool:
    """Whether this is one of OSCAL's documents."""
    return (
        isinstance(data, Mapping)
        and len(data.keys() - {"$schema"}) == 1
        and any(one in data for one in ROOTS)
    )


def of_oscal(name: str, data: Mapping[str, Any], given: Given) -> Reading:
    """The controls of a catalog or component definition. Raises Invalid for other documents and versions."""
    root = next(one for one in ROOTS if one in data)
    document = data[root]
    metadata = document.get("metadata") if isinstance(document, dict) else None
    version = said_of(metadata.get("oscal-version")) if isinstance(metadata, dict) else ""
    if root not in READ or not isinstance(document, dict):
        why = f"It is OSCAL's {root.replace('-', ' ')}."
        raise Invalid(
            f"{name!r} holds no controls to take.",
            why,
            "Choose a catalog or a component definition.",
            "files",
        )
    if not _VERSION.fullmatch(version):
        why = f"It says that it is OSCAL {version[:20] or 'of no version'}; 1.0 and 1.1 are read."
        raise Invalid(f"{name!r} cannot be read.", why, "Convert it to OSCAL 1.1.", "files")
    told = Reading(f"OSCAL {root.replace('-', ' ')} {version}", source="oscal")
    proposals = Proposals(told, given)
    (_catalog if root == "catalog" else _components)(name, document, proposals)
    if not told.items and not told.problems:
        told.problem(name, "It holds no control.", "", "Choose another file.")
    return told


def _catalog(name: str, catalog: Mapping[str, Any], proposals: Proposals) -> None:
    for control in _controls(catalog):
        own = said_of(control.get("id"))
        where = f"{name}, control {own or 'without an id'}"
        if not own:
            proposals.told.problem(where, "It has no id.", "OSCAL asks for one.", "Export it again.")
            continue
        words = _parameters(control)
        statement = "\n".join(_prose(control, words, "statement")) or "\n".join(
            _prose(control, words, "objective")
        )
        said = {
            "title": said_of(control.get("title")),
            "statement": statement,
            "criteria": criteria_of([own]),
        }
        proposals.add("control", where, own, f"oscal:{own}", said)


def _controls(group: Mapping[str, Any], depth: int = 0) -> Iterator[dict[str, Any]]:
    """The controls of a catalog, a group or a control, those within them included, without those withdrawn."""
    if depth > DEEPEST:
        return
    for control in listed(group.get("controls")):
        gone = any(one.get("name") == "status" and said_of(one.get("value")).casefold() == "withdrawn"
                   for one in listed(control.get("props")))  # fmt: skip
        if not gone:
            yield control
        yield from _controls(control, depth + 1)
    for inner in listed(group.get("groups")):
        yield from _controls(inner, depth + 1)


def _parameters(control: Mapping[str, Any]) -> dict[str, str]:
    """What a reader sees in place of a parameter: its values, else its label."""
    found = {}
    for one in listed(control.get("params")):
        values = one.get("values")
        said = ", ".join(said_of(value) for value in values) if isinstance(values, list) else ""
        found[said_of(one.get("id"))] = said or f"[{said_of(one.get('label')) or 'to be set'}]"
    return found


def _prose(part: Mapping[str, Any], words: Mapping[str, str], wanted: str, depth: int = 0) -> Iterator[str]:
    """The prose of the parts of a name, those within them indented."""
    for one in listed(part.get("parts")) if depth <= DEEPEST else []:
        inside = depth > 0 or one.get("name") == wanted
        if inside and (prose := said_of(one.get("prose"))):
            label = next(
                (said_of(x.get("value")) for x in listed(one.get("props")) if x.get("name") == "label"), ""
            )
            yield f"{'  ' * max(depth - 1, 0)}{f'{label} ' if label else ''}{_filled(prose, words)}"
        if inside:
            yield from _prose(one, words, wanted, depth + 1)


def _filled(prose: str, words: Mapping[str, str]) -> str:
    return _INSERT.sub(lambda match: words.get(match[1], "[to be set]"), prose)


def _components(name: str, definition: Mapping[str, Any], proposals: Proposals) -> None:
    components = [*listed(definition.get("components")), *listed(definition.get("capabilities"))]
    if components:
        proposals.told.leave(
            f"{len(components)} components", "Their controls are taken; list them as components yourself."
        )
    for component in components:
        title = said_of(component.get("title") or component.get("name")) or "a component"
        for implementation in listed(component.get("control-implementations")):
            for requirement in listed(implementation.get("implemented-requirements")):
                _requirement(name, title, requirement, proposals)


def _requirement(name: str, component: str, requirement: Mapping[str, Any], proposals: Proposals) -> None:
    control, uuid = said_of(requirement.get("control-id")), said_of(requirement.get("uuid"))
    where = f"{name}, {component}, {control or 'no control-id'}"
    if not uuid or not control:
        proposals.told.problem(
            where, "It has no uuid or no control-id.", "OSCAL asks for both.", "Export it again."
        )
        return
    words = {
        said_of(one.get("param-id")): ", ".join(map(said_of, one["values"]))
        for one in listed(requirement.get("set-parameters"))
        if isinstance(one.get("values"), list)
    }
    parts = [requirement, *listed(requirement.get("statements"))]
    statement = "\n\n".join(filter(None, (_filled(said_of(one.get("description")), words) for one in parts)))
    said = {"title": f"{component}: {control}", "statement": statement, "criteria": criteria_of([control])}
    proposals.add("control", where, "", f"oscal:{uuid}", said)
