"""Many files as one: all or none, each refusal named, one entry, one sync, nothing half-written."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.deeds import writing
from tests.web.pages import client
from tickmark.controls.models import Control, ControlVersion
from tickmark.evidence import actions, queries
from tickmark.evidence.models import Evidence, EvidenceKind, Intake, Support
from tickmark.evidence.preview import preview
from tickmark.kernel import arguments, clock, files
from tickmark.kernel.action import ACTIONS
from tickmark.kernel.arguments import Incoming, Upload
from tickmark.kernel.errors import Invalid, Refused, Unavailable
from tickmark.kernel.ledger import cited
from tickmark.kernel.ledger.disclosure import disclosed
from tickmark.kernel.ledger.entry import Entry

NOW = datetime(2026, 8, 3, 15, tzinfo=UTC)
SAME: dict[str, Any] = {"kind": EvidenceKind.REC, "source": "Wiki"}


@pytest.fixture(autouse=True)
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock stands."""
    monkeypatch.setattr(clock, "now", lambda: NOW)


@pytest.fixture
def quarterly(program: SimpleNamespace) -> Control:
    """A control of the owner that operates each quarter, and one of somebody else."""
    with writing(program.cast.founder):
        for code, owner in (("AC-06", program.cast.owner), ("AC-07", program.cast.lead)):
            control = Control(code=code)
            control.save()
            ControlVersion(
                control=control, effective_from=date(2025, 11, 1), title="Review", statement="Each quarter.", purpose="D",
                criteria=["CC6.1"], nature="M", frequency="quarterly", owner=owner, parameters={"grace_days": 15},
            ).save()  # fmt: skip
    return Control.objects.get(code="AC-06")


def incoming(*named: tuple[str, bytes]) -> list[Incoming]:
    return [Incoming(name, "text/plain", BytesIO(content)) for name, content in named]


def sent(*named: tuple[str, bytes]) -> list[Upload]:
    """Files as they come through a door, kept."""
    return arguments.keep_many(incoming(*named))


def records(count: int) -> list[Upload]:
    return sent(*((f"record-{number}.txt", f"record {number}\n".encode()) for number in range(count)))


def told(text: str) -> Upload:
    return sent(("manifest.csv", text.encode()))[0]


def counted() -> tuple[int, ...]:
    return tuple(model.objects.count() for model in (Evidence, Support, Intake, Entry))


def test_all_are_filed_by_one_action_under_one_entry(program: SimpleNamespace, quarterly: Control) -> None:
    before = counted()
    manifest = told(
        "name,source,covers_from,covers_to,control,occurrence,performed_on,description\n"
        "record-0.txt,,2026-04-01,2026-06-30,AC-06,2026-Q2,2026-07-02,The second quarter\n"
        "record-1.txt,Ticket system,,,,,,\n"
    )
    given = {**SAME, "covers_from": date(2026, 7, 1), "covers_to": date(2026, 7, 31)}
    done = ACTIONS["evidence.file_many"].perform(program.actor("owner"), records(3), manifest, **given)
    assert counted() == tuple(a + b for a, b in zip(before, (3, 1, 1, 1), strict=True))
    rows = list(Evidence.objects.order_by("pk"))
    assert {row.entry for row in rows} == {done.entry}
    assert [(row.name, row.source, row.covers_from, row.covers_to) for row in rows] == [
        ("record-0.txt", "Wiki", date(2026, 4, 1), date(2026, 6, 30)),
        ("record-1.txt", "Ticket system", date(2026, 7, 1), date(2026, 7, 31)),
        ("record-2.txt", "Wiki", date(2026, 7, 1), date(2026, 7, 31)),
    ]
    use = Support.objects.get()
    assert (use.evidence, use.control, use.occurrence, use.performed_on) == (
        rows[0], quarterly, "2026-Q2", date(2026, 7, 2),
    )  # fmt: skip
    intake = done.result
    assert (intake.filed, intake.used, intake.left_out, intake.manifest) == (3, 1, [], manifest.sha256)
    entry = Entry.objects.get(uid=done.entry)
    assert [fact["ref"] for fact in entry.facts] == [*(row.ref for row in rows), use.ref, intake.ref]
    assert set(entry.files) == {row.sha256 for row in rows} | {manifest.sha256}


REFUSALS = [
    ("empty.txt", b"", "The file is empty."),
    ("twin.txt", b"the same\n", "It is the same file as first.txt."),
    ("picture.png", b"no picture\n", "'picture.png' is not what its name says."),
    ("held.txt", b"held already\n", "It is filed already as EV-{held}."),
    ("nobody.txt", b"nobody\n", "There is no control AC-99."),
    ("theirs.txt", b"theirs\n", "You may not do evidence.file_many on CT-{theirs}."),
    ("late.txt", b"late\n", "The covered period ends before it starts."),
    ("never.txt", b"never\n", "AC-06 has no occurrence 2026-Q9."),
    ("broken.txt", b"broken\n", "Its line in the manifest cannot be taken."),
    ("kind.txt", b"kind\n", "Nobody says what it is."),
    ("double.txt", b"double\n", "It stands twice in the manifest."),
]
LINES = """name,kind,control,occurrence,covers_from,covers_to,performed_on
nobody.txt,,AC-99,,,,
theirs.txt,,AC-07,,,,
late.txt,,,,2026-07-02,2026-07-01,
never.txt,,AC-06,2026-Q9,,,2026-07-01
broken.txt,,,,yesterday,,
kind.txt,XXX,,,,,
double.txt,,,,,,
double.txt,,,,,,
missing.txt,,,,,,
"""


def expected(program: SimpleNamespace) -> list[tuple[str, str]]:
    held, theirs = Evidence.objects.get(name="held.txt"), Control.objects.get(code="AC-07")
    told_ = [(name, what.format(held=held.pk, theirs=theirs.pk)) for name, _, what in REFUSALS]
    return [*told_, ("missing.txt", "The file was not sent.")]


def many(program: SimpleNamespace) -> list[tuple[str, bytes]]:
    actions.file(program.actor("owner"), sent(("held.txt", b"held already\n"))[0], **SAME)
    return [("first.txt", b"the same\n"), *((name, content) for name, content, _ in REFUSALS)]


def test_one_that_cannot_be_filed_stops_all_and_each_is_named(
    program: SimpleNamespace, quarterly: Control
) -> None:
    files_ = sent(*many(program))
    before = counted()
    with pytest.raises(Invalid) as refused:
        actions.file_many(program.actor("owner"), files_, told(LINES), **SAME)
    assert refused.value.what == "12 of 13 files cannot be filed, so none was."
    assert all(f"{name}: {what}" in refused.value.why for name, what in expected(program))
    assert counted() == before


def test_what_cannot_be_filed_may_be_left_out_and_the_intake_says_so(
    program: SimpleNamespace, quarterly: Control
) -> None:
    intake = actions.file_many(
        program.actor("owner"), sent(*many(program)), told(LINES), leave_out=True, **SAME
    )
    assert (intake.filed, [(one["name"], one["what"]) for one in intake.left_out]) == (1, expected(program))
    assert [row.name for row in Evidence.objects.filter(entry=intake.entry)] == ["first.txt"]


def test_the_preview_says_the_same_and_keeps_nothing(
    program: SimpleNamespace, quarterly: Control, settings: Any
) -> None:
    named = many(program)
    before, stored = counted(), {path.name for path in (settings.HOME / "files").rglob("*")}
    raw = {
        "files": incoming(*named),
        "manifest": Incoming("m.csv", "text/csv", BytesIO(LINES.encode())),
        "kind": "REC",
        "source": "Wiki",
    }
    planned = preview(program.actor("owner"), raw)
    assert [(one.name, one.refused.what) for one in planned if one.refused] == expected(program)
    assert [one.filing.name for one in planned if one.filing] == ["first.txt"]
    assert (counted(), {path.name for path in (settings.HOME / "files").rglob("*")}) == (before, stored)


@pytest.mark.parametrize("who", ["employee", "auditor"])
def test_who_may_not_file_is_refused_before_a_file_is_kept(
    program: SimpleNamespace, settings: Any, who: str
) -> None:
    raw = {"files": incoming(("a.txt", b"a\n")), "kind": "REC", "source": "Wiki"}
    for attempt in (arguments.perform, lambda _, actor, given: preview(actor, given)):
        with pytest.raises(Refused):
            attempt(ACTIONS["evidence.file_many"], program.actor(who), raw)
    assert not list((settings.HOME / "files").rglob("*/*"))


def test_a_crash_between_files_and_rows_leaves_no_row_and_the_next_try_works(
    program: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    uploads = records(5)
    before = counted()
    with monkeypatch.context() as broken:
        broken.setattr(Intake, "save", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            actions.file_many(program.actor("owner"), uploads, **SAME)
    assert counted() == before
    assert all(files.exists(one.sha256) for one in uploads)
    assert actions.file_many(program.actor("owner"), records(5), **SAME).filed == 5
    assert not list((settings.HOME / "files").glob(".draft-*"))


def test_a_disk_that_fills_up_half_way_is_told_and_leaves_no_draft(
    monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    synced, real = [], os.fsync

    def full(descriptor: int) -> None:
        synced.append(descriptor)
        if len(synced) > 3:
            raise OSError(28, "No space left on device")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Unavailable, match="Free some space"):
        records(6)
    assert not [path for path in (settings.HOME / "files").rglob("*") if path.is_file()]


def test_each_file_is_synced_once_and_each_folder_once(
    monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    real, folders, documents = os.fsync, [], []

    def note(descriptor: int) -> None:
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        (folders if path.is_dir() else documents).append(str(path))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", note)
    kept = records(40)
    wanted = {str(settings.HOME / "files" / one.sha256[:2]) for one in kept} | {str(settings.HOME / "files")}
    assert (len(documents), sorted(folders)) == (40, sorted(wanted))


def test_the_entry_of_a_large_intake_is_small_and_vouches_for_every_row(
    program: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cited, "MOST", 20)
    intake = actions.file_many(program.actor("owner"), records(30), **SAME)
    entry = Entry.objects.get(uid=intake.entry)
    rows = [*Evidence.objects.filter(entry=intake.entry).order_by("pk"), intake]
    assert [fact["ref"] for fact in entry.facts] == ["list"] and entry.files == [entry.facts[0]["sha256"]]
    assert len(entry.canonical()) < 1000
    assert cited.facts_of(entry.body()) == [{"ref": row.ref, "sha256": row.digest()} for row in rows]
    assert set(cited.files_of(entry.body())) == {row.sha256 for row in rows[:-1]} | set(entry.files)
    assert disclosed(program.actor("lead"), intake.entry) == entry
    with pytest.raises(Refused):
        disclosed(program.actor("employee"), intake.entry)


def test_ten_thousand_are_taken_and_one_more_is_not(
    program: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tickmark.evidence.actions.intake.MOST", 3)
    with pytest.raises(Invalid, match="An intake takes 3"):
        actions.file_many(program.actor("owner"), records(4), **SAME)


def test_the_number_of_questions_does_not_grow_with_the_files(
    program: SimpleNamespace, quarterly: Control
) -> None:
    def asked(count: int, start: int) -> int:
        named = [(f"r{start + n}.txt", f"record {start + n}\n".encode()) for n in range(count)]
        lines = "".join(f"{name},AC-06,2026-Q2,2026-07-01\n" for name, _ in named)
        uploads, manifest = sent(*named), told(f"name,control,occurrence,performed_on\n{lines}")
        with CaptureQueriesContext(connection) as found:
            actions.file_many(program.actor("owner"), uploads, manifest, **SAME)
        return len(found)

    asked(1, 200)  # what the files do not change is remembered from here on
    assert asked(3, 0) == asked(60, 100)


def test_the_pages_of_an_intake(program: SimpleNamespace, quarterly: Control) -> None:
    browser = client(program, "owner")
    assert "File many" in browser.get("/evidence/").content.decode()
    form = browser.get("/evidence/file-many").content.decode()
    assert "Show what would happen" in form and "AC-06" in form and "AC-07" not in form
    given = {"files": [_named("a.txt", b"a\n"), _named("b.png", b"b\n")], "kind": "REC", "source": "Wiki"}
    told_ = browser.post("/evidence/file-many/preview", given).content.decode()
    assert "1 of 2 cannot be filed" in told_ and "is not what its name says" in told_
    given = {**given, "files": [_named("a.txt", b"a\n"), _named("b.png", b"b\n")], "leave_out": "true"}
    answer = browser.post("/do/evidence.file_many", {**given, "next": "/evidence/intakes/{ref}/"})
    intake = Intake.objects.get()
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/evidence/intakes/{intake.ref}/")
    page = browser.get(answer.headers["Location"]).content.decode()
    assert "1 document filed as one" in page and "a.txt" in page and "b.png" in page
    listed = browser.get(f"/evidence/intakes/{intake.ref}/list.csv").content.decode()
    assert f"a.txt,{Evidence.objects.get().ref}" in listed
    for who, address in (
        ("employee", "/evidence/file-many"),
        ("auditor", f"/evidence/intakes/{intake.ref}/"),
    ):
        assert client(program, who).get(address).status_code == 404


def _named(name: str, content: bytes) -> BytesIO:
    stream = BytesIO(content)
    stream.name = name
    return stream


def test_a_file_filed_alone_is_told_by_the_same_rules(program: SimpleNamespace) -> None:
    """`evidence.file` and an intake refuse the same things in the same words."""
    for name, content, what in REFUSALS[:3:2]:
        (upload,) = sent((name, content))
        with pytest.raises(Invalid) as refused:
            actions.file(program.actor("owner"), upload, **SAME)
        planned = queries.plan(program.actor("owner"), [upload], [], queries.Common("REC", "Wiki"))
        assert str(planned[0].refused) == str(refused.value) and refused.value.what == what
