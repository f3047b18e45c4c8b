"""The bad input of a source: each ends in a record that says what, why and the remedy, and old data stays whole."""

from __future__ import annotations

import json
import subprocess
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tickmark.evidence import actions, queries
from tickmark.evidence.models import Collection, Connection, Evidence, Population
from tickmark.kernel import clock, files, jobs
from tickmark.kernel.errors import Invalid, Refused

NOW = datetime(2026, 8, 3, 15, tzinfo=UTC)
HEAD = "id,login,email,userType,employeeNumber,accountOwner,status,created,deactivated,lastLogin"
ROWS = [
    "1,ann@x.example,ann@x.example,Employee,P-1,,ACTIVE,2020-01-01T00:00:00Z,,2026-08-01T00:00:00Z",
    "2,bob@x.example,bob@x.example,Employee,P-2,,DEPROVISIONED,2020-01-01T00:00:00Z,2026-03-02T09:00:00Z,",
]


@pytest.fixture(autouse=True)
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock stands."""
    monkeypatch.setattr(clock, "now", lambda: NOW)


@pytest.fixture
def source(program: SimpleNamespace, tmp_path: Path) -> SimpleNamespace:
    """An identity provider that was read once and is whole."""
    path = tmp_path / "idp" / "accounts.csv"
    path.parent.mkdir()
    settings = {"path": str(path), "recipe": "accounts-idp-csv"}
    actions.connect(
        program.actor("lead"),
        "idp",
        "Identity provider",
        "files.accounts",
        "idp.x.example",
        settings,
        date(2026, 1, 1),
    )
    found = SimpleNamespace(
        path=path, lead=program.actor("lead"), connection=Connection.objects.get(code="idp")
    )
    give(found, "\n".join([HEAD, *ROWS, ""]).encode(), 2)
    collect(found)
    assert Collection.objects.get().outcome == "complete"
    return found


def give(source: SimpleNamespace, content: bytes, declared: int) -> None:
    """Put an export and its count where the source reads it."""
    source.path.write_bytes(content)
    source.path.with_name("accounts.manifest.json").write_text(json.dumps({"rows": declared}))


def collect(source: SimpleNamespace) -> Collection:
    """Collect once and return the record."""
    actions.collect(source.lead, source.connection)
    jobs.work()
    assert list(jobs.Slot.objects.exclude(error="")) == []
    found = Collection.objects.order_by("-pk").first()
    assert found is not None
    return found


def text(*rows: str) -> str:
    return "\n".join([HEAD, *rows, ""])


@pytest.mark.parametrize(
    ("content", "outcome", "says"),
    [
        (b"", "error", "'accounts.csv' is empty."),
        (b"%PDF-1.7 a picture of a list", "error", "'accounts.csv' is no csv file."),
        (b"<!doctype html><title>Sign in</title>", "error", "'accounts.csv' is no csv file."),
        (text(*ROWS).encode().replace(b"ann@x", b"\xff\xfenn@x"), "error", "'accounts.csv'"),
        (("é," + text(*ROWS)).encode() + "ü".encode("latin-1"), "error", "'accounts.csv'"),
        (text(*ROWS).replace("id,login", "number,login").encode(), "error", "The column id is missing."),
        (text(*ROWS).replace("employeeNumber,accountOwner", "x,y").encode(), "incomplete", "person is unknown"),
        (text(ROWS[0], ROWS[1][:10]).encode(), "incomplete", "Row 2 has 2 fields under 10 columns: it is cut or shifted."),
        (text(ROWS[0]).encode(), "incomplete", "The count that the export declares is 2, but 1 rows came."),
        (text(*ROWS, ROWS[0].replace("1,", "3,", 1)).encode(), "incomplete", "The count that the export declares is 2, but 3 rows came."),
        (text(ROWS[1], ROWS[1]).encode(), "incomplete", "The key idp/2 came before; only its first row is kept."),
        (text(ROWS[1].replace("2026-03-02T09:00:00Z", "yesterday"), ROWS[0]).encode(), "incomplete", "In disabled_at"),
        (text().encode(), "incomplete", "The list is empty, but the run before had 2 rows."),
    ],
)  # fmt: skip
def test_a_faulty_export_says_what_and_leaves_the_old_list_whole(
    source: SimpleNamespace, content: bytes, outcome: str, says: str
) -> None:
    before = Population.objects.get()
    old = files.read(before.content_hash)
    give(source, content, 2)
    run = collect(source)
    sentences = [problem["sentence"] for problem in run.problems]
    assert run.outcome == outcome, sentences
    assert any(says in sentence for sentence in sentences), sentences
    assert hasattr(run, "population") is (outcome == "incomplete")
    assert files.read(before.content_hash) == old
    [listed] = queries.lists_of("accounts")
    assert listed.why == f"{run.ref} of idp ended {outcome}"
    assert listed.population == (run.population if outcome == "incomplete" else before)
    assert not queries.standing_of(listed.population).lockable or outcome == "error"


def test_a_mark_at_the_beginning_and_further_columns_are_no_fault(source: SimpleNamespace) -> None:
    further = "\ufeff" + "\n".join([f"{HEAD},hobby", *(f"{row},chess" for row in ROWS), ""])
    give(source, further.encode(), 2)
    run = collect(source)
    assert (run.outcome, run.count_in_file, run.record["columns_left_out"]) == (
        "complete", 2, {"hobby": "the recipe does not read it"},
    )  # fmt: skip


def test_a_missing_export_is_an_error_with_its_reason(source: SimpleNamespace) -> None:
    source.path.unlink()
    run = collect(source)
    assert run.outcome == "error" and "accounts.csv" in run.problems[0]["sentence"]
    assert Evidence.objects.count() == Population.objects.count() == 1


def test_a_fault_of_the_collector_itself_is_recorded_too(
    source: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("the plugin is broken")

    monkeypatch.setattr("tickmark.evidence.jobs.collecting.collect", broken)
    run = collect(source)
    assert (run.outcome, run.problems[0]["sentence"]) == ("error", "RuntimeError: the plugin is broken")
    assert queries.lists_of("accounts")[0].population is not None


def test_fewer_rows_after_a_changed_setting_are_a_narrowed_scope(source: SimpleNamespace) -> None:
    other = source.path.with_name("some.csv")
    other.write_text(text(ROWS[0]))
    other.with_name("some.manifest.json").write_text('{"rows": 1}')
    settings = {"path": str(other), "recipe": "accounts-idp-csv", "confirmed_none": "asked"}
    actions.connect(
        source.lead, "idp", "Identity provider", "files.accounts", "idp.x.example", settings, date(2026, 8, 1)
    )
    run = collect(source)
    assert run.outcome == "incomplete"
    assert [problem["code"] for problem in run.problems] == ["scope_changed"]
    assert source.connection.versions.count() == 2


def test_json_that_is_cut_in_the_middle_is_an_error(program: SimpleNamespace, tmp_path: Path) -> None:
    folder = tmp_path / "github"
    folder.mkdir()
    (folder / "pulls-0001.json").write_text('[{"number": 1, "title": "x"')
    settings = {"path": str(folder), "recipe": "pulls-github", "repository": "x/y"}
    lead = program.actor("lead")
    actions.connect(lead, "pulls", "Pulls", "files.pulls", "forge", settings, date(2026, 1, 1))
    run = collect(SimpleNamespace(lead=lead, connection=Connection.objects.get(code="pulls")))
    assert run.outcome == "error" and "pulls-0001.json" in run.problems[0]["sentence"]
    assert not Population.objects.exists()


def git(*words: str, cwd: Path) -> None:
    """Run git quietly."""
    subprocess.run(["git", *words], cwd=cwd, check=True, capture_output=True)


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("empty", "is empty."),
        ("shallow", "is a shallow clone."),
        ("no branch", "has no branch release."),
        ("no repository", "is not a git repository."),
    ],
)
def test_a_repository_that_cannot_be_read_whole(
    program: SimpleNamespace, tmp_path: Path, kind: str, says: str
) -> None:
    path = repository(tmp_path, kind)
    lead = program.actor("lead")
    settings = {
        "path": str(path),
        "repository": "x/y",
        **({"branch": "release"} if kind == "no branch" else {}),
    }
    actions.connect(lead, "git", "Repository", "git.changes", "forge", settings, date(2026, 1, 1))
    run = collect(SimpleNamespace(lead=lead, connection=Connection.objects.get(code="git")))
    assert run.outcome == "error"
    assert says in run.problems[0]["sentence"] and run.record["parameters"]["path"] == str(path)
    assert not Population.objects.exists()


def repository(tmp_path: Path, kind: str) -> Path:
    """A repository with the fault."""
    whole = tmp_path / "whole"
    whole.mkdir()
    if kind == "no repository":
        return whole
    git("init", "-q", "-b", "main", cwd=whole)
    if kind == "empty":
        return whole
    for number in range(2):
        (whole / "file").write_text(str(number))
        git("add", "file", cwd=whole)
        git(
            "-c",
            "user.name=Ann",
            "-c",
            "user.email=ann@x.example",
            "commit",
            "-q",
            "-m",
            f"change {number}",
            cwd=whole,
        )
    if kind == "shallow":
        git("clone", "-q", "--depth", "1", f"file://{whole}", "cut", cwd=tmp_path)
        return tmp_path / "cut"
    return whole


# -- connecting and reconciling ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"code": " "}, "code"),
        ({"title": ""}, "title"),
        ({"collector": "ftp.people"}, "collector"),
        ({"settings": {"api_token": "x"}}, "settings"),
        ({"settings": {"recipe": "nothing-csv"}}, "settings"),
        ({"code": "idp", "collector": "git.changes"}, "collector"),
        ({"withdrawn": True}, "code"),
    ],
)
def test_a_source_that_cannot_be_connected(
    source: SimpleNamespace, given: dict[str, Any], field: str
) -> None:
    whole = {
        "code": "hr", "title": "HR", "collector": "files.people", "source": "hr", "settings": {}, "effective_from": date(2026, 1, 1),
    }  # fmt: skip
    with pytest.raises(Invalid) as refused:
        actions.connect(source.lead, **{**whole, **given})
    assert refused.value.field == field
    assert Connection.objects.count() == 1


def test_who_may_connect_collect_and_record(program: SimpleNamespace, source: SimpleNamespace) -> None:
    for who in ("auditor", "employee", "reviewer"):
        with pytest.raises(Refused):
            actions.collect(program.actor(who), source.connection)
        with pytest.raises(Refused):
            actions.connect(program.actor(who), "x", "X", "git.changes", "x", {}, date(2026, 1, 1))
    with pytest.raises(Refused):
        actions.record_collection(
            source.lead, source.connection, actions.Collected("complete", "accounts", NOW, "", "", {}, [], [])
        )


def test_a_source_that_is_not_read_any_more_counts_no_more(source: SimpleNamespace) -> None:
    version = source.connection.versions.get()
    actions.connect(
        source.lead,
        "idp",
        version.title,
        "files.accounts",
        "idp",
        version.settings,
        date(2026, 8, 3),
        withdrawn=True,
    )
    assert queries.lists_of("accounts") == []
    with pytest.raises(Invalid):
        actions.collect(source.lead, source.connection)


def test_a_second_source_must_be_another_one(source: SimpleNamespace) -> None:
    population = Population.objects.get()
    for given in ({}, {"theirs": 2, "other": population}, {"theirs": -1}, {"other": population}):
        with pytest.raises(Invalid):
            actions.reconcile(source.lead, population, "the licence page", **given)
    row = actions.reconcile(source.lead, population, "the licence page", theirs=3)
    assert (row.ours, row.theirs, row.agrees) == (2, 3, False)
    assert queries.standing_of(population).why == "It disagrees with the licence page: 2 here, 3 there."
    actions.reconcile(source.lead, population, "the licence page", theirs=2, note="counted again")
    assert queries.standing_of(population).lockable


def test_a_list_that_was_changed_on_disk_may_not_be_locked(source: SimpleNamespace, settings: Any) -> None:
    population = Population.objects.get()
    with files.local(population.content_hash) as path:
        path.chmod(0o640)
        path.write_bytes(path.read_bytes() + b"x")
    assert not queries.standing_of(population).lockable
