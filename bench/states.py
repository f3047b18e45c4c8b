"""What states cost as questions: pages over 100,000 pieces of evidence and 10,000 requests beside bare SQL.

    python bench/states.py [EVIDENCE] [REQUESTS]   (default 100000 10000; TICKMARK_DATABASE picks PostgreSQL)

A home of its own is filled in bulk, triggers on. Each question runs 50 times as the program asks it and as bare SQL
that returns the same; printed are both p95, their ratio and the number of queries. The whole pages follow, through
Django's test client. Aim: p95 of every question at most 150 ms.
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

RUNS = 50
MOST = 0.150
DAY = date(2026, 6, 30)
NOW = datetime(2026, 6, 1, 9, tzinfo=UTC)
CONTROLS, VERSIONS = 200, 5
WAITING = """
select count(*) from evidence_support s left join evidence_acceptance a on a.support_id = s.id
left join evidence_rejection r on r.support_id = s.id where a.id is null and r.id is null
"""
REQUESTS = """
with m as (select request_id, move, reason, answer_id, row_number() over (partition by request_id order by id desc) n
           from audit_requestmove),
     a as (select request_id, max(id) as id from audit_answer group by request_id)
select q.id, q.code, q.due_on, m.move, m.reason, m.answer_id, a.id from audit_request q
left join m on m.request_id = q.id and m.n = 1 left join a on a.request_id = q.id
"""
PAGE = """
select * from (select * from evidence_evidence order by id desc limit 50) e
left join evidence_support s on s.evidence_id = e.id left join controls_control c on c.id = s.control_id
left join evidence_acceptance a on a.support_id = s.id left join evidence_rejection r on r.support_id = s.id
"""
AS_OF = """
select * from (select v.*, row_number() over (partition by control_id order by effective_from desc, id desc) n
from controls_controlversion v where effective_from <= %s) t where n = 1 and not withdrawn
"""


def main(evidence: int, requests: int) -> int:
    """Fill, ask, print; 1 if a question misses the aim."""
    with tempfile.TemporaryDirectory(prefix="tickmark-bench-") as room:
        _books(Path(room))
        start = time.perf_counter()
        actor, engagement = _fill(evidence, requests)
        print(
            f"{evidence:,} pieces of evidence, {requests:,} requests; filled in {time.perf_counter() - start:.0f} s"
        )
        slowest = max(_compare(name, asked, bare) for name, asked, bare in _questions(actor, engagement))
        _pages(actor, engagement)
    print(f"slowest question {slowest * 1e3:.0f} ms (aim: p95 at most {MOST * 1e3:.0f} ms)")
    return 0 if slowest <= MOST else 1


def _books(room: Path) -> None:
    os.environ["TICKMARK_HOME"] = str(room / "home")
    os.environ["DJANGO_SETTINGS_MODULE"] = "tickmark.settings"
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0, interactive=False)


# -- rows -----------------------------------------------------------------------------------------------------------


def _put(model: Any, rows: Iterable[dict[str, Any]], by: Any) -> list[int]:
    """Insert rows past the actions, in bulk, under one entry that is never sealed; their keys."""
    from django.db import transaction
    from django.db.models import QuerySet

    common = {"entry": uuid.UUID(int=1), "by": by, "recorded_at": NOW}
    with transaction.atomic():
        made = QuerySet(model).bulk_create((model(**common, **row) for row in rows), batch_size=5000)
    return [row.pk for row in made]


def _fill(evidence: int, requests: int) -> tuple[Any, Any]:
    from tickmark.audit import models as audit
    from tickmark.controls import models as controls
    from tickmark.people.models import RoleGrant, User
    from tickmark.people.queries import actor_for
    from tickmark.scope import models as scope

    lead = User.objects.create(email="lead@northlight.example", name="Lead", side="company", created_at=NOW)
    _put(RoleGrant, [{"user": lead, "role": "lead"}], lead)
    (system,) = _put(scope.System, [{"code": "ledger"}], lead)
    span = {"start": date(2025, 11, 1), "end": date(2026, 10, 31), "type": 2}
    (period,) = _put(scope.Period, [{"system_id": system, **span}], lead)
    control_ids = _put(controls.Control, [{"code": f"C-{n:03}"} for n in range(CONTROLS)], lead)
    _put(controls.ControlVersion, _versions(control_ids, lead), lead)
    pinned = {
        "criteria_set": "tsc-2017-2022",
        "method": "default-2026",
        "categories": ["security"],
        "firm": "F",
    }
    (engagement,) = _put(
        audit.Engagement, [{"code": "2026", "system_id": system, "period_id": period, **pinned}], lead
    )
    _fill_evidence(evidence, control_ids, lead)
    _fill_requests(requests, engagement, control_ids, lead)
    _analyse()
    return actor_for(lead), audit.Engagement.objects.get(pk=engagement)


def _versions(control_ids: list[int], owner: Any) -> Iterable[dict[str, Any]]:
    words = {
        "title": "Peer review",
        "statement": "Two people.",
        "criteria": ["CC8.1"],
        "nature": "I",
        "purpose": "P",
    }
    for control in control_ids:
        for number in range(VERSIONS):
            since = date(2025, 11, 1) + timedelta(days=60 * number)
            yield {
                "control_id": control,
                "effective_from": since,
                "frequency": "event",
                "owner": owner,
                **words,
            }


def _fill_evidence(count: int, control_ids: list[int], by: Any) -> None:
    from tickmark.evidence import models as evidence

    chance = random.Random(1)
    same = {
        "media_type": "text/csv",
        "size": 10_000,
        "kind": "REC",
        "source": "the owner",
        "collected_at": NOW,
    }
    rows = (
        {"name": f"file-{n}.csv", "sha256": f"{n:064x}", "covers_from": DAY, "covers_to": DAY, **same}
        for n in range(count)
    )
    ids = _put(evidence.Evidence, rows, by)
    uses = (
        {"evidence_id": one, "control_id": chance.choice(control_ids)} for one in ids if chance.random() < 0.9
    )
    supports = _put(evidence.Support, uses, by)
    chance.shuffle(supports)
    accepted, rejected = int(0.6 * len(supports)), int(0.7 * len(supports))
    _put(evidence.Acceptance, ({"support_id": one} for one in supports[:accepted]), by)
    _put(
        evidence.Rejection,
        ({"support_id": one, "reason": "short"} for one in supports[accepted:rejected]),
        by,
    )


def _fill_requests(count: int, engagement: int, control_ids: list[int], by: Any) -> None:
    from tickmark.audit import models as audit

    chance = random.Random(2)
    asked = (
        {
            "engagement_id": engagement,
            "code": f"R-{n}",
            "kind": "narrative",
            "title": f"Request {n}",
            "due_on": DAY,
        }
        for n in range(count)
    )
    ids = _put(audit.Request, asked, by)
    _put(
        audit.RequestControl,
        ({"request_id": one, "control_id": chance.choice(control_ids)} for one in ids),
        by,
    )
    answered = [one for one in ids for _ in range(chance.choice((0, 1, 1, 2)))]
    answers = _put(audit.Answer, ({"request_id": one, "text": "See the file."} for one in answered), by)
    judged = [(one, answer) for one, answer in zip(answered, answers, strict=True) if chance.random() < 0.6]
    moves = (
        {"request_id": one, "answer_id": answer, "move": chance.choice(("accepted", "returned"))}
        for one, answer in judged
    )
    _put(audit.RequestMove, moves, by)


def _analyse() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("analyze")


# -- questions ------------------------------------------------------------------------------------------------------


def _questions(actor: Any, engagement: Any) -> list[tuple[str, Callable[[], Any], Callable[[], Any]]]:
    from django.db.models import Prefetch

    from tickmark.audit.models import Request
    from tickmark.audit.queries import requests as asking
    from tickmark.controls.models import ControlVersion
    from tickmark.evidence.models import Evidence, Support
    from tickmark.evidence.queries import waiting_for
    from tickmark.kernel.access import visible

    uses = Support.objects.select_related("control", "acceptance", "rejection")
    later = NOW.date() + timedelta(days=1)
    newest = visible(actor, Evidence).order_by("-pk").prefetch_related(Prefetch("supports", uses))
    requests = visible(actor, Request).filter(engagement=engagement)

    def evidence_page() -> Any:
        return visible(actor, Evidence).count(), list(newest[:50])

    def request_page() -> Any:
        return requests.count(), list(asking.with_state(requests).order_by("due_on", "pk")[:50])

    def request_counts() -> Any:
        return asking.state_counts(requests)

    return [
        ("evidence, first page", evidence_page, _sql("select count(*) from evidence_evidence", PAGE)),
        ("evidence, uses that wait", lambda: waiting_for(actor, later).count(), _sql(WAITING)),
        (
            "requests, first page",
            request_page,
            _sql("select count(*) from audit_request", f"{REQUESTS} order by q.due_on, q.id limit 50"),
        ),
        ("requests, counts by state", request_counts, _sql(REQUESTS)),
        ("controls on a day", lambda: list(ControlVersion.objects.as_of(DAY)), _sql(AS_OF, given=[DAY])),
        (
            "controls over a period",
            lambda: ControlVersion.objects.all().over(date(2025, 11, 1), DAY),
            _sql("select * from controls_controlversion order by effective_from, id"),
        ),
    ]


def _sql(*statements: str, given: list[Any] | None = None) -> Callable[[], Any]:
    from django.db import connection

    def ask() -> None:
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement, given)
                cursor.fetchall()

    return ask


def _compare(name: str, asked: Callable[[], Any], bare: Callable[[], Any]) -> float:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as queries:
        asked()
    ours, theirs = _p95(asked), _p95(bare)
    beside = f"bare SQL {theirs * 1e3:7.1f} ms   ratio {ours / theirs:5.1f}   queries {len(queries)}"
    print(f"{name:28} {ours * 1e3:7.1f} ms   {beside}")
    return ours


def _pages(actor: Any, engagement: Any) -> None:
    """Whole pages as a browser gets them; printed, no part of the aim."""
    from django.test import Client

    client = Client()
    client.force_login(actor.user)
    for address in ("/evidence/files", "/evidence/", f"/audit/{engagement.code}/requests", "/controls/", "/"):
        answer = client.get(address)
        if answer.status_code == 200:
            found = _p95(lambda address=address: client.get(address), runs=5)  # type: ignore[misc]
            print(f"page {address:23} {found * 1e3:8.1f} ms")


def _p95(work: Callable[[], Any], runs: int = RUNS) -> float:
    found = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        found.append(time.perf_counter() - start)
    return sorted(found)[int(len(found) * 0.95) - (runs < 20)]


if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[1:]]
    raise SystemExit(main(*(numbers + [100_000, 10_000][len(numbers) :])))
