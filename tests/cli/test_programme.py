"""`tickmark export programme` and `tickmark apply`: from the books to files in git and back, shown before recorded."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from tests.cli.running import Ran
from tickmark.cli import programme
from tickmark.cli.programme import ROOM, sides
from tickmark.controls.models import ControlVersion
from tickmark.kernel.errors import Invalid
from tickmark.kernel.ledger.entry import Entry
from tickmark.scope.models import ProgrammeImport


@pytest.fixture
def folder(server: Any, tmp_path: Path) -> Path:
    """The world's programme as files."""
    found = tmp_path / "programme"
    programme.export(found)
    return found


def changed(folder: Path) -> None:
    """Somebody edits one line in a pull request."""
    path = folder / "controls" / "CHG-02.md"
    path.write_text(path.read_text().replace("before merge", "by a second person before merge"))


def test_an_export_applied_at_once_changes_nothing(server: Any, folder: Path, capsys: Any) -> None:
    assert (folder / "systems" / "ledger" / "system.md").exists()
    ran = Ran(capsys, "apply", str(folder), "--yes")
    assert (ran.code, ran.err) == (0, "Nothing would change: the books say the same.\n")


def test_an_export_takes_away_only_what_it_is_told_to_and_only_its_own(folder: Path, capsys: Any) -> None:
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    others = ("notes.md", "controls/README.md", "policies/2019/travel.md", "systems/x/notes.toml")
    for name in (*others, "controls/GONE-1.md"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("mine")
    programme.export(folder)
    assert (folder / "controls" / "GONE-1.md").exists()
    assert "Not in the programme any more: controls/GONE-1.md (1)." in capsys.readouterr().err
    programme.export(folder, replace=True)
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == {
        **before,
        **{folder / name: b"mine" for name in others},
    }


def test_what_is_changed_is_shown_and_then_recorded(server: Any, folder: Path, capsys: Any) -> None:
    changed(folder)
    capsys.readouterr()
    entries = Entry.objects.count()
    ran = Ran(capsys, "apply", str(folder), "--dry-run")
    assert ran.code == 2
    assert ran.lines[0].startswith("~ control CHG-02: changed")
    assert ran.lines[-1] == "1 changed"
    assert Entry.objects.count() == entries
    ran = Ran(capsys, "apply", str(folder), "--yes", "--reason", "As we do it")
    assert (ran.code, ran.lines[-1]) == (0, ProgrammeImport.objects.latest("pk").ref)
    newest = ControlVersion.objects.latest("pk")
    assert (newest.reason, newest.by) == ("As we do it", server.cast.lead)
    assert "by a second person before merge" in newest.statement


@pytest.mark.parametrize(("said", "code", "recorded"), [("y\n", 0, 1), ("n\n", 1, 0), ("\n", 1, 0)])
def test_a_person_is_asked(
    server: Any,
    folder: Path,
    capsys: Any,
    monkeypatch: pytest.MonkeyPatch,
    said: str,
    code: int,
    recorded: int,
) -> None:
    changed(folder)
    terminal = io.StringIO(said)
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stdin", terminal)
    before = ProgrammeImport.objects.count()
    assert Ran(capsys, "apply", str(folder)).code == code
    assert ProgrammeImport.objects.count() == before + recorded


def test_nothing_is_recorded_without_somebody_to_ask(server: Any, folder: Path, capsys: Any) -> None:
    changed(folder)
    ran = Ran(capsys, "apply", str(folder))
    assert ran.code == 5
    assert ran.err.startswith("Nobody is there to agree.")


def test_what_cannot_be_recorded_is_named_with_its_file(server: Any, folder: Path, capsys: Any) -> None:
    path = folder / "controls" / "CHG-02.md"
    path.write_text(path.read_text().replace("CC8.1", "CC8.9"))
    capsys.readouterr()
    ran = Ran(capsys, "apply", str(folder), "--yes", "--json")
    assert ran.code == 5
    assert "controls/CHG-02.md: No such criterion: CC8.9." in ran.err
    assert json.loads(ran.out)[0]["refused"]["error"] == "Invalid"


def test_a_day_alone_is_told_and_changes_nothing(server: Any, folder: Path, capsys: Any) -> None:
    path = folder / "controls" / "CHG-02.md"
    before = path.read_text()
    path.write_text(before.replace("in_force_from = 2025-11-01", "in_force_from = 2026-02-01"))
    assert path.read_text() != before
    capsys.readouterr()
    ran = Ran(capsys, "apply", str(folder), "--yes")
    assert (ran.code, ran.lines) == (
        0,
        [
            "= control CHG-02: only the day differs Peer review",
            "    in_force_from: 2025-11-01 -> 2026-02-01",
            "1 only the day differs",
        ],
    )
    assert "What stands is never dated anew" in ran.err


def test_the_day_of_the_file_is_not_told_after_its_change_was_recorded(
    server: Any, folder: Path, capsys: Any
) -> None:
    path = folder / "controls" / "CHG-02.md"
    path.write_text(path.read_text().replace("Peer review", "Second pair of eyes"))
    Ran(capsys, "apply", str(folder), "--yes")
    again = Ran(capsys, "apply", str(folder), "--yes")
    assert (again.code, again.lines) == (0, ["no difference"])


def test_withdrawals_are_told_before_what_is_only_noted(server: Any, folder: Path, capsys: Any) -> None:
    for path in (folder / "controls").glob("*.md"):
        path.write_text(path.read_text().replace("in_force_from = 2025-11-01", "in_force_from = 2026-02-01"))
    (folder / "controls" / "CHG-02.md").unlink()
    ran = Ran(capsys, "apply", str(folder), "--yes", "--withdraw", "--dry-run")
    assert [line[0] for line in ran.lines if line[0] in "-="] == ["-", "="]


LONG = (
    "Each quarter the owner of the system compares who can enter it with who should, and takes away the rest"
)
VALUES = st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.text(max_size=4), max_size=3)


@given(VALUES, VALUES)
@example(None, "")
@example(["a", "b"], "a,b")
@example("two words", "two  words")
@example(f"{LONG}.", f"{LONG}")
@example(f"{LONG}...", f"{LONG} and more than that, which is long enough to be cut as well")
def test_two_values_that_differ_are_never_shown_alike(before: Any, after: Any) -> None:
    one, other = sides(before, after)
    assert (one == other) == (json.dumps(before) == json.dumps(after))
    assert max(len(one), len(other)) <= ROOM


@given(st.text(max_size=200), st.text(max_size=200), st.text(max_size=200), st.text(max_size=200))
@example(LONG, "", "", ".")
@example("w" * 300, "", "", ".")
def test_what_differs_far_in_a_long_text_is_shown(head: str, one: str, other: str, tail: str) -> None:
    before, after = head + one + tail, head + other + tail
    assume(before != after)
    shown = sides(before, after)
    assert shown[0] != shown[1]


def test_a_long_text_is_cut_around_what_differs() -> None:
    assert sides(f"{LONG}.", f"{LONG} at once.") == (
        "...and takes away the rest.",
        "...and takes away the rest at once.",
    )
    assert sides("monthly", "quarterly") == ("monthly", "quarterly")
    assert sides(f"Once: {LONG}", f"Twice: {LONG}") == (f"Once: {LONG}"[: ROOM - 3] + "...",
                                                      f"Twice: {LONG}"[: ROOM - 3] + "...")  # fmt: skip


def test_both_sides_of_a_long_text_stand_beneath_each_other(server: Any, folder: Path, capsys: Any) -> None:
    changed(folder)
    capsys.readouterr()
    ran = Ran(capsys, "apply", str(folder), "--dry-run")
    before, after = ran.lines[1:3]
    assert before.startswith("    statement: ")
    assert after.startswith("            -> ")
    assert len(ran.lines) == 4


def test_what_left_the_folder_leaves_the_books_only_if_it_is_said(
    server: Any, folder: Path, capsys: Any
) -> None:
    (folder / "controls" / "CHG-02.md").unlink()
    capsys.readouterr()
    ran = Ran(capsys, "apply", str(folder), "--yes")
    assert (ran.code, ran.lines[-1]) == (0, "1 only in the books")
    ran = Ran(capsys, "apply", str(folder), "--yes", "--withdraw")
    assert ran.code == 0
    assert ControlVersion.objects.latest("pk").withdrawn


@pytest.mark.parametrize("content", [None, {}, {"README.md": b""}, {"vendors.toml": b"\xff"}])
def test_folders_that_hold_no_programme(server: Any, tmp_path: Path, capsys: Any, content: Any) -> None:
    folder = tmp_path / "other"
    if content is not None:
        folder.mkdir()
        for name, text in content.items():
            (folder / name).write_bytes(text)
    assert Ran(capsys, "apply", str(folder)).code == 5


def test_more_than_the_server_takes_is_refused_here(tmp_path: Path) -> None:
    (tmp_path / "vendors.toml").write_text("#" * (programme.LARGEST + 1))
    with pytest.raises(Invalid, match="At once it takes"):
        programme._read(tmp_path)
