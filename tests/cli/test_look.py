"""`tickmark look` on real repositories: the sentence, the list, and what it does not claim."""

from __future__ import annotations

import csv
import io
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.plugins.given import ANN, BOB, FORGE, Repository
from tickmark.cli.finding import as_csv, as_json, as_text, headline, progress
from tickmark.cli.look import command, look
from tickmark.kernel.errors import Invalid


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    made = Repository.begin(tmp_path_factory.mktemp("git") / "app")
    made.commit("direct", "=HYPERLINK(1)")
    made.commit("squash", "Add export (#1)", ANN, FORGE)
    made.merge("merge", "Merge branch 'work'", BOB, BOB, [ANN])
    made.commit("mute", "Paint \x1b[31mred")
    return made


def record(folder: Path, repository: Repository, reviews: list[dict[str, Any]]) -> Path:
    one = {
        "number": 1, "state": "closed", "title": "Add export", "user": {"login": "ann", "type": "User"},
        "created_at": "2026-03-01T07:00:00Z", "merged_at": "2026-03-01T08:02:00Z", "merged_by": {"login": "bob"},
        "base": {"ref": "main", "repo": {"full_name": "firm/app"}}, "head": {"sha": "h"}, "commits": 1,
        "merge_commit_sha": repository.made["squash"],
    }  # fmt: skip
    two = one | {
        "number": 2,
        "merge_commit_sha": repository.made["merge"],
        "head": {"sha": repository.made["merge-0"]},
    }
    (folder / "reviews").mkdir(parents=True)
    (folder / "pulls-0001.json").write_text(json.dumps([one, two]))
    (folder / "reviews" / "1.json").write_text(json.dumps(reviews))
    (folder / "reviews" / "2.json").write_text(json.dumps([]))
    return folder


APPROVED = {
    "user": {"login": "bob", "type": "User"}, "state": "APPROVED", "submitted_at": "2026-03-01T08:00:00Z",
    "commit_id": "h",
}  # fmt: skip


def test_git_alone_is_honest_about_what_it_cannot_tell(repository: Repository) -> None:
    found = look(repository.path)
    assert headline(found) == (
        "4 changes reached main, 2 without a second person, 1 cannot be decided:"
        " the forge put it on the branch; only the record of reviews tells who approved it (1)."
    )
    assert (found.judged_by, found.counts["pass"], found.clean) == ("git alone", 1, False)
    assert [(line.verdict, line.change, line.reached, line.author) for line in found.lines] == [
        ("fail", repository.made["mute"], "2026-03-01 08:05", "Ann"),
        ("undetermined", repository.made["squash"], "2026-03-01 08:02", "Ann"),
        ("fail", repository.made["direct"], "2026-03-01 08:01", "Ann"),
    ]


def test_with_the_record_every_change_is_judged_by_it(repository: Repository, tmp_path: Path) -> None:
    found = look(repository.path, pulls=record(tmp_path / "github", repository, [APPROVED]))
    assert headline(found) == "4 changes reached main, 3 without a second person, 0 cannot be decided."
    assert found.causes == {"direct_push": 2, "no_approval": 1, "reviewed": 1}


def test_an_incomplete_record_is_told_and_decides_no_pass(repository: Repository, tmp_path: Path) -> None:
    place = record(tmp_path / "github", repository, [APPROVED])
    (place / "reviews" / "2.json").unlink()
    found = look(repository.path, pulls=place)
    assert found.problems == ["pulls: reviews/2.json is missing, so reviews are unknown."]
    assert (found.counts["pass"], found.counts["undetermined"]) == (0, 4)
    assert "Incomplete: pulls: reviews/2.json is missing" in as_text(found)


@pytest.mark.parametrize(
    ("since", "until", "zone", "changes"),
    [
        (None, None, "UTC", 4),
        (date(2026, 3, 1), date(2026, 3, 1), "UTC", 4),
        (date(2026, 3, 2), None, "UTC", 0),
        (None, date(2026, 2, 28), "UTC", 0),
        (date(2026, 2, 28), date(2026, 2, 28), "Pacific/Honolulu", 4),
    ],
)
def test_both_days_count_in_the_zone(
    since: date | None, until: date | None, zone: str, changes: int, repository: Repository
) -> None:
    found = look(repository.path, since=since, until=until, zone=zone)
    assert (found.changes, found.history) == (changes, 4)


def test_the_print_holds_no_control_letters_and_counts_what_it_leaves_away(repository: Repository) -> None:
    text = as_text(look(repository.path), shown=1)
    assert "\x1b" not in text and "Paint �[31mred" in text
    assert "… and 1 more: --all, --csv or --json lists them." in text
    assert "\x1b[1m" in as_text(look(repository.path), color=True)


def test_csv_and_json_hold_every_line(repository: Repository) -> None:
    found = look(repository.path)
    rows = list(csv.DictReader(io.StringIO(as_csv(found))))
    assert [row["subject"] for row in rows] == ["Paint \x1b[31mred", "Add export (#1)", "'=HYPERLINK(1)"]
    plain = json.loads(as_json(found))
    assert [line["change"] for line in plain["lines"]] == [line.change for line in found.lines]
    assert plain["counts"] == {"pass": 1, "fail": 2, "not_applicable": 0, "undetermined": 1}


def test_the_command_prints_and_its_exit_code_tells(
    repository: Repository, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(repository.path, csv=True) == 1
    assert capsys.readouterr().out.startswith("verdict,change,reached")
    assert command(tmp_path) == 2
    output = capsys.readouterr()
    assert output.out == "" and "is not a git repository." in output.err
    good = Repository.begin(tmp_path / "good")
    good.commit("one", "One", ANN, BOB)
    assert command(good.path, json=True) == 0


def test_wrong_days_and_zones_are_refused(repository: Repository) -> None:
    with pytest.raises(Invalid, match="ends before it starts"):
        look(repository.path, since=date(2026, 2, 1), until=date(2026, 1, 1))
    with pytest.raises(Invalid, match="no time zone"):
        look(repository.path, zone="Mars/Base")


def test_progress_is_shown_on_a_terminal_only() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    screen, pipe = Terminal(), io.StringIO()
    for stream in (screen, pipe):
        tell = progress(stream)
        tell("10 rows")
        tell("")
    assert (screen.getvalue(), pipe.getvalue()) == ("\r\x1b[K10 rows …\r\x1b[K", "")
