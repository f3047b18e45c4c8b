"""Books whose commits are real, for what a rolled-back transaction cannot show: threads, crashes, locks."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex
from typing import Any

import pytest
from django.db import connections


@pytest.fixture
def own_books(django_db_setup: None, django_db_blocker: Any, tmp_path: Path) -> Iterator[Any]:
    """Books of this test alone, copied from the migrated template and thrown away afterwards.

    Gives `run(*functions)`: each in a thread with a connection of its own; their results in order.
    """
    with django_db_blocker.unblock():
        template = connections["default"]
        with _copy(template, tmp_path) as name:
            connections.settings["default"] = {**template.settings_dict, "NAME": name}
            connections["default"] = connections.create_connection("default")
            try:
                yield _run
            finally:
                connections["default"].close()
                connections["default"] = template
                connections.settings["default"] = template.settings_dict


@contextmanager
def _copy(template: Any, room: Path) -> Iterator[str]:
    if template.vendor == "sqlite":
        template.ensure_connection()
        with sqlite3.connect(room / "books.sqlite3") as target:
            template.connection.backup(target)
        target.close()
        yield str(room / "books.sqlite3")
        return
    source, name = template.settings_dict["NAME"], f"own_{token_hex(6)}"
    template.close()  # a template is copied while nobody is in it
    with template._nodb_cursor() as cursor:
        cursor.execute(f'create database "{name}" template "{source}"')
    try:
        yield name
    finally:
        with template._nodb_cursor() as cursor:
            cursor.execute(f'drop database "{name}"')


def _run(*functions: Any) -> list[Any]:
    def alone(function: Any) -> Any:
        try:
            return function()
        finally:
            connections["default"].close()

    with ThreadPoolExecutor(len(functions)) as pool:
        return [one.result() for one in [pool.submit(alone, function) for function in functions]]
