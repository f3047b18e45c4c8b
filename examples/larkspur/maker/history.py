"""The repository's commits with their true object ids, computed without git so that exports can name them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache

from .changes import Actor, Change, days, engineer, seeded
from .data import catalog, planted
from .days import Draw, instant
from .planting import plant

FORGE = Actor("web-flow", 19_864_447, "GitHub", "noreply@github.com")
Tree = dict[str, str]


@dataclass(frozen=True)
class Commit:
    """One commit object; `files` are the paths it sets with their whole text."""

    sha: str
    parents: tuple[str, ...]
    files: tuple[tuple[str, str], ...]
    author: str
    committer: str
    message: str


@dataclass(frozen=True)
class Landed:
    """A change with the ids it has in git: the commit on main, the head after each push, and what it branched from."""

    change: Change
    commit: str
    heads: tuple[str, ...]
    base: str


def git_id(kind: str, body: bytes) -> str:
    """The object id git gives to a blob, tree or commit (SHA-1 object format)."""
    return hashlib.sha1(f"{kind} {len(body)}\0".encode() + body, usedforsecurity=False).hexdigest()


def _tree_id(tree: Tree) -> str:
    entries: list[tuple[str, bytes]] = []
    folders: dict[str, Tree] = {}
    for path, blob in tree.items():
        name, _, rest = path.partition("/")
        if rest:
            folders.setdefault(name, {})[rest] = blob
        else:
            entries.append((name, b"100644 " + name.encode() + b"\0" + bytes.fromhex(blob)))
    for name, folder in folders.items():
        # git sorts a folder as if its name ended in a slash
        entries.append((f"{name}/", b"40000 " + name.encode() + b"\0" + bytes.fromhex(_tree_id(folder))))
    return git_id("tree", b"".join(entry for _, entry in sorted(entries)))


def _text(path: str, title: str, mark: str) -> str:
    comment = "//" if path.endswith(".ts") else "#"
    return f"{comment} {path}: part of a fictional product, no working code\n{comment} revision {mark}: {title}\n"


def _stamp(actor: Actor, moment: datetime) -> str:
    return f"{actor.name} <{actor.email}> {int(moment.timestamp())} {moment.strftime('%z')}"


def branch(change: Change) -> str:
    """The branch name of a pull request."""
    slug = re.sub(r"[^a-z0-9.]+", "-", change.title.lower()).strip("-")
    return f"dependabot/pip/{slug}" if change.author.bot else f"{change.author.login or 'patch'}/{slug}"


def message(change: Change) -> str:
    """The message of the commit on main."""
    if change.how == "merge":
        return f"Merge pull request #{change.number} from larkspur/{branch(change)}\n\n{change.title}\n"
    return f"{change.title} (#{change.number})\n" if change.how == "squash" else f"{change.title}\n"


class Repository:
    """Grows main change by change; `line` keeps the moment, id and files of each state of main."""

    def __init__(self) -> None:
        self.commits: list[Commit] = []
        self.landed: list[Landed] = []
        self.line: list[tuple[datetime, str, Tree]] = []
        paths = sorted({path for area in catalog()["areas"] for path in area["paths"]} | {"requirements.txt"})
        title, start, founder = "Import the ledger services", instant("2025-06-02T10:00"), engineer("LL-1002")
        files = tuple((path, _text(path, title, "0")) for path in paths)
        sha, tree = self._commit((), {}, files, _stamp(founder, start), _stamp(founder, start), title + "\n")
        self.line.append((start, sha, tree))

    def _commit(
        self, parents: tuple[str, ...], tree: Tree, files: tuple[tuple[str, str], ...], author: str, committer: str,
        message: str,
    ) -> tuple[str, Tree]:  # fmt: skip
        tree = tree | {path: git_id("blob", text.encode()) for path, text in files}
        lines = [f"tree {_tree_id(tree)}", *(f"parent {parent}" for parent in parents)]
        body = "\n".join([*lines, f"author {author}", f"committer {committer}", "", message])
        commit = Commit(git_id("commit", body.encode()), parents, files, author, committer, message)
        self.commits.append(commit)
        return commit.sha, tree

    def state(self, moment: datetime) -> tuple[str, Tree]:
        """Main as it stood at a moment."""
        return next((sha, tree) for reached, sha, tree in reversed(self.line) if reached <= moment)

    def _branch(self, change: Change) -> tuple[tuple[str, ...], str]:
        """The commits of a branch that is merged with its history."""
        base, tree = self.state(change.pushes[0])
        heads: list[str] = []
        for push, moment in enumerate(change.pushes):
            paths = change.paths if push == 0 else (change.paths[push % len(change.paths)],)
            files = tuple((path, _text(path, change.title, f"{change.number}.{push}")) for path in paths)
            who = _stamp(change.author, moment)
            subject = change.title if push == 0 else f"Answer review, part {push}"
            head, tree = self._commit((heads[-1] if heads else base,), tree, files, who, who, subject + "\n")
            heads.append(head)
        return tuple(heads), base

    def land(self, change: Change) -> Landed:
        """Bring a change to main."""
        assert change.merged
        heads, base = self._branch(change) if change.how == "merge" else self.unseen_heads(change)
        tip, tree = self.line[-1][1:]
        mark = str(change.number or int(change.merged.timestamp()))
        files = tuple((path, _text(path, change.title, mark)) for path in change.paths)
        by_forge = change.how != "direct"
        author = (change.merged_by or change.author) if change.how == "merge" else change.author
        parents = (tip, heads[-1]) if change.how == "merge" else (tip,)
        committer = _stamp(FORGE if by_forge else author, change.merged)
        sha, tree = self._commit(
            parents, tree, files, _stamp(author, change.merged), committer, message(change)
        )
        self.line.append((change.merged, sha, tree))
        self.landed.append(Landed(change, sha, heads, base))
        return self.landed[-1]

    def unseen_heads(self, change: Change) -> tuple[tuple[str, ...], str]:
        """Heads of a branch whose commits never came to this repository: only the pull request names them."""
        heads = tuple(
            git_id("commit", f"{change.number}.{push}.{change.title}".encode())
            for push in range(len(change.pushes))
        )
        return heads, self.state(change.pushes[0])[0]


def _numbered(found: list[Change]) -> Iterator[Change]:
    number, draw = 1180, Draw("numbers")
    for change in sorted(found, key=lambda change: (change.opened, change.title)):
        if change.how == "direct":
            yield change
        else:
            number += draw.between(1, 3)  # issues take the numbers in between
            yield replace(change, number=number)


@cache
def changes() -> tuple[Change, ...]:
    """Every change, numbered in the order of opening."""
    return tuple(_numbered([*(c for day in days() for c in seeded(day)), *map(plant, planted()["change"])]))


@cache
def repository() -> Repository:
    """The whole repository up to the last day."""
    grown = Repository()
    reached = [c for c in changes() if c.merged and c.base == "main"]
    for change in sorted(reached, key=lambda change: (change.merged, change.number)):
        grown.land(change)
    return grown
