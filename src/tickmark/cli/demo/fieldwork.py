"""The auditor's side of the story: the engagement from its opening to fieldwork, and the company's answers."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from functools import partial
from typing import Any

from tickmark.audit.models import Engagement, Procedure, Request
from tickmark.cli.demo.living import Event, moment
from tickmark.cli.demo.story import SYSTEM, Story
from tickmark.controls.library import StarterControl, starter_controls
from tickmark.controls.models import ControlVersion
from tickmark.evidence.queries import uses
from tickmark.kernel import clock
from tickmark.people.queries import by_email
from tickmark.scope.models import Period

ENGAGEMENT = "soc2-2026"
NONCE = "larkspur-demo-nonce-1f6b0d52a9c74e83"
OPEN_TESTS = (
    "CHG-02",
    "AC-04",
    "GOV-01",
    "GOV-05",
    "AC-06",
    "BCP-04",
    "HR-06",
    "AC-02",
    "INC-02",
    "OPS-02",
    "AST-02",
)
LISTS = {
    "CHG-02": ("changes", "changes_reviewed"),
    "AC-04": ("people", "leavers_disabled"),
    "GOV-01": ("people", "policies_acknowledged"),
    "GOV-05": ("people", "policies_acknowledged"),
}
KINDS = {"sample": "configuration"}


def fieldwork(story: Story) -> Iterator[Event]:
    """The engagement is opened, planned, staffed; requests go out and are answered; tests begin."""
    data = story.data["engagement"]
    yield Event(moment(data["on"], "10:00"), 3, partial(_open, story))
    yield Event(moment(data["nonce_committed"], "11:00"), 3, partial(_plan, story))
    for row in story.data["request"]:
        yield from _request(story, row)
    for number, starter in enumerate(in_order(story)):
        day = date(2026, 11, 3) + timedelta(days=number * 9 // 33)
        yield Event(moment(day, "13:00"), 4, partial(_prepare, story, starter))
        if starter.id not in OPEN_TESTS:
            yield Event(moment(day + timedelta(days=1), "15:00"), 5, partial(_test, story, starter))


def _open(story: Story) -> None:
    period = story.data["period"]
    firm = story.data["firm"]["name"]
    row = story.rows("founder", Period).get(start=period["start"], end=period["end"])
    earlier = story.rows("founder", Engagement).get(period__type=1)
    story.act(
        "founder",
        "audit.open",
        code=ENGAGEMENT,
        system=SYSTEM,
        period=row.ref,
        firm=firm,
        follows=earlier.ref,
    )
    lead, *team = story.data["engagement"]["team"]
    story.act(lead, "audit.take_up", engagement=ENGAGEMENT)
    for key in team:
        _add(story, lead, key)
    for key in (lead, *team):
        confirm(story, key, ENGAGEMENT)


def _add(story: Story, lead: str, key: str) -> None:
    """A colleague of the earlier engagement is added by account; who is new to the program is invited."""
    row = story.cast[key]
    if by_email(row["email"]) is None:
        story.invite_auditor(lead, row, ENGAGEMENT)
        return
    user = story.user(key)
    story.act(lead, "audit.add_member", engagement=ENGAGEMENT, user=user.ref, role=row["roles"][0])


def confirm(story: Story, key: str, engagement: str) -> None:
    """An auditor confirms independence for an engagement."""
    member = story.user(key).team_memberships.get(engagement__code=engagement)
    story.act(
        key,
        "audit.confirm_independence",
        member=member.ref,
        statement="I hold no interest in Larkspur Ledger, did no work for it, and report any change at once.",
    )


def _plan(story: Story) -> None:
    story.act(
        "auditor-lead",
        "audit.plan",
        engagement=ENGAGEMENT,
        commitment=hashlib.sha256(NONCE.encode()).hexdigest(),
        plan="Populations are read from collections and reconciled before the lock; all items where a list and a"
        " rule allow it, else samples by the firm's method.",
    )


def _request(story: Story, row: Mapping[str, Any]) -> Iterator[Event]:
    yield Event(moment(row["on"], "09:30"), 4, partial(_ask, story, row))
    for answer in row["answers"]:
        yield Event(moment(answer["on"], "14:00"), 5, partial(_answer, story, row, answer))
    for back in row.get("sent_back", []):
        yield Event(
            moment(back["on"], "11:00"),
            4,
            partial(_send_back, story, row, back),
        )
    if "closed" in row:
        yield Event(
            moment(row["closed"], "16:30"),
            7,
            partial(_close, story, row),
        )


def _ref(story: Story, row: Mapping[str, Any]) -> str:
    ref: str = story.rows("auditor-lead", Request).get(engagement__code=ENGAGEMENT, code=row["key"]).ref
    return ref


def _ask(story: Story, row: Mapping[str, Any]) -> None:
    title, _, _ = row["text"].partition(",")
    story.act(
        row["by"],
        "audit.ask",
        engagement=ENGAGEMENT,
        code=row["key"],
        kind=KINDS.get(row["kind"], row["kind"]),
        title=title[:120].rstrip("."),
        detail=row["text"],
        due_on=row["due"].isoformat(),
        controls=[row["control"]],
        wave=2 if row["kind"] == "population" else 3,
    )


def _answer(story: Story, row: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
    named = (
        story.newest(answer["collection"]) if "collection" in answer else [story.evidence[answer["document"]]]
    )
    story.act(answer["by"], "audit.answer", request=_ref(story, row), text=answer["note"], evidence=named)


def _send_back(story: Story, row: Mapping[str, Any], back: Mapping[str, Any]) -> None:
    story.act(back["by"], "audit.send_back", request=_ref(story, row), reason=back["reason"])


def _close(story: Story, row: Mapping[str, Any]) -> None:
    story.act(row["by"], "audit.close", request=_ref(story, row))


def in_order(story: Story) -> list[StarterControl]:
    """The controls of the story, in the library's order."""
    adopted = {code for row in story.data["control"] for code in row["ids"]}
    return [item for item in starter_controls() if item.id in adopted]


def _prepare(story: Story, starter: StarterControl) -> None:
    period = story.data["period"]
    shape, items_of = LISTS.get(starter.id, ("", ""))
    spans = (
        story.rows("auditor-staff", ControlVersion)
        .filter(control__code=starter.id)
        .over(period["start"], period["end"])
    )
    texts = {span.version.statement: span.version for span in spans}
    for version in texts.values():
        procedure = story.act(
            "auditor-staff",
            "audit.prepare",
            engagement=ENGAGEMENT,
            control_version=version.ref,
            kind="inspection",
            text=starter.tests(version.parameters)[1],
            shape=shape,
            items_of=items_of,
            attributes=_attributes(starter) if shape else [],
        )
        if starter.id in OPEN_TESTS:
            story.act("auditor-lead", "audit.publish", procedure=procedure.ref)


def _attributes(starter: StarterControl) -> list[dict[str, Any]]:
    rows = [row for row in starter.attributes if row.check] or list(starter.attributes)
    return [{"letter": row.letter, "text": row.text, "check_name": row.check} for row in rows]


def _test(story: Story, starter: StarterControl) -> None:
    """A test by inspection of what was filed: a walkthrough with the owner, a conclusion, two signatures."""
    procedure = story.rows("auditor-staff", Procedure).get(
        engagement__code=ENGAGEMENT, control_version__control__code=starter.id
    )
    version = procedure.control_version
    filed = list(uses(version.control))
    names = "; ".join(f"{row.evidence.description} ({row.evidence.ref})" for row in filed[:4])
    if not names:
        return
    story.act(
        "auditor-staff",
        "audit.walk_through",
        procedure=procedure.ref,
        with_whom=f"the owner of {starter.id}",
        held_on=str(_today()),
        text=f"Walked through {starter.title.lower()} with its owner and inspected: {names}.",
        design_suitable=True,
        implemented=True,
    )
    story.act(
        "auditor-staff",
        "audit.conclude",
        procedure=procedure.ref,
        result="no_exceptions",
        reason=f"Inspected {len(filed)} records of the period against the wording of the control:"
        " each was dated, complete and by the right person.",
    )
    story.act("auditor-staff", "audit.sign_off", procedure=procedure.ref, stage="prepared")
    story.act("auditor-lead", "audit.sign_off", procedure=procedure.ref, stage="reviewed")


def _today() -> date:
    return clock.today()
