"""One home with rows of every noun and an archive of it, made once; tables to copy; a server where one is needed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from django.core.management import call_command

from tests import servers
from tests.kernel.recovery import homes
from tests.report.build import NOW
from tickmark.kernel.recovery.archive import Archive
from tickmark.kernel.recovery.backup import back_up


@pytest.fixture(scope="session")
def tables(django_db_blocker: Any, tmp_path_factory: Any) -> Path:
    """A SQLite file with the program's tables and no row."""
    room: Path = tmp_path_factory.mktemp("tables")
    with django_db_blocker.unblock(), homes.opened(room, homes.in_file(room)):
        call_command("migrate", verbosity=0, interactive=False)
    return room / "books.sqlite3"


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    """A private PostgreSQL: these tests choose their engines themselves, and run once."""
    with servers.parts(), servers.postgres() as found:
        yield found


@pytest.fixture
def home(
    tables: Path, django_db_blocker: Any, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Any]:
    """`home(name)` is an empty home that is worked in within a `with`; `home(name, "postgresql")` on that engine."""
    with ExitStack() as stack:
        stack.enter_context(django_db_blocker.unblock())
        stack.enter_context(time_machine.travel(NOW))

        @contextmanager
        def open_home(name: str, engine: str = "sqlite", made: bool = True) -> Iterator[Path]:
            room = tmp_path / name
            if engine == "postgresql":
                with (
                    homes.on_server(request.getfixturevalue("address")) as database,
                    homes.opened(room, database),
                ):
                    yield room
                return
            with homes.opened(room, homes.migrated(room, tables) if made else homes.in_file(room)):
                yield room

        yield open_home


@pytest.fixture(scope="session")
def made(tables: Path, django_db_blocker: Any, tmp_path_factory: Any) -> SimpleNamespace:
    """An archive of rich books, the secrets of their home, and what they answered."""
    room: Path = tmp_path_factory.mktemp("made")
    database = homes.migrated(room / "home", tables)
    with django_db_blocker.unblock(), time_machine.travel(NOW), homes.opened(room / "home", database) as home:
        homes.rich(home)
        archive = back_up(room / "archive")
        asked = {day: homes.answers(day) for day in DAYS}
    return SimpleNamespace(
        archive=Archive.open(archive.path),
        secrets=room / "home" / "secrets",
        home=room / "home",
        answers=asked,
    )


DAYS = homes.random_days(5)
