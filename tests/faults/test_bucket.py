"""A bucket that is overloaded, silent or cut off: whoever waits is told within seconds, and nothing acknowledged is lost."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.deeds import writing
from tests.faults.bucket import bucket, environment
from tests.faults.relay import BUSY, CUT, OPEN, SILENT, Relay, relay
from tickmark.kernel import files, health
from tickmark.kernel.errors import NotFound, Unavailable
from tickmark.kernel.files import Kept
from tickmark.kernel.ledger.entry import Checkpoint
from tickmark.kernel.ledger.seal import seal, store

CONTENT = b"quarter,reviewer\nQ2,ada\n"
FAULTS = [BUSY, SILENT, CUT]


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with bucket() as found:
        yield found


@pytest.fixture
def line(port: int, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Relay]:
    """The way to the bucket."""
    with relay(port) as found:
        for name, value in environment(found.port).items():
            monkeypatch.setenv(name, value)
        settings.FILES_URL = "s3://tickmark"
        monkeypatch.setattr(files, "PATIENCE", 2)
        files._open_store.cache_clear()
        yield found
        files._open_store.cache_clear()


def told(work: Any) -> Unavailable:
    """What whoever waits is told, within seconds."""
    began = time.monotonic()
    with pytest.raises(Unavailable) as failed:
        work()
    assert time.monotonic() - began < 30
    assert (failed.value.what, bool(failed.value.why), failed.value.remedy) == (
        "The store of files does not answer.",
        True,
        "Try again in a minute; /healthz says when it is back.",
    )
    return failed.value


def test_a_bucket_keeps_and_gives_back_the_same(line: Relay) -> None:
    kept = files.keep(CONTENT)
    assert files.keep(CONTENT) == kept == Kept(kept.sha256, len(CONTENT))
    assert (files.read(kept.sha256), files.exists(kept.sha256)) == (CONTENT, True)
    large = bytes(range(256)) * (1 << 16)
    assert files.read(files.keep(large).sha256) == large
    with pytest.raises(NotFound):
        files.read("0" * 64)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_lost_bucket_is_told_and_comes_back_whole(line: Relay, fault: str) -> None:
    before = files.keep(f"before {fault}".encode())
    line.mode = fault
    for work in (
        lambda: files.keep(b"meanwhile"),
        lambda: files.read(before.sha256),
        lambda: files.exists("0" * 64),
    ):
        told(work)
    line.mode = OPEN
    assert files.read(before.sha256) == f"before {fault}".encode()
    assert files.read(files.keep(b"meanwhile").sha256) == b"meanwhile"


def test_the_log_lies_in_the_bucket_and_a_seal_that_lost_it_is_finished_later(line: Relay, db: None) -> None:
    with writing():
        pass
    assert seal().size == 1  # type: ignore[union-attr]
    line.mode = CUT
    with writing():
        pass
    told(seal)
    line.mode = OPEN
    assert seal().size == 2  # type: ignore[union-attr]
    newest = Checkpoint.objects.order_by("-size")[0]
    assert store().read("checkpoint") == newest.note.encode()


@pytest.mark.parametrize("fault", FAULTS)
def test_health_says_that_the_store_is_lost(line: Relay, db: None, client: Any, fault: str) -> None:
    line.mode = fault
    answer = client.get("/healthz/serving")
    part = next(one for one in answer.json()["parts"] if one["name"] == "files")
    assert (answer.status_code, part["ok"], part["says"]) == (
        503,
        False,
        "The store of files does not answer.",
    )
    line.mode = OPEN
    assert next(one for one in health.look() if one.name == "files").ok


def test_the_person_who_files_is_told(line: Relay, program: Any, client: Any) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    client.force_login(program.cast.owner)
    given = {"kind": "DOC", "source": "a test", "next": "/"}
    line.mode = BUSY
    upload = SimpleUploadedFile("note.txt", b"a note", "text/plain")
    answer = client.post("/do/evidence.file", {**given, "upload": upload})
    assert answer.status_code == 503
    assert b"The store of files does not answer." in answer.content and b"Traceback" not in answer.content
