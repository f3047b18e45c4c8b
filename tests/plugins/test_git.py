"""The git collector on real repositories: every way to the branch, every way to be cut, nothing runs."""

# ruff: noqa: DTZ001 - tables keep instants in UTC without a zone

from __future__ import annotations

import os
import subprocess
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.plugins.given import ANN, BOB, FORGE, ROBOT, Repository, causes, judge, run
from tickmark.kernel.errors import Invalid
from tickmark.kernel.tables import read


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """One of each: names are the cases."""
    made = Repository.begin(tmp_path_factory.mktemp("git") / "app")
    made.commit("first", "Begin")
    made.commit("direct", "Fix the sum")
    made.commit("squash", "Add export (#12)", ANN, FORGE)
    made.commit("squash-joint", "Pair up (#13)\n\nCo-authored-by: Bob <Bob@firm.example>", ANN, FORGE)
    made.merge("forge-merge", "Merge pull request #14 from firm/work", ANN, FORGE, [ANN])
    made.merge("forge-merge-by-bob", "Merge pull request #15 from firm/work", BOB, FORGE, [ANN, ANN])
    made.merge("merge-by-bob", "Merge branch 'work'", BOB, BOB, [ANN])
    made.merge("merge-by-one-of-two", "Merge branch 'work'", BOB, BOB, [ANN, BOB])
    made.merge("own-merge", "Merge branch 'work'", ANN, ANN, [ANN])
    made.commit("robot", "Bump a library", ROBOT)
    made.commit("applied-by-bob", "Apply a patch", ANN, BOB)
    made.commit("two-addresses", "From home", "Ann <ann@home.example>", ANN)
    made.commit("says-reviewed", "Trust me\n\nReviewed-by: Bob <bob@firm.example>")
    made.commit("says-pull", "Trust me too (#99)")
    made.commit("gitlab", "Merge work\n\nSee merge request firm/app!7", ANN, BOB)
    return made


@pytest.fixture(scope="module")
def rows(repository: Repository, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    found = run(
        tmp_path_factory.mktemp("run") / "run",
        "git.changes",
        path=str(repository.path),
        repository="firm/app",
    )
    assert (found.complete, found.rows, found.rows_at_source, found.reconciled) == (True, 15, 15, True)
    by_hash = {row["change"]: row for row in read(found.table)}
    return {name: by_hash[commit] for name, commit in repository.made.items() if commit in by_hash}


KINDS = {
    "first": "direct", "direct": "direct", "squash": "squash", "squash-joint": "squash", "forge-merge": "merge",
    "forge-merge-by-bob": "merge", "merge-by-bob": "merge", "merge-by-one-of-two": "merge", "own-merge": "merge",
    "robot": "direct", "applied-by-bob": "direct", "two-addresses": "direct", "says-reviewed": "direct",
    "says-pull": "direct", "gitlab": "direct",
}  # fmt: skip


def test_each_way_to_the_branch_is_told_apart(rows: dict[str, dict[str, Any]]) -> None:
    assert {name: row["kind"] for name, row in rows.items()} == KINDS
    assert {name: row["position"] for name, row in rows.items()} == {
        name: n for n, name in enumerate(KINDS, 1)
    }
    assert {name: row["pull"] for name, row in rows.items() if row["pull"]} == {
        "squash": 12, "squash-joint": 13, "forge-merge": 14, "forge-merge-by-bob": 15, "says-pull": 99, "gitlab": 7,
    }  # fmt: skip


def test_a_row_is_whole(repository: Repository, rows: dict[str, dict[str, Any]]) -> None:
    assert rows["merge-by-one-of-two"] == {
        "repository": "firm/app",
        "change": repository.made["merge-by-one-of-two"],
        "branch": "main",
        "position": 8,
        "kind": "merge",
        "reached_at": datetime(2026, 3, 1, 8, 14),
        "authored_at": datetime(2026, 3, 1, 8, 14),
        "author": "bob@firm.example",
        "author_name": "Bob",
        "author_bot": False,
        "committer": "bob@firm.example",
        "committer_name": "Bob",
        "by_forge": False,
        "authors": ["ann@firm.example", "bob@firm.example"],
        "author_names": ["Ann", "Bob"],
        "pull": None,
        "head": repository.made["merge-by-one-of-two-1"],
        "reviewed_by": [],
        "subject": "Merge branch 'work'",
    }
    assert rows["squash-joint"]["authors"] == ["ann@firm.example", "bob@firm.example"]
    assert rows["says-reviewed"]["reviewed_by"] == ["Bob <bob@firm.example>"]
    assert [name for name, row in rows.items() if row["author_bot"]] == ["robot"]


def test_git_alone_decides_only_what_git_shows(rows: dict[str, dict[str, Any]], tmp_path: Path) -> None:
    result = judge(tmp_path, "changes_by_git_alone", {"changes": list(map(_as_given, rows.values()))})
    names = {f"firm/app/{row['change']}": name for name, row in rows.items()}
    assert {names[item]: cause for item, cause in causes(result).items()} == {
        "first": "alone",
        "direct": "alone",
        "own-merge": "alone",
        "merge-by-one-of-two": "alone",
        "robot": "alone_bot",
        "squash": "by_forge",
        "squash-joint": "by_forge",
        "forge-merge": "by_forge",
        "two-addresses": "same_name",
        "says-reviewed": "reviewer_named",
        "says-pull": "pull_named",
    }
    assert result.counts == {"pass": 4, "fail": 5, "not_applicable": 0, "undetermined": 6}


def _as_given(row: dict[str, Any]) -> dict[str, Any]:
    moments = {name: f"{row[name].isoformat()}Z" for name in ("reached_at", "authored_at")}
    return row | moments


def test_the_record_of_a_run_tells_how_the_list_was_made(repository: Repository, tmp_path: Path) -> None:
    found = run(tmp_path / "run", "git.changes", path=str(repository.path))
    tip = repository.made["gitlab"]
    assert found.parameters == {"path": str(repository.path), "reference": "refs/heads/main", "tip": tip}
    assert found.query.endswith(f" {tip}") and "--first-parent" in found.query
    assert (found.event_column, found.first_event, found.last_event) == (
        "reached_at", "2026-03-01 08:01:00", "2026-03-01 08:22:00",
    )  # fmt: skip
    assert [file.name for file in found.raw] == ["changes.log"]
    assert all(len(exchange.digest) == 64 for exchange in found.exchanges) and len(found.exchanges) >= 6


def test_the_same_history_gives_the_same_bytes(repository: Repository, tmp_path: Path) -> None:
    first, second = (run(tmp_path / name, "git.changes", path=str(repository.path)) for name in "ab")
    assert (first.table_digest, first.key_hash) == (second.table_digest, second.key_hash)


def test_a_bare_clone_gives_the_same_rows(repository: Repository, tmp_path: Path) -> None:
    repository.git("clone", "--quiet", "--bare", ".", str(tmp_path / "app.git"))
    bare = run(tmp_path / "bare", "git.changes", path=f"file://{tmp_path}/app.git")
    assert bare.key_hash == run(tmp_path / "full", "git.changes", path=str(repository.path)).key_hash


def fails(folder: Path, **settings: Any) -> Invalid:
    with pytest.raises(Invalid) as caught:
        run(folder / "run", "git.changes", **settings)
    assert not (folder / "run").exists()
    return caught.value


def test_a_shallow_clone_is_refused_with_the_remedy(repository: Repository, tmp_path: Path) -> None:
    repository.git("clone", "--quiet", "--depth=2", f"file://{repository.path}", str(tmp_path / "cut"))
    error = fails(tmp_path, path=str(tmp_path / "cut"))
    assert (error.what, error.remedy) == (
        "'cut' is a shallow clone.",
        "Fetch the rest with: git fetch --unshallow",
    )


def test_an_empty_repository_is_refused(tmp_path: Path) -> None:
    Repository.begin(tmp_path / "new")
    assert fails(tmp_path, path=str(tmp_path / "new")).what == "'new' is empty."


def test_a_missing_branch_is_refused_with_the_ones_there_are(repository: Repository, tmp_path: Path) -> None:
    error = fails(tmp_path, path=str(repository.path), branch="release")
    assert error.what == "'app' has no branch release." and "main" in error.why


def test_a_folder_that_is_no_repository_is_refused_even_inside_of_one(
    repository: Repository, tmp_path: Path
) -> None:
    inside = repository.path / "folder"
    inside.mkdir(exist_ok=True)
    assert fails(tmp_path, path=str(inside)).what == "'folder' is not a git repository."


@pytest.mark.parametrize("path", ["https://forge.example/firm/app.git", "git@forge.example:firm/app.git"])
def test_an_address_elsewhere_is_refused_with_the_remedy(path: str, tmp_path: Path) -> None:
    assert fails(tmp_path, path=path).remedy == f"Clone it first: git clone --mirror {path}"


def test_a_place_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    assert fails(tmp_path, path=str(tmp_path / "nowhere")).why == "There is nothing at that place."


def test_history_that_is_damaged_is_refused(tmp_path: Path) -> None:
    made = Repository.begin(tmp_path / "broken")
    lost = made.commit("one", "One")
    made.commit("two", "Two")
    (made.path / ".git" / "objects" / lost[:2] / lost[2:]).unlink()
    assert fails(tmp_path, path=str(made.path)).what == "The history of 'broken' cannot be read."


def test_a_replaced_or_grafted_history_does_not_hide_a_change(tmp_path: Path) -> None:
    made = Repository.begin(tmp_path / "app")
    for name in ("one", "two", "three"):
        made.commit(name, name)
    made.git("replace", "--graft", made.made["three"], made.made["one"])
    (made.path / ".git" / "info").mkdir(exist_ok=True)
    (made.path / ".git" / "info" / "grafts").write_text(f"{made.made['three']} {made.made['one']}\n")
    assert run(tmp_path / "run", "git.changes", path=str(made.path)).rows == 3


def test_nothing_of_the_repository_runs(tmp_path: Path) -> None:
    made = Repository.begin(tmp_path / "app")
    made.commit("one", "One")
    trap = tmp_path / "trap"
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path}/sprung\n")
    trap.chmod(0o755)
    for setting in (
        "core.fsmonitor",
        "core.pager",
        "gpg.program",
        "core.sshCommand",
        "diff.external",
        "core.editor",
    ):
        made.git("config", setting, str(trap))
    made.git("config", "log.showSignature", "true")
    made.git("config", "alias.rev-list", f"!{trap}")
    made.git("config", "core.hooksPath", str(tmp_path))
    for hook in ("post-index-change", "reference-transaction"):
        (tmp_path / hook).symlink_to(trap)
    assert run(tmp_path / "run", "git.changes", path=str(made.path)).rows == 1
    assert not (tmp_path / "sprung").exists()


def test_hostile_names_and_times_stay_data(tmp_path: Path) -> None:
    made = Repository.begin(tmp_path / "app; touch x")
    made.commit("one", "$(touch x) \x1b[31m'\"; drop table", "Rob'); -- <rob@firm.example>")
    raw = made.git("cat-file", "commit", "HEAD").replace("1772352060 +0200", "99999999999999 +0200")
    done = subprocess.run(
        ["git", "-C", str(made.path), "hash-object", "--literally", "-t", "commit", "-w", "--stdin"],
        input=raw.encode(), check=True, capture_output=True, env={"PATH": os.environ["PATH"]},
    )  # fmt: skip
    made.git("update-ref", "refs/heads/main", done.stdout.decode().strip())
    found = run(tmp_path / "run", "git.changes", path=str(made.path))
    row = read(found.table)[0]
    assert (row["author_name"], row["subject"]) == ("Rob'); --", "$(touch x) \x1b[31m'\"; drop table")
    assert (row["reached_at"], found.rows) == (None, 1)


def test_a_merge_of_several_heads_has_no_approved_head(tmp_path: Path) -> None:
    made = Repository.begin(tmp_path / "app")
    made.commit("base", "Base")
    heads = []
    for name in ("left", "right"):
        made.git("checkout", "--quiet", "-b", name, "main")
        heads.append(made.commit(name, name, BOB))
    made.git("checkout", "--quiet", "main")
    made.commit("main", "Main")
    made.git("merge", "--quiet", "-m", "Merge both", "left", "right", **made.people(ANN, ANN))
    row = read(run(tmp_path / "run", "git.changes", path=str(made.path)).table, where={"kind": "merge"})[0]
    assert (row["head"], row["authors"]) == (" ".join(heads), ["bob@firm.example"])


def test_a_branch_that_changed_since_the_last_run_is_a_fault(repository: Repository, tmp_path: Path) -> None:
    before = run(tmp_path / "before", "git.changes", path=str(repository.path))
    same = run(
        tmp_path / "same", "git.changes", path=str(repository.path), previous_parameters=before.parameters
    )
    assert same.complete
    repository.git("branch", "release", repository.made["squash"])
    other = run(
        tmp_path / "other", "git.changes", path=str(repository.path), branch="release",
        previous_parameters=before.parameters,
    )  # fmt: skip
    assert [(one.code, one.column) for one in other.problems] == [
        ("scope_changed", "branch"), ("scope_changed", "reference"),
    ]  # fmt: skip


def test_fewer_changes_than_last_time_are_a_fault(repository: Repository, tmp_path: Path) -> None:
    found = run(tmp_path / "run", "git.changes", path=str(repository.path), previous_rows=16)
    assert [problem.code for problem in found.problems] == ["fewer_now"] and not found.complete
