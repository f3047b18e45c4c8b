"""The rich world, built once for a module; each test changes it in a savepoint that is rolled back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from django.conf import settings as django_settings
from django.db import transaction

from tests import conftest as common


def _at(home: Path) -> None:
    django_settings.HOME = home
    django_settings.FILES_URL = (home / "files").as_uri()


@pytest.fixture(scope="module")
def rich_world(django_db_setup: Any, django_db_blocker: Any, tmp_path_factory: Any) -> Iterator[Any]:
    """The world, and the home that its files lie in."""
    from tests.api.calling import token
    from tests.api.world import CHARACTERS, build
    from tests.report.build import NOW

    home, before = tmp_path_factory.mktemp("home"), (django_settings.HOME, django_settings.FILES_URL)
    with django_db_blocker.unblock(), time_machine.travel(NOW):
        outer = transaction.atomic()
        outer.__enter__()
        try:
            _at(home)
            world = build(common.program.__wrapped__(common.cast.__wrapped__(None)))
            world.home = home
            for who in CHARACTERS:
                token(world, who)
            yield world
        finally:
            transaction.set_rollback(True)
            outer.__exit__(None, None, None)
            django_settings.HOME, django_settings.FILES_URL = before


@pytest.fixture
def world(rich_world: SimpleNamespace, own_home: None, db: None) -> SimpleNamespace:
    """The world for one test: what the test writes is undone."""
    _at(rich_world.home)
    return rich_world
