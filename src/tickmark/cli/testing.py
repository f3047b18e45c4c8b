"""`./tickmark test`: every check this repository has, in one run with one honest summary.

Lint, types and import direction first, then the tests on SQLite, then the tests that touch the books
once more on a private PostgreSQL. What was left out is named with its reason; on CI it is a failure.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any
from xml.etree import ElementTree

from tickmark.kernel.errors import Unavailable

ROOT = Path(__file__).resolve().parents[3]
PYTHON = sys.executable
STATIC = {
    "lint": [PYTHON, "-m", "ruff", "check", "."],
    "format": [PYTHON, "-m", "ruff", "format", "--check", "."],
    "types": [PYTHON, "-m", "mypy"],
    "imports": [PYTHON, "-c", "from importlinter.cli import lint_imports_command as run; run()"],
}
ADVISORIES = [
    *(PYTHON, "-m", "pip_audit", "--requirement", "requirements.lock", "--require-hashes", "--disable-pip"),
    *("--format", "json", "--progress-spinner", "off", "--timeout", "15"),
]
PYTEST = [PYTHON, "-m", "pytest", "-n", "2", "--dist", "loadfile", "--no-loadscope-reorder"]
NONE_SELECTED = 5  # pytest's exit code; a whole run without a single pass fails all the same
BOOKS = "database"  # the marker of every test that touches the books (tests/marking.py sets it)


@dataclass
class Outcome:
    """What the parts of one run came to: tests as pytest counted them, other checks one each."""

    counts: Counter[str] = field(default_factory=Counter)
    skips: Counter[str] = field(default_factory=Counter)
    left_out: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)

    def note(self, part: str, verdict: str, seconds: float) -> None:
        """Keep one line of the summary."""
        self.lines.append(f"  {part:<22} {verdict:<44} {seconds:6.1f} s")


def run(args: Sequence[str]) -> int:
    """Run everything, or with paths or pytest options only the tests they name; 0 if nothing failed.

    `--quick` leaves out PostgreSQL and the browser, and says so.
    """
    quick = "--quick" in args
    wanted = [argument for argument in args if argument != "--quick"]
    _need_tests()
    outcome = Outcome()
    with _ends_cleanly(), tempfile.TemporaryDirectory(prefix="tickmark-test-") as room:
        environment = _environment(Path(room))
        if not wanted:
            _check(outcome, environment)
            _ask_advisories(outcome, environment)
        _test(outcome, "tests on SQLite", [*_without_browser(quick), *wanted], environment, Path(room))
        _test_on_postgres(outcome, quick, wanted, environment, Path(room))
    if quick:
        outcome.left_out.append("browser tests: --quick")
    return _summary(outcome)


def _need_tests() -> None:
    if not (ROOT / "tests").is_dir():
        raise Unavailable(
            "The tests are not here.",
            f"{ROOT} is not a checkout of the repository.",
            "Clone the repository and run ./tickmark test in it.",
        )


@contextlib.contextmanager
def _ends_cleanly() -> Iterator[None]:
    """Turn SIGTERM into an exception, so that a server started for the tests is stopped with them."""

    def leave(number: int, frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _environment(room: Path) -> dict[str, str]:
    """The caller's environment without its Tickmark: tests get an empty home and SQLite.

    Where no bytecode may be written beside the sources, as containers often say, it is kept for this run in `room`:
    else each of the many processes that tests start would compile everything anew.
    """
    left = {"TICKMARK_DATABASE", "TICKMARK_FILES", "PYTHONDONTWRITEBYTECODE"}
    kept = {name: value for name, value in os.environ.items() if name not in left}
    if os.environ.get("PYTHONDONTWRITEBYTECODE"):
        kept["PYTHONPYCACHEPREFIX"] = str(room / "bytecode")
    return kept | {"TICKMARK_HOME": str(room / "home"), "PYTHONPATH": str(ROOT / "src")}


def _check(outcome: Outcome, environment: dict[str, str]) -> None:
    for part, command in STATIC.items():
        code, seconds = _run(part, command, environment)
        outcome.counts["failed" if code else "passed"] += 1
        outcome.note(part, "FAILED" if code else "clean", seconds)


def _ask_advisories(outcome: Outcome, environment: dict[str, str]) -> None:
    """Whether a package of the lock file has a known vulnerability. A feed that does not answer is no pass."""
    print("== advisories", flush=True)
    start = time.monotonic()
    done = subprocess.run(ADVISORIES, cwd=ROOT, env=environment, capture_output=True, text=True)
    found, unknown = read_advisories(done.stdout)
    print(*(f"  {line}" for line in found), sep="\n")
    outcome.unknown += unknown
    if found:
        outcome.counts["failed"] += 1
    elif not unknown:
        outcome.counts["passed"] += 1
    verdict = f"FAILED: {len(found)} known" if found else "NOT KNOWN" if unknown else "none known"
    outcome.note("advisories", verdict, time.monotonic() - start)


def read_advisories(text: str) -> tuple[list[str], list[str]]:
    """What the advisory feed knows against packages, and what it could not be asked; from pip-audit's JSON.

    The tool itself ends well when it could ask nothing: a package that it skipped is unknown, not clean.
    """
    try:
        packages = json.loads(text)["dependencies"]
    except (ValueError, KeyError, TypeError):
        packages = []
    if not packages:
        return [], ["whether a package has a known vulnerability: the feed does not answer"]
    found = [
        f"{one['name']} {one['version']}: {', '.join(flaw['id'] for flaw in one['vulns'])}"
        for one in packages
        if one.get("vulns")
    ]
    skipped = sum("skip_reason" in one for one in packages)
    said = (
        f"whether {skipped} of {len(packages)} packages have a known vulnerability: the feed was not reached"
    )
    return found, [said] if skipped else []


def _run(part: str, command: Sequence[str], environment: dict[str, str]) -> tuple[int, float]:
    print(f"== {part}", flush=True)
    start = time.monotonic()
    code = subprocess.run(command, cwd=ROOT, env=environment).returncode
    return code, time.monotonic() - start


def _without_browser(quick: bool) -> list[str]:
    return ["-m", "not browser and not campaign"] if quick else []


def _test(outcome: Outcome, part: str, args: Sequence[str], environment: dict[str, str], room: Path) -> None:
    report = room / f"{part.replace(' ', '-')}.xml"
    code, seconds = _run(
        part, [*PYTEST, f"--junitxml={report}", "-o", "junit_family=xunit1", *args], environment
    )
    counts, skips = _read(report)
    if code and code != NONE_SELECTED and not counts["failed"]:
        counts["failed"] += 1  # pytest itself could not run: never a pass
    outcome.counts += counts
    outcome.skips += skips
    outcome.note(
        part, ", ".join(f"{counts[name]} {name}" for name in ("passed", "failed", "skipped")), seconds
    )


def _test_on_postgres(
    outcome: Outcome, quick: bool, wanted: Sequence[str], environment: dict[str, str], room: Path
) -> None:
    if quick:
        outcome.left_out.append("tests on PostgreSQL: --quick")
        return
    servers = _servers()
    try:
        with servers.postgres() as address:
            selected = [*wanted, "-m", f"{BOOKS} and not browser and not campaign"]
            _test(
                outcome, "tests on PostgreSQL", selected, environment | {"TICKMARK_DATABASE": address}, room
            )
    except servers.Missing as reason:
        outcome.left_out.append(f"tests on PostgreSQL: {reason}")


def _servers() -> Any:
    """`tests.servers`: the tests' own helper, found in the checkout and never installed."""
    sys.path.insert(0, str(ROOT))
    return importlib.import_module("tests.servers")


def _read(report: Path) -> tuple[Counter[str], Counter[str]]:
    """Counts by outcome and skips by reason, from pytest's own record; empty if there is none."""
    counts: Counter[str] = Counter()
    skips: Counter[str] = Counter()
    if not report.exists():
        return counts, skips
    for case in ElementTree.parse(report).iter("testcase"):
        outcome = _outcome(case)
        counts[outcome] += 1
        for skip in case.iter("skipped"):
            skips[skip.get("message") or "no reason given"] += 1
    return counts, skips


def _outcome(case: ElementTree.Element) -> str:
    found = {child.tag for child in case}
    if found & {"failure", "error"}:
        return "failed"
    return "skipped" if "skipped" in found else "passed"


def _summary(outcome: Outcome) -> int:
    """Print what happened and what did not; the last line is the count."""
    strict = _servers().required()
    omitted = [
        *outcome.left_out,
        *(f"{number} tests: {reason}" for reason, number in sorted(outcome.skips.items())),
    ]
    failed = outcome.counts["failed"] + (len(omitted) if strict else 0)
    print("\n== Summary", *outcome.lines, sep="\n")
    print(
        "Left out: nothing." if not omitted else "Left out:", *(f"  - {line}" for line in omitted), sep="\n"
    )
    if omitted:
        print(
            "This counts as failure here: CI or TICKMARK_REQUIRE_ALL is set."
            if strict
            else "Not proven here."
        )
    if outcome.unknown:
        print("NOT KNOWN:", *(f"  - {line}" for line in outcome.unknown), sep="\n")
    skipped = f", {outcome.counts['skipped']} skipped" if outcome.counts["skipped"] else ""
    print(f"\n{outcome.counts['passed']} passed, {failed} failed{skipped}", flush=True)
    return 1 if failed or not outcome.counts["passed"] else 0


if __name__ == "__main__":
    raise SystemExit(run(sys.argv[1:]))
