"""What a look at a repository found, as text for a terminal, as CSV and as JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TextIO

SHOWN = 25
COLUMNS = ("verdict", "change", "reached", "author", "subject", "cause", "sentence", "detail")
RECORD, GIT_ALONE = "the review record", "git alone"


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

    `judged_by` is RECORD or GIT_ALONE; `problems` say why the lists may not be whole; `lines` tell
    times in `zone`.
    """

    repository: str
    branch: str
    tip: str
    since: str
    until: str
    zone: str
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


def headline(finding: Finding) -> str:
    """One sentence: how many changes, how many without a second person, how many open and why."""
    total, failed, open_ = finding.changes, finding.counts["fail"], finding.counts["undetermined"]
    if not total:
        return f"No change reached {finding.branch} in this time."
    words = f"{total:,} change{'' if total == 1 else 's'} reached {finding.branch}"
    words += f", {failed:,} without a second person, {open_:,} cannot be decided"
    return words + _because(finding) + "."


def _because(finding: Finding) -> str:
    """The causes of what is open, most frequent first."""
    codes = {line.cause for line in finding.lines if line.verdict == "undetermined"}
    words = [
        f"{_lowered(_says(finding, code))} ({number:,})"
        for number, code in _by_count(finding)
        if code in codes
    ]
    return ": " + "; ".join(words) if words else ""


def _lowered(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:].rstrip(".")


def as_text(finding: Finding, color: bool = False, shown: int = SHOWN) -> str:
    """The finding for a terminal: the sentence, the causes, the first changes, and what limits it."""
    parts = [_bold(headline(finding), color), ""]
    parts += [f"  {number:>7,}  {_says(finding, code)}" for number, code in _by_count(finding)]
    for verdict, title in (("fail", "Without a second person"), ("undetermined", "Cannot be decided")):
        parts += _section(finding, verdict, title, color, shown)
    parts += ["", *(_painted(f"Incomplete: {text}", "33", color) for text in finding.problems)]
    parts += [f"Judged by {finding.judged_by}; commit {finding.tip[:12]} of {finding.branch}."]
    if finding.judged_by == GIT_ALONE:
        parts.append(
            "With --pulls FOLDER, the pull requests and reviews as the forge gives them, more can be decided."
        )
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
    author, subject = _plain(line.author)[:22], _plain(line.subject)[:56]
    return (
        f"  {line.change[:10]}  {line.reached}  {author:<22}  {subject:<56}  {line.cause.replace('_', ' ')}"
    )


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


def progress(stream: TextIO) -> Callable[[str], None]:
    """A listener that shows the latest step on one line of a terminal; it is silent elsewhere.

    An empty step wipes the line.
    """
    if not stream.isatty():
        return lambda _: None

    def tell(text: str) -> None:
        stream.write(f"\r\x1b[K{text} …" if text else "\r\x1b[K")
        stream.flush()

    return tell
