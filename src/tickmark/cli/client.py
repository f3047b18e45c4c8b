"""The verbs of the command line that call a server: every action and every noun of its API, fit for pipelines."""

from __future__ import annotations

import functools
import getpass
import json as notation
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter

from tickmark.cli import calling, wording
from tickmark.cli.intake import file_many
from tickmark.cli.programme import apply
from tickmark.kernel.errors import Conflict, Invalid, NotFound, Refused, TickmarkError, Unavailable

EXITS: tuple[tuple[type[TickmarkError], int], ...] = (
    (Refused, 3),
    (Conflict, 4),
    (Invalid, 5),
    (Unavailable, 6),
)
"""0 done, 1 anything else; NotFound counts as refused, as it does everywhere."""

FEW = 8
"""Scopes that are told one by one."""

Words = Annotated[str, Parameter(allow_leading_hyphen=False)]


def add_to(app: App) -> None:
    """Add the verbs that call a server."""
    for name, function in (
        ("do", do),
        ("list", list_rows),
        ("show", show),
        ("search", search),
        ("tasks", tasks),
        ("actions", actions),
        ("login", login),
        ("apply", apply),
    ):
        app.command(_told(function), name=name)
    evidence = App(name="evidence", help="Many pieces of evidence at once.")
    evidence.command(_told(file_many), name="file-many")
    app.command(evidence)


def _told(function: Callable[..., None]) -> Callable[..., None]:
    """One of the four errors becomes lines on standard error and an exit code of its own."""

    @functools.wraps(function)
    def command(*args: Any, **kwargs: Any) -> None:
        try:
            function(*args, **kwargs)
        except TickmarkError as error:
            print("\n".join(part for part in (error.what, error.why, error.remedy) if part), file=sys.stderr)
            sys.exit(next((code for kind, code in EXITS if isinstance(error, kind)), 1))
        except BrokenPipeError:
            sys.stderr.close()
            sys.exit(0)

    return command


def do(action: str, *arguments: Words, file: list[str] | None = None, json: bool = False) -> None:
    """Do an action: `tickmark do scope.exclude system=ledger what=Lab reason="No customers"`.

    Parameters
    ----------
    action
        Its name, such as evidence.file; `tickmark actions` lists them.
    arguments
        name=value; name=@path takes a text from a file, name=@- from standard input. Lists: name=a,b or JSON.
    file
        name=@path for an argument that is a file; the same as among the arguments.
    json
        Print the whole answer as JSON instead of the reference.
    """
    server = calling.Server()
    operation = wording.operations(server.description, "post").get(action)
    if operation is None:
        raise NotFound(f"There is no action {action}.", "", "List them: tickmark actions")
    given, files = wording.body(operation, (*arguments, *(file or ())))
    done = _send(server, operation, given, files)
    print(notation.dumps(done, ensure_ascii=False) if json else done["ref"])
    if done.get("once") and not json:
        print(f"Shown once, copy it now: {done['once']}", file=sys.stderr)


def _send(
    server: calling.Server, operation: wording.Operation, given: dict[str, Any], files: dict[str, list[Path]]
) -> Any:
    if not operation.multipart:
        return server.post(operation.path, given)
    with ExitStack() as stack:
        streams = [
            (name, (path.name, stack.enter_context(path.open("rb"))))
            for name, paths in files.items()
            for path in paths
        ]
        return server.post(operation.path, given, streams)


def search(
    *words: Words,
    noun: str = "",
    step: str = "",
    since: str = "",
    until: str = "",
    own: bool = False,
    all: bool = False,
    json: bool = False,
) -> None:
    """Find rows by their words: `tickmark search access review --step evidence`.

    Parameters
    ----------
    words
        All must occur; a word also finds longer ones that begin with it.
    noun
        Only this noun, such as evidence.Evidence.
    step
        Only nouns of this step.
    since
        Recorded on this day or later.
    until
        Recorded on this day or earlier.
    own
        Only what your own side wrote.
    all
        Follow the pages to the end.
    json
        One row of JSON a line.
    """
    given = {"q": " ".join(words), "noun": noun, "step": step, "from": since, "to": until}
    query: dict[str, Any] = {name: value for name, value in given.items() if value}
    query |= {"own": "true"} if own else {}
    rows, answer = _matches(calling.Server(), query, all)
    if json:
        print("\n".join(notation.dumps(row, ensure_ascii=False) for row in rows))
    else:
        found = [[row["ref"], row["noun"], wording.cell(row["title"]), row["url"]] for row in rows]
        lines = wording.table(["ref", "noun", "title", "page"], found, wide=not sys.stdout.isatty())
        print("\n".join(lines))
    _say_unlooked(answer, len(rows))


def _matches(
    server: calling.Server, query: dict[str, Any], every: bool
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The rows of a search, those that the words name exactly before the others, and the last page's answer."""
    answer: dict[str, Any] = server.get("/search", query)
    rows = {row["ref"]: row for row in (*answer["named"], *answer["items"])}
    while every and answer["next"] is not None:
        answer = server.get("/search", {**query, "page": answer["next"]})
        rows |= {row["ref"]: row for row in answer["items"]}
    return list(rows.values()), answer


def _say_unlooked(answer: dict[str, Any], shown: int) -> None:
    """On standard error: how many there are, and what was not looked at."""
    least = "at least " if answer["at_least"] else ""
    if answer["total"] > shown:
        print(f"{shown:,} of {least}{answer['total']:,}; --all shows more.", file=sys.stderr)
    for count, words in (
        (answer["behind"], "entries of the ledger are not indexed yet."),
        (answer["waiting"], "files are not read yet."),
        (answer["unread"], "files have no text that could be read."),
    ):
        if count:
            print(f"{count:,} {words}", file=sys.stderr)


def list_rows(noun: str, *filters: Words, all: bool = False, json: bool = False) -> None:
    """List a noun: `tickmark list controls`, `tickmark list supports control=AC-04 --all --json`.

    Parameters
    ----------
    noun
        Its plural, as it stands in the address of its list, such as control-versions.
    filters
        name=value, such as code=AC, control=AC-04, day=2026-03-31, limit=200.
    all
        Follow the pages to the end.
    json
        One row of JSON a line.
    """
    server = calling.Server()
    path = _lists(server, noun).path
    rows = server.pages(path, wording.filters(filters), all)
    if json:
        for row in rows:
            print(notation.dumps(row, ensure_ascii=False))
        return
    found = list(rows)
    names = wording.columns(found[0]) if found else []
    _table(["ref", *names], [wording.row_line(row, names) for row in found])


def _table(head: list[str], rows: list[list[str]]) -> None:
    if rows:
        for line in wording.table(head, rows, wide=not sys.stdout.isatty()):
            print(line)


def _lists(server: calling.Server, noun: str) -> wording.Operation:
    every = [
        item for name, item in wording.operations(server.description, "get").items() if name.endswith(".list")
    ]
    wanted = noun.strip("/").replace(" ", "-").lower()
    found = [item for item in every if wanted in (item.path.strip("/"), item.path.rsplit("/", 1)[-1])]
    if len(found) != 1:
        names = ", ".join(sorted(item.path.strip("/") for item in found or every))
        raise NotFound(f"There is no list '{noun}'.", f"There are: {names}.", "Take one of them.")
    return found[0]


def show(reference: str, noun: str = "", *, json: bool = False) -> None:
    """Show one row: `tickmark show EV-412`, or by its code with the noun: `tickmark show AC-04 controls`.

    Parameters
    ----------
    reference
        Two letters and a number, or a code.
    noun
        The list that it stands in; needed for a code.
    json
        Print it as JSON.
    """
    server = calling.Server()
    path = _lists(server, noun).path if noun else _by_prefix(server, reference)
    row = server.get(f"{path}/{calling.quoted(reference)}")
    if json:
        print(notation.dumps(row, ensure_ascii=False))
        return
    lines = [["ref", row["ref"]], *([name, wording.cell(value)] for name, value in row["fact"].items())]
    for name, value in lines:
        print(f"{name}\t{value}" if not sys.stdout.isatty() else f"{name:<18} {value}")


def _by_prefix(server: calling.Server, reference: str) -> str:
    prefix = reference.partition("-")[0]
    for item in wording.operations(server.description, "get").values():
        if item.prefix == prefix and item.name.endswith(".list"):
            return item.path
    raise NotFound(
        f"'{reference}' is no reference.", "It begins with no noun's two letters.", "For a code, name its list too."
    )  # fmt: skip


def tasks(*, day: str = "", json: bool = False) -> None:
    """What you owe, soonest first.

    Parameters
    ----------
    day
        As of this day (2026-03-31); today if left out.
    json
        One task of JSON a line.
    """
    found = calling.Server().get("/tasks", {"day": day} if day else {})
    if json:
        for task in found:
            print(notation.dumps(task, ensure_ascii=False))
        return
    rows = [
        [task["due_on"] or "", "overdue" if task["overdue"] else "", task["step"], task["title"]]
        for task in found
    ]
    _table(["due", "", "step", "what"], rows)


def actions(step: str = "", *, json: bool = False) -> None:
    """The actions that this server knows, with their arguments; those in brackets may be left out.

    Parameters
    ----------
    step
        Only those of one step, such as evidence.
    json
        One action of JSON a line, with the schema of its arguments.
    """
    every = wording.operations(calling.Server().description, "post").values()
    chosen = [item for item in every if not step or item.name.startswith(f"{step}.")]
    if not chosen:
        raise NotFound(f"There is no step '{step}'.", "", "Try scope, controls, evidence, audit, report.")
    for item in chosen:
        if json:
            print(
                notation.dumps(
                    {"action": item.name, "says": item.says, "arguments": item.schema}, ensure_ascii=False
                )
            )
        else:
            needed = item.schema.get("required", [])
            words = " ".join(name if name in needed else f"[{name}]" for name in item.arguments)
            print(f"{item.name} {words}\n    {item.says}")


def login(*, address: str) -> None:
    """Keep a token for a server, after asking it who you are.

    Parameters
    ----------
    address
        Such as https://tickmark.example or http://localhost:8000.
    """
    secret = getpass.getpass("Token: ") if sys.stdin.isatty() else sys.stdin.readline()
    if not secret.strip():
        raise Invalid(
            "There is no token.", "Nothing was typed.", "Make one on your account page and paste it."
        )
    found = calling.Login(calling.check_address(address), secret.strip())
    me = calling.Server(found).get("/me")
    path = calling.keep(found)
    scopes = me["scopes"] or []
    may = ", ".join(scopes) if len(scopes) <= FEW else f"do {len(scopes)} things"
    print(f"You are {me['name']} ({me['side']}); the token may {may}.")
    print(f"Kept in {path}.")
