"""Who may do what, cell by cell, against matrix.csv.

The table was written by hand from domain.md 0.4 (rules 11 to 15, 17, 28, 30), 8.2, 8.3 and 8.4, not from
permissions.py. `own` and `other`: only on what is theirs, only on what is somebody else's.
"""

from __future__ import annotations

import csv
import inspect
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from tests.api.calling import token
from tests.api.examples import EXAMPLES
from tests.deeds import writing
from tickmark.audit import actions as audit
from tickmark.audit.models import Engagement, SignOffStage, TeamMember
from tickmark.controls.models import Control, ControlVersion, Policy, PolicyVersion
from tickmark.evidence.models import Evidence, Support
from tickmark.kernel import clock
from tickmark.kernel.access import Actor, may, table, visible
from tickmark.kernel.action import ACTIONS, one_of
from tickmark.kernel.errors import TickmarkError
from tickmark.kernel.references import resolve
from tickmark.people.models import Token
from tickmark.readiness.models import Remedy
from tickmark.scope.models import SystemVersion
from tickmark.upkeep.models import CalendarFeed

START = date(2025, 11, 1)
LINES = list(csv.DictReader(Path(__file__).with_name("matrix.csv").open(encoding="utf-8")))
CELLS = {
    line["action"]: {who: word for who, word in line.items() if who not in ("action", "why")}
    for line in LINES
}
CHARACTERS = [who for who in CELLS["people.set_up"] if who != "former"]
"""The former employee has no live account: see the test of the doors."""
Rows = dict[str, Any]
Scene = Callable[[Any, Any], tuple[list[Rows], list[Rows]]]
SCENES: dict[str, Scene] = {}


def scene(*names: str) -> Callable[[Scene], Scene]:
    """Rows that are the character's own, and rows that are not, for some actions."""

    def register(function: Scene) -> Scene:
        SCENES.update(dict.fromkeys(names, function))
        return function

    return register


def somebody_else(world: Any, user: Any) -> Any:
    """Another account of the same side."""
    pair = (
        (world.cast.owner, world.cast.reviewer)
        if user.side == "company"
        else (world.cast.staff, world.cast.auditor)
    )
    return next(other for other in pair if other != user)


def written_by(user: Any, row: Any) -> Any:
    """The row, written by this account."""
    with writing(user, user.side):
        row.save()
    return row


@scene("people.end_token")
def _tokens(world: Any, user: Any) -> tuple[list[Rows], list[Rows]]:
    def made(holder: Any) -> Rows:
        digest = f"{holder.pk}-{Token.objects.count()}"
        row = Token(user=holder, name="t", digest=digest, scopes=["read"], expires_at=clock.system_now())
        return {"token": written_by(holder, row)}

    return [made(user)], [made(somebody_else(world, user))]


@scene("people.end_sessions")
def _accounts(world: Any, user: Any) -> tuple[list[Rows], list[Rows]]:
    return [{"user": user}], [{"user": somebody_else(world, user)}]


@scene("upkeep.end_feed")
def _feeds(world: Any, user: Any) -> tuple[list[Rows], list[Rows]]:
    def made(holder: Any) -> Rows:
        row = CalendarFeed(user=holder, token_digest=f"{holder.pk}-{CalendarFeed.objects.count()}")
        return {"feed": written_by(holder, row)}

    return [made(user)], [made(somebody_else(world, user))]


@scene("scope.approve")
def _scopes(world: Any, user: Any) -> tuple[list[Rows], list[Rows]]:
    def made(writer: Any) -> Rows:
        row = SystemVersion(
            system=world.second,
            effective_from=START,
            name="S",
            company="N",
            services="s",
            boundary="",
            categories=["security"],
        )
        return {"version": written_by(writer, row)}

    return [made(user)], [made(somebody_else(world, user))]


@scene("controls.approve_policy")
def _policies(world: Any, user: Any) -> tuple[list[Rows], list[Rows]]:
    def made(writer: Any) -> Rows:
        policy = written_by(writer, Policy(code=f"P-{Policy.objects.count()}"))
        row = PolicyVersion(
            policy=policy,
            title="P",
            label="1",
            text="t",
            digest="0" * 64,
            owner=world.cast.owner,
            effective_from=START,
        )
        return {"version": written_by(writer, row)}

    return [made(user)], [made(somebody_else(world, user))]


def control_of(owner: Any, writer: Any) -> Control:
    """A control in force that this account owns."""
    control = written_by(writer, Control(code=f"X-{Control.objects.count()}"))
    version = ControlVersion(
        control=control, effective_from=START, title="T", statement="S", criteria=["CC8.1"], nature="M", purpose="P",
        frequency="annual", owner=owner,
    )  # fmt: skip
    written_by(writer, version)
    return control


@scene("evidence.file", "evidence.file_many", "evidence.support")
def _uses(world: Any, user: Any) -> tuple[list[Rows], list[Rows]]:
    writer = world.cast.founder
    mine, theirs = control_of(user, writer), control_of(somebody_else(world, user), writer)
    return [{"control": mine, "evidence": world.unshared}], [{"control": theirs, "evidence": world.unshared}]


def support_of(filer: Any, control: Control, by: Any) -> Rows:
    """A use of a document that `filer` filed, made by `by`."""
    number = Evidence.objects.count()
    row = Evidence(
        name="n",
        media_type="text/plain",
        sha256=f"{number:064}",
        size=1,
        kind="DOC",
        source="s",
        collected_at=clock.now(),
    )
    document = written_by(filer, row)
    return {"support": written_by(by, Support(evidence=document, control=control))}


@scene("evidence.accept", "evidence.reject")
def _supports(world: Any, user: Any) -> tuple[list[Rows], list[Rows]]:
    other, writer = somebody_else(world, user), world.cast.contributor
    foreign = control_of(other, world.cast.founder)
    own = control_of(user, world.cast.founder)
    mine = [support_of(user, foreign, user), support_of(other, own, other), support_of(user, foreign, other)]
    return mine, [support_of(writer, foreign, writer)]


@scene("readiness.finish_remedy", "readiness.recheck")
def _remedies(world: Any, user: Any) -> tuple[list[Rows], list[Rows]]:
    def owned(owner: Any) -> Rows:
        row = Remedy(gap="g", fact="f", severity="", action="a", owner=owner, due_on=START)
        return {"remedy": written_by(world.cast.founder, row)}

    return [owned(user)], [owned(somebody_else(world, user))]


@scene("audit.invite")
def _engagements(world: Any, user: Any) -> tuple[list[Rows], list[Rows]]:
    """`own` is an engagement with its team; `other` one that nobody of the firm has joined yet."""
    row = Engagement(
        code=f"empty-{user.pk}", system=world.system, period=world.period, firm="F", categories=["security"],
        criteria_set="tsc-2017-2022", method="default-2026",
    )  # fmt: skip
    return [{"engagement": world.running}], [{"engagement": written_by(world.cast.founder, row)}]


@scene("audit.take_up")
def _following(world: Any, user: Any) -> tuple[list[Rows], list[Rows]]:
    """`own` follows an engagement that the auditor and the partner lead; `other` follows nothing of theirs."""
    return [{"engagement": world.following}], [{"engagement": world.foreign}]


@scene("audit.confirm_independence")
def _members(world: Any, user: Any) -> tuple[list[Rows], list[Rows]]:
    team = TeamMember.objects.filter(engagement=world.running)
    return [{"member": row} for row in team.filter(user=user)], [{"member": team.exclude(user=user).first()}]


def actor_of(world: Any, who: str) -> Actor:
    """The character as an actor."""
    if who == "visitor":
        return Actor(user=None, side="", roles=frozenset({"visitor"}), kind="visitor", name="visitor")
    return Actor.job("collect", "company") if who == "job" else world.actor(who)


def can(actor: Actor, name: str, rows: Rows) -> bool:
    """Whether the actor sees every row and may do the action with them."""
    fits = {key: value for key, value in rows.items() if key in ACTIONS[name].types}
    seen = all(visible(actor, type(row)).filter(pk=row.pk).exists() for row in fits.values())
    return seen and may(actor, name, **fits)


def usual_rows(world: Any, name: str) -> Rows:
    """The rows of the call that works."""
    given = EXAMPLES[name].arguments(world) if name in EXAMPLES else {}
    found: Rows = {}
    for key, value in given.items():
        model, many = one_of(ACTIONS[name].types[key])
        if model is not None and value:
            found[key] = resolve(model._default_manager.all(), value[0] if many else value)
    return found


def test_the_matrix_names_every_action_and_every_character() -> None:
    assert sorted(CELLS) == sorted(table().MAY)
    assert {word for cells in CELLS.values() for word in cells.values()} == {"yes", "no", "own", "other"}
    assert all(line["why"] for line in LINES)


@pytest.mark.parametrize("name", sorted(CELLS))
def test_every_cell(world: Any, name: str) -> None:
    assert {who: found(world, name, who) for who in CHARACTERS} == {
        who: CELLS[name][who] for who in CHARACTERS
    }


def found(world: Any, name: str, who: str) -> str:
    """What the table of permissions says of one cell, asked with real rows."""
    actor = actor_of(world, who)
    if name not in SCENES or actor.user is None:
        return "yes" if can(actor_of(world, who), name, usual_rows(world, name)) else "no"
    own, other = SCENES[name](world, actor.user)
    mine = {can(actor_of(world, who), name, rows) for rows in own}
    theirs = {can(actor_of(world, who), name, rows) for rows in other}
    assert len(mine) <= 1 and len(theirs) == 1, "All rows of one kind are alike."
    words = {(True, True): "yes", (True, False): "own", (False, True): "other", (False, False): "no"}
    return words[mine == {True}, theirs == {True}]


def test_the_former_employee_is_let_in_by_no_door(world: Any) -> None:
    assert {cells["former"] for cells in CELLS.values()} == {"no"}
    secret = token(world, "former")
    assert Client().get("/api/me", headers={"Authorization": f"Bearer {secret}"}).status_code == 401
    client = Client()
    client.force_login(world.cast.former)
    assert client.get("/api/me").status_code == 401


SIGNATURES = [
    ("staff", "staff", "reviewed", False),
    ("staff", "auditor", "reviewed", True),
    ("staff", "partner", "reviewed", True),
    ("staff", "specialist", "reviewed", False),
    ("staff", "quality", "reviewed", False),
    ("auditor", "auditor", "reviewed", False),
    ("auditor", "partner", "reviewed", True),
    ("auditor", "staff", "reviewed", False),
    ("staff", "auditor", "partner", False),
    ("staff", "partner", "partner", False),
]
"""Who prepared the paper, who signs, at which stage, whether it holds (rule 15; 8.3 order of sign-off)."""


@pytest.mark.parametrize(("preparer", "signer", "stage", "holds"), SIGNATURES)
def test_preparer_and_reviewer_are_two_people(
    world: Any, preparer: str, signer: str, stage: str, holds: bool
) -> None:
    audit.sign_off(world.actor(preparer), world.concluded, SignOffStage.PREPARED)
    if not holds:
        with pytest.raises(TickmarkError):
            audit.sign_off(world.actor(signer), world.concluded, SignOffStage(stage))
        return
    assert audit.sign_off(world.actor(signer), world.concluded, SignOffStage(stage)).by == getattr(
        world.cast, signer
    )


def test_the_partner_signs_after_the_review(world: Any) -> None:
    for who, stage in (("staff", "prepared"), ("auditor", "reviewed"), ("partner", "partner")):
        audit.sign_off(world.actor(who), world.concluded, SignOffStage(stage))
    assert [row.stage for row in world.concluded.sign_offs.order_by("pk")] == [
        "prepared",
        "reviewed",
        "partner",
    ]


def test_each_rule_is_about_a_parameter_without_a_default_or_says_so() -> None:
    """A rule about a row that may be left out holds for the row only: those are named here."""
    loose = [
        (name, parameter)
        for name, grant in table().MAY.items()
        for parameter in grant.rules
        if ACTIONS[name].signature.parameters[parameter].default is not inspect.Parameter.empty
    ]
    assert loose == [("evidence.file", "control"), ("evidence.file_many", "control")]
