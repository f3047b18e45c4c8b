"""Loaded by `-p tests.marking`: a test that takes a database fixture is marked `database`, for both engines."""

from __future__ import annotations

import pytest

FIXTURES = {"db", "transactional_db", "django_db_reset_sequences", "live_server", "django_db_setup"}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark before `-m` selects."""
    for item in items:
        takes = FIXTURES & set(getattr(item, "fixturenames", ()))
        if takes or item.get_closest_marker("django_db"):
            item.add_marker("database")
