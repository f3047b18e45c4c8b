"""'Accepted when' 3: the checks find the planted exceptions and nothing else, and no fault in an export becomes a pass."""

from __future__ import annotations

import csv
import io
import json
import shutil
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import transaction

from tests.evidence import larkspur as company
from tests.examples.conftest import generator, home, larkspur  # noqa: F401 - fixtures
from tickmark.evidence import books
from tickmark.evidence.models import Outcome
from tickmark.kernel import clock

pytestmark = pytest.mark.slow

JUDGES = {
    "people": ("leavers_disabled", "policies_acknowledged", "joiners_trained", "devices_encrypted"),
    "contractors": ("leavers_disabled", "policies_acknowledged", "joiners_trained", "devices_encrypted"),
    "idp": ("leavers_disabled", "changes_reviewed", "second_factor"),
    "support": ("leavers_disabled", "changes_reviewed", "second_factor"),
    "trainings": ("joiners_trained",),
    "tickets": ("incidents_closed",),
    "findings": ("findings_fixed",),
    "devices": ("devices_encrypted",),
    "pulls": ("changes_reviewed",),
    "changes": ("changes_reviewed",),
    "policies": ("policies_acknowledged",),
    "acknowledgements": ("policies_acknowledged",),
}
FILES = {
    "people": "hris/people.csv",
    "contractors": "hris/contractors.csv",
    "idp": "idp/accounts.csv",
    "support": "support/accounts.jsonl",
    "trainings": "lms/enrollments.csv",
    "devices": "mdm/devices.csv",
}
LEANT_ON = {
    "trainings": {"User ID", "Category", "Status", "Completed At"},
    "devices": {"Assigned User", "Ownership", "Status", "Last Check-in", "Disk Encryption"},
}
"""Columns that are left out one by one where the tests of the checks have tried them all."""


@pytest.fixture
def settled(
    cast: SimpleNamespace,
    larkspur: Path,  # noqa: F811
    home: Path,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> SimpleNamespace:
    """The company with its year collected once, in a folder of its own that a test may spoil."""
    exports = tmp_path / "exports"
    shutil.copytree(home, exports)
    monkeypatch.setattr(clock, "now", lambda: company.NOW)
    company.settle(larkspur, exports, cast.founder)
    lead = cast.actor("lead")
    company.connect(lead, exports)
    company.collect(lead)
    answers = tomllib.loads((larkspur / "answers.toml").read_text())
    return SimpleNamespace(exports=exports, lead=lead, answers=answers, base=company.runs())


def test_the_checks_find_the_planted_exceptions_and_nothing_else(settled: SimpleNamespace) -> None:
    planted: dict[str, dict[str, str]] = {}
    for row in settled.answers["exception"]:
        planted.setdefault(row["check"], {})[row["item"]] = row["verdict"]
    open_ = ("fail", "undetermined")
    found = {
        name: {item: verdict for item, verdict in company.verdicts(run).items() if verdict in open_}
        for name, run in settled.base.items()
    }
    assert found == planted
    for name, run in settled.base.items():
        assert {row.item: row.verdict for row in run.findings.all()} == planted[name]
        assert company.driven(run) <= company.subjects(run), name
        assert run.incomplete == {}
    changes = settled.base["changes_reviewed"]
    assert (
        len(company.driven(changes))
        == sum(changes.counts.values())
        == settled.answers["changes_in_period"]["changes"]
    )
    assert all(row.happened_on for row in changes.findings.all())


# -- faults -----------------------------------------------------------------------------------------------------------


class Undo(Exception):
    """Ends a savepoint."""


def after(
    settled: SimpleNamespace,
    code: str,
    spoil: Callable[[], Any],
    name: str,
    place: Path | None = None,
) -> None:
    """Spoil an export at its place, collect it anew, hold the promise, and put everything back."""
    kept = {path: path.read_bytes() for path in _files(place)}
    try:
        with transaction.atomic():
            spoil()
            company.collect(settled.lead, code)
            holds(settled, code, name)
            raise Undo
    except Undo:
        pass
    finally:
        for path, content in kept.items():
            path.write_bytes(content)


def _files(place: Path | None) -> list[Path]:
    if place is None:
        return []
    return [path for path in place.rglob("*") if path.is_file()] if place.is_dir() else [place]


def holds(settled: SimpleNamespace, code: str, name: str) -> None:
    """The population is not complete; no verdict became a pass; all rows that are there are judged."""
    assert company.newest(code).outcome != Outcome.COMPLETE, name
    assert company.newest(code).problems[0]["sentence"], name
    now = company.runs()
    for check in JUDGES[code]:
        run, before = now[check], company.verdicts(settled.base[check])
        assert run.pk != settled.base[check].pk, (name, check)
        assert run.incomplete, (name, check)
        passed = {item for item, verdict in company.verdicts(run).items() if verdict == "pass"}
        assert {before.get(item) for item in passed} <= {"pass"}, (name, check)
        assert company.driven(run) <= company.subjects(run), (name, check)


def faults(settled: SimpleNamespace, code: str) -> Iterator[tuple[str, bytes]]:
    """An export truncated, with rows hidden, and without each column that is read."""
    path = settled.exports / FILES[code]
    content = path.read_bytes()
    lines = content.splitlines(keepends=True)
    yield "without its last rows", b"".join(lines[:-2])
    yield "cut in the middle of a row", content[: -len(lines[-1]) // 2]
    yield "without any row", lines[0] if path.suffix == ".csv" else b""
    yield (
        "with a row hidden",
        b"".join(lines[:3] + lines[4:]) if len(lines) > 4 else b"".join(lines[:1] + lines[2:]),
    )
    unread = company.newest(code).record["columns_left_out"]
    for column in columns(path):
        if column not in unread and column in LEANT_ON.get(code, {column}):
            yield f"without the column {column}", without(path, column)


def test_no_fault_in_an_export_becomes_a_pass(settled: SimpleNamespace) -> None:
    for code, name in FILES.items():
        path = settled.exports / name
        for fault, content in faults(settled, code):
            spoil = partial(path.write_bytes, content)
            after(settled, code, spoil, f"{code} {fault}", path)


def without(path: Path, column: str) -> bytes:
    """The export without one column."""
    text = path.read_text(encoding="utf-8-sig")
    if path.suffix == ".jsonl":
        rows = [json.loads(line) for line in text.splitlines()]
        return "".join(
            json.dumps({k: v for k, v in row.items() if k != column}) + "\n" for row in rows
        ).encode()
    reader = csv.DictReader(io.StringIO(text, newline=""))
    names = [name for name in reader.fieldnames or () if name != column]
    body = io.StringIO(newline="")
    writer = csv.DictWriter(body, names, extrasaction="ignore")
    writer.writeheader()
    writer.writerows(reader)
    return body.getvalue().encode()


def columns(path: Path) -> list[str]:
    """The columns of an export."""
    text = path.read_text(encoding="utf-8-sig")
    return (
        list(json.loads(text.splitlines()[0]))
        if path.suffix == ".jsonl"
        else next(csv.reader(io.StringIO(text)))
    )


def test_no_fault_elsewhere_becomes_a_pass(settled: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = settled.exports / "github"
    for name, spoil in pull_faults(folder).items():
        after(settled, "pulls", spoil, f"pulls {name}", folder)
    for code, name, field in (
        ("tickets", "tracker/incidents.json", "fields.customfield_10071"),
        ("findings", "scanner/findings.json", "FirstSeen"),
    ):
        path = settled.exports / name
        for fault, content in json_faults(path, field).items():
            after(settled, code, partial(path.write_text, content), f"{code} {fault}", path)
    with shallow(settled.exports / "repo/ledger.git") as cut:
        after(settled, "changes", cut, "changes shallow")
    whole = books.rows
    for code in ("policies", "acknowledgements"):
        hidden = {code: _but_the_first(whole()[code])}
        after(
            settled,
            code,
            lambda hidden=hidden: monkeypatch.setattr(books, "rows", lambda: {**whole(), **hidden}),
            f"{code} with one hidden",
        )  # type: ignore[misc]


def pull_faults(folder: Path) -> dict[str, Callable[[], Any]]:
    """Pages missing or cut, a request or its reviews left out, each field that is read left out."""
    last = sorted(folder.glob("pulls-*.json"))[-1]
    rows = json.loads(last.read_text())
    review = next(
        path for path in sorted((folder / "reviews").glob("*.json")) if json.loads(path.read_text())
    )
    found: dict[str, Callable[[], Any]] = {
        "without the last page": last.unlink,
        "with a page cut in the middle": lambda: last.write_bytes(last.read_bytes()[:-40]),
        "with a request left out": lambda: last.write_text(json.dumps(rows[1:])),
        "with the reviews of one left out": review.unlink,
    }
    for column in ("number", "user", "merged_at", "merge_commit_sha", "head", "merged_by"):
        found[f"without {column}"] = lambda column=column: _drop(folder, column)  # type: ignore[misc]
    return found


def json_faults(path: Path, field: str) -> dict[str, str]:
    """An answer of one page: a record left out, the text cut, a field left out of every record."""
    text = path.read_text()
    data = json.loads(text)
    rows = next(value for value in data.values() if isinstance(value, list))
    hidden = rows.pop(3)
    found = {"with a record hidden": json.dumps(data), "cut in the middle": text[: len(text) // 2]}
    rows.insert(3, hidden)
    *above, last = field.split(".")
    for row in rows:
        for part in above:
            row = row[part]
        del row[last]
    return found | {f"without {field}": json.dumps(data)}


def _drop(folder: Path, column: str) -> None:
    for path in folder.glob("pulls-0*.json"):
        rows = json.loads(path.read_text())
        path.write_text(json.dumps([{k: v for k, v in row.items() if k != column} for row in rows]))


@contextmanager
def shallow(repository: Path) -> Iterator[Callable[[], Any]]:
    """Cuts the history of a repository as a shallow clone has it."""
    loose, packed = repository / "refs/heads/main", repository / "packed-refs"
    tip = (
        loose.read_text()
        if loose.exists()
        else next(line for line in packed.read_text().splitlines() if line.endswith("refs/heads/main"))
    )
    mark = repository / "shallow"
    try:
        yield lambda: mark.write_text(tip.split()[0] + "\n")
    finally:
        mark.unlink(missing_ok=True)


def _but_the_first(rows: Any) -> list[Any]:
    return list(rows)[1:]
