"""What the description tells of a component beyond its purpose, by its kind (DC 3; fields of domain.md 2.1).

One table: the form, the list, imports, the pieces of the description and the report read it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tickmark.kernel.action import need
from tickmark.scope.models import Component, ComponentKind

LONGEST = 300
"""Letters of one detail."""


@dataclass(frozen=True)
class Detail:
    """One thing told of a kind of component. `choices` are the words of the answers it takes, none for free words."""

    name: str
    label: str
    help: str
    choices: Mapping[str, str] = field(default_factory=dict)

    def worded(self, value: str) -> str:
        """A value as people read it."""
        return self.choices.get(value, value)


PERSONAL = Detail(
    "personal", "Personal data", "Whether it tells something of people.", {"yes": "yes", "no": "no"}
)
ROLE = Detail(
    "role",
    "Role",
    "Of personal data: who decides what happens with it.",
    {
        "processor": "processor: the customers decide",
        "controller": "controller: the company decides",
        "both": "controller of some, processor of the rest",
    },
)
DETAILS: Mapping[str, tuple[Detail, ...]] = {
    ComponentKind.PEOPLE: (
        Detail("headcount", "Head count", "A band will do: 10 to 20."),
        Detail("contractors", "Contractors", "None, or how many and for what."),
    ),
    ComponentKind.PROCEDURES: (
        Detail("policy", "Policy", "Which one it follows, such as POL-09."),
        Detail(
            "automation",
            "Automated or manual",
            "How it is carried out.",
            {"automated": "automated", "manual": "manual", "partly": "partly automated"},
        ),
        Detail("frequency", "How often", "Such as: at each change, every quarter."),
    ),
    ComponentKind.DATA: (
        Detail("source", "Where it comes from", "Customers, the product itself, a partner."),
        Detail("encryption", "Encryption", "At rest and on its way."),
        Detail("retention", "Kept for", "Such as: the contract and 30 days more."),
        Detail("deletion", "How it is deleted", "By whom or what, backups included."),
        Detail("access", "Who may see it", "Roles or teams."),
        PERSONAL,
        ROLE,
    ),
}
"""By kind, in the order in which they are told. Infrastructure and software have supplier, place and data instead."""


def every() -> dict[str, Detail]:
    """All of them by name."""
    return {one.name: one for several in DETAILS.values() for one in several}


def checked(kind: str, given: Mapping[str, str]) -> dict[str, str]:
    """What was said, in the order of the table, each in one line, and without what is empty.

    Raises Invalid for a name that the kind has not, an answer that is none of the choices, a text that is too long, and
    a role in what is not personal data.
    """
    known = {one.name: one for one in DETAILS.get(kind, ())}
    said = {name: " ".join(value.split()) for name, value in given.items() if value.strip()}
    for name, value in said.items():
        _check(known.get(name), kind, name, value)
    need(
        ROLE.name not in said or said.get(PERSONAL.name) == "yes",
        "A role is named for what is no personal data.",
        "Controller and processor are roles in personal data alone.",
        "Say that it is personal data, or leave the role out.",
        "details",
    )
    return {name: said[name] for name in known if name in said}


def _check(one: Detail | None, kind: str, name: str, value: str) -> None:
    fitting = ", ".join(each.name for each in DETAILS.get(kind, ())) or "none"
    need(
        one is not None,
        f"A component of kind {kind} has no '{name[:40]}'.",
        f"Its details are: {fitting}.",
        "Leave it out, or choose another kind.",
        "details",
    )
    assert one is not None
    need(
        not one.choices or value in one.choices,
        f"'{value[:40]}' is no answer to “{one.label}”.",
        f"Answers are: {', '.join(one.choices)}.",
        "Choose one of them.",
        "details",
    )
    need(
        len(value) <= LONGEST,
        f"“{one.label}” has {len(value):,} letters.",
        f"It has {LONGEST} at most: the report prints it beside the component.",
        "Shorten it; the purpose and the narratives have more room.",
        "details",
    )


def merged(held: Mapping[str, str], said: Mapping[str, str]) -> dict[str, str]:
    """What stands with what is said anew. A role that stood goes with the personal data that it was about."""
    both = {**held, **said}
    if both.get(PERSONAL.name) != "yes" and not said.get(ROLE.name):
        both.pop(ROLE.name, None)
    return both


def told(details: Mapping[str, str]) -> list[tuple[str, str]]:
    """What the details of a component say, as label and words, in the order of the table."""
    return [(one.label, one.worded(details[name])) for name, one in every().items() if name in details]


def worded(details: Mapping[str, str]) -> str:
    """The same in one line."""
    return "; ".join(f"{label}: {words}" for label, words in told(details))


def silent(component: Component) -> list[Detail]:
    """What the description asks for and nobody has said; the role only of personal data."""
    held = component.details
    return [
        one
        for one in DETAILS.get(component.kind, ())
        if not held.get(one.name) and (one is not ROLE or held.get(PERSONAL.name) == "yes")
    ]
