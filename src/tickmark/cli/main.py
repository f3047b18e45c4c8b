"""The command `tickmark`: local verbs here; everything else is a client of the API (`cli/client.py`)."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from tickmark import __version__
from tickmark.cli.look import command as look_command
from tickmark.cli.recovery import add_to as add_recovery
from tickmark.kernel.errors import TickmarkError

app = App(
    name="tickmark",
    version=__version__,
    help="The workbench that carries a company through a SOC 2 examination.",
)


@app.command
def up(*, demo: bool = False) -> None:
    """Start Tickmark: the pages, the API and the worker, on embedded defaults.

    Parameters
    ----------
    demo
        Use a home of its own with a simulated clock, and live the example company's year in it.
    """
    from tickmark.cli.serving import serve

    sys.exit(serve(demo=demo))


@app.command
def web() -> None:
    """Run the pages and the API alone, for a host whose worker runs elsewhere."""
    from tickmark.cli.serving import serve_pages

    sys.exit(serve_pages())


@app.command
def worker() -> None:
    """Run the worker alone: due collections, checks, sealing."""
    from tickmark.cli.serving import work_for_ever

    work_for_ever()


@app.command
def test(*arguments: Annotated[str, Parameter(allow_leading_hyphen=True)]) -> None:
    """Run all tests: style, types, architecture, SQLite, PostgreSQL, browser."""
    from tickmark.cli.testing import run

    sys.exit(run(arguments))


@app.command
def verify(bundle: Path, *, checkpoint: Path | None = None, key: str = "", json: bool = False) -> None:
    """Verify a bundle offline, as the `verify.py` inside of it does; or an archive that backup or export made.

    Parameters
    ----------
    bundle
        The zip, or the folder that it was unpacked to; or the folder of an archive.
    checkpoint
        An older checkpoint that you kept: it shows whether the log was rewritten since.
    key
        The log's verifier key, if you have it from elsewhere.
    json
        Print findings as JSON.
    """
    from tickmark.kernel.ledger import verify as verifier

    if (bundle / "archive.json").exists():
        from tickmark.cli.recovery import examine_archive

        examine_archive(bundle, json)
    words = [
        str(bundle),
        *(["--checkpoint", str(checkpoint)] if checkpoint else []),
        *(["--key", key] if key else []),
    ]
    sys.exit(verifier.main([*words, *(["--json"] if json else [])]))


@app.command
def index(*, rebuild: bool = False) -> None:
    """Bring the search index up to date and count it against the books; ends with 1 if a row is left out.

    Parameters
    ----------
    rebuild
        Forget the index first and make it anew.
    """
    from tickmark.cli.indexing import run

    sys.exit(run(rebuild=rebuild))


app.command(look_command, name="look")
add_recovery(app)


def main() -> None:
    """Run the command line; one of the four errors ends it with what, why and the remedy."""
    _add_client()
    try:
        app(sys.argv[1:])
    except TickmarkError as error:
        for line in (error.what, error.why, error.remedy):
            if line:
                print(line, file=sys.stderr)
        sys.exit(1)


@cache
def _add_client() -> None:
    """The verbs that speak to a running Tickmark, added once."""
    from tickmark.cli.client import add_to

    add_to(app)
