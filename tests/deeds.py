"""Writing facts in fixtures: a deed without the action around it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tickmark.kernel import clock
from tickmark.kernel.access import Actor
from tickmark.kernel.action import Deed, _record, _under_way


@contextmanager
def writing(user: Any = None, side: str = "company") -> Iterator[Deed]:
    """Facts saved within are stamped with this account and recorded under one entry."""
    actor = Actor(user=user, side=side, roles=frozenset(), kind="fixture", name="fixture")
    with _under_way(Deed("tests.write", actor, clock.now())) as deed:
        yield deed
    _record(deed, {}, None)
