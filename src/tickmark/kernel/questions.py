"""SQL that may only ask: one SELECT over known views, without files, settings, clocks or chance.

The sealed connection would refuse most of it as well; reading the parsed question refuses it before
anything runs, and says why.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from tickmark.kernel.errors import Invalid
from tickmark.kernel.later import Later
from tickmark.kernel.tables import sealed

if TYPE_CHECKING:
    import duckdb
else:
    duckdb = Later("duckdb")

TABLE_FUNCTIONS = {"unnest", "range", "generate_series"}
CLOCKS = {"current_date", "current_timestamp", "current_time", "localtime", "localtimestamp"}
OUTSIDE = {"current_setting", "getvariable", "getenv", "nextval", "currval", "query", "query_table"}


def read_only(name: str, sql: str, tables: Iterable[str]) -> tuple[str, frozenset[str]]:
    """The one question that `sql` of the check `name` is, and the parameters that it asks for.

    Raises Invalid unless it is a single SELECT over `tables`, without files, settings, clocks or chance: the same
    tables must give the same verdicts for ever.
    """
    query, used, why = _understood(sql, frozenset(tables))
    if why:
        raise Invalid(
            f"The check {name} was not run.",
            f"A check may only ask about its tables, but {why}.",
            "Rewrite its SQL as one SELECT over the shapes that its header reads.",
        )
    return query, used


@lru_cache(maxsize=512)
def _understood(sql: str, tables: frozenset[str]) -> tuple[str, frozenset[str], str]:
    """The question, its parameters, and what it may not do, if so: the same for the same text, so it is read once."""
    with sealed([]) as con:  # it is only taken apart, but that alone may already reach for files
        statements = con.extract_statements(sql)
        if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
            return "", frozenset(), "it must be a single SELECT"
        query = statements[0].query.strip().rstrip(";")
        tree = json.loads((con.execute("select json_serialize_sql(?)", [query]).fetchone() or ("{}",))[0])
    if tree.get("error"):
        return "", frozenset(), str(tree.get("error_message", "it cannot be read"))
    named = {entry["key"] for node in _nodes(tree) for entry in _entries(node)}
    found = (why for node in _nodes(tree) if (why := _forbidden(node, tables | named)))
    return query, frozenset(statements[0].named_parameters), next(found, "")


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            yield node
        waiting.extend(node.values() if isinstance(node, dict) else node if isinstance(node, list) else ())


def _entries(node: dict[str, Any]) -> list[dict[str, Any]]:
    found = node.get("cte_map")
    return list(found.get("map", [])) if isinstance(found, dict) else []


def _forbidden(node: dict[str, Any], tables: frozenset[str]) -> str:
    if node.get("type") == "BASE_TABLE" and (node["table_name"] not in tables or node["schema_name"]):
        return f"it reads {node['table_name']}, which its header does not name"
    if node.get("type") == "TABLE_FUNCTION" and node["function"]["function_name"] not in TABLE_FUNCTIONS:
        return f"it calls {node['function']['function_name']}"
    if node.get("class") == "FUNCTION" and node["function_name"] in OUTSIDE | _unsteady():
        return f"it calls {node['function_name']}"
    if node.get("class") == "COLUMN_REF" and node["column_names"][-1].lower() in CLOCKS:
        return f"it asks the clock: {node['column_names'][-1]}"
    return ""


@cache
def _unsteady() -> frozenset[str]:
    """The engine's functions that do not give the same answer each time: clocks, chance, sequences."""
    with sealed([]) as con:
        rows = con.execute(
            "select function_name from duckdb_functions() where stability <> 'CONSISTENT'"
        ).fetchall()
    return frozenset(row[0] for row in rows)
