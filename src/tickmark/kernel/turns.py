"""Taking turns: what hosts on one database must not do at the same moment, such as migrating it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

NUMBER = 0x7469636B
"""Of PostgreSQL's advisory lock. SQLite serves one host, whose processes start one by one."""


@contextmanager
def turn() -> Iterator[None]:
    """Wait for every other host that is in here, then be the only one."""
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_lock(%s)", [NUMBER])
        try:
            yield
        finally:
            cursor.execute("select pg_advisory_unlock(%s)", [NUMBER])
