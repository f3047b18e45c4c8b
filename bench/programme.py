"""What a whole programme costs: read from the books as files, tried, recorded into empty books, applied a second time.

    python bench/programme.py [COMPONENTS]        (default 5000; TICKMARK_DATABASE: an empty database)

The programme has every control and policy of the library, and so many components. Each way stands beside its bare part
in the same run: files beside writing and reading the same texts, the recording beside inserting the same rows with
plain SQL in one transaction. Aims: a second apply changes nothing; at most 50 times the bare inserts, since each part
is checked, allowed and cited.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import filling

MOST = 50.0
DAY = date(2026, 1, 1)


def main(components: int) -> int:
    """Time each way, print, and say by the exit code whether the aims are met."""
    with tempfile.TemporaryDirectory(prefix="tickmark-bench-") as room:
        filling.prepare(Path(room) / "home")
        from tickmark.kernel.errors import Invalid
        from tickmark.scope import actions, folder
        from tickmark.scope.programme import standing

        actor = _lead()
        items = _programme(actor.user.email, components)
        tried, _ = _timed(lambda: actions.preview(actor, items, whole=True))
        recorded, _ = _timed(lambda: actions.apply(actor, items, whole=True, source="bench"))
        bare, rows = _timed(_again)
        read, texts = _timed(lambda: folder.write(standing(DAY).values()))
        parsed, back = _timed(lambda: folder.read(texts))
        plain, size = _timed(lambda: _plain(Path(room) / "plain", texts))
        wanted = [
            actions.ItemIn(kind=i.kind, code=i.code, fields=dict(i.fields), since=i.since, where=i.where)
            for i in back
        ]
        second, unchanged = _timed(
            lambda: _refused(lambda: actions.apply(actor, wanted, whole=True), Invalid)
        )
    ratio = recorded / bare
    print(f"{len(items):,} parts, {len(texts):,} files, {size / 1e6:.1f} MB")
    print(
        f"tried {tried:.2f} s; recorded {recorded:.2f} s, {ratio:.1f} times {rows:,} bare inserts ({bare:.2f} s)"
    )
    print(
        f"to texts {read:.2f} s, from texts {parsed:.2f} s; writing and reading the same files {plain:.2f} s"
    )
    print(f"applied a second time {second:.2f} s: {'nothing changed' if unchanged else 'SOMETHING CHANGED'}")
    return 0 if unchanged and ratio <= MOST else 1


def _lead() -> Any:
    from tickmark.kernel import clock
    from tickmark.people.models import RoleGrant, User
    from tickmark.people.queries import actor_for

    user = User.objects.create(email="lead@x.example", name="Lead", side="company", created_at=clock.now())
    filling.put(RoleGrant, [{"user": user, "role": "lead"}], user)
    return actor_for(user)


def _programme(owner: str, components: int) -> list[Any]:
    """A system, its components, and the whole library."""
    from tickmark.controls.library import starter_controls, starter_policies
    from tickmark.scope.actions import ItemIn

    every = ["security", "availability", "processing_integrity", "confidentiality", "privacy"]
    system = {"name": "Ledger", "company": "Ledger, Inc.", "services": "Books", "categories": every}
    found = [ItemIn(kind="system", code="ledger", fields=system, since=DAY)]
    for number in range(components):
        said = {"kind": "software", "name": f"Service {number}", "description": "Serves", "owner": owner}
        found.append(ItemIn(kind="component", code=f"ledger/s-{number}", fields=said, since=DAY))
    for control in starter_controls():
        said = {
            "title": control.title, "statement": control.statement(), "criteria": list(control.criteria),
            "nature": control.nature, "purpose": control.purpose, "frequency": control.frequency, "owner": owner,
            "policy": control.policy, "parameters": dict(control.parameters),
        }  # fmt: skip
        found.append(ItemIn(kind="control", code=control.id, fields=said, since=DAY))
    for policy in starter_policies():
        said = {
            "title": policy.title,
            "label": "1",
            "text": policy.text(),
            "owner": owner,
            "criteria": list(policy.criteria),
        }
        found.append(ItemIn(kind="policy", code=policy.id, fields=said, since=DAY))
    return found


def _again() -> int:
    """The rows that were recorded, inserted once more by plain SQL into tables beside theirs, in one transaction."""
    from django.db import connection, transaction

    from tickmark.scope.programme import PARTS

    count = 0
    with transaction.atomic(), connection.cursor() as cursor:
        for part in PARTS.values():
            table = part.model._meta.db_table
            cursor.execute(f'select * from "{table}"')
            rows = cursor.fetchall()
            cursor.execute(f'create temporary table "bare_{table}" as select * from "{table}" where 1 = 0')
            marks = ", ".join(["%s"] * len(rows[0])) if rows else ""
            for row in rows:
                cursor.execute(f'insert into "bare_{table}" values ({marks})', row)
            count += len(rows)
    return count


def _plain(place: Path, texts: dict[str, str]) -> int:
    size = 0
    for name, text in texts.items():
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        size += len(path.read_text())
    return size


def _refused(work: Callable[[], Any], error: type[Exception]) -> bool:
    try:
        work()
    except error as refusal:
        return "Nothing would change" in str(refusal)
    return False


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    start = time.perf_counter()
    found = work()
    return time.perf_counter() - start, found


if __name__ == "__main__":
    raise SystemExit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 5000))
