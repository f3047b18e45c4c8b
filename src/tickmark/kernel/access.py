"""One way to ask "may I?" and "which ones?".

A rule is a function from an actor to a `Q`. `visible(actor, Model)` filters by it; `require` asks the same predicate
of the rows at hand, so a list and a button cannot disagree. The table of rules is `tickmark/permissions.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from typing import Any, TypeVar

from django.db.models import Model, Q, QuerySet

from tickmark.kernel.errors import NotFound, Refused
from tickmark.kernel.grown import in_a_moment

M = TypeVar("M", bound=Model)
Holdings = Mapping[str, frozenset[int]]
NOBODY = Q(pk__in=[])
EVERYBODY = Q()

_holdings: dict[str, Callable[[Any], Holdings]] = {}


@dataclass(frozen=True)
class Actor:
    """Who acts: an account with its side and roles, or a job of this installation.

    `scopes` limits a token to the actions it names; None means all that the account may do.
    """

    user: Any
    side: str
    roles: frozenset[str] = frozenset()
    kind: str = "person"
    name: str = ""
    scopes: frozenset[str] | None = None
    _held: dict[str, Holdings] = field(default_factory=dict, compare=False, hash=False, repr=False)

    @classmethod
    def job(cls, name: str, side: str) -> Actor:
        """This installation itself, doing scheduled work for one side."""
        return cls(user=None, side=side, roles=frozenset({"job"}), kind="job", name=name)

    @classmethod
    def visitor(cls) -> Actor:
        """Somebody without an account: may set empty books up, take up an invitation, read a copy under its link."""
        return cls(user=None, side="", roles=frozenset({"visitor"}), kind="visitor", name="visitor")

    @cached_property
    def ref(self) -> str:
        """The actor as the ledger names it: `US-3`, or `job:collect`."""
        return f"US-{self.user.pk}" if self.user is not None else f"{self.kind}:{self.name}"

    def holds(self, noun: str, role: str = "") -> frozenset[int]:
        """The ids of the `noun`s that the actor holds, in a role if one is named (`holds("room", "lead")`).

        Within a moment they are remembered, else asked once for this actor.
        """
        if self.user is None or noun not in _holdings:
            return frozenset()
        if in_a_moment():
            return _holdings[noun](self.user).get(role, frozenset())
        if noun not in self._held:
            self._held[noun] = _holdings[noun](self.user)
        return self._held[noun].get(role, frozenset())


def holding(noun: str) -> Callable[[Callable[[Any], Holdings]], Callable[[Any], Holdings]]:
    """Register who holds a noun: a function from an account to {role: ids}; the empty role means any.

    It is remembered while what it read is the same.
    """
    from tickmark.kernel.remembered import FOR_EACH, remember

    def register(function: Callable[[Any], Holdings]) -> Callable[[Any], Holdings]:
        _holdings[noun] = remember(FOR_EACH)(function)
        return function

    return register


@dataclass(frozen=True)
class Rule:
    """A predicate with the words that a refusal shows. Rules combine with & | and ~."""

    says: str
    q: Callable[[Actor], Q]
    many: bool = False

    def __call__(self, actor: Actor) -> Q:
        return self.q(actor)

    def __and__(self, other: Rule) -> Rule:
        return Rule(
            f"{self.says} and {other.says}", lambda actor: self(actor) & other(actor), self.many or other.many
        )

    def __or__(self, other: Rule) -> Rule:
        return Rule(
            f"{self.says} or {other.says}",
            lambda actor: _either(self(actor), other(actor)),
            self.many or other.many,
        )

    def __invert__(self) -> Rule:
        return Rule(f"not ({self.says})", lambda actor: ~self(actor), self.many)


def _either(one: Q, other: Q) -> Q:
    """One or the other. Django takes an empty Q out of an `|`, so that *everybody or x* would be x alone."""
    return EVERYBODY if EVERYBODY in (one, other) else one | other


def rule(says: str, many: bool = False) -> Callable[[Callable[[Actor], Q]], Rule]:
    """Make a Rule of a function from an actor to a Q; `many` if the Q crosses a relation to many rows."""
    return lambda function: Rule(says, function, many)


@dataclass(frozen=True)
class Grant:
    """Who may do one action: a side, any of some roles, and a rule for each argument that has one.

    `in_person` is for what a token never does, whatever its scopes: it could give itself more right than it has.
    """

    side: str | None
    roles: frozenset[str] = frozenset()
    rules: Mapping[str, Rule] = field(default_factory=dict)
    in_person: bool = False

    def admits(self, actor: Actor) -> bool:
        """Whether side and role fit, before looking at any row. Without roles it is for every account, no visitor."""
        fits_side = self.side is None or actor.side == self.side
        return fits_side and (bool(self.roles & actor.roles) if self.roles else actor.user is not None)


def table() -> Any:
    """The permission table: `SEES` and `MAY`."""
    return import_module("tickmark.permissions")


def bounds(actor: Actor, model: type[Model]) -> Q:
    """The predicate that `visible` filters by: `EVERYBODY` where the actor sees every row, `NOBODY` where none."""
    rules: Mapping[str, Rule] = table().SEES.get(model._meta.label, {})
    found = rules.get(actor.side)
    return found(actor) if found else NOBODY


def visible(actor: Actor, model: type[M]) -> QuerySet[M]:
    """The rows of a model that the actor may see; a model that the table does not name shows nothing."""
    found = table().SEES.get(model._meta.label, {}).get(actor.side)
    rows = model._default_manager.filter(bounds(actor, model))
    return model._default_manager.filter(pk__in=rows.values("pk")) if found and found.many else rows


def see(actor: Actor, row: M) -> M:
    """The row afresh, if the actor may see it. Raises NotFound otherwise."""
    found = visible(actor, type(row)).filter(pk=row.pk).first()
    if found is None:
        raise not_found(type(row), str(getattr(row, "ref", row.pk)))
    return found


def see_all(actor: Actor, rows: Sequence[M]) -> list[M]:
    """Rows of one or more models afresh, in their order, if the actor may see them all. Raises NotFound otherwise."""
    found: dict[tuple[type[Model], Any], M] = {}
    for model in {type(row) for row in rows}:
        seen = visible(actor, model).filter(pk__in=[row.pk for row in rows if type(row) is model])
        found.update({(model, row.pk): row for row in seen})
    for row in rows:
        if (type(row), row.pk) not in found:
            raise not_found(type(row), str(getattr(row, "ref", row.pk)))
    return [found[type(row), row.pk] for row in rows]


def not_found(model: type[Model], reference: str) -> NotFound:
    """A missing right to see and a missing row read alike."""
    name = model._meta.verbose_name
    return NotFound(
        f"There is no {name} {reference}.", "", "Check the reference, and the account you are signed in with."
    )


def require(actor: Actor, name: str, arguments: Mapping[str, Any]) -> None:
    """Raise Refused unless the actor may do `name` with these arguments."""
    grant: Grant | None = table().MAY.get(name)
    if actor.scopes is not None and name not in actor.scopes:
        raise Refused(
            f"This token may not do {name}.", "Its scopes leave it out.", "Make a token with this scope."
        )
    if grant is None or not grant.admits(actor):
        raise Refused(f"You may not do {name}.", _who(grant), "Ask a person with such a role.")
    if grant.in_person and actor.scopes is not None:
        raise Refused(
            f"No token does {name}.", "It could widen its own right.", "Do it on the page, signed in."
        )
    for parameter, predicate in grant.rules.items():
        _require_rule(actor, name, parameter, predicate, _rows(arguments.get(parameter)))


def _require_rule(actor: Actor, name: str, parameter: str, predicate: Rule, rows: list[Model]) -> None:
    for row in rows:
        if not type(row)._default_manager.filter(pk=row.pk).filter(predicate(actor)).exists():
            what = f"You may not do {name} on {getattr(row, 'ref', row)}."
            raise Refused(what, f"Needed: {predicate.says}.", "Ask somebody to whom this applies.", parameter)


def may(actor: Actor, name: str, **arguments: Any) -> bool:
    """Whether `require` would let the actor: what shows a button. The same predicate, never a second one."""
    try:
        require(actor, name, arguments)
    except Refused:
        return False
    return True


def which(actor: Actor, name: str, parameter: str, rows: QuerySet[M]) -> QuerySet[M]:
    """Those of `rows` on which the actor may do `name`, by the rule that its `parameter` has."""
    grant: Grant | None = table().MAY.get(name)
    if grant is None or not grant.admits(actor):
        return rows.none()
    predicate = grant.rules.get(parameter)
    return rows.filter(predicate(actor)) if predicate else rows


def _rows(value: Any) -> list[Model]:
    if isinstance(value, Model):
        return [value]
    return [row for row in value if isinstance(row, Model)] if isinstance(value, list | tuple) else []


def _who(grant: Grant | None) -> str:
    return f"It is for {who(grant)}." if grant else "Nobody may."


def who(grant: Grant) -> str:
    """Who may do an action, in words, before looking at any row: `lead or sponsor on the company side`."""
    roles = " or ".join(sorted(grant.roles - {"job"})) or ("any role" if grant.side else "every account")
    where = f"{roles} on the {grant.side} side" if grant.side else roles
    return f"{where}, signed in and not with a token" if grant.in_person else where
