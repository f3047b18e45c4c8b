"""Append-only at the level of the database: an UPDATE or DELETE of a fact fails, whoever sends it."""

from __future__ import annotations

from django.apps import AppConfig
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from tickmark.kernel.dated import AppendOnly

MESSAGE = "append-only: facts and entries are never changed or deleted"


def install(app: AppConfig, using: str) -> None:
    """Create the triggers for each append-only table of an app; harmless when they stand already."""
    tables = [model._meta.db_table for model in app.get_models() if issubclass(model, AppendOnly)]
    connection = connections[using]
    present = set(connection.introspection.table_names())
    for table in tables:
        if table in present:
            _install(connection, table)


def _install(connection: BaseDatabaseWrapper, table: str) -> None:
    statements = _postgresql(table) if connection.vendor == "postgresql" else _sqlite(table)
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def _sqlite(table: str) -> list[str]:
    return [
        f'CREATE TRIGGER IF NOT EXISTS "{table}_no_{verb.lower()}" BEFORE {verb} ON "{table}" '
        f"BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
        for verb in ("UPDATE", "DELETE")
    ]


def _postgresql(table: str) -> list[str]:
    return [
        (
            "CREATE OR REPLACE FUNCTION tickmark_append_only() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{MESSAGE}'; END $$"
        ),
        (
            f'CREATE OR REPLACE TRIGGER "{table}_append_only" BEFORE UPDATE OR DELETE OR TRUNCATE ON "{table}" '
            "FOR EACH STATEMENT EXECUTE FUNCTION tickmark_append_only()"
        ),
    ]
