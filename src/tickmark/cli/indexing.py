"""`tickmark index`: the search index brought up to date, or made anew, and counted against the books."""

from __future__ import annotations

import sys


def run(*, rebuild: bool) -> int:
    """Do it on the books of this home; 0 if every row is in the index."""
    from tickmark.cli.serving import prepare

    prepare()
    from tickmark.kernel.search import index, work

    if rebuild:
        index.rebuild()
    work.whole()
    if strays := index.fill():
        print(f"{strays:,} rows were in no entry of the ledger; they are indexed now.", file=sys.stderr)
    work.whole()
    missing = [one for one in index.counts() if one.rows != one.indexed]
    for one in index.counts():
        if one.rows or one.indexed:
            print(f"{one.noun:30} {one.indexed:>10,} of {one.rows:,}")
    if missing:
        print("The index lacks rows. Try: tickmark index --rebuild", file=sys.stderr)
    return 1 if missing else 0
