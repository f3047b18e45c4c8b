"""`tickmark look`: what a reader of a repository's changes will find, with no account and no server.

Without the forge's record only what git itself shows can be judged, and the rest is told as undecided.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from tickmark.cli.finding import GIT_ALONE, RECORD, SHOWN, Finding, Line, as_csv, as_json, as_text, progress
from tickmark.kernel import tables
from tickmark.kernel.checking import CheckResult, Limits, Verdict, run_check
from tickmark.kernel.checks import Check
from tickmark.kernel.collecting import Run, collect
from tickmark.kernel.errors import Invalid, TickmarkError
from tickmark.kernel.recipes import zone_of
from tickmark.kernel.register import Registers, load

BEGINNING, END_OF_TIME = date(1, 1, 2), date(9999, 12, 30)
LIMITS = Limits(seconds=600, shown=10_000_000)


def look(
    repo: Path,
    *,
    branch: str | None = None,
    pulls: Path | None = None,
    since: date | None = None,
    until: date | None = None,
    zone: str = "UTC",
    now: datetime | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> Finding:
    """Judge every change that reached `branch` from `since` to `until`, both included.

    `pulls` is a folder or zip of pull requests as the forge's API gives them (docs: recipe `pulls-github`).
    `tell` hears the progress. Raises Invalid that names what is wrong with the repository or the record.
    """
    zone_of(zone)
    start, end = since or BEGINNING, until or END_OF_TIME
    at = now or datetime.fromtimestamp(0, UTC)
    registers = load()
    with tempfile.TemporaryDirectory(prefix="tickmark-look-") as folder:
        work = Path(folder)
        record = _pulls(pulls, work / "pulls", at, registers, tell) if pulls else None
        settings = {"path": str(repo), "branch": branch or "", "repository": _repository(record)}
        changes = collect(
            "git.changes", settings, workdir=work / "git", now=at, registers=registers, tell=tell
        )
        tell(f"judging {changes.rows:,} changes")
        check = registers.checks["changes_reviewed" if record else "changes_by_git_alone"]
        result = _judged(check, changes, record, start, end, zone, registers, work)
        return _finding(check, changes, record, result, since, until)


def _pulls(pulls: Path, work: Path, at: datetime, registers: Registers, tell: Callable[[str], None]) -> Run:
    settings = {"path": str(pulls), "recipe": "pulls-github"}
    return collect("files.pulls", settings, workdir=work, now=at, registers=registers, tell=tell)


def _repository(record: Run | None) -> str:
    """The name that the record gives the repository, so that both lists speak of the same one."""
    if record is None:
        return ""
    first = tables.read(record.table, limit=1)
    others = tables.read(record.table, limit=1, offset=max(record.rows - 1, 0))
    names = sorted({str(row["repository"]) for row in (*first, *others)})
    if len(names) > 1:
        why = f"It has {names[0]} and {names[1]}."
        raise Invalid(
            "The record holds several repositories.", why, "Give the pull requests of one.", "pulls"
        )
    return names[0] if names else ""


def _judged(
    check: Check,
    changes: Run,
    record: Run | None,
    start: date,
    end: date,
    zone: str,
    registers: Registers,
    work: Path,
) -> CheckResult:
    incomplete = {run.shape: _first_problem(run) for run in (changes, record) if run and not run.complete}
    return run_check(
        check,
        {"changes": changes.table, "pulls": record.table if record else None},
        {},
        start,
        end,
        shapes=registers.shapes.things(),
        target=work / "verdicts.parquet",
        zone=zone,
        incomplete=incomplete,
        limits=LIMITS,
    )


def _first_problem(run: Run) -> str:
    more = f" (and {len(run.problems) - 1} more)" if len(run.problems) > 1 else ""
    return run.problems[0].sentence.rstrip(".") + more


def _finding(
    check: Check,
    changes: Run,
    record: Run | None,
    result: CheckResult,
    since: date | None,
    until: date | None,
) -> Finding:
    return Finding(
        repository=changes.system,
        branch=changes.parameters["reference"].split("/", 2)[2],
        tip=changes.parameters["tip"],
        since=since.isoformat() if since else "",
        until=until.isoformat() if until else "",
        zone=result.zone,
        judged_by=RECORD if record else GIT_ALONE,
        changes=result.items,
        history=changes.rows,
        counts=result.counts,
        causes=result.causes,
        sentences={code: cause.sentence for code, cause in check.causes.items() if code in result.causes},
        problems=[f"{run.shape}: {one.sentence}" for run in (changes, record) if run for one in run.problems],
        limits=[limit for run in (changes, record) if run for limit in run.limits],
        lines=_lines(result.exceptions, changes.table, ZoneInfo(result.zone)),
    )


def _lines(exceptions: Sequence[Verdict], table: Path, zone: ZoneInfo) -> list[Line]:
    """The exceptions with what git tells about each, newest first."""
    if not exceptions:
        return []
    columns = ("reached_at", "author_name", "author", "subject")
    known = tables.find(table, "change", [_commit(one) for one in exceptions], columns)
    lines = [_line(one, known.get(_commit(one), {}), zone) for one in exceptions]
    return sorted(lines, key=lambda line: (line.reached, line.change), reverse=True)


def _commit(verdict: Verdict) -> str:
    return verdict.item.rpartition("/")[2]


def _line(verdict: Verdict, row: Mapping[str, Any], zone: ZoneInfo) -> Line:
    reached = row.get("reached_at")
    local = reached.replace(tzinfo=UTC).astimezone(zone) if reached else None
    return Line(
        verdict=verdict.verdict,
        change=_commit(verdict),
        reached=f"{local:%Y-%m-%d %H:%M}" if local else "unknown",
        author=str(row.get("author_name") or row.get("author") or "unknown"),
        subject=str(row.get("subject") or ""),
        cause=verdict.cause,
        sentence=verdict.sentence,
        detail=verdict.detail,
    )


def command(
    repo: Path,
    *,
    branch: str | None = None,
    pulls: Path | None = None,
    since: date | None = None,
    until: date | None = None,
    zone: str = "UTC",
    json: bool = False,
    csv: bool = False,
    all: bool = False,  # the word on the command line
) -> int:
    """Say what a reader of a repository's changes will find; nothing leaves this machine.

    Parameters
    ----------
    repo: folder of the repository, a bare one too
    branch: the protected branch; found by itself if it is main, master or the remote's default
    pulls: folder or zip of pull requests and reviews as the forge's API gives them
    since: first day, such as 2026-01-01
    until: last day
    zone: time zone that decides which day a change belongs to
    json: print all of it as JSON
    csv: print every change that is no pass as CSV
    all: print every change that is no pass

    Returns the exit code: 0 when every change passed, 1 when not, 2 when it could not be looked at.
    """
    tell = progress(sys.stderr)
    try:
        finding = look(repo, branch=branch, pulls=pulls, since=since, until=until, zone=zone, tell=tell)
    except TickmarkError as error:
        tell("")
        print(error, file=sys.stderr)
        return 2
    tell("")
    shown = len(finding.lines) if all else SHOWN
    text = (
        as_json(finding) if json else as_csv(finding) if csv else as_text(finding, sys.stdout.isatty(), shown)
    )
    sys.stdout.write(text)
    return 0 if finding.clean else 1
