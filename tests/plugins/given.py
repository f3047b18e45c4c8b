"""What the tests of collectors and checks are given: tables of rows, and real git repositories with fixed dates."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from tickmark.kernel.checking import CheckResult, run_check
from tickmark.kernel.collecting import Run, collect
from tickmark.kernel.register import Registers, load
from tickmark.kernel.tables import write_rows

NOW = datetime(2026, 11, 16, 11, tzinfo=UTC)
START, END = date(2026, 1, 1), date(2026, 12, 31)
ANN, BOB = "Ann <ann@firm.example>", "Bob <bob@firm.example>"
FORGE = "GitHub <noreply@github.com>"
ROBOT = "dependabot[bot] <49699333+dependabot[bot]@users.noreply.github.com>"


@cache
def registers() -> Registers:
    """Everything that is bundled."""
    return load()


def table(folder: Path, shape: str, rows: Iterable[Mapping[str, Any]], name: str = "") -> Path:
    """A table of rows that fit their shape."""
    info = write_rows(rows, registers().shapes[shape], folder / f"{name or shape}.parquet")
    assert info.problems == ()
    return info.path


def judge(
    folder: Path,
    check: str,
    lists: Mapping[str, Sequence[Mapping[str, Any]] | None],
    parameters: Mapping[str, Any] | None = None,
    **options: Any,
) -> CheckResult:
    """The result of a check over lists of rows; None is a list that could not be had."""
    folder.mkdir(exist_ok=True)
    tables = {shape: None if rows is None else table(folder, shape, rows) for shape, rows in lists.items()}
    options = {"shapes": registers().shapes.things(), "target": folder / "verdicts.parquet"} | options
    return run_check(
        registers().checks[check],
        tables,
        parameters or {},
        options.pop("start", START),
        options.pop("end", END),
        **options,
    )


def causes(result: CheckResult) -> dict[str, str]:
    """Item and cause of all that is no pass."""
    return {verdict.item: verdict.cause for verdict in result.exceptions}


def run(folder: Path, collector: str, **settings: Any) -> Run:
    """A run of a collector into a new folder."""
    options = {
        name: settings.pop(name)
        for name in ("previous_rows", "previous_parameters", "books")
        if name in settings
    }
    return collect(collector, settings, workdir=folder, now=NOW, registers=registers(), **options)


@dataclass
class Repository:
    """A git repository made commit by commit; each commit is a minute after the one before."""

    path: Path
    minute: int = 0
    made: dict[str, str] = field(default_factory=dict)

    def git(self, *words: str, **env: str) -> str:
        environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1"} | env
        done = subprocess.run(
            ["git", "-C", str(self.path), *words], env=environment, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    @classmethod
    def begin(cls, path: Path, branch: str = "main") -> Repository:
        path.mkdir(parents=True)
        repository = cls(path)
        repository.git("init", "--quiet", "--template=", f"--initial-branch={branch}")
        return repository

    def when(self) -> str:
        self.minute += 1
        return f"2026-03-01T{10 + self.minute // 60:02}:{self.minute % 60:02}:00+02:00"

    def people(self, author: str, committer: str) -> dict[str, str]:
        at = self.when()
        split = {"AUTHOR": author.rstrip(">").split(" <"), "COMMITTER": committer.rstrip(">").split(" <")}
        named = {f"GIT_{role}_NAME": who[0] for role, who in split.items()}
        addressed = {f"GIT_{role}_EMAIL": who[1] for role, who in split.items()}
        return named | addressed | {"GIT_AUTHOR_DATE": at, "GIT_COMMITTER_DATE": at}

    def commit(self, name: str, message: str, author: str = ANN, committer: str = "") -> str:
        """A commit on the branch that is checked out; returns its hash and keeps it under `name`."""
        self.git(
            "commit", "--quiet", "--allow-empty", "-m", message, **self.people(author, committer or author)
        )
        self.made[name] = self.git("rev-parse", "HEAD")
        return self.made[name]

    def merge(self, name: str, message: str, author: str, committer: str, commits: Sequence[str]) -> str:
        """A branch with one commit by each author, merged with a merge commit."""
        self.git("checkout", "--quiet", "-b", f"work-{name}")
        for number, who in enumerate(commits):
            self.commit(f"{name}-{number}", f"Work {number} of {name}", who)
        self.git("checkout", "--quiet", "main")
        people = self.people(author, committer)
        self.git("merge", "--quiet", "--no-ff", "-m", message, f"work-{name}", **people)
        self.made[name] = self.git("rev-parse", "HEAD")
        return self.made[name]
