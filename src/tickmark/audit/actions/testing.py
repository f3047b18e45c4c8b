"""Verbs of a test's plan: prepare it, walk through, show it to the company (domain.md 4.1 to 4.3, 5)."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from pydantic import BaseModel, model_validator

from tickmark.audit import queries
from tickmark.audit.methods import RISKS
from tickmark.audit.models import (
    Attribute,
    Engagement,
    Procedure,
    ProcedureKind,
    Publishing,
    Walkthrough,
)
from tickmark.controls.models import ControlVersion
from tickmark.evidence.queries import registers
from tickmark.kernel import clock
from tickmark.kernel.access import Actor
from tickmark.kernel.action import action, need
from tickmark.kernel.errors import Conflict

LETTER = re.compile(r"[A-Z]{1,2}")


LINE = re.compile(r"\s*([A-Z]{1,2})\s*[:.]\s*(.*?)\s*(?:\[([a-z0-9_]+)\])?\s*(\(fact only\))?\s*", re.DOTALL)
"""A line of a form: `B: Another person approved [changes_reviewed]`, `F: No log-in followed (fact only)`."""


class AttributeIn(BaseModel):
    """An attribute: `check_name` computes it, `counts` says whether a control states it. A form gives it as a line."""

    letter: str
    text: str
    check_name: str = ""
    counts: bool = True

    @model_validator(mode="before")
    @classmethod
    def _from_line(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        found = LINE.fullmatch(value)
        if found is None:
            raise ValueError(f"'{value[:60]}' does not begin with its letter, like 'A: …'")
        return {"letter": found[1], "text": found[2], "check_name": found[3] or "", "counts": not found[4]}


@action("audit.prepare")
def prepare(
    actor: Actor,
    engagement: Engagement,
    control_version: ControlVersion,
    kind: ProcedureKind,
    text: str,
    shape: str = "",
    items_of: str = "",
    risk: str = "default",
    attributes: list[AttributeIn] | None = None,
) -> Procedure:
    """Prepare the test of a control as it was written: its attributes are what is looked at on each item."""
    given = [item for item in attributes or [] if item.letter.strip() or item.text.strip()]
    need(
        text.strip(),
        "The test is not described.",
        "A colleague follows it from the file alone.",
        "Write what you do and why.",
        "text",
    )
    need(risk in RISKS, f"There is no risk '{risk}'.", f"Sizes are set for {', '.join(RISKS)}.", "", "risk")
    need(
        queries.part_of(control_version, engagement.period),
        f"{control_version.ref} was never in force in the period.",
        "A control is tested as it was written then.",
        "Choose a version that was in force.",
        "control_version",
    )
    need(
        engagement.of_type_2 or not shape,
        "A Type 1 has no populations and no samples.",
        "It examines the design, and by a test of one that the control is in use.",
        "Leave the list out; what you followed stands in the walkthrough.",
        "shape",
    )
    _check_list(shape, items_of, given)
    _check_attributes(given)
    row = Procedure(
        engagement=engagement,
        control_version=control_version,
        kind=kind,
        text=text,
        shape=shape,
        items_of=items_of,
        risk=risk,
    )
    row.save()
    for item in given:
        Attribute(procedure=row, **item.model_dump()).save()
    return row


def _check_list(shape: str, items_of: str, given: list[AttributeIn]) -> None:
    known = registers()
    need(
        not shape or shape in known.shapes,
        f"There is no list of {shape}.",
        "",
        "Pick one of the shapes.",
        "shape",
    )
    need(
        not items_of or (items_of in known.checks and known.checks[items_of].drives == shape),
        f"The items of a list of {shape or 'nothing'} cannot be those of {items_of}.",
        "That check judges other rows, or there is none of this name.",
        "Pick a check over this list.",
        "items_of",
    )
    need(
        not shape or any(item.counts for item in given),
        "The test has no attribute that counts.",
        "Nothing would be looked at on the items.",
        "Give at least one.",
        "attributes",
    )
    need(
        shape or not given,
        "Attributes are looked at on items, and this test has no list.",
        "A test without a list stands in its walkthroughs.",
        "Name the list, or leave the attributes out.",
        "shape",
    )


def _check_attributes(given: list[AttributeIn]) -> None:
    letters = [item.letter for item in given]
    need(
        len(letters) == len(set(letters)),
        "Two attributes have one letter.",
        "Marks name them by letter.",
        "Give each its own.",
        "attributes",
    )
    for item in given:
        need(
            LETTER.fullmatch(item.letter),
            f"'{item.letter}' is no letter of an attribute.",
            "They are A, B, C …",
            "",
            "attributes",
        )
        need(
            item.text.strip(),
            f"Attribute {item.letter} says nothing.",
            "It is what is looked at.",
            "Write it.",
            "attributes",
        )
        known = not item.check_name or item.check_name in registers().checks
        need(known, f"There is no check {item.check_name}.", "", "Pick one, or judge by hand.", "attributes")


@action("audit.publish")
def publish(actor: Actor, procedure: Procedure) -> Publishing:
    """Show the company the test's text and, once drawn, its items; never marks or conclusions."""
    if Publishing.objects.filter(procedure=procedure).exists():
        raise Conflict(f"{procedure.ref} is published already.", "", "", "procedure")
    row = Publishing(procedure=procedure)
    row.save()
    return row


@action("audit.walk_through")
def walk_through(
    actor: Actor,
    procedure: Procedure,
    with_whom: str,
    held_on: date,
    text: str,
    design_suitable: bool,
    implemented: bool,
) -> Walkthrough:
    """Record a walkthrough: one occurrence from start to end, and what it says of design and implementation."""
    need(
        text.strip() and with_whom.strip(),
        "The walkthrough is empty.",
        "Who showed what?",
        "Write it.",
        "text",
    )
    need(
        held_on <= clock.today(), "It would have been held in the future.", "", "Correct the day.", "held_on"
    )
    row = Walkthrough(
        procedure=procedure,
        with_whom=with_whom,
        held_on=held_on,
        text=text,
        design_suitable=design_suitable,
        implemented=implemented,
    )
    row.save()
    return row
