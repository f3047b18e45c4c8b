"""The generator gives the same bytes again, true git hashes, and on each day only what had happened by then."""

from __future__ import annotations

import json
import re
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from time import process_time
from types import ModuleType
from typing import Any

import pytest

from tests.examples import oracle, records


def tree(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_the_kept_exports_are_what_the_generator_makes(larkspur: Path, home: Path) -> None:
    made = {name: content for name, content in tree(home).items() if not name.startswith("repo/")}
    assert tree(larkspur / "exports") == made
    assert sum(map(len, made.values())) < 1_500_000


def test_the_kept_answers_plan_and_documents_are_what_the_generator_makes(
    larkspur: Path, generator: ModuleType
) -> None:
    for name, content in generator.kept().items():
        assert (larkspur / name).read_bytes() == content, name


def test_the_repository_is_sound_and_its_hashes_are_those_of_the_exports(
    home: Path, generator: ModuleType
) -> None:
    oracle.git(home, "fsck", "--strict", "--no-dangling")
    on_main = {landed.sha for landed in oracle.line(home)}
    merged = [p for p in oracle.pulls(home) if p["merged_at"] and p["base"]["ref"] == "main"]
    assert {p["merge_commit_sha"] for p in merged} <= on_main
    merges = {landed.parents[1]: landed.sha for landed in oracle.line(home) if len(landed.parents) == 2}
    assert {p["head"]["sha"]: p["merge_commit_sha"] for p in merged if p["head"]["sha"] in merges} == merges
    assert oracle.git(home, "for-each-ref", "--format=%(refname)") == "refs/heads/main\n"


def test_the_repository_holds_history_from_before_and_after_the_period(home: Path) -> None:
    days = [landed.reached.date() for landed in oracle.line(home)]
    assert days == sorted(days)
    assert sum(day < oracle.START for day in days) > 50
    assert sum(day > oracle.END for day in days) >= 5


def test_manifests_count_their_rows(home: Path) -> None:
    def rows(name: str) -> int:
        found: int = json.loads((home / name).read_bytes())["rows"]
        return found

    assert rows("hris/people.manifest.json") == len(oracle.rows(home / "hris" / "people.csv"))
    assert rows("hris/contractors.manifest.json") == len(oracle.rows(home / "hris" / "contractors.csv"))
    assert rows("idp/accounts.manifest.json") == len(oracle.rows(home / "idp" / "accounts.csv"))
    assert rows("support/accounts.manifest.json") == len(oracle.agents(home))
    assert rows("lms/enrollments.manifest.json") == len(oracle.rows(home / "lms" / "enrollments.csv"))
    assert rows("mdm/devices.manifest.json") == len(oracle.rows(home / "mdm" / "devices.csv"))
    assert rows("tracker/incidents.manifest.json") == len(records.issues(home))
    assert rows("scanner/findings.manifest.json") == len(records.findings(home))
    assert rows("github/pulls.manifest.json") == len(oracle.pulls(home))
    assert {p["number"] for p in oracle.pulls(home)} == {
        int(f.stem) for f in (home / "github" / "reviews").iterdir()
    }


DAYS = [
    date(2025, 11, 3),
    date(2025, 12, 24),
    date(2026, 3, 18),
    date(2026, 7, 6),
    date(2026, 9, 9),
    date(2026, 11, 16),
]
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.000)?(?:Z|[+-]\d\d:?\d\d)")


@pytest.fixture(scope="module")
def mornings(generator: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> dict[date, Path]:
    folders = {day: tmp_path_factory.mktemp(day.isoformat()) for day in DAYS}
    for day, folder in folders.items():
        generator.make(folder, day)
    return folders


def test_no_export_knows_an_instant_after_it_was_taken(mornings: dict[date, Path]) -> None:
    for day, folder in mornings.items():
        taken = datetime.combine(day, datetime.min.time(), oracle.EASTERN) + timedelta(hours=6)
        for name, content in tree(folder).items():
            if not name.startswith("repo/"):
                late = [
                    text for text in INSTANT.findall(content.decode()) if datetime.fromisoformat(text) > taken
                ]
                assert not late, (name, late)


def test_main_only_grows(mornings: dict[date, Path]) -> None:
    lines = [[landed.sha for landed in oracle.line(folder)] for folder in mornings.values()]
    for earlier, later in pairwise(lines):
        assert later[: len(earlier)] == earlier
        assert len(later) > len(earlier)


def test_merged_pull_requests_and_given_reviews_never_change(mornings: dict[date, Path]) -> None:
    def settled(folder: Path) -> dict[object, Any]:
        merged = {
            p["number"]: {k: v for k, v in p.items() if k != "updated_at"}
            for p in oracle.pulls(folder)
            if p["merged_at"]
        }
        words = ("id", "user", "submitted_at", "commit_id")
        given = {r["id"]: [r[w] for w in words] for n in merged for r in oracle.reviews(folder, n)}
        return merged | given

    found = [settled(folder) for folder in mornings.values()]
    for earlier, later in pairwise(found):
        assert {key: later[key] for key in earlier} == earlier


def test_people_and_accounts_once_seen_stay_and_closed_ones_stay_closed(mornings: dict[date, Path]) -> None:
    def closed(folder: Path) -> dict[tuple[str, str], date]:
        return {(system, account): gone for system, account, _, _, gone in oracle.accounts(folder) if gone}

    for earlier, later in pairwise(mornings.values()):
        assert {(s.person, s.number, s.joined) for s in oracle.spells(earlier)} <= {
            (s.person, s.number, s.joined) for s in oracle.spells(later)
        }
        assert {a[:4] for a in oracle.accounts(earlier)} <= {a[:4] for a in oracle.accounts(later)}
        assert closed(earlier).items() <= closed(later).items()


def test_records_once_seen_stay_and_what_was_settled_stays_so(mornings: dict[date, Path]) -> None:
    def settled(folder: Path) -> dict[str, object]:
        done = {
            r["Enrollment ID"]: r["Completed At"] for r in records.enrollments(folder) if r["Completed At"]
        }
        done |= {i["key"]: i["fields"] for i in records.issues(folder) if i["fields"]["resolutiondate"]}
        return done | {f["ID"]: f["FixedAt"] for f in records.findings(folder) if f["FixedAt"]}

    def seen(folder: Path) -> set[str]:
        devices = {r["Device ID"] for r in oracle.rows(folder / "mdm" / "devices.csv")}
        enrolled = {r["Enrollment ID"] for r in oracle.rows(folder / "lms" / "enrollments.csv")}
        return devices | enrolled | {i["key"] for i in records.issues(folder)}

    for earlier, later in pairwise(mornings.values()):
        assert seen(earlier) < seen(later)
        assert {key: settled(later)[key] for key in settled(earlier)} == settled(earlier)


def test_a_folder_used_again_holds_the_day_asked_for_and_nothing_else(
    generator: ModuleType, tmp_path: Path
) -> None:
    early = date(2025, 11, 3)
    for folder, days in (("again", [date(2026, 11, 16), early]), ("fresh", [early])):
        for day in days:
            generator.make(tmp_path / folder, day)
    again, fresh = tree(tmp_path / "again"), tree(tmp_path / "fresh")
    assert {n: c for n, c in again.items() if n[:5] != "repo/"} == {
        n: c for n, c in fresh.items() if n[:5] != "repo/"
    }
    assert oracle.line(tmp_path / "again") == oracle.line(tmp_path / "fresh")


def test_nobody_writes_merges_or_reviews_before_joining_or_after_leaving(home: Path) -> None:
    users = [r for r in oracle.rows(home / "idp" / "accounts.csv") if r["githubLogin"]]
    person = {r["githubLogin"]: r["employeeNumber"] for r in users}
    spells = oracle.spells(home)

    def there(login: str, moment: str) -> bool:
        day = oracle.local_day(moment)
        return any(s.joined <= day <= (s.left or date.max) for s in spells if s.person == person[login])

    for pull in oracle.pulls(home):
        events = [(pull["user"], pull["created_at"]), (pull["merged_by"], pull["merged_at"])]
        events += [
            (review["user"], review["submitted_at"]) for review in oracle.reviews(home, pull["number"])
        ]
        for user, moment in events:
            if user and moment and user["type"] == "User":
                assert there(user["login"], moment), (pull["number"], user["login"])


def test_a_leaver_appears_when_hr_enters_it(generator: ModuleType, tmp_path: Path) -> None:
    def termination(day: date) -> str:
        generator.exports(tmp_path, day)
        people = oracle.rows(tmp_path / "hris" / "people.csv")
        return next(r["Termination Date"] for r in people if r["Employee ID"] == "LL-1048")

    assert [termination(date(2026, 8, day)) for day in (14, 17, 18)] == ["", "", "2026-08-14"]


def test_the_exports_of_a_day_are_cheap_enough_to_make_for_each_day(
    generator: ModuleType, home: Path, tmp_path: Path
) -> None:
    def used(target: Path) -> float:
        begun = process_time()
        generator.exports(target, date(2026, 9, 9))
        return process_time() - begun

    assert (
        min(used(tmp_path / str(run)) for run in range(3)) < 0.5
    )  # about 0.06 alone; others may share the cores


def test_everything_is_marked_fictional(home: Path) -> None:
    for manifest in home.rglob("*.manifest.json"):
        assert "fictional" in json.loads(manifest.read_bytes())["notice"].lower()
