"""Health, figures and lines of log: what they say, to whom, and that they agree with the ledger."""

from __future__ import annotations

import json
import logging
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from tests.deeds import writing
from tickmark.kernel import beats, clock, health, jobs
from tickmark.kernel.beats import Beat, agree, beat
from tickmark.kernel.errors import Conflict
from tickmark.kernel.ledger.entry import Entry
from tickmark.kernel.ledger.seal import seal, signer
from tickmark.web import metrics

ALL = ["books", "secrets", "clock", "worker", "ledger", "files", "disk"]


def parts() -> dict[str, health.Part]:
    return {part.name: part for part in health.look()}


@pytest.fixture
def well(db: None) -> None:
    """A worker has spoken, and all is sealed."""
    with writing():
        pass
    seal()
    beat()


def test_all_is_well_with_a_worker_and_a_sealed_log(well: None, client: Any) -> None:
    answer = client.get("/healthz")
    found = answer.json()
    assert (answer.status_code, found["ok"], found["sealed"]) == (200, True, 1)
    assert list(dict.fromkeys(part["name"] for part in found["parts"])) == ALL


def test_a_browser_gets_a_page_of_words_without_an_account(well: None, client: Any) -> None:
    beat("The store of files does not answer.")
    answer = client.get("/healthz", headers={"Accept": "text/html,*/*"})
    page = answer.content.decode()
    assert (answer.status_code, "<h1>Something is wrong</h1>" in page) == (503, True)
    assert (
        "Its last round failed: The store of files does not answer." in page and str(beats.me()) not in page
    )


def test_a_worker_that_is_missing_silent_or_failing_is_said_and_keeps_nobody_from_the_pages(
    db: None, client: Any
) -> None:
    assert parts()["worker"].says == "No worker has run yet."
    beat("The books are busy.")
    assert parts()["worker"].says == "Its last round failed: The books are busy."
    Beat.objects.update(at=clock.system_now() - timedelta(hours=3), problem="")
    assert parts()["worker"].says.startswith("No worker has spoken for 3 h")
    assert (client.get("/healthz").status_code, client.get("/healthz/serving").status_code) == (503, 200)


def test_entries_that_wait_too_long_for_their_seal_are_said(
    well: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with writing():
        pass
    assert parts()["ledger"].ok
    real = clock.system_now()
    monkeypatch.setattr(clock, "system_now", lambda: real + timedelta(minutes=10))
    assert parts()["ledger"].says == "1 entries wait to be sealed, the oldest for 10 min."


def test_a_disk_that_is_nearly_full_is_said(well: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health.shutil, "disk_usage", lambda _: SimpleNamespace(free=1 << 20))
    found = parts()["disk"]
    assert (found.ok, found.serving) == (False, True) and "before it is full" in found.remedy


def test_hosts_with_other_secrets_are_refused_while_the_others_live(
    well: None, settings: Any, tmp_path: Any
) -> None:
    signer()
    beat()
    agree()
    ours, settings.HOME = settings.HOME, tmp_path / "other"
    signer()
    with pytest.raises(Conflict, match="This host has other secrets"):
        agree()
    assert (parts()["secrets"].ok, parts()["secrets"].serving) == (False, True)
    for secret in (ours / "secrets").iterdir():
        (settings.HOME / "secrets" / secret.name).write_bytes(secret.read_bytes())
    agree()
    (settings.HOME / "secrets" / "log-key").write_bytes(b"another")
    Beat.objects.update(at=clock.system_now() - timedelta(hours=1))
    agree()  # nobody lives who would disagree: as after a restore without the secrets


def test_figures_need_their_token_wherever_the_request_comes_from(well: None, client: Any) -> None:
    assert client.get("/metrics").status_code == 401
    assert client.get("/metrics", headers={"Authorization": "Bearer wrong"}).status_code == 401
    answer = client.get("/metrics", headers={"Authorization": f"Bearer {metrics.secret()}"})
    assert answer.status_code == 200 and answer["Content-Type"].startswith("text/plain; version=0.0.4")


def test_figures_say_what_the_books_say(well: None, client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "JOBS", {"count": lambda row: None})
    jobs.enqueue("count", "a")
    jobs.work()
    jobs.enqueue("count", "b")
    with writing():
        pass
    client.get("/no/such/page")
    said = metrics.figures().decode().splitlines()
    for figure in (
        'tickmark_slots{state="waiting"} 1.0',
        'tickmark_slots{state="done"} 1.0',
        'tickmark_slots{state="given_up"} 0.0',
        "tickmark_entries_sealed 1.0",
        "tickmark_entries_unsealed 1.0",
        'tickmark_part_ok{part="worker"} 1.0',
    ):
        assert figure in said
    assert any(
        one.startswith('tickmark_requests_total{method="GET",route="(none)",status="302"}') for one in said
    )
    assert any(one.startswith("tickmark_last_tick_seconds ") for one in said)


def test_a_line_an_answer_and_an_entry_carry_the_same_request(
    program: Any, client: Any, caplog: pytest.LogCaptureFixture
) -> None:
    from tickmark.kernel import logs

    client.force_login(program.cast.lead)
    written: list[dict[str, Any]] = []
    handler = logging.Handler()
    handler.emit = lambda record: written.append(json.loads(logs.Json().format(record)))  # type: ignore[method-assign]
    log = logging.getLogger("tickmark.requests")
    before = log.level
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    try:
        given = {"system": program.system.ref, "what": "The lab", "reason": "No customers", "next": "/scope/"}
        answer = client.post("/do/scope.exclude", given)
    finally:
        log.removeHandler(handler)
        log.setLevel(before)
    entry = Entry.objects.order_by("-pk")[0]
    (line,) = written
    assert entry.request == answer["X-Request-Id"] == line["request"] != ""
    assert (line["actor"], line["route"], line["status"]) == (program.cast.lead.ref, "do/<str:name>", 302)
