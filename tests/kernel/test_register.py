"""Registers: what is bundled, what is dropped in, and that a name stands once."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from tickmark.kernel import register
from tickmark.kernel.errors import Conflict, Invalid
from tickmark.kernel.register import Register, Registers, load
from tickmark.kernel.tables import file_digest

COLLECTOR = '''
from tickmark.plugin import Source, collector

@collector("shop.accounts", shape="accounts", every="day", scopes=["read:staff"], version="3")
def accounts(source: Source):
    """Staff of the shop."""
    yield {"system": "shop", "account": "1"}
'''

NOTIFIER = """
from tickmark.plugin import Notifier

bell = Notifier("bell", lambda address, subject, text: None)
"""


def drop(folder: Path, kind: str, name: str, text: str) -> Path:
    (folder / kind).mkdir(parents=True, exist_ok=True)
    path = folder / kind / name
    path.write_text(text)
    return path


def test_what_is_bundled_is_there_with_the_digest_of_its_file() -> None:
    found = load()
    assert sorted(found.shapes.things()) == [
        "accounts", "acknowledgements", "changes", "devices", "findings", "people", "policies", "pulls", "tickets", "trainings",
    ]  # fmt: skip
    assert sorted(found.checks.things()) == [
        "changes_by_git_alone", "changes_reviewed", "devices_encrypted", "findings_fixed", "incidents_closed",
        "joiners_trained", "leavers_disabled", "policies_acknowledged", "second_factor",
    ]  # fmt: skip
    assert {"files.people", "files.accounts", "files.pulls", "git.changes"} <= set(found.collectors.things())
    check = found.checks.entry("changes_reviewed")
    path = register.PACKAGE / "plugins" / "checks" / "changes_reviewed.sql"
    assert (check.digest, check.origin, check.file) == (file_digest(path), "bundled", "changes_reviewed.sql")


@pytest.mark.parametrize(
    "name",
    [
        "accounts",
        "acknowledgements",
        "changes",
        "devices",
        "findings",
        "people",
        "policies",
        "pulls",
        "tickets",
        "trainings",
    ],
)
def test_every_shape_has_ten_to_twenty_columns_that_say_what_they_mean(name: str) -> None:
    shape = load().shapes[name]
    assert 10 <= len(shape.columns) <= 20 and all(column.says for column in shape.columns)


def test_every_check_reads_and_every_collector_and_recipe_makes_a_known_shape() -> None:
    found = load()
    read = {shape for check in found.checks.things().values() for shape in check.reads}
    made = {one.shape for one in (*found.collectors.things().values(), *found.recipes.things().values())}
    assert read | made <= set(found.shapes.things())


def test_every_recipe_fills_columns_of_its_shape_the_key_among_them() -> None:
    found = load()
    for recipe in found.recipes.things().values():
        shape = found.shapes[recipe.shape]
        filled = {part.name for part in (*recipe.fields, *recipe.children)}
        assert filled <= set(shape.names) and set(shape.key) <= filled


def test_a_drop_in_folder_adds_one_of_each(tmp_path: Path) -> None:
    path = drop(tmp_path, "collectors", "shop.py", COLLECTOR)
    drop(tmp_path, "notifiers", "bell.py", NOTIFIER)
    drop(tmp_path, "reports", "short.typ", "// reads: summary, exceptions\n")
    drop(
        tmp_path,
        "checks",
        "doors.sql",
        "-- says: x\n-- supports: y\n-- reads: people\n-- drives: people\nselect 1",
    )
    found = load(tmp_path)
    entry = found.collectors.entry("shop.accounts")
    assert (entry.origin, entry.version, entry.digest) == ("drop-in", "3", file_digest(path))
    assert (entry.thing.every, entry.thing.scopes, entry.thing.says) == (
        "day",
        ("read:staff",),
        "Staff of the shop.",
    )
    assert ("bell" in found.notifiers, found.reports["short"].reads) == (True, ("summary", "exceptions"))
    assert "doors" in found.checks


def test_a_changed_plugin_changes_the_digest(tmp_path: Path) -> None:
    before = load().digest()
    drop(tmp_path, "collectors", "shop.py", COLLECTOR)
    first = load(tmp_path).digest()
    drop(tmp_path, "collectors", "shop.py", COLLECTOR + "\n# changed\n")
    assert len({before, first, load(tmp_path).digest()}) == 3
    assert load().digest() == before


def test_a_name_stands_once(tmp_path: Path) -> None:
    drop(tmp_path, "collectors", "mine.py", COLLECTOR.replace("shop.accounts", "git.changes"))
    with pytest.raises(
        Conflict, match=r"two collectors named git\.changes.*git\.py \(bundled\).*mine\.py \(drop-in\)"
    ):
        load(tmp_path)


@pytest.mark.parametrize("text", ["raise RuntimeError('boom')", "def broken(:", "import nowhere_to_be_found"])
def test_a_plugin_that_cannot_be_loaded_is_named(text: str, tmp_path: Path) -> None:
    drop(tmp_path, "collectors", "bad.py", text)
    with pytest.raises(Invalid, match=r"bad\.py cannot be loaded"):
        load(tmp_path)


def test_a_report_template_must_say_what_it_reads(tmp_path: Path) -> None:
    drop(tmp_path, "reports", "mute.typ", "= Title")
    with pytest.raises(Invalid, match=r"mute\.typ cannot be used"):
        load(tmp_path)


def test_a_package_may_bring_plugins(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = EntryPoint("odd", "tickmark.kernel.errors:Invalid", "tickmark")
    monkeypatch.setattr(register, "entry_points", lambda group: [wrong])
    with pytest.raises(Invalid, match="odd is no module"):
        load()
    monkeypatch.setattr(
        register, "entry_points", lambda group: [EntryPoint("gone", "no.such.module", "tickmark")]
    )
    with pytest.raises(Invalid, match="gone cannot be loaded"):
        load()
    again = EntryPoint("twice", "tickmark.plugins.collectors.git", "tickmark")
    monkeypatch.setattr(register, "entry_points", lambda group: [again])
    with pytest.raises(Conflict, match="two collectors named git.changes"):
        load()


def test_a_name_that_is_not_there_is_refused_with_those_that_are(tmp_path: Path) -> None:
    names: Register[int] = Register("number")
    names.add("one", 1, file=Path(__file__), origin="here")
    assert names["one"] == 1 and [entry.name for entry in names] == ["one"]
    with pytest.raises(Invalid, match="no number named two. There is one"):
        names["two"]
    assert Registers().digest() == Registers().digest()
