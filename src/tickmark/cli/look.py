"""`tickmark look`: what a reader of a repository's changes will find, with no account and no server.

Without the forge's record only what git itself shows can be judged, and the rest is told as undecided.
"""

from __future__ import annotations

import csv
import io
import json
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, TextIO

from tickmark.kernel import tables
from tickmark.kernel.checking import CheckResult, Verdict, run_check
from tickmark.kernel.checks import Check
from tickmark.kernel.collecting import Run, collect
from tickmark.kernel.errors import Invalid
from tickmark.kernel.register import Registers, load

SHOWN = 25
EVERY = 1_000_000
BEGINNING, END_OF_TIME = date(1970, 1, 1), date(2200, 1, 1)
COLUMNS = ("verdict", "change", "reached", "author", "subject", "cause", "sentence", "detail")


@dataclass(frozen=True)
class Line:
    """One change that is no pass: the commit, when it reached the branch, who, what, and why."""

    verdict: str
    change: str
    reached: str
    author: str
    subject: str
    cause: str
    sentence: str
    detail: str


@dataclass(frozen=True)
class Finding:
    """What was found: the counts of the four verdicts, the causes, and every change that is no pass.

    `judged_by` is `the review record` or `git alone`; `problems` say why the lists may not be whole.
    """

    repository: str
    branch: str
    tip: str
    since: str
    until: str
    judged_by: str
    changes: int
    history: int
    counts: Mapping[str, int]
    causes: Mapping[str, int]
    sentences: Mapping[str, str]
    problems: Sequence[str]
    limits: Sequence[str]
    lines: Sequence[Line] = field(default_factory=tuple)

    @property
    def clean(self) -> bool:
        """Whether every change passed and the lists are whole."""
        return not (self.counts["fail"] or self.counts["undetermined"] or self.problems)

    def as_dict(self) -> dict[str, Any]:
        """The finding in JSON terms."""
        return {**vars(self), "lines": [vars(line) for line in self.lines]}


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
    start, end = since or BEGINNING, until or END_OF_TIME
    at = now or datetime.fromtimestamp(0, UTC)
    registers = load()
    with tempfile.TemporaryDirectory(prefix="tickmark-look-") as folder:
        work = Path(folder)
        record = _pulls(pulls, work / "pulls", at, registers, tell) if pulls else None
        settings = {"path": str(repo), "branch": branch or "", "repository": _repository(record)}
        changes = collect("git.changes", settings, workdir=work / "git", now=at, registers=registers, tell=tell)
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
        raise Invalid("The record holds several repositories.", why, "Give the pull requests of one.", "pulls")
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
    )


def _first_problem(run: Run) -> str:
    more = f" (and {len(run.problems) - 1} more)" if len(run.problems) > 1 else ""
    return run.problems[0].sentence.rstrip(".") + more


def _finding(
    check: Check, changes: Run, record: Run | None, result: CheckResult, since: date | None, until: date | None
) -> Finding:
    return Finding(
        repository=changes.system,
        branch=changes.parameters["reference"].split("/", 2)[2],
        tip=changes.parameters["tip"],
        since=since.isoformat() if since else "",
        until=until.isoformat() if until else "",
        judged_by="the review record" if record else "git alone",
        changes=result.items,
        history=changes.rows,
        counts=result.counts,
        causes=result.causes,
        sentences={code: cause.sentence for code, cause in check.causes.items() if code in result.causes},
        problems=[f"{run.shape}: {one.sentence}" for run in (changes, record) if run for one in run.problems],
        limits=[limit for run in (changes, record) if run for limit in run.limits],
        lines=_lines(result.exceptions, changes.table),
    )


def _lines(exceptions: Sequence[Verdict], table: Path) -> list[Line]:
    """The exceptions with what git tells about each, newest first."""
    if not exceptions:
        return []
    columns = ("reached_at", "author_name", "author", "subject")
    known = tables.find(table, "change", [_commit(one) for one in exceptions], columns)
    lines = [_line(one, known.get(_commit(one), {})) for one in exceptions]
    return sorted(lines, key=lambda line: (line.reached, line.change), reverse=True)


def _commit(verdict: Verdict) -> str:
    return verdict.item.rpartition("/")[2]


def _line(verdict: Verdict, row: Mapping[str, Any]) -> Line:
    reached = row.get("reached_at")
    return Line(
        verdict=verdict.verdict,
        change=_commit(verdict),
        reached=f"{reached:%Y-%m-%d %H:%M}" if reached else "unknown",
        author=str(row.get("author_name") or row.get("author") or "unknown"),
        subject=str(row.get("subject") or ""),
        cause=verdict.cause,
        sentence=verdict.sentence,
        detail=verdict.detail,
    )


def headline(finding: Finding) -> str:
    """One sentence: how many changes, how many without a second person, how many open."""
    total, failed, open_ = finding.changes, finding.counts["fail"], finding.counts["undetermined"]
    if not total:
        return f"No change reached {finding.branch} in this time."
    parts = [f"{total:,} {_plural('change', total)} reached {finding.branch}"]
    parts.append(f"{failed:,} without a second person" if finding.judged_by == "git alone" else f"{failed:,} not reviewed as they should be")
    parts.append(f"{open_:,} cannot be decided")
    return ", ".join(parts) + _because(finding)


def _because(finding: Finding) -> str:
    """The causes of what is open, most frequent first."""
    open_ = [(number, code) for code, number in finding.causes.items() if _is_open(finding, code)]
    words = [f"{finding.sentences.get(code) or code} ({number:,})" for number, code in sorted(open_, reverse=True)]
    return ": " + " ".join(words) if words else "."


def _is_open(finding: Finding, code: str) -> bool:
    return any(line.verdict == "undetermined" and line.cause == code for line in finding.lines)


def _plural(word: str, number: int) -> str:
    return word if number == 1 else word + "s"


def as_text(finding: Finding, color: bool = False, shown: int = SHOWN) -> str:
    """The finding for a terminal: the sentence, the causes, the first changes, and what limits it."""
    parts = [_bold(headline(finding), color), ""]
    parts += [f"  {number:>7,}  {_says(finding, code)}" for number, code in _by_count(finding)]
    for verdict, title in (("fail", "Without a second person"), ("undetermined", "Cannot be decided")):
        parts += _section(finding, verdict, title, color, shown)
    parts += ["", *(_painted(f"Incomplete: {text}", "33", color) for text in finding.problems)]
    parts += [f"Judged by {finding.judged_by}; commit {finding.tip[:12]} of {finding.branch}."]
    if finding.judged_by == "git alone":
        parts.append("With --pulls FOLDER (pull requests and reviews as the forge's API gives them) the rest is decided too.")
    parts += [f"Mind: {limit}" for limit in finding.limits]
    return "\n".join(parts) + "\n"


def _by_count(finding: Finding) -> list[tuple[int, str]]:
    return sorted(((number, code) for code, number in finding.causes.items()), reverse=True)


def _says(finding: Finding, code: str) -> str:
    return finding.sentences.get(code) or "A list that it leans on is incomplete."


def _section(finding: Finding, verdict: str, title: str, color: bool, shown: int) -> list[str]:
    lines = [line for line in finding.lines if line.verdict == verdict]
    if not lines:
        return []
    parts = ["", _bold(f"{title} ({finding.counts[verdict]:,})", color)]
    parts += [_printed(line) for line in lines[:shown]]
    if len(lines) > shown:
        parts.append(f"  … and {finding.counts[verdict] - shown:,} more: --all, --csv or --json lists them.")
    return parts


def _printed(line: Line) -> str:
    subject = _plain(line.subject)[:60]
    return f"  {line.change[:10]}  {line.reached}  {_plain(line.author)[:22]:<22}  {subject:<60}  {line.cause.replace('_', ' ')}"


def _plain(text: str) -> str:
    """Text from a repository without the control characters that could repaint the terminal."""
    return "".join(letter if letter.isprintable() else "�" for letter in text)


def _bold(text: str, color: bool) -> str:
    return _painted(text, "1", color)


def _painted(text: str, code: str, color: bool) -> str:
    return f"\x1b[{code}m{text}\x1b[0m" if color else text


def as_csv(finding: Finding) -> str:
    """Every change that is no pass, as CSV; a cell that a spreadsheet would compute is made text."""
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([_cell(str(getattr(line, name))) for name in COLUMNS] for line in finding.lines)
    return target.getvalue()


def _cell(text: str) -> str:
    return "'" + text if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def as_json(finding: Finding) -> str:
    """The whole finding as JSON."""
    return json.dumps(finding.as_dict(), ensure_ascii=False, indent=2) + "\n"


def show(
    finding: Finding, *, as_: str = "text", everything: bool = False, out: TextIO | None = None
) -> int:
    """Print a finding as text, json or csv. Returns the exit code: 0 clean, 1 not."""
    stream = out or sys.stdout
    if as_ == "json":
        stream.write(as_json(finding))
    elif as_ == "csv":
        stream.write(as_csv(finding))
    else:
        stream.write(as_text(finding, stream.isatty(), len(finding.lines) if everything else SHOWN))
    return 0 if finding.clean else 1


def progress(stream: TextIO) -> Callable[[str], None]:
    """A listener that shows the latest step on one line of a terminal, and is silent elsewhere."""
    if not stream.isatty():
        return lambda _: None

    def tell(text: str) -> None:
        stream.write(f"\r\x1b[K{text} …")
        stream.flush()

    return tell
