"""Loaded by `-p tests.marking`: marks what touches the books, for both engines, and lets the longest files begin."""

from __future__ import annotations

import pytest

LONGEST = ("test_all_the_way.py", "test_kills.py", "test_the_example.py", "test_every_page.py")
"""Files of few tests and many minutes: begun first, so that the other worker's tests run beside them."""
FIXTURES = {"db", "transactional_db", "django_db_reset_sequences", "live_server", "django_db_setup"}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark before `-m` selects, and sort; within a file the order stays."""
    for item in items:
        takes = FIXTURES & set(getattr(item, "fixturenames", ()))
        if takes or item.get_closest_marker("django_db"):
            item.add_marker("database")
    items.sort(key=lambda item: LONGEST.index(item.path.name) if item.path.name in LONGEST else len(LONGEST))
