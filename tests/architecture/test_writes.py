"""One way to write: an action. Everything else answers, translates or reacts with new rows."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests.architecture.tree import DOORS, STEPS, Module, dotted, modules, nothing

INSERTS = {"create", "bulk_create", "acreate", "abulk_create"}
ROW = {"save", "asave", "delete", "adelete"}
OTHER = {"update", "aupdate", "bulk_update", "abulk_update", "get_or_create", "update_or_create"}
WRITES = INSERTS | ROW | OTHER
QUERY = {
    "objects",
    "filter",
    "exclude",
    "all",
    "visible",
    "as_of",
    "over",
    "order_by",
    "which",
    "_default_manager",
}
NOT_ROWS = {
    "client",
    "digest",
    "hasher",
    "context",
    "environ",
    "pdf",
    "document",
    "book",
    "workbook",
    "session",
}
"""`.save()` and `.delete()` write unless one of these stands before them; other words need a query there."""


def is_action_file(module: Module) -> bool:
    """`actions.py` of a step, or a file in its folder `actions/`."""
    parts = module.name.split("/")
    return parts[0] in STEPS and (parts[1] == "actions.py" or parts[1] == "actions")


def is_reaction_file(module: Module) -> bool:
    """`reactions.py` of a step: row inserts only."""
    return module.package in STEPS and module.name.endswith("/reactions.py")


def writes(module: Module) -> Iterator[tuple[ast.Call, str]]:
    """Calls that change the books, with the method's name."""
    for node in module.nodes:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            name, before = node.func.attr, set(dotted(node.func.value).split("."))
            if name in WRITES and (before & QUERY or (name in ROW and not before & NOT_ROWS)):
                yield node, name


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Evidence.objects.create(a=1)", ["create"]),
        ("Evidence.objects.filter(a=1).update(a=2)", ["update"]),
        ("visible(actor, Evidence).delete()", ["delete"]),
        ("row.save()", ["save"]),
        ("Evidence.objects.bulk_create(rows)", ["bulk_create"]),
        ("Evidence.objects.filter(a=1).count()", []),
        ("digest.update(b'')", []),
        ("settings.update(a=1)", []),
        ("client.delete('/x')", []),
    ],
)
def test_the_detector_sees_writes_and_nothing_else(line: str, expected: list[str]) -> None:
    module = Module("evidence/queries.py")
    module.__dict__["tree"] = ast.parse(line)
    assert [name for _, name in writes(module)] == expected


def test_only_actions_write() -> None:
    found = [
        f"{module.at(node)} .{name}()"
        for module in modules()
        if module.package != "kernel" and not is_action_file(module)
        for node, name in writes(module)
        if not (is_reaction_file(module) and name in INSERTS)
    ]
    nothing(found, "Make it an @action in the actions.py of its step (a reaction may insert rows).")


def test_doors_reach_rows_only_through_visible() -> None:
    found = [
        f"{module.at(node)} .{node.attr}"
        for module in modules()
        if module.package in DOORS
        for node in module.nodes
        if isinstance(node, ast.Attribute) and node.attr in {"objects", "_default_manager", "_base_manager"}
    ]
    nothing(found, "Ask kernel.access.visible(actor, Model), or a query of the step.")


def test_doors_and_steps_write_no_raw_sql_into_the_books() -> None:
    found = [
        module.at(node)
        for module in modules()
        if module.package in (*DOORS, *STEPS)
        for node in module.nodes
        if isinstance(node, ast.Attribute) and dotted(node).endswith("connection.cursor")
    ]
    nothing(found, "Use the ORM, or put the statement into the kernel.")
