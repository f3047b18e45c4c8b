"""Homes to back up and to restore into: each with books of its own on the engine that one asks for."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg
from django.conf import settings
from django.db import connections

from tests import conftest as common
from tickmark.settings import _database

ENGINES = ("sqlite", "postgresql")


@contextmanager
def opened(home: Path, database: dict[str, Any]) -> Iterator[Path]:
    """Work in this home, on this database."""
    before = connections["default"], connections.settings["default"]
    placed = settings.HOME, settings.FILES_URL
    connections.settings["default"] = {**before[1], **database}
    connections["default"] = connections.create_connection("default")
    settings.HOME, settings.FILES_URL = home, (home / "files").as_uri()
    home.mkdir(parents=True, exist_ok=True)
    try:
        yield home
    finally:
        connections["default"].close()
        connections["default"], connections.settings["default"] = before
        settings.HOME, settings.FILES_URL = placed


def in_file(home: Path) -> dict[str, Any]:
    """A SQLite database in the home; it need not exist yet."""
    return {**_database(None), "NAME": str(home / "books.sqlite3")}


@contextmanager
def on_server(address: str) -> Iterator[dict[str, Any]]:
    """A fresh PostgreSQL database."""
    name = f"home_{secrets.token_hex(6)}"
    with psycopg.connect(address, autocommit=True) as admin:
        admin.execute(f'create database "{name}"')
    try:
        yield {**_database(address.rpartition("/")[0] + f"/{name}"), "OPTIONS": {}}
    finally:
        with psycopg.connect(address, autocommit=True) as admin:
            admin.execute(f'drop database "{name}" with (force)')


def migrated(home: Path, template: Path) -> dict[str, Any]:
    """A SQLite database with empty tables, copied so that a test need not make them."""
    home.mkdir(parents=True, exist_ok=True)
    with sqlite3.connect(template) as source, sqlite3.connect(home / "books.sqlite3") as target:
        source.backup(target)
    return in_file(home)


def rich(home: Path) -> SimpleNamespace:
    """Rows of every noun, made by actions and sealed."""
    from tests.api.world import build

    world = build(common.program.__wrapped__(common.cast.__wrapped__(None)))
    world.home = home
    return world


def answers(day: date) -> list[str]:
    """What the steps answer for a day: the judges of whether two books are the same."""
    from tickmark.audit.models import Engagement, Procedure, Request
    from tickmark.audit.queries import request_rows, workpaper
    from tickmark.controls.queries import coverage, policies
    from tickmark.evidence.queries import sources
    from tickmark.kernel.dated import Fact, Version
    from tickmark.readiness import queries as readiness
    from tickmark.scope.models import System
    from tickmark.upkeep import queries as upkeep

    found: list[Any] = [
        readiness.gaps(day),
        readiness.summary(day),
        readiness.earliest_start(day),
        readiness.heat_map(day),
        policies(day),
        [coverage(system, day) for system in System.objects.order_by("pk")],
        sources(day),
        upkeep.calendar(day),
        upkeep.who_owes(day),
        request_rows(Request.objects.order_by("pk"), day),
        [workpaper(row) for row in Procedure.objects.order_by("pk")],
        [(row.ref, Fact.digest(row)) for row in Engagement.objects.order_by("pk")],
    ]
    for model in (Version, *Version.__subclasses__()):
        if not model._meta.abstract:
            found.append([(row.ref, Fact.digest(row)) for row in model.objects.as_of(day).order_by("pk")])
    return list(map(repr, found))


def random_days(count: int) -> list[date]:
    """Days of the books' year and around it, others in each run."""
    first = date(2025, 9, 1).toordinal()
    return [date.fromordinal(first + secrets.randbelow(500)) for _ in range(count)]
