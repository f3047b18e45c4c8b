"""Books of the first version come through every migration: facts keep their digests, guards stand, the log holds."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import date
from typing import Any
from uuid import uuid4

import pytest
import rfc8785
from django.apps import apps
from django.core.management import call_command
from django.db import DatabaseError, connection, models, transaction
from django.db.migrations.executor import MigrationExecutor

from tests.kernel.recovery import homes
from tickmark.kernel import clock, files
from tickmark.kernel.dated import DigestField, Fact, plain
from tickmark.kernel.ledger.entry import Entry
from tickmark.kernel.ledger.seal import latest, seal
from tickmark.kernel.recovery import rows
from tickmark.kernel.recovery.backup import back_up
from tickmark.kernel.recovery.doctor import examine_home
from tickmark.kernel.recovery.restore import restore

OURS = ("kernel", "people", "scope", "controls", "evidence", "readiness", "audit", "report", "upkeep")
FIRST = OURS[:-1]
"""Upkeep had no tables of its own at first."""


def first_version() -> Any:
    """The tables as the first version made them, and the models of then."""
    executor = MigrationExecutor(connection)
    nodes = [(app, "0001_initial") for app in FIRST]
    others = [node for node in executor.loader.graph.leaf_nodes() if node[0] not in OURS]
    executor.migrate([*others, *nodes])
    return MigrationExecutor(connection).loader.project_state([*others, *nodes]).apps


def facts_of(old: Any) -> list[tuple[Any, Any]]:
    """The facts of then beside those of now, each after those that it leads to."""
    pairs = {
        old.get_model(model._meta.label): model
        for model in apps.get_models()
        if issubclass(model, Fact)
        and model._meta.label_lower in {rows.label(one) for one in old.get_models()}
    }
    ordered: list[Any] = []
    while len(ordered) < len(pairs):
        ready = [one for one in pairs if one not in ordered and _needs(one) & pairs.keys() <= {*ordered, one}]
        assert ready, "the tables lead to each other in a circle"
        ordered += sorted(ready, key=rows.label)
    return [(one, pairs[one]) for one in ordered]


def _needs(model: Any) -> set[Any]:
    return {
        field.related_model for field in model._meta.concrete_fields if field.is_relation and not field.null
    }


def a_row(model: Any, user: Any, uid: Any) -> Any:
    """A row of a table of then, each column filled by its kind."""
    return model.objects.create(**dict(_columns(model, user, uid)))


def _columns(model: Any, user: Any, uid: Any) -> Iterator[tuple[str, Any]]:
    given = {"entry": uid, "by": user, "recorded_at": clock.now(), "withdrawn": False}
    for field in model._meta.concrete_fields:
        if field.primary_key:
            continue
        if field.name in given:
            yield field.name, given[field.name]
        elif field.is_relation:
            yield field.name, None if field.null else _first(field.related_model, user)
        elif isinstance(field, DigestField):
            yield field.name, files.keep(b"a file").sha256
        else:
            yield field.name, _value(field)


def _first(model: Any, user: Any) -> Any:
    return user if model is type(user) else model.objects.order_by("pk").first()


def _value(field: Any) -> Any:
    if field.choices:
        return field.choices[0][0]
    kinds: list[tuple[type, Any]] = [
        (models.BooleanField, True),
        (models.DateTimeField, clock.now()),
        (models.DateField, date(2026, 1, 2)),
        (models.JSONField, {"a": [1, "b"]}),
        (models.IntegerField, 3),
        (models.EmailField, "somebody@company.example"),
        (models.CharField, "text"[: field.max_length or 4]),
        (models.TextField, "A longer text."),
        (models.UUIDField, uuid4()),
    ]
    return next(value for kind, value in kinds if isinstance(field, kind))


def digest(row: Any, now: Any) -> str:
    """What the first version cited of a row: every column it had."""

    def value(field: Any) -> Any:
        found = getattr(row, field.attname)
        if found is not None and field.is_relation:
            return f"{apps.get_model(field.related_model._meta.label).PREFIX}-{found}"
        return plain(field.to_python(found))

    body = {field.name: value(field) for field in row._meta.concrete_fields}
    return hashlib.sha256(rfc8785.dumps(body)).hexdigest()


def filled(old: Any) -> int:
    """One fact of each kind, each under an entry of its own; gives how many."""
    user = old.get_model("people", "User").objects.create(
        email="first@company.example", name="First", side="company", created_at=clock.now(), password="!"
    )
    count = 0
    for model, now in facts_of(old):
        uid = uuid4()
        row = a_row(model, user, uid)
        kept = [
            getattr(row, one.attname) for one in model._meta.concrete_fields if isinstance(one, DigestField)
        ]
        old.get_model("kernel", "Entry").objects.create(
            uid=uid,
            verb=f"first.{rows.label(model)}",
            actor="US-1",
            actor_kind="person",
            side="company",
            subject=f"{now.PREFIX}-{row.pk}",
            arguments={},
            facts=[{"ref": f"{now.PREFIX}-{row.pk}", "sha256": digest(row, now)}],
            files=sorted(set(kept)),
            recorded_at=clock.now(),
            salt="0" * 64,
        )
        count += 1
    return count


@pytest.mark.slow
@pytest.mark.parametrize("engine", homes.ENGINES)
def test_books_of_the_first_version_are_brought_up_to_date(home: Any, engine: str) -> None:
    with home("first", engine, made=False) as room:
        count = filled(first_version())
        point = seal()
        assert point is not None and point.size == count > 60
        call_command("migrate", verbosity=0, interactive=False)
        for path in (room / "secrets").iterdir():
            path.chmod(0o600)
        assert list(examine_home()) == []
        assert latest() == point and seal() == point
        refused = 0
        for model in apps.get_models():
            if issubclass(model, Fact | Entry) and model._base_manager.exists():
                with (
                    pytest.raises(DatabaseError, match="append-only"),
                    transaction.atomic(),
                    connection.cursor() as cursor,
                ):
                    cursor.execute(f'delete from "{model._meta.db_table}"')
                refused += 1
        assert refused == count + 1


@pytest.mark.slow
def test_an_archive_of_an_older_version_is_restored_and_brought_up_to_date(home: Any, tmp_path: Any) -> None:
    """The archive is given the state of the first version: what it lacks then is what the migrations add."""
    from tickmark.kernel.recovery import backup
    from tickmark.kernel.recovery.archive import Archive

    with home("first", made=False) as room, pytest.MonkeyPatch.context() as patched:
        old = first_version()
        count = filled(old)
        patched.setattr(backup, "refuse_pending", lambda: None)
        patched.setattr(backup, "apps", old)
        archive = back_up(tmp_path / "archive")
    assert {"0001_initial"} == set(archive.about["migrations"]["scope"])
    with home("new", made=False):
        restore(Archive.open(archive.path), secrets=room / "secrets")
        assert Entry.objects.count() == count + 1
        assert [finding.kind for finding in examine_home()] == ["log-epoch"]
        assert json.loads((archive.path / "archive.json").read_text())["moved"] is False


# -- columns that came later ----------------------------------------------------------------------------------------


def test_every_column_that_a_migration_adds_to_a_fact_is_named_as_later() -> None:
    """Otherwise every fact that stands already would seem changed: its entry cites a digest without the column."""
    from django.db.migrations.loader import MigrationLoader

    added: dict[str, set[str]] = {}
    for (app, name), migration in MigrationLoader(None).disk_migrations.items():
        for one in migration.operations if app in OURS and name != "0001_initial" else ():
            if type(one).__name__ == "AddField" and not one.field.many_to_many:
                added.setdefault(f"{app}.{one.model_name_lower}", set()).add(one.name)
                kept = getattr(one, "preserve_default", True)
                assert kept, (
                    f"{app}.{one.model_name}.{one.name}: old rows get a value that the column does not default to"
                )
    wrong = {
        str(model._meta.label): f"LATER = frozenset({sorted(wanted)!r})"
        for model in apps.get_models()
        if issubclass(model, Fact)
        and set(model.LATER)
        != (wanted := added.get(rows.label(model), set()) & {f.name for f in model._meta.concrete_fields})
    }
    assert wrong == {}, "Write this line into the class:"
