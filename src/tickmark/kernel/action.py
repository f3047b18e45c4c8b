"""One way to write: an action. Allowed, atomic, recorded, announced.

A call goes: every model argument is fetched through `visible`, then `require`, all inside one transaction; the body
runs; an `Entry` cites what it wrote; reactions follow in the same transaction. Web, API and worker call the same
actions; the doors parse their input from the signature (`arguments.py`).
"""

from __future__ import annotations

import hashlib
import inspect
import types
import typing
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, Generic, ParamSpec, TypeVar, cast
from uuid import UUID, uuid4

from django.core.exceptions import ValidationError
from django.db import DatabaseError, DataError, IntegrityError, InterfaceError, models, transaction

from tickmark.kernel import canonical, clock, faults, files
from tickmark.kernel.access import Actor, require, see, see_all
from tickmark.kernel.dated import DigestField, Fact, Version, plain
from tickmark.kernel.errors import Conflict, Invalid, TickmarkError
from tickmark.kernel.grown import begin_anew
from tickmark.kernel.ledger import cited
from tickmark.kernel.ledger.entry import Entry
from tickmark.kernel.logs import request_id
from tickmark.kernel.references import reference

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")
Reaction = Callable[[Actor, Any], None]

ACTIONS: dict[str, Action[..., Any]] = {}
_reactions: dict[str, list[Reaction]] = {}
_deeds: ContextVar[tuple[Deed, ...]] = ContextVar("deeds", default=())
based_on: ContextVar[frozenset[str]] = ContextVar("based_on", default=frozenset())
"""References of the versions that whoever writes a new version has looked at; empty when that is not told."""

NEVER_RECORDED = frozenset({"password", "link", "secret", "token"})
"""Arguments that open a door by themselves: the ledger says that they were given, never what they were."""
LONGEST_PLAIN = 40
"""Longer texts stand in the entry by digest only: they are in the facts, and an entry is never pruned."""


@dataclass
class Deed:
    """An action under way: what its entry will say."""

    verb: str
    actor: Actor
    at: datetime
    uid: UUID = field(default_factory=uuid4)
    facts: list[dict[str, str]] = field(default_factory=list)
    files: dict[str, None] = field(default_factory=dict)
    answers: dict[Any, Any] = field(default_factory=dict)
    parts: int = 0
    """Above zero while another action is done as a part of this one."""

    def note(self, fact: Fact) -> None:
        """Cite a written fact by digest, and the files that it names."""
        self.facts.append({"ref": fact.ref, "sha256": Fact.digest(fact)})
        for column in fact._meta.concrete_fields:
            if isinstance(column, DigestField):
                self.cite(getattr(fact, column.attname))

    def once(self, key: Any, ask: Callable[[], T]) -> T:
        """What `ask` answers, asked once in this deed: for what nothing that it does can change."""
        if key not in self.answers:
            self.answers[key] = ask()
        found: T = self.answers[key]
        return found

    def cite(self, sha256: str | None) -> None:
        """Cite a kept file."""
        if sha256:
            self.files[sha256] = None


def deed() -> Deed:
    """The action under way. Facts are written within one; a bare insert is a mistake in the program."""
    found = _deeds.get()
    if not found:
        raise RuntimeError("A fact is written within an action (tickmark.kernel.action).")
    return found[-1]


def wrote() -> bool:
    """Whether an action that is under way has written something: it may yet be undone."""
    return any(current.facts for current in _deeds.get())


@dataclass(frozen=True)
class Done(Generic[R]):
    """What an action gave, and the id of the ledger entry that records it."""

    result: R
    entry: UUID


class Action(Generic[P, R]):
    """A verb of the product: permission, API path, CLI verb and ledger verb in one name."""

    def __init__(self, name: str, function: Callable[P, R], bulk: bool = False) -> None:
        self.name, self.function, self.bulk = name, function, bulk
        self.step, self.verb = name.split(".", 1)
        self.__doc__, self.__name__, self.__module__ = (
            function.__doc__,
            function.__name__,
            function.__module__,
        )
        self.signature = inspect.signature(function)

    @cached_property
    def _hints(self) -> dict[str, Any]:
        return typing.get_type_hints(self.function, include_extras=True)

    @cached_property
    def types(self) -> dict[str, Any]:
        """The annotated type of each parameter but the actor."""
        return {name: self._hints[name] for name in list(self.signature.parameters)[1:]}

    @property
    def gives(self) -> Any:
        """The annotated type of its result."""
        return self._hints.get("return")

    @property
    def says(self) -> str:
        """The first line of its docstring: what the action does, as pages and the API show it."""
        return (self.__doc__ or "").strip().split("\n")[0]

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Do it. Raises Refused, NotFound, Invalid, Conflict or Unavailable; then nothing is written."""
        return self.perform(*args, **kwargs).result

    def perform(self, *args: P.args, **kwargs: P.kwargs) -> Done[R]:
        """Do it, and say under which entry it is recorded."""
        bound = self.signature.bind(*args, **kwargs)
        bound.apply_defaults()
        actor = cast(Actor, bound.arguments.pop("actor"))
        done: Done[R] | None = None
        try:
            with transaction.atomic():
                done = self._run(actor, bound.arguments)
        except (DatabaseError, InterfaceError, ValidationError, OSError) as error:
            if done is not None and faults.lost(error):
                raise faults.unsure(self.name) from error
            known = told(self.name, error)
            if known is None:
                raise
            raise known from error
        begin_anew()
        return done

    def _run(self, actor: Actor, given: dict[str, Any]) -> Done[R]:
        seen = {name: _seen(actor, value) for name, value in given.items()}
        arguments = self._allowed(actor, seen)
        with _under_way(Deed(self.name, actor, clock.now())) as current:
            result = self._go(actor, arguments)
        _record(current, arguments, result)
        return Done(result, current.uid)

    def within(self, actor: Actor, given: dict[str, Any], parsed: bool = False) -> R:
        """Do it as a part of the action under way: allowed and reacted to like any, recorded under that one's entry.

        `parsed`: the rows among the arguments were fetched through `visible` just now, by `arguments.parse`.
        """
        current = deed()
        arguments = given if parsed else {name: _seen(actor, value) for name, value in given.items()}
        current.parts += 1
        try:
            return self._go(actor, self._allowed(actor, arguments))
        finally:
            current.parts -= 1

    def _allowed(self, actor: Actor, arguments: dict[str, Any]) -> dict[str, Any]:
        self._whole(arguments)
        require(actor, self.name, arguments)
        return arguments

    def _go(self, actor: Actor, arguments: dict[str, Any]) -> R:
        result = cast(Callable[..., R], self.function)(actor, **arguments)
        _check_base(result)
        for reaction in _reactions.get(self.name, ()):
            reaction(actor, result)
        return result

    def _whole(self, arguments: dict[str, Any]) -> None:
        """No rule is passed by leaving out the row that it is about."""
        for name, value in arguments.items():
            if value is None and one_of(self.types[name])[0] is not None and not optional(self.types[name]):
                raise Invalid(f"'{name}' is missing.", f"{self.name} needs it.", f"Give {name}.", name)


def _check_base(result: Any) -> None:
    """Raise Stale if the new version would bury one that its writer has not seen."""
    seen = based_on.get()
    if not seen or not isinstance(result, Version):
        return
    same = {name: getattr(result, name) for name in result.SUBJECT}
    others = type(result)._default_manager.filter(**same).exclude(pk=result.pk)
    newest = others.select_for_update().order_by("-pk").first()
    if newest is not None and newest.ref not in seen:
        raise Stale(newest)


class Stale(Conflict):
    """Somebody wrote a version since the writer's was begun; `bases` are its reference and those looked at before."""

    def __init__(self, newest: Version) -> None:
        self.bases = (*sorted(based_on.get()), newest.ref)
        super().__init__(
            "Somebody changed this since you opened it.",
            f"{newest.by or 'A job'} recorded {newest.ref} on {newest.recorded_at:%Y-%m-%d at %H:%M} UTC.",
            "What you typed is still here. Look at the other version in a second tab, take over what you want to keep, "
            "and send this again: then yours follows it.",
        )


def told(name: str, error: Exception) -> TickmarkError | None:
    """What the books or a model refused, as one of the four errors; None for a mistake in the program."""
    if isinstance(error, ValidationError):
        field, *_ = getattr(error, "error_dict", {"": None})
        return Invalid(
            f"'{field}' cannot be taken." if field else f"{name} cannot take this.",
            " ".join(error.messages),
            "Correct it and send it again.",
            field,
        )
    if isinstance(error, DataError):
        return Invalid(
            f"{name} was given a value that does not fit.", "A text or a number is too long.", "Shorten it."
        )
    words = str(error).lower()
    if isinstance(error, IntegrityError) and "unique" in words:
        return Conflict(
            f"{name} collides with what the books hold.",
            "The same is recorded already.",
            "Load the page again: somebody may have done this before you.",
        )
    return faults.told(error)


@contextmanager
def trial(name: str, actor: Actor) -> Iterator[None]:
    """Try parts of an action (`within`) without doing them: what they write is undone, and no file is kept."""
    with transaction.atomic(), files.looking_only(), _under_way(Deed(name, actor, clock.now())):
        try:
            yield
        finally:
            transaction.set_rollback(True)


@contextmanager
def _under_way(current: Deed) -> Any:
    token = _deeds.set((*_deeds.get(), current))
    try:
        yield current
    finally:
        _deeds.reset(token)


def action(name: str) -> Callable[[Callable[P, R]], Action[P, R]]:
    """Make a function the action `name` (`step.verb`). Its first parameter is the actor."""
    return lambda function: _register(Action(name, function))


def bulk(name: str) -> Callable[[Callable[P, R]], Action[P, R]]:
    """An action on many items: one transaction, one entry, one sync."""
    return lambda function: _register(Action(name, function, bulk=True))


def _register(new: Action[P, R]) -> Action[P, R]:
    if new.name in ACTIONS:
        raise RuntimeError(f"Two actions are called {new.name}.")
    ACTIONS[new.name] = new
    return new


def on(name: str) -> Callable[[Reaction], Reaction]:
    """React to an action in its own transaction and under its entry: `function(actor, result)`, row inserts only."""

    def register(function: Reaction) -> Reaction:
        _reactions.setdefault(name, []).append(function)
        return function

    return register


def _seen(actor: Actor, value: Any) -> Any:
    if isinstance(value, models.Model):
        return see(actor, value)
    if isinstance(value, list) and value and all(isinstance(item, models.Model) for item in value):
        return see_all(actor, value)
    return value


def _record(current: Deed, arguments: dict[str, Any], result: Any) -> None:
    facts, files = cited.cite(current.facts, list(current.files))
    Entry(
        uid=current.uid,
        verb=current.verb,
        actor=current.actor.ref,
        actor_kind=current.actor.kind,
        side=current.actor.side,
        subject=_subject(arguments, result),
        arguments={name: _recorded(value) for name, value in arguments.items() if not _opens(name, value)},
        facts=facts,
        files=files,
        recorded_at=current.at,
        request=request_id.get(),
    ).save()


def _opens(name: str, value: Any) -> bool:
    return name in NEVER_RECORDED and not isinstance(value, models.Model)


def _subject(arguments: dict[str, Any], result: Any) -> str:
    for value in (*arguments.values(), result):
        if isinstance(value, models.Model) and hasattr(value, "PREFIX"):
            return reference(value)
    return ""


def _recorded(value: Any) -> Any:
    """An argument by reference or value; free text by digest, since it stands in the facts that were written."""
    if isinstance(value, models.Model):
        return reference(value)
    if isinstance(value, list | tuple):
        return _few([_recorded(item) for item in value])
    if hasattr(value, "recorded"):
        return value.recorded()
    if hasattr(value, "model_dump"):
        return {name: _recorded(item) for name, item in value.model_dump().items()}
    if hasattr(value, "sha256"):
        return f"file:{value.sha256}"
    if isinstance(value, dict):
        return {str(name): _recorded(item) for name, item in value.items()}
    found = plain(value)
    if isinstance(found, str) and len(found) > LONGEST_PLAIN:
        return f"sha256:{hashlib.sha256(found.encode()).hexdigest()}"
    return found


def _few(items: list[Any]) -> Any:
    """A list as the entry records it: of a long one the number of its items and their digest."""
    if len(items) <= cited.MOST:
        return items
    return {"items": len(items), "sha256": hashlib.sha256(canonical.dumps(items)).hexdigest()}


def optional(kind: Any) -> bool:
    """Whether an annotation takes None."""
    return types.NoneType in typing.get_args(kind)


def one_of(kind: Any) -> tuple[type[models.Model] | None, bool]:
    """The model of an annotation (`Model`, `Model | None`, `list[Model]`) and whether it is a list, else None."""
    if isinstance(kind, type) and issubclass(kind, models.Model):
        return kind, False
    origin, inner = (
        typing.get_origin(kind),
        [item for item in typing.get_args(kind) if item is not types.NoneType],
    )
    if origin in (types.UnionType, typing.Union) and len(inner) == 1:
        return one_of(inner[0])
    if origin is list and inner:
        model, _ = one_of(inner[0])
        return model, model is not None
    return None, False


def need(condition: object, what: str, why: str = "", remedy: str = "", field: str = "") -> None:
    """Raise Invalid unless the condition holds: the guard at the top of an action's body."""
    if not condition:
        raise Invalid(what, why, remedy, field)
