"""What it costs to bring in a list: preview and recording, beside reading the same file and inserting bare rows.

    python bench/importing.py [COUNT]     (default 5000 components; TICKMARK_DATABASE: the engine)

The bare script reads the same CSV with Python's reader and inserts the same rows one by one in one transaction; it
asks for no right, checks nothing and shows nobody what would change. Seconds are the processor's. Aims: preview and
recording of 5,000 components in at most 10 s each, and a second import that changes nothing.
"""

from __future__ import annotations

import argparse
import csv
import io
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import filling

SLOWEST = 10.0
DAY = date(2026, 1, 1)
KINDS = ("infrastructure", "software", "people", "procedures")


def main() -> int:
    """Read, preview, record and read again; say by the exit code whether the aims are met."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("count", type=int, nargs="?", default=5000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tickmark-bench-") as room:
        filling.prepare(Path(room) / "home")
        actor = _books()
        content = table(given.count)
        bare, read, preview, recorded, again = _measured(actor, content)
    return _verdict(given.count, bare, read, preview, recorded, again)


def table(count: int) -> bytes:
    """A list of components as a spreadsheet exports it."""
    body = io.StringIO()
    rows = csv.writer(body)
    rows.writerow(["Asset ID", "Name", "Type", "Description", "In scope", "Owner", "Location"])
    for number in range(count):
        kind = KINDS[number % len(KINDS)]
        rows.writerow(
            [f"asset-{number:05}", f"Asset {number}", kind.title(), f"Does part {number} of the work.", "yes",
             "Lead", "eu-1"]
        )  # fmt: skip
    return body.getvalue().encode()


def _books() -> Any:
    from tickmark.kernel import clock
    from tickmark.people.models import RoleGrant, User
    from tickmark.people.queries import actor_for
    from tickmark.scope import actions

    user = User.objects.create(email="lead@x.example", name="Lead", side="company", created_at=clock.now())
    filling.put(RoleGrant, [{"user": user, "role": "lead"}], user)
    actor = actor_for(user)
    actions.describe(actor, "main", "Main", "X, Inc.", "Books", ["security"], DAY)
    return actor


def _measured(actor: Any, content: bytes) -> tuple[float, float, float, float, int]:
    from tickmark.controls.bringing import Asked, arguments, brought, reading
    from tickmark.kernel.action import ACTIONS
    from tickmark.kernel.arguments import call

    files, asked = [("assets.csv", content)], Asked("component", system="main", first_day=DAY)
    bare, _ = _timed(lambda: _bare(actor, content))
    read, _ = _timed(lambda: reading(actor, files, asked))
    preview, found = _timed(lambda: brought(actor, files, asked))
    if not found.fits:
        raise SystemExit(f"Refused: {found.refused[:3]}")
    recorded, _ = _timed(
        lambda: call(ACTIONS["scope.apply"], actor, arguments(actor, files, asked, found.seen))
    )
    return bare, read, preview, recorded, len(brought(actor, files, asked).changes)


def _bare(actor: Any, content: bytes) -> None:
    """The same rows into the same table, its indices and triggers on, one by one in one transaction that is undone."""
    from django.db import transaction

    from tickmark.scope.models import Component, System

    system = System.objects.get()
    with transaction.atomic():
        for row in csv.DictReader(io.StringIO(content.decode())):
            filling.put(
                Component,
                [{"system": system, "effective_from": DAY, "code": row["Asset ID"], "name": row["Name"],
                  "kind": row["Type"].lower(), "description": row["Description"], "owner": actor.user,
                  "location": row["Location"]}],
                actor.user,
            )  # fmt: skip
        transaction.set_rollback(True)


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds of the processor, which neighbours on the machine do not lengthen, and what the work gives."""
    start = time.process_time()
    found = work()
    return time.process_time() - start, found


def _verdict(count: int, bare: float, read: float, preview: float, recorded: float, again: int) -> int:
    print(f"{count:,} components: bare {bare:.2f} s, read {read:.2f} s")
    for name, took in (("preview", preview), ("recorded", recorded)):
        print(f"{name} {took:.2f} s (aim {SLOWEST:g}), {took / bare:.1f} times bare")
    print(f"the second import would change {again:,} (aim 0)")
    return 0 if max(preview, recorded) <= SLOWEST and not again else 1


if __name__ == "__main__":
    sys.exit(main())
