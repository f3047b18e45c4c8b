"""A later migration never changes what the ledger already says of a fact."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, migrations
from django.db.migrations.loader import MigrationLoader

from tests.deeds import writing
from tickmark.kernel.dated import EMPTY, Fact
from tickmark.scope.models import Commitment, System

STEPS = {config.label for config in apps.get_app_configs() if config.name.startswith("tickmark.")}


def added() -> list[tuple[type[Fact], str, Any]]:
    """Every column that a migration after the first adds to a fact: its model, its name, what old rows hold in it."""
    found = []
    for (label, name), migration in sorted(
        MigrationLoader(None, ignore_no_migrations=True).disk_migrations.items()
    ):
        if label not in STEPS or name.startswith("0001_"):
            continue
        for one in migration.operations:
            model = apps.get_model(label, one.model_name) if isinstance(one, migrations.AddField) else None
            if model is not None and issubclass(model, Fact):
                default = None if one.field.null else one.field.get_default()
                found.append((model, one.name, default))
    return found


def test_a_column_that_came_later_is_named_as_such_and_empty_in_the_rows_before_it() -> None:
    columns = added()
    assert len(columns) > 5
    assert [(model.__name__, name) for model, name, default in columns if name not in model.LATER] == []
    assert [(model.__name__, name) for model, name, default in columns if default not in EMPTY] == []


def test_only_columns_that_came_later_are_ever_left_out_of_a_digest() -> None:
    named = {(model, name) for model in apps.get_models() if issubclass(model, Fact) for name in model.LATER}
    assert named == {(model, name) for model, name, _ in added()}


@pytest.mark.database
def test_a_fact_of_before_keeps_its_digest_and_a_new_one_speaks_of_the_column(cast: Any) -> None:
    since = date(2026, 1, 1)
    with writing(cast.founder):
        system = System(code="old")
        system.save()
        before, after = (
            Commitment(system=system, code="C-1", kind="requirement", category="security", text="t", source="s",
                       effective_from=since, criteria=criteria)
            for criteria in ([], ["CC8.1"])
        )  # fmt: skip
        before.save()
        after.save()
    assert "criteria" not in before.body()
    assert after.body()["criteria"] == ["CC8.1"]
    assert {*after.body()} - {*before.body()} == {"criteria"}


@pytest.mark.database
def test_the_tables_that_were_changed_still_refuse_a_change(cast: Any) -> None:
    tables = {model._meta.db_table for model, _, _ in added()}
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("select tbl_name, count(*) from sqlite_master where type = 'trigger' group by 1")
            wanted = 2
        else:
            cursor.execute(
                "select event_object_table, count(distinct trigger_name) from information_schema.triggers group by 1"
            )
            wanted = 1
        found = dict(cursor.fetchall())
    assert {table: found.get(table) for table in tables} == dict.fromkeys(tables, wanted)
