"""Hostile callers at the doors: uploads, names, downloads, two tabs, a token after its end. Nothing half-written stays."""

from __future__ import annotations

import io
import tempfile
import tracemalloc
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIRequest
from django.test import Client
from django.test.client import FakePayload, RequestFactory

from tests.hostile import files as hostile
from tests.web.pages import client
from tickmark.controls import actions as controls
from tickmark.controls.models import ControlVersion
from tickmark.evidence import uploads
from tickmark.evidence.models import Evidence
from tickmark.kernel.errors import Invalid
from tickmark.kernel.incoming import UploadTooBig
from tickmark.kernel.ledger.entry import Entry

BOUNDARY = "-----b"
HEAD = (
    f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="upload"; filename="large.csv"\r\n'
    "Content-Type: text/csv\r\n\r\n"
).encode()
TAIL = f"\r\n--{BOUNDARY}--\r\n".encode()


class Sparse(io.RawIOBase):
    """A body of zeros that nobody holds; it counts what was read of it."""

    def __init__(self, size: int) -> None:
        self.left, self.read_so_far = [HEAD, size, TAIL], 0

    def read(self, most: int = -1) -> bytes:
        most = 1 << 16 if most < 0 else min(most, 1 << 16)
        while self.left:
            first = self.left[0]
            if isinstance(first, int):
                given = bytes(min(first, most))
                self.left[0] = first - len(given)
            else:
                given, self.left[0] = first[:most], first[most:]
            if not self.left[0]:
                self.left.pop(0)
            if given:
                self.read_so_far += len(given)
                return given
        return b""


def sent(body: Sparse, length: int) -> WSGIRequest:
    """A request with this body."""
    environ = RequestFactory()._base_environ(
        REQUEST_METHOD="POST",
        PATH_INFO="/do/evidence.file",
        CONTENT_TYPE=f"multipart/form-data; boundary={BOUNDARY}",
        CONTENT_LENGTH=str(length),
    )
    return WSGIRequest({**environ, "wsgi.input": body})


@pytest.fixture(autouse=True)
def own_temp(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings: Any) -> Path:
    """A temporary folder of the test's own: whatever is left shows."""
    folder = tmp_path / "temp"
    folder.mkdir()
    settings.FILE_UPLOAD_TEMP_DIR = str(folder)
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def test_two_gigabytes_are_refused_before_a_byte_is_read(own_temp: Path) -> None:
    body = Sparse(2 << 30)
    with pytest.raises(UploadTooBig):
        _ = sent(body, (2 << 30) + len(HEAD) + len(TAIL)).FILES
    assert body.read_so_far == 0 and list(own_temp.iterdir()) == []


def test_a_stream_beyond_the_limit_is_ended_and_leaves_nothing(own_temp: Path, settings: Any) -> None:
    settings.UPLOAD_LIMIT = 2 << 20
    body = Sparse(8 << 20)
    with pytest.raises(UploadTooBig):
        _ = sent(body, (8 << 20) + len(HEAD) + len(TAIL)).FILES
    assert body.read_so_far < 4 << 20 and list(own_temp.iterdir()) == []


def test_a_large_file_within_the_limit_is_never_in_memory(own_temp: Path) -> None:
    size = 96 << 20
    request = sent(Sparse(size), size + len(HEAD) + len(TAIL))
    tracemalloc.start()
    try:
        taken = request.FILES["upload"]
        assert (taken.size, tracemalloc.get_traced_memory()[1] < 8 << 20) == (size, True)
    finally:
        tracemalloc.stop()
        request.close()
    taken.close()
    assert list(own_temp.iterdir()) == []


def test_people_and_programs_are_told_the_limit(program: SimpleNamespace, settings: Any) -> None:
    settings.UPLOAD_LIMIT = 1 << 20
    before = Entry.objects.count()
    form = {"upload": io.BytesIO(bytes(2 << 20)), "kind": "DOC", "source": "x"}
    page = client(program, "lead").post("/do/evidence.file", form)
    assert page.status_code == 413 and "TICKMARK_UPLOAD_LIMIT" in page.content.decode()
    form["upload"] = io.BytesIO(bytes(2 << 20))
    called = client(program, "lead").post("/api/evidence/file", form)
    assert (called.status_code, called.json()["field"]) == (413, "upload")
    assert (Entry.objects.count(), Evidence.objects.count()) == (before, 0)


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("a\r\nSet-Cookie: x=1.txt", "aSet-Cookie: x=1.txt"),
        ("invoice\u202efdp.exe.txt", "invoicefdp.exe.txt"),
        ("\x00\x01\x7f", "file"),
        (". .", "file"),
        ("x" * 10_000 + ".csv", "x" * 196 + ".csv"),
        ("y" * 10_000, "y" * 200),
        ("\ud800.csv", ".csv"),
    ],
)
def test_a_name_is_only_a_label(name: str, label: str) -> None:
    assert uploads.label(name) == label


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.png", b"<svg onload=alert(1)>"),
        ("a.csv", b"MZ\x90\x00"),
        ("a.csv", b"id\n\x00\x01"),
        ("a.pdf", hostile.archive({"a.js": "alert(1)"})),
        ("a.parquet", b"PAR2"),
    ],
)
def test_what_is_not_what_its_name_says_is_refused(name: str, content: bytes) -> None:
    with pytest.raises(Invalid) as refused:
        uploads.refuse_disguise(name, content)
    assert (refused.value.field, bool(refused.value.remedy)) == ("upload", True)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("page.html", b"<script>alert(1)</script>"),
        ("picture.svg", b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'),
        ("both.gif", b"GIF89a=1;alert(1)"),
        ("both.pdf", hostile.pdf("x") + hostile.archive({"a.js": "alert(1)"})),
        ('quote".html', b"<b>x"),
    ],
)
def test_what_could_run_is_only_ever_downloaded(program: SimpleNamespace, name: str, content: bytes) -> None:
    form = {"upload": named(name, content), "kind": "DOC", "source": "x"}
    assert client(program, "lead").post("/do/evidence.file", form).status_code == 302
    row = Evidence.objects.get()
    for address in (f"/files/{row.ref}", f"/api/files/{row.ref}"):
        answer = client(program, "lead").get(address)
        assert b"".join(answer.streaming_content) == content
        assert answer["Content-Disposition"].startswith("attachment")
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"


def named(name: str, content: bytes) -> io.BytesIO:
    """An upload of this name."""
    stream = io.BytesIO(content)
    stream.name = name
    return stream


def test_the_second_of_two_tabs_is_told_and_keeps_what_was_typed(program: SimpleNamespace) -> None:
    """Both tabs show one version; the second save would bury the first unseen."""
    address = "/controls/CHG-02/change"
    first, second = client(program, "lead"), client(program, "founder")
    shown = first.get(address).content.decode()
    base = f'<input type="hidden" name="base" value="{program.control_version.ref}">'
    assert base in shown and base in second.get(address).content.decode()
    form = {
        "code": "CHG-02", "title": "Peer review", "criteria": "CC8.1", "nature": "I", "purpose": "P",
        "frequency": "event", "owner": program.cast.owner.ref, "effective_from": "2026-02-01",
        "reason": "clearer", "base": program.control_version.ref,
    }  # fmt: skip
    assert first.post(address, {**form, "statement": "From the first tab."}).status_code == 302
    stale = {**form, "statement": "From the second tab."}
    answer = second.post(address, stale)
    text = answer.content.decode()
    assert answer.status_code == 409 and "Somebody changed this since you opened it." in text
    assert "From the second tab." in text and "Lead recorded CV-" in text
    newest = ControlVersion.objects.order_by("-pk").first()
    assert newest.statement == "From the first tab." and f'name="base" value="{newest.ref}"' in text
    script = second.post(address, stale, headers={"HX-Request": "true"})
    assert script.status_code == 409 and f'name="base" value="{newest.ref}"' in script.content.decode()
    assert second.post(address, {**stale, "base": [stale["base"], newest.ref]}).status_code == 302
    stands = ControlVersion.objects.order_by("pk").values_list("statement", flat=True)
    assert list(stands)[1:] == ["From the first tab.", "From the second tab."]


def test_a_program_that_names_no_base_writes_as_before(program: SimpleNamespace) -> None:
    for _ in range(2):
        controls.hand_over(program.actor("founder"), program.control, program.cast.lead, program.period.start)
        controls.hand_over(
            program.actor("founder"), program.control, program.cast.owner, program.period.start
        )


def test_a_token_is_nothing_from_the_moment_of_its_end(program: SimpleNamespace) -> None:
    from tickmark.people import actions as people
    from tickmark.people.models import Token

    lead = program.actor("lead")
    made: Any = people.make_token(lead, "script", ["read"], 30)
    secret = getattr(made, "secret", None)
    calls = Client(headers={"Authorization": f"Bearer {secret}"})
    before = calls.get("/api/search", {"q": "x"})
    assert before.status_code == 200
    people.end_token(lead, Token.objects.get())
    replayed = calls.get("/api/search", {"q": "x"})
    assert (replayed.status_code, replayed.json()["error"]) == (401, "Refused")
    assert calls.post("/api/scope/exclude", FakePayload(b"{}").read(), "application/json").status_code == 401
