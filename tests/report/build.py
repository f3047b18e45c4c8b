"""A whole small examination made through actions, up to the day on which its report can be issued.

Two controls: GOV-01 serves every criterion but one and is tested by a walkthrough; CHG-02 is tested on a sample of 40
changes, one of which deviates. Each step can be left out, so that a test sees what its absence does.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any

from tests.audit.world import NONCE, locked
from tickmark.audit import actions as audit
from tickmark.audit import queries as asked
from tickmark.audit.actions.marking import MarkIn
from tickmark.audit.actions.testing import AttributeIn
from tickmark.audit.models import (
    MarkVerdict,
    Opinion,
    Procedure,
    ProcedureKind,
    Request,
    Result,
    SampleMethod,
    SignOffStage,
    Stance,
)
from tickmark.controls import actions as controls
from tickmark.controls.models import Frequency, Nature, Purpose
from tickmark.kernel.ledger.seal import seal
from tickmark.report import actions as report
from tickmark.report.models import DescriptionPart, LetterKind, Report
from tickmark.scope import actions as scope
from tickmark.scope.criteria import applicable
from tickmark.scope.models import Commitment, Complement, ComponentKind, SystemEvent, Vendor

NOW = datetime(2026, 12, 11, 9, tzinfo=UTC)
DAY = NOW.date()
START = date(2025, 11, 1)
FACT = "The change reached the branch without the approval of another person"
SECTION_I = """# Independent service auditor's report

To the management of Northlight, Inc.

## Scope
We examined the description of the system.

## Responsibilities of the company
The company is responsible for its controls.

## Our responsibilities
We express an opinion.

## Inherent limitations
Controls may not prevent every error.

## Description of tests of controls
They stand in Section IV.

## Opinion
In our opinion, in all material respects, the description is presented in accordance with the criteria.

## Restricted use
Only readers who know the *system* may use this report.
"""


def examined(program: Any, *, without: Collection[str] = ()) -> SimpleNamespace:
    """Everything up to issue but the steps named in `without`."""
    world = SimpleNamespace(**vars(program), procedures={})
    for name, step in STEPS.items():
        if name not in without:
            step(world)
    seal()
    return world


def issued(program: Any) -> tuple[SimpleNamespace, Report]:
    """The examination with its report issued and sealed."""
    world = examined(program)
    made = report.issue(world.actor("partner"), world.engagement, DAY)
    seal()
    return world, made


def described(world: Any) -> None:
    """Scope and description."""
    lead, system = world.actor("lead"), world.system
    scope.commit(
        lead, system, "SC-01", Commitment.Kind.COMMITMENT, "security", "Data are protected.", "Terms 7", START
    )
    for kind in ComponentKind:
        scope.place(
            lead, system, kind.value, kind, f"Some {kind.value}", START, description="For the service"
        )
    scope.add_vendor(
        lead, "cloud", "Northern Cloud", "Hosting", START, True, "carve-out", ["CC6.4"], "GOV-01"
    )
    vendor = Vendor.objects.get(code="cloud")
    scope.assume(lead, system, "CSOC-01", Complement.Kind.CSOC, "Doors are locked.", ["CC6.4"], START, vendor)
    scope.assume(lead, system, "CUEC-01", Complement.Kind.CUEC, "Remove your leavers.", ["CC6.2"], START)
    scope.exclude(lead, system, "The beta", "Three pilots only")
    scope.report_event(lead, system, SystemEvent.Kind.INCIDENT, date(2026, 3, 14), "Outage", "71 minutes.")
    for part in DescriptionPart:
        if part != DescriptionPart.INCLUSIVE:
            report.describe(lead, world.engagement, part, f"Words on {part.value}.")


def governed(world: Any) -> None:
    """A control for every criterion but that of the change control."""
    codes = [one.id for one in applicable(["security"]) if one.id not in ("CC8.1", "CC6.4")]
    world.governance = controls.write(
        world.actor("lead"), "GOV-01", "Governance", "The committee meets each quarter.", codes, Nature.MANUAL,
        Purpose.PREVENTIVE, Frequency.QUARTERLY, world.cast.owner, START,
    )  # fmt: skip


def independent(world: Any) -> None:
    """Everybody on the team confirms independence."""
    for member in asked.members(world.engagement):
        user = next(
            name
            for name in ("auditor", "staff", "partner", "quality")
            if getattr(world.cast, name) == member.user
        )
        audit.confirm_independence(world.actor(user), member, "I am independent.")


def walked(world: Any) -> None:
    """The test of GOV-01, concluded and signed."""
    staff = world.actor("staff")
    test = audit.prepare(
        staff, world.engagement, world.governance, ProcedureKind.INSPECTION, "Inspected the minutes."
    )
    audit.walk_through(staff, test, "The chair", DAY, "Read them.", True, True)
    audit.conclude(staff, test, Result.NO_EXCEPTIONS, "Four meetings, four minutes.")
    audit.publish(world.actor("auditor"), test)
    world.procedures["GOV-01"] = test
    sign(world, test)


def sampled(world: Any) -> None:
    """The test of CHG-02: lock, draw, marks, one deviation with its response, conclusion, signatures."""
    one = locked(world, attributes=[AttributeIn(letter="A", text="Another person approved")])
    staff, lead, test = world.actor("staff"), world.actor("auditor"), one.procedure
    world.procedures["CHG-02"], world.lock = test, one.lock
    audit.draw(staff, test, SampleMethod.RANDOM, NONCE)
    items = asked.grid(test).items
    marks = [MarkIn(item=item.key, letter="A", verdict=MarkVerdict.MET) for item in items[1:]]
    bad = MarkIn(item=items[0].key, letter="A", verdict=MarkVerdict.DEVIATION, note="No approval")
    audit.mark_many(staff, test, [bad, *marks])
    audit.publish(lead, test)
    world.deviation = audit.deviate(staff, test, ["A"], FACT, items[0])
    audit.publish_deviation(lead, world.deviation)
    audit.respond(world.actor("lead"), world.deviation, Stance.CONFIRM, "A bypass was open; it is closed.")
    audit.conclude(staff, test, Result.EXCEPTIONS, "One of the sample.")
    sign(world, test)


def sign(world: Any, test: Procedure) -> None:
    """Prepared by staff, reviewed by the lead."""
    audit.sign_off(world.actor("staff"), test, SignOffStage.PREPARED)
    audit.sign_off(world.actor("auditor"), test, SignOffStage.REVIEWED)


def closed(world: Any) -> None:
    """Every request is closed."""
    for row in Request.objects.filter(engagement=world.engagement):
        audit.close(world.actor("staff"), row)


def judged(world: Any) -> None:
    """Every criterion is concluded."""
    for one in applicable(["security"]):
        audit.conclude_criterion(
            world.actor("auditor"), world.engagement, one.id, True, "Its controls were tested."
        )


def asserted(world: Any) -> None:
    """Management's assertion."""
    letter(world, LetterKind.ASSERTION)


def represented(world: Any) -> None:
    """The representation letter."""
    letter(world, LetterKind.REPRESENTATION)


def letter(world: Any, kind: LetterKind, text: str = "We say so.", dated: date = DAY) -> Any:
    """A letter signed by the founder."""
    return report.sign_letter(
        world.actor("founder"), world.engagement, kind, text, dated, "Fay Founder, Chief executive officer"
    )


def opined(world: Any, text: str = SECTION_I, operation: str = "unmodified", dated: date = DAY) -> Any:
    """Section I by the partner."""
    clean = Opinion.Form.UNMODIFIED
    return audit.opine(
        world.actor("partner"), world.engagement, clean, clean, text, dated, "Portland, Oregon", operation
    )


def reviewed(world: Any) -> Any:
    """The quality review."""
    return report.review_quality(world.actor("quality"), world.engagement, "Read the file; no remarks.")


STEPS = {
    "described": described,
    "governed": governed,
    "independent": independent,
    "walked": walked,
    "sampled": sampled,
    "closed": closed,
    "judged": judged,
    "asserted": asserted,
    "represented": represented,
    "opined": opined,
    "reviewed": reviewed,
}
