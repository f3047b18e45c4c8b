"""The summary of a test run: what was counted, what was left out, and when that fails."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from tickmark.cli import testing
from tickmark.kernel.errors import Unavailable

REPORT = """<testsuites><testsuite>
<testcase name="a"/><testcase name="b"><failure message="no"/></testcase>
<testcase name="c"><skipped message="chromium was not found"/></testcase>
<testcase name="d"><error message="fixture"/></testcase>
</testsuite></testsuites>"""


@pytest.fixture(autouse=True)
def not_on_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.delenv("TICKMARK_REQUIRE_ALL", raising=False)


def outcome(passed: int = 0, failed: int = 0, skipped: int = 0, **skips: int) -> testing.Outcome:
    return testing.Outcome(
        counts=Counter(passed=passed, failed=failed, skipped=skipped), skips=Counter(skips)
    )


def test_counts_and_reasons_are_pytests_own(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    report.write_text(REPORT)
    assert testing._read(report) == (
        Counter(passed=1, failed=2, skipped=1),
        Counter({"chromium was not found": 1}),
    )


def test_a_run_without_a_record_counts_nothing(tmp_path: Path) -> None:
    assert testing._read(tmp_path / "none.xml") == (Counter(), Counter())


def test_all_passed(capsys: pytest.CaptureFixture[str]) -> None:
    assert testing._summary(outcome(passed=3)) == 0
    assert capsys.readouterr().out.splitlines()[-3:] == ["Left out: nothing.", "", "3 passed, 0 failed"]


def test_one_failure_fails(capsys: pytest.CaptureFixture[str]) -> None:
    assert testing._summary(outcome(passed=3, failed=1)) == 1
    assert capsys.readouterr().out.splitlines()[-1] == "3 passed, 1 failed"


def test_a_run_that_tested_nothing_fails() -> None:
    assert testing._summary(outcome()) == 1


def test_what_was_left_out_is_named_and_passes_on_a_laptop(capsys: pytest.CaptureFixture[str]) -> None:
    left_out = outcome(passed=1, skipped=2, chromium=2)
    left_out.left_out.append("tests on PostgreSQL: not found")
    assert testing._summary(left_out) == 0
    assert capsys.readouterr().out.splitlines()[-6:] == [
        "Left out:",
        "  - tests on PostgreSQL: not found",
        "  - 2 tests: chromium",
        "Not proven here.",
        "",
        "1 passed, 0 failed, 2 skipped",
    ]


@pytest.mark.parametrize("name", ["CI", "TICKMARK_REQUIRE_ALL"])
def test_what_was_left_out_fails_where_nothing_may_be(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(name, "true")
    assert testing._summary(outcome(passed=1, skipped=2, chromium=2)) == 1
    assert capsys.readouterr().out.splitlines()[-1] == "1 passed, 1 failed, 2 skipped"


def test_outside_of_a_checkout_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(testing, "ROOT", tmp_path)
    with pytest.raises(Unavailable, match="not a checkout"):
        testing.run([])


def test_known_vulnerabilities_are_looked_for_or_said_to_be_unknown(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """pip-audit ends well when it could ask nothing: that must never read as clean."""
    clean = {"name": "a", "version": "1", "vulns": []}
    bad = {"name": "b", "version": "2", "vulns": [{"id": "CVE-2026-1"}]}
    skipped = {"name": "c", "version": "3", "skip_reason": "Dependency not found"}
    told = [
        testing.read_advisories(json.dumps({"dependencies": d}))
        for d in ([clean], [clean, bad], [clean, skipped])
    ]
    assert told[0] == ([], [])
    assert told[1] == (["b 2: CVE-2026-1"], [])
    assert told[2] == ([], ["whether 1 of 2 packages have a known vulnerability: the feed was not reached"])
    assert testing.read_advisories("no JSON")[1] == testing.read_advisories("{}")[1] != []
    unknown = outcome(passed=1)
    unknown.unknown = told[2][1]
    assert testing._summary(unknown) == 0
    assert "NOT KNOWN:" in capsys.readouterr().out


def test_where_no_bytecode_lies_beside_the_sources_a_run_keeps_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTHONPYCACHEPREFIX", raising=False)
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    assert "PYTHONPYCACHEPREFIX" not in testing._environment(tmp_path)
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    told = testing._environment(tmp_path)
    assert told["PYTHONPYCACHEPREFIX"] == str(tmp_path / "bytecode")
    assert "PYTHONDONTWRITEBYTECODE" not in told
