"""PostgreSQL is stopped, or holds its breath, and comes back: people are told, nothing acknowledged is lost, work goes on."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import InterfaceError, OperationalError

from tests import servers
from tests.faults.database import cluster
from tests.faults.killing import Campaign
from tests.faults.running import ROOT, Installation, installed
from tickmark.kernel import faults
from tickmark.kernel.errors import Unavailable

GONE = {
    "error": "Unavailable",
    "what": "The books do not answer.",
    "why": "The database is stopped, restarting or cut off.",
    "remedy": "Try again in a minute; /healthz says when it is back.",
    "field": "",
}


@pytest.fixture
def running(tmp_path: Path) -> Iterator[tuple[Installation, dict[str, Any]]]:
    """Web and worker on a PostgreSQL of their own."""
    with servers.parts(), cluster() as database, installed(tmp_path / "home", database) as one:
        world = one.build("intake")
        one.start("web")
        one.start("worker")
        one.answering()
        yield one, world


def client(one: Installation, token: str, *words: str) -> subprocess.CompletedProcess[str]:
    """The command line as a client of this server."""
    environment = {
        **one.environment,
        "TICKMARK_TOKEN": token,
        "TICKMARK_ADDRESS": f"http://127.0.0.1:{one.port}",
    }
    command = [sys.executable, "-m", "tickmark", *words]
    return subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True)


@pytest.mark.slow
def test_every_door_says_so_and_work_goes_on_by_itself(running: tuple[Installation, dict[str, Any]]) -> None:
    import random

    one, world = running
    database = one.cluster
    assert database is not None
    campaign = Campaign(one, world, random.Random(1))
    campaign.file()
    campaign.collect()
    assert len(campaign.acknowledged) == 1

    database.stop()
    page = one.get("/evidence/", headers={"Accept": "text/html"}, cookies={"tickmark_x": "y"})
    call = one.file(world["owner"], b"meanwhile")
    told = client(one, world["owner"], "tasks")
    health = one.get("/healthz")
    assert page is not None and call is not None and health is not None
    assert (page.status_code, GONE["what"] in page.text, "Traceback" in page.text) == (503, True, False)
    assert (call.status_code, call.json()) == (503, GONE)
    assert (told.returncode, told.stderr.splitlines()) == (6, [GONE["what"], GONE["why"], GONE["remedy"]])
    books = health.json()["parts"][0]
    assert (health.status_code, books["ok"], books["says"]) == (503, False, "The database does not answer.")

    database.start()
    one.answering()
    campaign.file()
    campaign.settles("database")
    campaign.judge()
    assert len(campaign.acknowledged) == 2

    database.freeze(on=True)
    slow = threading.Thread(target=campaign.file)
    slow.start()
    slow.join(1.0)
    assert slow.is_alive()
    database.freeze(on=False)
    slow.join()
    campaign.settles("database")
    campaign.judge()
    assert len(campaign.acknowledged) == 3


# -- what a failing part is called ------------------------------------------------------------------------------------


def caused(error: Exception, state: str | None) -> Exception:
    """An error of the books as Django raises it, by PostgreSQL's driver."""
    import psycopg

    cause = psycopg.OperationalError("said by the server")
    cause.sqlstate = state  # type: ignore[misc]
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "what"),
    [
        (caused(OperationalError("connection refused"), None), "The books do not answer."),
        (caused(InterfaceError("the connection is closed"), None), "The books do not answer."),
        (caused(OperationalError("terminating connection due to administrator command"), "57P01"), "The books do not answer."),
        (caused(OperationalError("deadlock detected"), "40P01"), "The books are busy."),
        (OperationalError("database is locked"), "The books are busy."),
        (OperationalError("database or disk is full"), "There is no space left."),
        (caused(OperationalError("could not extend file: No space left on device"), "53100"), "There is no space left."),
        (OSError(28, "No space left on device"), "There is no space left."),
        (OSError(27, "File too large"), "There is no space left."),
        (OperationalError("disk I/O error"), "The books cannot be written."),
        (OperationalError("attempt to write a readonly database"), "The books cannot be written."),
        (OperationalError("no such table: people_user"), None),
        (OSError(2, "No such file or directory"), None),
        (ValueError("odd"), None),
    ],
)  # fmt: skip
def test_what_fails_beneath_is_named_and_a_mistake_stays_one(error: Exception, what: str | None) -> None:
    found = faults.told(error)
    assert (found.what if found else None) == what
    assert found is None or (isinstance(found, Unavailable) and found.why and found.remedy)


def test_a_commit_whose_answer_was_lost_is_neither_done_nor_refused(
    program: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db import transaction

    from tests.api.world import kept
    from tickmark.evidence import actions
    from tickmark.evidence.models import EvidenceKind

    class Breaks:
        """A transaction whose commit is sent, and whose answer never comes."""

        def __enter__(self) -> None:
            pass

        def __exit__(self, kind: Any, *rest: Any) -> None:
            if kind is None:
                raise caused(OperationalError("server closed the connection unexpectedly"), None)

    upload = kept("a note")
    monkeypatch.setattr(transaction, "atomic", Breaks)
    with pytest.raises(Unavailable) as failed:
        actions.file(program.actor("owner"), upload, EvidenceKind.DOC, "a test")
    assert failed.value.what == "Nobody can tell whether evidence.file was recorded."
    assert failed.value.remedy == "Look whether it is there before you send it again."


def test_an_api_that_breaks_answers_in_its_own_form(
    client_raising_nothing: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tickmark.web.middleware.actor_for", lambda *_: 1 / 0)
    monkeypatch.setattr("tickmark.web.middleware.is_empty", lambda *_: 1 / 0)
    answer = client_raising_nothing.get("/evidence/")
    assert (answer.status_code, b"The program failed." in answer.content) == (500, True)
    assert answer["X-Request-Id"].encode() in answer.content


@pytest.fixture
def client_raising_nothing(db: None) -> Any:
    """A browser that shows what the server answers, its mistakes too."""
    from django.test import Client

    return Client(raise_request_exception=False)
