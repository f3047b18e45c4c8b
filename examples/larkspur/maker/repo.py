"""Writes the repository with `git fast-import`; its hashes are the ones `history.py` computed."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

from .days import export_moment
from .history import Commit, repository


def _data(text: str) -> bytes:
    body = text.encode()
    return b"data %d\n%s\n" % (len(body), body)


def _command(commit: Commit, marks: dict[str, int]) -> bytes:
    first, *others = [f":{marks[parent]}" for parent in commit.parents] or [""]
    lines = ["commit refs/heads/main", f"mark :{marks[commit.sha]}"]
    lines += [f"author {commit.author}", f"committer {commit.committer}"]
    parents = ([f"from {first}"] if first else []) + [f"merge {other}" for other in others]
    files = b"".join(f"M 100644 inline {path}\n".encode() + _data(text) for path, text in commit.files)
    head = "\n".join(lines).encode() + b"\n" + _data(commit.message)
    return head + "".join(f"{parent}\n" for parent in parents).encode() + files + b"\n"


def _reachable(moment: datetime) -> Iterator[Commit]:
    """Commits that main could reach at a moment, parents first."""
    grown = repository()
    tip = grown.state(moment)[0]
    by_id = {commit.sha: commit for commit in grown.commits}
    wanted, waiting = set[str](), [tip]
    while waiting:
        sha = waiting.pop()
        if sha not in wanted:
            wanted.add(sha)
            waiting += by_id[sha].parents
    return (commit for commit in grown.commits if commit.sha in wanted)


def stream(day: date) -> bytes:
    """The `git fast-import` stream of main as of the exports of a day."""
    commits = list(_reachable(export_moment(day)))
    marks = {commit.sha: number for number, commit in enumerate(commits, 1)}
    return b"".join(_command(commit, marks) for commit in commits)


def write(target: Path, day: date) -> Path:
    """A bare repository `repo/ledger.git` with the branch `main`, in the place of an earlier one."""
    path = target / "repo" / "ledger.git"
    calm = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_DEFAULT_HASH": "sha1"}

    def git(*arguments: str, data: bytes = b"") -> None:
        environment = {**os.environ, **calm}
        subprocess.run(["git", *arguments], input=data, env=environment, check=True, capture_output=True)

    if path.exists():
        shutil.rmtree(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    git("init", "--quiet", "--bare", "--template=", "--initial-branch=main", str(path))
    git("-C", str(path), "fast-import", "--quiet", data=stream(day))
    return path
