"""The table of words, `kernel_words`: SQLite's FTS5, or a tsvector under a GIN index. One row for each indexed one.

It stores no text and ranks nothing: it says which rows hold the words. Title words are told from the others.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from tickmark.kernel.search.words import Query, Where, plain

CREATE = {
    "sqlite": (
        """CREATE VIRTUAL TABLE IF NOT EXISTS kernel_words USING fts5(
            title, text, content='', columnsize=0, prefix='2 3', tokenize='unicode61 remove_diacritics 0')""",
    ),
    "postgresql": (
        "CREATE TABLE IF NOT EXISTS kernel_words (rowid bigint PRIMARY KEY, words tsvector NOT NULL)",
        "CREATE INDEX IF NOT EXISTS kernel_words_gin ON kernel_words USING gin (words) WITH (fastupdate = off)",
    ),
}
DROP = "DROP TABLE IF EXISTS kernel_words"
_PUT = {
    "sqlite": "INSERT INTO kernel_words (rowid, title, text) VALUES (%s, %s, %s)",
    "postgresql": (
        "INSERT INTO kernel_words (rowid, words) VALUES (%s,"
        " setweight(to_tsvector('simple', %s), 'A') || setweight(to_tsvector('simple', %s), 'D'))"
    ),
}
_WIPE = {
    "sqlite": "INSERT INTO kernel_words (kernel_words) VALUES ('delete-all')",
    "postgresql": "TRUNCATE kernel_words",
}
MATCH = {
    "sqlite": "kernel_words MATCH %s",
    "postgresql": "kernel_words.words @@ to_tsquery('simple', %s)",
}


def put(rows: Iterable[tuple[int, str, str]]) -> None:
    """Add rows: id, title, text."""
    many = [(key, plain(title), plain(text)) for key, title, text in rows]
    with connection.cursor() as cursor:
        cursor.executemany(_PUT[connection.vendor], many)


def replace(key: int, title: str, before: str, after: str) -> None:
    """Change the text of a row. FTS5 keeps no text, so it is told what it forgets."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            forget = (
                "INSERT INTO kernel_words (kernel_words, rowid, title, text) VALUES ('delete', %s, %s, %s)"
            )
            cursor.execute(forget, (key, plain(title), plain(before)))
        else:
            cursor.execute("DELETE FROM kernel_words WHERE rowid = %s", (key,))
    put([(key, title, after)])


def wipe() -> None:
    """Forget all words."""
    with connection.cursor() as cursor:
        cursor.execute(_WIPE[connection.vendor])


def matching(rows: QuerySet[Any], asked: Query, where: Where = Where.ANYWHERE) -> QuerySet[Any]:
    """Those rows of the index that hold the words, newest first.

    Joined, not `IN`: a page of twenty out of a hundred thousand stops after twenty.
    """
    said = asked.fts5(where) if connection.vendor == "sqlite" else asked.tsquery(where)
    joined = ["kernel_words.rowid = kernel_indexed.id", MATCH[connection.vendor]]
    return rows.extra(tables=["kernel_words"], where=joined, params=[said]).order_by("-pk")
