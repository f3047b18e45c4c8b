"""Much of the library adopted at once: controls that a company has already, area by area, and a set of policies."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

from pydantic import BaseModel, ConfigDict

from tickmark.controls.actions.policies import adopt_policy, starter_policy
from tickmark.controls.actions.writing import NO_VALUES, adopt
from tickmark.controls.asking import Blank, asked_by
from tickmark.controls.models import Control, ControlVersion, Policy
from tickmark.kernel.access import Actor, not_found, visible
from tickmark.kernel.action import bulk, need
from tickmark.kernel.errors import TickmarkError
from tickmark.kernel.references import resolve
from tickmark.people.models import User
from tickmark.scope.advice import some


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


@bulk("controls.adopt_policies")
def adopt_policies(
    actor: Actor,
    starters: list[str],
    owner: User,
    effective_from: date,
    answers: dict[str, int | str] = NO_VALUES,
) -> Policy:
    """Adopt several policies of the library at once, all or none; what several of them ask is answered once.

    `answers` has every question of `library/policies/answers.toml` that one of them asks. The number of a control not
    in force may stand there too (`AC-04.days`); left out, it is as proposed. Gives the last policy.
    """
    need(
        starters,
        "No policy is chosen.",
        "A policy stands once somebody takes it.",
        "Tick at least one.",
        "starters",
    )
    needed = _needed(starters)
    _answered(needed, answers)
    return [_adopt_policy(actor, code, needed, owner, effective_from, answers) for code in starters][-1]


def _needed(starters: list[str]) -> list[Blank]:
    chosen = []
    for code in starters:
        with about(code):
            chosen.append(starter_policy(code))
    return asked_by(chosen)


def _answered(needed: list[Blank], answers: dict[str, int | str]) -> None:
    """Raise Invalid for an answer that nothing asks for, and for questions without one."""
    strange = sorted(set(answers) - {one.name for one in needed})
    need(
        not strange,
        f"None of these policies asks for '{strange[0][:40] if strange else ''}'.",
        f"They ask for {', '.join(one.name for one in needed if not one.control)}.",
        "Leave it out.",
        "answers",
    )
    blank = [one for one in needed if not str(answers.get(one.name, _unsaid(one))).strip()]
    need(
        not blank,
        f"Not answered: {some([repr(one.ask) for one in blank])}.",
        f"Asked by {some(sorted({item.id for one in blank for item in one.by}))}. "
        "A blank would be read as a promise nobody made.",
        "Answer each of these, or leave out the policies that ask for it.",
        f"answers.{blank[0].name}" if blank else "",
    )


def _unsaid(one: Blank) -> int | str:
    """What holds where nothing was said: of a control the proposed number, of the company nothing."""
    return one.proposed if one.control else ""


def _adopt_policy(
    actor: Actor,
    code: str,
    needed: list[Blank],
    owner: User,
    effective_from: date,
    answers: dict[str, int | str],
) -> Policy:
    own = {one.name for one in needed if any(item.id == code for item in one.by)}
    with about(code):
        given = {
            "starter": code,
            "owner": owner,
            "effective_from": effective_from,
            "answers": {name: said for name, said in answers.items() if name in own},
        }
        return adopt_policy.within(actor, given).policy


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
