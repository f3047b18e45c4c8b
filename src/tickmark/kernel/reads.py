"""What an answer rests on: the tables that were read for it, noted from the statements themselves.

Nobody declares them, so nobody forgets one. Whoever gives a held answer passes on what that one rests on.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, lru_cache
from typing import Any

from django.apps import apps
from django.db import connection

_noting: ContextVar[tuple[set[str], ...]] = ContextVar("noting", default=())
_WORD = re.compile(r"[a-z][a-z0-9_]+")


@contextmanager
def noted() -> Iterator[set[str]]:
    """The labels of the models (`kernel.Entry`) whose tables are read within; complete when it is left."""
    found: set[str] = set()
    outer = _noting.get()
    token = _noting.set((*outer, found))
    try:
        if outer:
            yield found
        else:
            with connection.execute_wrapper(_notice):
                yield found
    finally:
        _noting.reset(token)


@contextmanager
def unnoted() -> Iterator[None]:
    """A stretch whose reading is nobody's ground: how far the books have come."""
    token = _noting.set(())
    try:
        yield
    finally:
        _noting.reset(token)


def note(tables: Iterable[str]) -> None:
    """Say that what is being answered rests on these tables as well."""
    for found in _noting.get():
        found.update(tables)


def _notice(execute: Callable[..., Any], sql: str, given: Any, many: bool, context: Any) -> Any:
    note(tables_of(sql))
    return execute(sql, given, many, context)


@lru_cache(maxsize=2000)
def tables_of(sql: str) -> frozenset[str]:
    """The labels of the models whose tables a statement names."""
    labels = _labels()
    return frozenset(labels[word] for word in set(_WORD.findall(sql)) if word in labels)


@cache
def _labels() -> dict[str, str]:
    return {model._meta.db_table: model._meta.label for model in apps.get_models(include_auto_created=True)}
