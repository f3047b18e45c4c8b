"""What one action costs beside a bare insert into the same table with the same durability: a commit each, synced.

    python bench/action.py [TIMES]        (default 300; TICKMARK_DATABASE picks the engine, SQLite otherwise)

Both run in one process on one connection, in turns of 25, so that the disk's moods meet both alike. The action is
`scope.report_event`: it sees its argument afresh, asks the permission table, inserts the fact and its ledger entry.
"""

from __future__ import annotations

import cProfile
import os
import pstats
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

TURN = 25
MOST = 2.0


def main(times: int) -> int:
    """Measure, print, and say by the exit code whether the aim is met."""
    with tempfile.TemporaryDirectory(prefix="tickmark-bench-") as room:
        _books(Path(room))
        act, insert = _pair()
        for work in (act, insert):
            _timed(work, TURN)  # warm
        acted: list[float] = []
        inserted: list[float] = []
        for _ in range(max(1, times // TURN)):
            acted += _timed(act, TURN)
            inserted += _timed(insert, TURN)
        ratio = _print(acted, inserted)
        if "--profile" in sys.argv:
            _profile(act)
    return 0 if ratio <= MOST else 1


def _books(room: Path) -> None:
    os.environ["TICKMARK_HOME"] = str(room / "home")
    os.environ["DJANGO_SETTINGS_MODULE"] = "tickmark.settings"
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0, interactive=False)


def _pair() -> tuple[Callable[[], Any], Callable[[], Any]]:
    """The action and the bare insert, both writing one event of one system."""
    from django.db import connection

    from tickmark.kernel.access import Actor
    from tickmark.people import actions as people
    from tickmark.people.models import User
    from tickmark.people.queries import actor_for
    from tickmark.scope import actions as scope
    from tickmark.scope.models import SystemEvent

    visitor = Actor(user=None, side="", roles=frozenset({"visitor"}), kind="visitor", name="visitor")
    people.set_up(visitor, "Ada", "ada@northlight.example", _secret())
    actor, day = actor_for(User.objects.get()), date(2026, 1, 5)
    words = {
        "name": "Ledger",
        "company": "Northlight, Inc.",
        "services": "Book-keeping",
        "boundary": "Production",
    }
    version = scope.describe(actor, code="ledger", categories=["security"], effective_from=day, **words)

    def act() -> Any:
        return scope.report_event(
            actor, version.system, SystemEvent.Kind.CHANGE, day, "New queue", "Before: a. After: b."
        )

    made = act()
    columns = [column for column in made._meta.concrete_fields if not column.primary_key]
    names = ", ".join(f'"{column.column}"' for column in columns)
    values = [column.get_db_prep_save(getattr(made, column.attname), connection) for column in columns]
    sql = f"insert into {made._meta.db_table} ({names}) values ({', '.join(['%s'] * len(values))})"

    def insert() -> None:
        with connection.cursor() as cursor:
            cursor.execute(sql, values)

    return act, insert


def _secret() -> Any:
    from pydantic import SecretStr

    return SecretStr("correct horse battery staple")


def _timed(work: Callable[[], Any], times: int) -> list[float]:
    found = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        found.append(time.perf_counter() - start)
    return found


def _print(acted: list[float], inserted: list[float]) -> float:
    for name, found in (("action", acted), ("bare insert", inserted)):
        p95 = sorted(found)[int(len(found) * 0.95)]
        print(f"{name:12} median {statistics.median(found) * 1e3:7.2f} ms   p95 {p95 * 1e3:7.2f} ms")
    ratio = statistics.median(acted) / statistics.median(inserted)
    print(f"ratio of medians {ratio:.2f} (aim: at most {MOST:g})")
    return ratio


def _profile(act: Callable[[], Any]) -> None:
    profile = cProfile.Profile()
    with profile:
        for _ in range(200):
            act()
    pstats.Stats(profile).sort_stats("cumulative").print_stats(45)


if __name__ == "__main__":
    raise SystemExit(main(int(next((word for word in sys.argv[1:] if word.isdigit()), "300"))))
