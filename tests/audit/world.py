"""A small examination made through actions: a list of changes from a job, an engagement with its team."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from tickmark.audit import actions as audit
from tickmark.audit.actions.testing import AttributeIn
from tickmark.audit.models import ProcedureKind, RequestKind
from tickmark.evidence import actions as evidence
from tickmark.evidence.models import Connection, Population
from tickmark.evidence.queries import registers
from tickmark.kernel import files, tables
from tickmark.kernel.access import Actor
from tickmark.kernel.ledger.entry import Entry
from tickmark.people.queries import actor_for

JOB = Actor.job("collect", "company")
NONCE = "nonce-0001"
READ = datetime(2026, 11, 5, 8, tzinfo=UTC)
DUE = date(2026, 12, 1)
KEYS = [f"CHG-{number:04}" for number in range(1, 41)]


def change(key: str, day: date = date(2026, 1, 5), **more: Any) -> dict[str, Any]:
    """One row of the shape `changes` whose key is `key`: repository and commit are joined by a slash."""
    repository, _, commit = key.rpartition("/")
    moment = datetime(day.year, day.month, day.day, 15, tzinfo=UTC)
    return {
        "repository": repository or "app",
        "change": commit,
        "reached_at": moment.isoformat(),
        "author": "ada@x.example",
        **more,
    }


def days(count: int, start: date = date(2025, 11, 3), step: int = 9) -> list[date]:
    """Days spread over the period."""
    return [start + timedelta(days=step * number) for number in range(count)]


def population(
    connection: Connection,
    rows: Iterable[dict[str, Any]],
    shape: str = "changes",
    outcome: str = "complete",
    read: datetime = READ,
    agrees: bool | None = True,
) -> Population:
    """A population as a collector's run leaves it; `agrees` None leaves it without a second source."""
    with tempfile.TemporaryDirectory() as room:
        info = tables.write_rows(rows, registers().shapes[shape], Path(room, "table.parquet"))
        kept = files.keep(info.path)
    counts = [] if agrees is None else [
        {"against": "the count at the source", "in_list": info.rows, "at_source": info.rows + (not agrees), "agrees": agrees}
    ]  # fmt: skip
    run = evidence.Collected(
        outcome=outcome, shape=shape, started_at=read, run_by="job:collect", how="scheduled", record={"reconciliations": counts},
        problems=[] if outcome == "complete" else [{"sentence": "a page was cut off"}], raw_files=[], table=kept,
        rows=info.rows, rows_at_source=info.rows, key_hash=info.key_hash, covers=(date(2025, 11, 1), read.date()),
    )  # fmt: skip
    return evidence.record_collection(JOB, connection=connection, run=run).population


def connect(world: Any, code: str = "git", collector: str = "git.changes") -> Connection:
    """A connected source."""
    version = evidence.connect(
        world.actor("lead"), code=code, title=code.title(), collector=collector, source="github.example/app", settings={},
        effective_from=date(2025, 11, 1),
    )  # fmt: skip
    return version.connection


ATTRIBUTES = [
    AttributeIn(letter="B", text="Another person approved", check_name="changes_reviewed"),
    AttributeIn(letter="C", text="On the merged head, before the merge"),
    AttributeIn(letter="D", text="Deployed within a week", counts=False),
]


def prepared(world: Any, **more: Any) -> Any:
    """The test of the control, prepared by staff."""
    given = {
        "engagement": world.engagement, "control_version": world.control_version, "kind": ProcedureKind.INSPECTION,
        "text": "Inspected reviews.", "shape": "changes", "attributes": ATTRIBUTES, **more,
    }  # fmt: skip
    return audit.prepare(world.actor("staff"), **given)


def shared(world: Any, found: Population, code: str = "R-50") -> Any:
    """A population that answers a request."""
    request = audit.ask(
        world.actor("staff"),
        world.engagement,
        code,
        RequestKind.POPULATION,
        "All changes",
        DUE,
        controls=[world.control],
    )
    audit.answer(world.actor("owner"), request, "Here it is.", [found.evidence])
    return request


def planned(world: Any, nonce: str = NONCE) -> Any:
    """The engagement with a committed nonce."""
    from tickmark.evidence.sampling import commitment

    return audit.plan(world.actor("auditor"), world.engagement, commitment(nonce), "Plan")


def locked(world: Any, rows: list[dict[str, Any]] | None = None, **more: Any) -> SimpleNamespace:
    """Everything up to the lock."""
    planned(world)
    procedure = prepared(world, **more)
    given = rows if rows is not None else [change(key) for key in KEYS]
    found = population(connect(world), given)
    shared(world, found)
    lock = audit.lock(world.actor("staff"), procedure, found)
    return SimpleNamespace(procedure=procedure, population=found, lock=lock)


def entries() -> int:
    """How many entries the ledger has."""
    return Entry.objects.count()


def page(client: Any, user: Any, address: str, status: int = 200) -> str:
    """A page as a character sees it."""
    client.force_login(user)
    answer = client.get(address)
    assert answer.status_code == status, (address, answer.status_code, answer.content[-2000:])
    return answer.content.decode()


__all__ = ["actor_for"]
