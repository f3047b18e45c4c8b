"""Many controls of the library adopted at once: what a company says that it does already, area by area."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

from pydantic import BaseModel, ConfigDict

from tickmark.controls.actions.writing import adopt
from tickmark.controls.models import Control, ControlVersion
from tickmark.kernel.access import Actor, not_found, visible
from tickmark.kernel.action import bulk, need
from tickmark.kernel.errors import TickmarkError
from tickmark.kernel.references import resolve
from tickmark.people.models import User


class AdoptIn(BaseModel):
    """One control of the library that the company does; what is left empty is as proposed, or as for the others.

    `owner` and `backup_owner` are accounts by reference (US-3), `title` and `statement` the company's own words.
    """

    model_config = ConfigDict(extra="forbid")

    starter: str
    parameters: dict[str, int] = {}
    title: str = ""
    statement: str = ""
    owner: str = ""
    backup_owner: str = ""
    effective_from: date | None = None


@bulk("controls.adopt_many")
def adopt_many(actor: Actor, choices: list[AdoptIn], owner: User, effective_from: date) -> Control:
    """Adopt several controls of the library at once, all or none: what the company does already.

    `owner` and `effective_from` hold for each that does not name its own. Gives the last control.
    """
    need(
        choices,
        "Nothing is chosen.",
        "A control stands once somebody says that it is done.",
        "Say of at least one that you do it, or go on to the next area.",
        "choices",
    )
    rows = [_adopt(actor, one, owner, effective_from) for one in choices]
    return rows[-1].control


def _adopt(actor: Actor, one: AdoptIn, owner: User, effective_from: date) -> ControlVersion:
    with about(one.starter):
        given = {
            "starter": one.starter,
            "owner": person(actor, one.owner, "owner") if one.owner else owner,
            "effective_from": one.effective_from or effective_from,
            "parameters": one.parameters,
            "title": one.title,
            "statement": one.statement,
            "backup_owner": person(actor, one.backup_owner, "backup_owner") if one.backup_owner else None,
        }
        return adopt.within(actor, given)


def person(actor: Actor, reference: str, field: str) -> User:
    """The account behind a reference within a list. Raises NotFound where there is none that the actor sees."""
    found = resolve(visible(actor, User), reference)
    if found is None:
        error = not_found(User, reference[:60])
        error.field = field
        raise error
    return found


@contextmanager
def about(code: str) -> Iterator[None]:
    """Within a part of many: an error says first of which of them it speaks."""
    try:
        yield
    except TickmarkError as error:
        if not error.what.startswith(code):
            error.what = f"{code[:20]}: {error.what}"
            error.args = (f"{code[:20]}: {error}",)
        raise
