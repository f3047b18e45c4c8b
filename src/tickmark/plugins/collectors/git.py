"""Changes of a git repository on disk: the first-parent line of its protected branch.

The repository is somebody else's: nothing in it may run. Its hooks, monitors, replacements, grafts and
cached graphs are switched off, and git gets no network.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

from tickmark.plugin import CommandFailed, Invalid, Row, Source, collector

ENVIRONMENT = {
    "PATH": "/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin",
    "LC_ALL": "C",
    "HOME": "/nonexistent",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_GRAFT_FILE": "/dev/null",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_PAGER": "cat",
}

SAFE = (
    "--no-pager -c safe.directory=* -c core.fsmonitor=false -c core.hooksPath=/dev/null -c core.commitGraph=false"
    " -c protocol.allow=never -c log.showSignature=false"
).split()

FIELDS = "%H %P %an %ae %at %cn %ce %ct %s %b".split()
FORMAT = "--format=" + "%x00".join(FIELDS) + "%x00"

FORGES = ("noreply@github.com", "noreply@gitlab.com", "noreply@bitbucket.org", "noreply@codeberg.org")
BOT = re.compile(r"\[bot\]|^(dependabot|renovate|github-actions|pre-commit-ci|gitlab-bot)\b", re.IGNORECASE)
PULLS = (
    re.compile(r"^Merge pull request #(\d+) "),
    re.compile(r"\(pull request #(\d+)\)\s*$"),
    re.compile(r"\((?:#|!)(\d+)\)\s*$"),
)
PULL_IN_BODY = re.compile(r"^See merge request \S*!(\d+)\s*$", re.MULTILINE)
TRAILER = re.compile(
    r"^(Co-authored-by|Reviewed-by|Acked-by|Approved-by):\s*(.+?)\s*$", re.IGNORECASE | re.MULTILINE
)
PERSON = re.compile(r"^(.*?)\s*<([^>]*)>")


@collector("git.changes", shape="changes", every="day")
def changes(source: Source) -> Iterator[Row]:
    """Every commit that reached the protected branch, direct pushes included."""
    repository = _place(source.setting("path"))
    _refuse_partial(source, repository)
    reference = _branch(source, repository)
    name = str(source.settings.get("repository") or _name(repository))
    # From here on the commit is asked, not the branch, which may move meanwhile.
    tip = _answer(source, repository, "rev-parse", f"{reference}^{{commit}}")
    _describe(source, repository, reference, tip)
    total = _count(source, repository, tip)
    source.count("git's own count of the first-parent line", total)
    brought = _Brought(source, repository, tip)
    mainline = _log(source, repository, [tip, "--first-parent"], "changes.log")
    for number, commit in enumerate(mainline):
        yield _row(commit, name, reference, total - number, brought)


def _place(given: str) -> Path:
    address = urlparse(given)
    if address.scheme in ("http", "https", "ssh", "git") or given.startswith("git@"):
        remedy = f"Clone it first: git clone --mirror {given}"
        raise Invalid(
            f"{given!r} is not on this machine.", "Repositories are read from disk.", remedy, "path"
        )
    place = Path(unquote(address.path) if address.scheme == "file" else given).expanduser()
    if not place.exists():
        raise Invalid(
            f"{given!r} does not exist.", "There is nothing at that place.", "Check the path.", "path"
        )
    return place


def _name(repository: Path) -> str:
    place = repository.resolve()
    return (place.parent if place.name == ".git" else place).name.removesuffix(".git")


def _git(source: Source, repository: Path, *words: str, keep: str = "") -> Iterator[bytes]:
    # GIT_CEILING_DIRECTORIES keeps git from finding another repository above the one that was named.
    environment = ENVIRONMENT | {"GIT_CEILING_DIRECTORIES": str(repository.resolve().parent)}
    return source.command(["git", "-C", str(repository), *SAFE, *words], environment, keep)


def _answer(source: Source, repository: Path, *words: str) -> str:
    return b"".join(_git(source, repository, *words)).decode("utf-8", "replace").strip()


def _refuse_partial(source: Source, repository: Path) -> None:
    try:
        shallow = _answer(source, repository, "rev-parse", "--is-shallow-repository")
    except CommandFailed as error:
        why = error.words.removeprefix("fatal: ") or "git does not recognise it"
        raise Invalid(
            f"{repository.name!r} is not a git repository.",
            f"{why}.",
            "Name the folder that holds .git.",
            "path",
        ) from error
    if shallow == "true":
        raise Invalid(
            f"{repository.name!r} is a shallow clone.",
            "Its history is cut, so changes are missing.",
            "Fetch the rest with: git fetch --unshallow",
            "path",
        )


def _branch(source: Source, repository: Path) -> str:
    """The full name of the protected branch: the one named, else the one that HEAD or the remote names."""
    wanted = str(source.settings.get("branch") or "")
    there = _answer(
        source, repository, "for-each-ref", "--format=%(refname)", "refs/heads", "refs/remotes"
    ).split()
    if not there:
        raise Invalid(
            f"{repository.name!r} is empty.", "It has no commit on any branch.", "Name another repository."
        )
    for reference in _candidates(source, repository, wanted):
        if reference in there:
            return reference
    short = ", ".join(sorted(re.sub(r"^refs/(heads|remotes)/", "", name) for name in there)[:10])
    raise Invalid(
        f"{repository.name!r} has no branch {wanted or 'main'}.",
        f"It has {short}.",
        "Name one of them.",
        "branch",
    )


def _candidates(source: Source, repository: Path, wanted: str) -> list[str]:
    if wanted:
        return [f"refs/heads/{wanted}", f"refs/remotes/origin/{wanted}", f"refs/remotes/{wanted}"]
    found = []
    for pointer in ("refs/remotes/origin/HEAD", "HEAD"):
        try:
            found.append(_answer(source, repository, "symbolic-ref", "--quiet", pointer))
        except CommandFailed:
            continue
    return [*found, "refs/heads/main", "refs/heads/master"]


def _describe(source: Source, repository: Path, reference: str, tip: str) -> None:
    source.system = source.system or f"git repository {_name(repository)}"
    source.query = "git " + " ".join([*SAFE[1:], "rev-list", "--first-parent", FORMAT, tip])
    source.parameters |= {"reference": reference, "tip": tip}
    source.zone_data = "the offset of each commit, kept as UTC"
    source.zone_filter = "none: the whole history is read"
    source.limits += [
        "Git keeps when a commit was made, by its maker's clock; it does not keep when it was pushed.",
        "Names, addresses and messages of commits are claims of whoever made them.",
        "What a merge commit changes by itself, beside what it merges, is not looked into.",
        "What was on the branch before a forced push is not in the repository any more.",
    ]


def _count(source: Source, repository: Path, reference: str) -> int:
    try:
        return int(_answer(source, repository, "rev-list", "--count", "--first-parent", reference))
    except CommandFailed as error:
        raise _broken(repository, error) from error


def _broken(repository: Path, error: CommandFailed) -> Invalid:
    why = f"{error.words.removeprefix('fatal: ')}."
    return Invalid(
        f"The history of {repository.name!r} cannot be read.", why, "Clone it again, whole.", "path"
    )


def _log(source: Source, repository: Path, words: list[str], keep: str) -> Iterator[dict[str, str]]:
    """Commits, newest first, read as they come."""
    chunks = _git(
        source,
        repository,
        "rev-list",
        "--no-commit-header",
        "--encoding=UTF-8",
        FORMAT,
        *words,
        "--",
        keep=keep,
    )
    try:
        for record in _records(chunks, len(FIELDS)):
            yield dict(zip(FIELDS, record, strict=True))
    except CommandFailed as error:
        raise _broken(repository, error) from error


def _records(chunks: Iterator[bytes], size: int) -> Iterator[list[str]]:
    rest, parts = b"", list[str]()
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\0")
        for part in whole:
            parts.append(part.decode("utf-8", "replace"))
            if len(parts) == size:
                parts[0] = parts[0].lstrip("\n")
                yield parts
                parts = []


class _Brought:
    """Who wrote the commits that each merge brought to the line.

    One pass over the whole history; each commit belongs to the oldest change that reaches it.
    """

    def __init__(self, source: Source, repository: Path, tip: str) -> None:
        self.parents: dict[str, tuple[str, ...]] = {}
        self.people: dict[str, tuple[str, str]] = {}
        self.merges: dict[str, tuple[set[str], set[str]]] = {}
        if not int(_answer(source, repository, "rev-list", "--count", "--first-parent", "--merges", tip)):
            return
        self._read(source, repository, tip)
        self._assign(source, repository, tip)

    def _read(self, source: Source, repository: Path, tip: str) -> None:
        known: dict[str, tuple[str, str]] = {}
        words = [
            "rev-list",
            "--no-commit-header",
            "--encoding=UTF-8",
            "--format=%H%x00%P%x00%an%x00%ae%x00",
            tip,
        ]
        for number, (commit, parents, name, address) in enumerate(
            _records(_git(source, repository, *words, "--"), 4)
        ):
            self.parents[commit] = tuple(parents.split())
            self.people[commit] = known.setdefault(f"{name}\0{address}", (address.lower(), name))
            if number % 50_000 == 49_999:
                source.tell(f"{number + 1:,} commits read")

    def _assign(self, source: Source, repository: Path, tip: str) -> None:
        line = _answer(source, repository, "rev-list", "--first-parent", tip).split()
        taken = set(line)
        for commit in reversed(line):
            waiting = list(self.parents[commit][1:])
            addresses, names = set[str](), set[str]()
            while waiting:
                one = waiting.pop()
                if one not in taken and one in self.parents:
                    taken.add(one)
                    addresses.add(self.people[one][0])
                    names.add(self.people[one][1])
                    waiting.extend(self.parents[one])
            if len(self.parents[commit]) > 1:
                self.merges[commit] = (addresses, names)


def _row(commit: dict[str, str], repository: str, reference: str, position: int, brought: _Brought) -> Row:
    parents = commit["%P"].split()
    by_forge = commit["%ce"].lower() in FORGES
    kind = "merge" if len(parents) > 1 else "squash" if by_forge else "direct"
    said = TRAILER.findall(commit["%b"])
    addresses, names = _authors(commit, said, brought)
    return {
        "repository": repository,
        "change": commit["%H"],
        "branch": re.sub(r"^refs/(heads|remotes/[^/]+)/", "", reference),
        "position": position,
        "kind": kind,
        "reached_at": _instant(commit["%ct"]),
        "authored_at": _instant(commit["%at"]),
        "author": commit["%ae"].lower() or None,
        "author_name": commit["%an"] or None,
        "author_bot": bool(BOT.search(commit["%an"]) or BOT.search(commit["%ae"])),
        "committer": commit["%ce"].lower() or None,
        "committer_name": commit["%cn"] or None,
        "by_forge": by_forge,
        "authors": sorted(addresses),
        "author_names": sorted(names),
        "pull": _pull(commit),
        # A merge of several heads has no single one that could have been approved.
        "head": " ".join(parents[1:]) or None,
        "reviewed_by": [who for key, who in said if key.lower() != "co-authored-by"],
        "subject": commit["%s"],
    }


def _authors(
    commit: dict[str, str], said: list[tuple[str, str]], brought: _Brought
) -> tuple[set[str], set[str]]:
    """Everybody who wrote what the change brings in; the maker of a merge is its author only if so."""
    addresses, names = brought.merges.get(commit["%H"], ({commit["%ae"].lower()}, {commit["%an"]}))
    joint = [found for key, who in said if key.lower() == "co-authored-by" and (found := PERSON.match(who))]
    return addresses | {who[2].lower() for who in joint}, names | {who[1] for who in joint}


def _pull(commit: dict[str, str]) -> int | None:
    found = next((match for pattern in PULLS if (match := pattern.search(commit["%s"]))), None)
    found = found or PULL_IN_BODY.search(commit["%b"])
    return int(found[1]) if found and len(found[1]) < 18 else None


def _instant(seconds: str) -> Any:
    """The moment of a commit; a time that no calendar has stays unknown."""
    try:
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=int(seconds))
    except (ValueError, OverflowError):
        return None
