"""The database itself keeps facts, entries and leaves as they were written, whoever asks."""

from __future__ import annotations

from datetime import date

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, transaction

from tests.deeds import writing
from tickmark.kernel.dated import AppendOnly
from tickmark.kernel.ledger.seal import seal
from tickmark.kernel.triggers import install
from tickmark.people import actions as people
from tickmark.people.models import Person

TABLES = sorted(
    model._meta.db_table for app in ("kernel", "people", "scope", "controls", "evidence", "readiness", "audit", "report")
    for model in apps.get_app_config(app).get_models() if issubclass(model, AppendOnly)
)  # fmt: skip
WRITTEN = ("people_person", "people_employment", "kernel_entry", "kernel_leaf", "kernel_checkpoint")


def send(sql):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.fixture
def person(cast):
    people.add(cast.actor("founder"), "P-1", "Ada", date(2026, 1, 1))
    seal()


@pytest.mark.parametrize("table", WRITTEN)
def test_no_row_is_changed_deleted_or_swept_away(person, table):
    column = "entry" if table.startswith("people") else "note" if table.endswith("checkpoint") else "id"
    column = "hash" if table.endswith("leaf") else column
    verbs = [f"update {table} set {column} = {column}", f"delete from {table}"]
    if connection.vendor == "postgresql":
        send("set constraints all immediate")
        verbs.append(f"truncate {table} cascade")
    for sql in verbs:
        with pytest.raises(DatabaseError, match="append-only"):
            send(sql)


def test_no_row_is_replaced_by_an_insert(person):
    columns = "id, key, name, email, entry, recorded_at"
    if connection.vendor == "postgresql":
        sql = f"insert into people_person ({columns}) select {columns} from people_person on conflict (id) do update set name = 'Eve'"
    else:
        sql = f"insert or replace into people_person ({columns}) select id, key, 'Eve', email, entry, recorded_at from people_person"
    with pytest.raises(DatabaseError, match="append-only"):
        send(sql)
    assert Person.objects.get().name == "Ada"


def test_every_table_of_facts_is_guarded(db):
    sqlite = "select tbl_name || '.' || name from sqlite_master where type = 'trigger'"
    other = "select tgrelid::regclass || '.' || tgname from pg_trigger where not tgisinternal"
    with connection.cursor() as cursor:
        cursor.execute(sqlite if connection.vendor == "sqlite" else other)
        found = {row[0] for row in cursor.fetchall()}
    ends = ("no_update", "no_delete") if connection.vendor == "sqlite" else ("append_only",)
    expected = {f"{table}.{table}_{end}" for table in TABLES for end in ends}
    assert expected - found == set() and len(TABLES) > 50


def test_guarding_twice_is_harmless_and_new_rows_still_come_in(cast):
    install(apps.get_app_config("people"), "default")
    with writing(cast.founder):
        Person(key="P-2", name="Bo").save()
    assert Person.objects.count() == 1
