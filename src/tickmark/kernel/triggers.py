"""Append-only at the level of the database: an UPDATE or DELETE of a fact fails, whoever sends it."""

from __future__ import annotations

from django.apps import AppConfig
from django.apps.registry import Apps
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


def unguarded(apps: Apps, connection: BaseDatabaseWrapper) -> list[str]:
    """The append-only tables whose guard is missing, switched off, or does something else than to refuse."""
    tables = {model._meta.db_table for model in apps.get_models() if issubclass(model, AppendOnly)}
    standing = _standing_postgresql if connection.vendor == "postgresql" else _standing_sqlite
    return sorted(tables - standing(connection))


def _standing_sqlite(connection: BaseDatabaseWrapper) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tbl_name, name, sql FROM sqlite_master WHERE type = 'trigger'")
        found = {
            (table, name) for table, name, sql in cursor.fetchall() if MESSAGE in sql and "WHEN" not in sql
        }
    names = {table for table, _ in found}
    return {
        table
        for table in names
        if all((table, f"{table}_no_{verb}") in found for verb in ("update", "delete"))
    }


def _standing_postgresql(connection: BaseDatabaseWrapper) -> set[str]:
    """58 is the bit mask of BEFORE UPDATE OR DELETE OR TRUNCATE, for each statement (pg_trigger.tgtype)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
            "JOIN pg_proc p ON p.oid = t.tgfoid "
            "WHERE p.proname = 'tickmark_append_only' AND p.prosrc LIKE %s "
            "AND t.tgenabled IN ('O', 'A') AND t.tgqual IS NULL AND t.tgtype = 58",
            [f"%{MESSAGE}%"],
        )
        return {table for (table,) in cursor.fetchall()}


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
