"""Books of a size, for the scripts beside this one: a home of its own, filled in bulk past the actions.

Triggers are on; the rows stand under entries that are never sealed. `fill` gives a company in the middle of its
period: a described system, controls of every frequency with owners, evidence filed over the days so far with uses
accepted, rejected and waiting, an engagement with requests in every state, lists from connected sources.
"""

from __future__ import annotations

import os
import random
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

PERIOD = timedelta(days=364)
GONE = timedelta(days=300)
"""How much of the period lies behind the day on which the books are filled."""
FREQUENCIES = ("event", "event", "continuous", "weekly", "monthly", "quarterly", "quarterly", "annual")
VERSIONS = 3
CRITERIA = [
    f"CC{series}.{one}" for series, last in ((1, 5), (6, 8), (7, 5), (8, 1)) for one in range(1, last + 1)
]


@dataclass
class Sizes:
    """How many rows of each kind."""

    evidence: int = 100_000
    requests: int = 10_000
    controls: int = 500
    populations: int = 500
    people: int = 25
    persons: int = 300
    policies: int = 30
    entries: int = 100_000
    frequencies: tuple[str, ...] = field(default=FREQUENCIES)


def prepare(home: Path) -> None:
    """Set Django up on the home and bring its books up to date."""
    os.environ["TICKMARK_HOME"] = str(home)
    os.environ["DJANGO_SETTINGS_MODULE"] = "tickmark.settings"
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0, interactive=False)


def put(model: Any, rows: Iterable[dict[str, Any]], by: Any, at: datetime | None = None) -> list[int]:
    """Insert rows in bulk, under one entry that is never sealed; their keys."""
    from django.db import transaction
    from django.db.models import QuerySet

    from tickmark.kernel import clock

    common = {"entry": uuid.UUID(int=1), "by": by, "recorded_at": at or clock.now()}
    with transaction.atomic():
        made = QuerySet(model).bulk_create((model(**{**common, **row}) for row in rows), batch_size=5000)
    return [row.pk for row in made]


def fill(sizes: Sizes) -> SimpleNamespace:
    """Fill empty books; gives the accounts by name, the engagement and the day."""
    from tickmark.kernel import clock

    today = clock.today()
    found = SimpleNamespace(today=today, start=today - GONE, chance=random.Random(1))
    _people(found, sizes)
    _scope(found)
    _controls(found, sizes)
    _evidence(found, sizes)
    _engagement(found, sizes)
    _lists(found, sizes)
    _entries(found, sizes)
    analyse()
    return found


def analyse() -> None:
    """Let the engine count what it holds."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("analyze")


def _people(found: SimpleNamespace, sizes: Sizes) -> None:
    from tickmark.people.models import Employment, Person, RoleGrant, User

    def account(name: str, side: str = "company") -> Any:
        email = f"{name}@northlight.example"
        made = datetime.combine(found.start, time(9), UTC)
        return User.objects.create(email=email, name=name.title(), side=side, created_at=made, password="!")

    found.lead, found.reviewer = account("lead"), account("reviewer")
    found.auditor = account("auditor", "auditor")
    found.owners = [account(f"owner{number}") for number in range(sizes.people)]
    roles = [(found.lead, "lead"), (found.lead, "sponsor"), (found.reviewer, "reviewer")]
    roles += [(owner, "owner") for owner in found.owners]
    put(RoleGrant, ({"user": user, "role": role} for user, role in roles), found.lead)
    persons = put(
        Person, ({"key": f"P-{n:04}", "name": f"Person {n}"} for n in range(sizes.persons)), found.lead
    )
    spells = ({"person_id": one, "kind": "employee", "starts_on": date(2024, 1, 8)} for one in persons)
    put(Employment, spells, found.lead)


def _scope(found: SimpleNamespace) -> None:
    from tickmark.scope import models as scope

    (found.system,) = put(scope.System, [{"code": "ledger"}], found.lead)
    words = {
        "name": "Ledger",
        "company": "Northlight, Inc. (fictional)",
        "services": "Book-keeping",
        "boundary": "All",
    }
    version = {"system_id": found.system, "effective_from": found.start, "categories": ["security"], **words}
    put(scope.SystemVersion, [version], found.lead)
    span = {"start": found.start, "end": found.start + PERIOD, "type": 2}
    (found.period,) = put(scope.Period, [{"system_id": found.system, **span}], found.lead)


def _controls(found: SimpleNamespace, sizes: Sizes) -> None:
    from tickmark.controls import models as controls

    found.controls = put(
        controls.Control, ({"code": f"AC-{n + 900}"} for n in range(sizes.controls)), found.lead
    )
    put(controls.ControlVersion, _versions(found, sizes), found.lead)
    policies = put(controls.Policy, ({"code": f"POL-{n + 70}"} for n in range(sizes.policies)), found.lead)
    texts = (
        {"policy_id": one, "effective_from": found.start, "title": f"Policy {one}", "label": "1", "text": "Ask first.",
         "digest": "0" * 64, "owner": found.lead}
        for one in policies
    )  # fmt: skip
    versions = put(controls.PolicyVersion, texts, found.lead)
    put(controls.PolicyApproval, ({"version_id": one} for one in versions), found.reviewer)
    put(
        controls.Publication,
        ({"version_id": one, "published_on": found.start} for one in versions),
        found.lead,
    )


def _versions(found: SimpleNamespace, sizes: Sizes) -> Iterable[dict[str, Any]]:
    words = {
        "title": "Access is reviewed",
        "statement": "The owner reviews it.",
        "nature": "M",
        "purpose": "D",
    }
    for place, control in enumerate(found.controls):
        owner = found.owners[place % len(found.owners)]
        for number in range(VERSIONS):
            yield {
                "control_id": control, "effective_from": found.start + timedelta(days=90 * number),
                "frequency": sizes.frequencies[place % len(sizes.frequencies)], "owner": owner,
                "criteria": [CRITERIA[place % len(CRITERIA)]], "evidence_wanted": "REC a record",
                "reason": "" if not number else "Reworded", **words,
            }  # fmt: skip


def _evidence(found: SimpleNamespace, sizes: Sizes) -> None:
    from tickmark.evidence import models as evidence

    same = {"media_type": "text/csv", "size": 10_000, "kind": "REC", "source": "the owner"}
    step = GONE / max(sizes.evidence, 1)
    first = datetime.combine(found.start, time(9), UTC)

    def piece(number: int) -> dict[str, Any]:
        at = first + step * number
        return {
            "name": f"record-{number}.csv",
            "sha256": f"{number:064x}", "covers_from": at.date(), "covers_to": at.date(),
            "collected_at": at, "observed_at": at, "recorded_at": at, "by": found.owners[number % len(found.owners)],
            **same,
        }  # fmt: skip

    ids = put(evidence.Evidence, map(piece, range(sizes.evidence)), found.lead)
    uses = [(n, one) for n, one in enumerate(ids) if found.chance.random() < 0.9]
    rows = (
        {"evidence_id": one, "control_id": found.controls[n % len(found.controls)], "recorded_at": first + step * n,
         "by": found.owners[n % len(found.owners)], "performed_on": (first + step * n).date()}
        for n, one in uses
    )  # fmt: skip
    supports = put(evidence.Support, rows, found.lead)
    waiting = supports[-min(1000, len(supports) // 10) :]
    decided = supports[: len(supports) - len(waiting)]
    found.chance.shuffle(decided)
    accepted = int(0.95 * len(decided))
    put(evidence.Acceptance, ({"support_id": one} for one in decided[:accepted]), found.reviewer)
    put(
        evidence.Rejection,
        ({"support_id": one, "reason": "short"} for one in decided[accepted:]),
        found.reviewer,
    )


def _engagement(found: SimpleNamespace, sizes: Sizes) -> None:
    from tickmark.audit import models as audit

    pinned = {
        "criteria_set": "tsc-2017-2022",
        "method": "default-2026",
        "categories": ["security"],
        "firm": "F",
    }
    row = {"code": "2026", "system_id": found.system, "period_id": found.period, **pinned}
    (found.engagement,) = put(audit.Engagement, [row], found.lead)
    put(
        audit.TeamMember,
        [{"engagement_id": found.engagement, "user": found.auditor, "role": "lead"}],
        found.lead,
    )
    chance = found.chance
    kinds = ("policy", "configuration", "narrative", "population")
    asked = (
        {"engagement_id": found.engagement, "code": f"R-{n}", "kind": kinds[n % 4], "title": f"Request {n}",
         "due_on": found.today + timedelta(days=n % 60 - 20), "wave": n % 3 + 1}
        for n in range(sizes.requests)
    )  # fmt: skip
    ids = put(audit.Request, asked, found.auditor)
    served = (
        {"request_id": one, "control_id": found.controls[n % len(found.controls)]}
        for n, one in enumerate(ids)
    )
    put(audit.RequestControl, served, found.auditor)
    answered = [one for one in ids for _ in range(chance.choice((0, 1, 1, 2)))]
    answers = put(
        audit.Answer, ({"request_id": one, "text": "See the file."} for one in answered), found.lead
    )
    judged = [(one, answer) for one, answer in zip(answered, answers, strict=True) if chance.random() < 0.6]
    moves = (
        {"request_id": one, "answer_id": answer, "move": chance.choice(("accepted", "accepted", "returned"))}
        for one, answer in judged
    )
    put(audit.RequestMove, moves, found.auditor)


def _lists(found: SimpleNamespace, sizes: Sizes) -> None:
    """Lists as rows alone: their files are not in the store, so no page that opens one is measured."""
    from tickmark.evidence import models as evidence

    if not sizes.populations:
        return
    sources = put(
        evidence.Connection,
        ({"code": f"git-{n}", "collector": "git.changes"} for n in range(5)),
        found.lead,
    )
    versions = (
        {"connection_id": one, "effective_from": found.start, "title": "Git", "source": "forge", "settings": {},
         "every": "day"}
        for one in sources
    )  # fmt: skip
    put(evidence.ConnectionVersion, versions, found.lead)
    first = datetime.combine(found.start, time(3), UTC)
    step = GONE / sizes.populations

    def run(number: int) -> dict[str, Any]:
        at = first + step * number
        return {
            "connection_id": sources[number % len(sources)], "collector": "git.changes", "shape": "changes",
            "outcome": "complete", "problems": [], "run_by": "job:collect", "how": "scheduled", "started_at": at,
            "finished_at": at, "count_at_source": 10, "count_in_file": 10, "record": {}, "raw_files": [],
        }  # fmt: skip

    runs = put(evidence.Collection, map(run, range(sizes.populations)), None)
    same = {"media_type": "x", "size": 9, "kind": "POP", "source": "forge", "collected_at": first}
    files = put(
        evidence.Evidence,
        (
            {"name": f"list-{n}.parquet", "sha256": f"{n:060x}abcd", "collection_id": one, **same}
            for n, one in enumerate(runs)
        ),
        None,
    )
    tables = (
        {"collection_id": one, "evidence_id": file, "shape": "changes", "count": 10, "key_hash": "0" * 64,
         "content_hash": "0" * 64, "covers_from": found.start, "covers_to": found.today}
        for one, file in zip(runs, files, strict=True)
    )  # fmt: skip
    lists = put(evidence.Population, tables, None)
    held = (
        {"population_id": one, "against": "the source", "ours": 10, "theirs": 10, "only_ours": [], "only_theirs": [],
         "agrees": True}
        for one in lists
    )  # fmt: skip
    put(evidence.Reconciliation, held, None)


def _entries(found: SimpleNamespace, sizes: Sizes) -> None:
    from django.db.models import QuerySet

    from tickmark.kernel.ledger.entry import Entry

    at = datetime.combine(found.start, time(9), UTC)
    same = {"actor_kind": "person", "side": "company", "arguments": {}, "files": [], "request": ""}
    rows = (
        Entry(
            verb="evidence.file", actor=f"US-{found.lead.pk}", subject=f"EV-{n + 1}", facts=[],
            recorded_at=at + timedelta(seconds=n), **same,
        )
        for n in range(sizes.entries)
    )  # fmt: skip
    QuerySet(Entry).bulk_create(rows, batch_size=5000)
