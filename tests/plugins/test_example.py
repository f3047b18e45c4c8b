"""The example company: exactly its planted exceptions are found, and damage to an export never makes a pass."""

from __future__ import annotations

import csv
import io
import json
import shutil
import tomllib
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.examples.conftest import generator, home, larkspur
from tests.plugins.given import registers, run
from tickmark.kernel.checking import CheckResult, run_check
from tickmark.kernel.collecting import Run
from tickmark.kernel.errors import Invalid
from tickmark.kernel.tables import read

__all__ = ["generator", "home", "larkspur"]

START, END, DAY = date(2025, 11, 1), date(2026, 10, 31), date(2026, 11, 16)
ZONE = "America/New_York"
HOLIDAYS = [
    date(2025, 11, 11), date(2025, 11, 27), date(2025, 12, 25), date(2026, 1, 1), date(2026, 1, 19),
    date(2026, 2, 16), date(2026, 5, 25), date(2026, 6, 19), date(2026, 7, 3), date(2026, 9, 7), date(2026, 10, 12),
]  # fmt: skip

EXPORTS = {
    "hris/people.csv": ("files.people", "people-hris-csv"),
    "hris/contractors.csv": ("files.people", "people-contractors-csv"),
    "idp/accounts.csv": ("files.accounts", "accounts-idp-factors-csv"),
    "support/accounts.jsonl": ("files.accounts", "accounts-factors-json-lines"),
    "github": ("files.pulls", "pulls-github"),
    "lms/enrollments.csv": ("files.trainings", "trainings-lms-csv"),
    "tracker/incidents.json": ("files.tickets", "tickets-jira-json"),
    "scanner/findings.json": ("files.findings", "findings-scanner-json"),
    "mdm/devices.csv": ("files.devices", "devices-mdm-csv"),
}
PEOPLE, ACCOUNTS = ["hris/people.csv", "hris/contractors.csv"], ["idp/accounts.csv", "support/accounts.jsonl"]
LEAVERS = [*PEOPLE, *ACCOUNTS]
RECORDS = {
    "joiners_trained": [*PEOPLE, "lms/enrollments.csv"],
    "second_factor": ACCOUNTS,
    "incidents_closed": ["tracker/incidents.json"],
    "findings_fixed": ["scanner/findings.json"],
    "devices_encrypted": [*PEOPLE, "mdm/devices.csv"],
}


@pytest.fixture(scope="module")
def runs(home: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    folder = tmp_path_factory.mktemp("runs")
    found = {name: collected(folder / str(n), home / name, name) for n, name in enumerate(EXPORTS)}
    found["repo"] = run(
        folder / "repo", "git.changes", path=str(home / "repo" / "ledger.git"), repository="larkspur/ledger"
    )
    return found


def collected(folder: Path, path: Path, name: str) -> Run:
    collector, recipe = EXPORTS[name]
    return run(folder, collector, recipe=recipe, path=str(path))


def leavers(runs: Mapping[str, Run], target: Path) -> CheckResult:
    return judged("leavers_disabled", [runs[name] for name in LEAVERS], target)


def reviewed(runs: Mapping[str, Run], target: Path) -> CheckResult:
    return judged("changes_reviewed", [runs["repo"], runs["github"]], target)


def judged(check: str, runs: Sequence[Run], target: Path) -> CheckResult:
    tables = {run.shape: [one.table for one in runs if one.shape == run.shape] for run in runs}
    incomplete = {run.shape: run.problems[0].sentence for run in runs if not run.complete}
    return run_check(
        registers().checks[check], tables, {}, START, END, shapes=registers().shapes.things(), target=target,
        day=DAY, holidays=HOLIDAYS, zone=ZONE, incomplete=incomplete,
    )  # fmt: skip


def verdicts(result: CheckResult) -> dict[str, str]:
    return {row["item"]: row["verdict"] for row in read(result.path, limit=1_000_000)}


def passes(result: CheckResult) -> set[str]:
    return {item for item, verdict in verdicts(result).items() if verdict == "pass"}


def test_every_export_is_whole_and_agrees_with_its_own_count(runs: dict[str, Run]) -> None:
    assert {name: (found.complete, found.reconciled) for name, found in runs.items()} == dict.fromkeys(
        [*EXPORTS, "repo"], (True, True)
    )


def recorded(check: str) -> Callable[[Mapping[str, Run], Path], CheckResult]:
    return lambda runs, target: judged(check, [runs[name] for name in RECORDS[check]], target)


@pytest.mark.parametrize(
    ("check", "judge"),
    [
        ("changes_reviewed", reviewed),
        ("leavers_disabled", leavers),
        *((check, recorded(check)) for check in RECORDS),
    ],
)
def test_exactly_the_planted_exceptions_are_found(
    check: str, judge: Callable[..., CheckResult], runs: dict[str, Run], larkspur: Path, tmp_path: Path
) -> None:
    answers = tomllib.loads((larkspur / "answers.toml").read_text("utf-8"))
    found = verdicts(judge(runs, tmp_path / "verdicts.parquet"))
    expected = {one["item"]: one["verdict"] for one in answers["exception"] if one["check"] == check}
    assert {
        item: verdict for item, verdict in found.items() if verdict in ("fail", "undetermined")
    } == expected
    for one in answers["not_an_exception"]:
        if one["check"] == check:
            assert found.get(one["item"]) == (one["verdict"] if one["inside"] else None), one["id"]


def without_rows(text: str, name: str) -> dict[str, str]:
    """The export with its last row gone, with its last row cut in the middle, and with one in the middle gone."""
    lines = text.splitlines(keepends=True)
    middle = len(lines) // 2
    if name.endswith("json"):
        return {
            "last row gone": "".join([*lines[:-3], lines[-3].rstrip(",\n") + "\n", lines[-1]]),
            "cut in the middle": "".join(lines[:middle]),
            "a row hidden": "".join(lines[:middle] + lines[middle + 1 :]),
            "all rows gone": "".join([lines[0], lines[-1]]),
        }
    return {
        "last row gone": "".join(lines[:-1]),
        "cut in the middle": "".join(lines[:-1]) + lines[-1][: len(lines[-1]) // 2],
        "a row hidden": "".join(lines[:middle] + lines[middle + 1 :]),
        "all rows gone": lines[0] if name.endswith("csv") else "\n",
    }


def without_columns(text: str, name: str) -> dict[str, str]:
    if name.endswith("json"):
        return {f"no {path}": without_path(text, path) for path in paths(name)}
    if name.endswith("jsonl"):
        rows = [json.loads(line) for line in text.splitlines()]
        return {
            f"no {column}": "".join(
                json.dumps({k: v for k, v in row.items() if k != column}) + "\n" for row in rows
            )
            for column in rows[0]
        }
    table = list(csv.reader(io.StringIO(text)))
    found = {}
    for place, column in enumerate(table[0]):
        target = io.StringIO()
        csv.writer(target, lineterminator="\n").writerows([row[:place] + row[place + 1 :] for row in table])
        found[f"no {column}"] = target.getvalue()
    return found


def paths(name: str) -> set[str]:
    return {path for part in registers().recipes[EXPORTS[name][1]].fields for path in part.from_}


def without_path(text: str, path: str) -> str:
    """The export without one field, wherever it lies."""
    data = json.loads(text)
    rows = data["issues" if "issues" in data else "Findings"]
    *above, last = path.split(".")
    for row in rows:
        for part in above:
            row = row.get(part) or {}
        row.pop(last, None)
    return json.dumps(data)


CASES = [(check, name) for check, names in RECORDS.items() for name in names]


@pytest.mark.parametrize(("check", "name"), CASES)
def test_damage_to_an_export_of_records_never_makes_a_pass(
    check: str, name: str, home: Path, runs: dict[str, Run], tmp_path: Path
) -> None:
    judge = recorded(check)
    before = passes(judge(runs, tmp_path / "before.parquet"))
    assert before
    text = (home / name).read_text("utf-8")
    damages = without_rows(text, name) | {
        damage: content
        for damage, content in without_columns(text, name).items()
        if damage[3:] in paths(name)
    }
    for number, (damage, content) in enumerate(damages.items()):
        place = tmp_path / str(number)
        place.mkdir()
        shutil.copy((home / name).with_suffix(".manifest.json"), place)
        (place / Path(name).name).write_text(content)
        try:
            damaged = collected(place / "run", place / Path(name).name, name)
        except Invalid:
            continue
        assert not damaged.complete or damage[3:] in ALTERNATIVES, damage
        result = judge(runs | {name: damaged}, place / "verdicts.parquet")
        assert passes(result) <= before, damage
        assert result.verdict != "pass" and (damaged.complete or result.incomplete), damage


ALTERNATIVES = {
    "employeeNumber",
    "accountOwner",
    "fields.customfield_10060",
    "Exception.ApprovedBy",
    "DismissedBy",
    "Exception.Reason",
    "DismissedReason",
}
"""Another column of the recipe may stand in for it."""


@pytest.mark.parametrize("name", LEAVERS)
def test_damage_to_an_export_of_people_or_accounts_never_makes_a_pass(
    name: str, home: Path, runs: dict[str, Run], tmp_path: Path
) -> None:
    before = passes(leavers(runs, tmp_path / "before.parquet"))
    text = (home / name).read_text("utf-8")
    read_columns = {path for part in registers().recipes[EXPORTS[name][1]].fields for path in part.from_}
    for number, (damage, content) in enumerate(
        (without_rows(text, name) | without_columns(text, name)).items()
    ):
        if damage.startswith("no ") and damage[3:] not in read_columns:
            continue
        place = tmp_path / str(number)
        place.mkdir()
        shutil.copy((home / name).with_suffix(".manifest.json"), place)
        (place / Path(name).name).write_text(content)
        try:
            damaged = collected(place / "run", place / Path(name).name, name)
        except Invalid:
            continue
        alternatives = (
            "employeeNumber",
            "accountOwner",
        )  # either of them alone still tells whose account it is
        assert not damaged.complete or damage[3:] in alternatives, damage
        result = leavers(runs | {name: damaged}, place / "verdicts.parquet")
        assert passes(result) <= before and result.verdict != "pass", damage
        if damaged.shape == "accounts" and not damaged.complete:
            assert not passes(result), damage


def pages(home: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for path in sorted((home / "github").glob("pulls-*.json")):
        found += json.loads(path.read_text("utf-8"))
    return found


FIELDS = ("user", "merged_at", "merged_by", "merge_commit_sha", "head")
DAMAGES: dict[str, Callable[[Path], object]] = {
    "last page dropped": lambda place: (place / "pulls-0006.json").unlink(),
    "page in the middle dropped": lambda place: (place / "pulls-0003.json").unlink(),
    "page cut": lambda place: (place / "pulls-0002.json").write_text(
        (place / "pulls-0002.json").read_text()[:9999]
    ),
    "page empty": lambda place: (place / "pulls-0002.json").write_text("[]"),
    "error as a page": lambda place: (place / "pulls-0002.json").write_text('{"message": "rate limit"}'),
    "reviews of one gone": lambda place: next((place / "reviews").glob("*.json")).unlink(),
    "all reviews gone": lambda place: shutil.rmtree(place / "reviews"),
} | {
    f"no {field}": (lambda place, field=field: drop_field(place, field))  # type: ignore[misc]
    for field in FIELDS
}


def drop_field(place: Path, field: str) -> None:
    for path in place.glob("pulls-0*.json"):
        rows = [{k: v for k, v in row.items() if k != field} for row in json.loads(path.read_text("utf-8"))]
        path.write_text(json.dumps(rows))


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_to_the_record_of_reviews_never_makes_a_pass(
    damage: str, home: Path, runs: dict[str, Run], tmp_path: Path
) -> None:
    place = tmp_path / "github"
    shutil.copytree(home / "github", place)
    DAMAGES[damage](place)
    try:
        damaged = collected(tmp_path / "run", place, "github")
    except Invalid as error:
        assert damage in ("page cut", "error as a page") and error.remedy
        return
    result = reviewed(runs | {"github": damaged}, tmp_path / "verdicts.parquet")
    assert not damaged.complete and not passes(result)
    assert (result.items, result.driven) == (422, 422)
