"""One rich programme for the whole door: an issued report, a running engagement, another firm's engagement.

Everything is made through actions where the product has one; so each noun has at least one row and each action a state
in which it succeeds (examples.py).
"""

from __future__ import annotations

import hashlib
from datetime import date
from types import SimpleNamespace
from typing import Any

from tests.audit.world import ATTRIBUTES, KEYS, NONCE, change, connect, population
from tests.conftest import with_second_factor
from tests.deeds import writing
from tests.report.build import issued
from tickmark.audit import actions as audit
from tickmark.audit import queries as asked
from tickmark.audit.models import (
    Engagement,
    MarkVerdict,
    ProcedureKind,
    RequestKind,
    Result,
    SampleMethod,
    TeamMember,
)
from tickmark.controls import actions as controls
from tickmark.evidence import actions as evidence
from tickmark.evidence.models import EvidenceKind
from tickmark.evidence.sampling import commitment
from tickmark.kernel import clock, files
from tickmark.kernel.access import Actor
from tickmark.kernel.arguments import Upload
from tickmark.kernel.ledger.seal import seal
from tickmark.kernel.register import Receipt
from tickmark.people import actions as people
from tickmark.people.actions import make_account
from tickmark.people.models import Credential, Role, RoleGrant, Side, SignInKind
from tickmark.readiness import actions as readiness
from tickmark.readiness import queries as gaps
from tickmark.report import actions as report
from tickmark.scope import actions as scope
from tickmark.scope.models import PointView, ReportType
from tickmark.upkeep import actions as upkeep
from tickmark.upkeep.models import NoticeKind, Rhythm, Way

START, AFTER, DAY = date(2025, 11, 1), date(2026, 11, 1), date(2026, 12, 11)
CHARACTERS = (
    "founder", "lead", "owner", "reviewer", "contributor", "adviser", "admin", "employee",
    "auditor", "staff", "partner", "quality", "specialist", "stranger",
)  # fmt: skip
"""All who can sign in; the former employee cannot."""
MORE = {"contributor": "contributor", "adviser": "adviser", "admin": "admin"}


def build(program: SimpleNamespace) -> SimpleNamespace:
    """The whole world; `world.<name>` is a row."""
    _more_people(program)
    world, world.report = issued(program)
    world.other_user = program.cast.rival
    for step in (
        _people,
        _doors,
        _scope,
        _upkeep,
        _policies,
        _evidence,
        _checks,
        _remedies,
        _running,
        _tests,
        _copies,
        _telling,
    ):
        step(world)
    seal()
    return world


def _more_people(program: Any) -> None:
    cast = program.cast
    with writing(cast.founder):
        for name, role in MORE.items():
            user = make_account(f"{name}@northlight.example", name.title(), "company", None)
            setattr(cast, name, user)
            RoleGrant(user=user, role=role).save()
        for name in ("specialist", "rival"):
            setattr(cast, name, make_account(f"{name}@firm.example", name.title(), "auditor", None))
            with_second_factor(getattr(cast, name))


def kept(text: str) -> Upload:
    """A small file in the store."""
    found = files.keep(text.encode())
    return Upload(f"{text}.txt", "text/plain", found.sha256, found.size)


def _people(world: Any) -> None:
    founder = world.actor("founder")
    world.grant = RoleGrant.objects.get(user=world.cast.contributor)
    world.role_end = people.end_role(founder, people.grant(founder, world.cast.reviewer, Role.CONTRIBUTOR))
    world.invitation = people.invite(founder, "new@northlight.example", "New", Side.COMPANY, "owner")
    second = people.invite(founder, "joined@northlight.example", "Joined", Side.COMPANY, "contributor")
    world.joined = _joined(second)
    world.account_end = people.end_account(founder, world.joined, "Left")
    world.employment = people.add(world.actor("lead"), "P-1", "Ada Abel", START)
    world.departed = people.add(world.actor("lead"), "P-2", "Bo Birch", START)
    people.depart(world.actor("lead"), world.departed, date(2026, 5, 1))
    world.token = people.make_token(world.actor("lead"), "kept", ["read"])
    world.ended = people.make_token(world.actor("lead"), "ended", ["read"])
    people.end_token(world.actor("lead"), world.ended)


def _doors(world: Any) -> None:
    """How people enter: a rule that was lifted again, a session's end, a new factor, an entry of the directory."""
    founder = world.actor("founder")
    people.require_second_factor(founder, True)
    people.require_second_factor(founder, False, "Keys are on their way")
    people.end_sessions(founder, world.cast.owner)
    itself = Actor(user=world.cast.owner, side="company", roles=frozenset({"job"}), name="Owner")
    people.record_credential(itself, world.cast.owner, Credential.FACTOR_ADDED)
    people.provision(founder, "dee", "Dee Dent")
    people.note_sign_in(SignInKind.ENTERED, world.cast.owner, method="password", address="192.0.2.7")


def _joined(invitation: Any) -> Any:
    from pydantic import SecretStr

    visitor = Actor(user=None, side="", roles=frozenset({"visitor"}), kind="visitor", name="visitor")
    link = SecretStr(str(getattr(invitation.link, "get_secret_value", lambda: invitation.link)()))
    return people.join(visitor, link, "Joined", SecretStr("long and quite odd words")).user


def _scope(world: Any) -> None:
    lead = world.actor("lead")
    world.version = scope.describe(
        lead, "ledger", "Ledger", "Northlight, Inc.", "Book-keeping", ["security"], DAY
    )
    world.approved = scope.approve(world.actor("founder"), world.version)
    world.draft = scope.describe(lead, "second", "Second", "Northlight, Inc.", "Payroll", ["security"], START)
    world.second = world.draft.system
    world.aside = scope.set_aside(lead, world.second, "CC6.7", "No premises", START)
    world.exclusion = scope.exclude(lead, world.system, "The laboratory", "No customers")
    world.interview_answer = scope.tell(lead, "ledger", {"does": "It keeps books for small companies."})
    world.point_view = scope.weigh(lead, world.system, "CC6.2-01", PointView.State.ADDRESSED, "By AC-03.")
    world.programme_import = scope.apply(
        lead, [scope.ItemIn(kind="vendor", code="post", fields={"name": "Post", "service": "Sends letters"})]
    )
    world.ended_exclusion = scope.end_exclusion(
        lead, scope.exclude(lead, world.system, "Old", "Gone"), "It is back"
    )


def _upkeep(world: Any) -> None:
    """Another system whose years lie behind, rolled forward once."""
    lead, founder, first = world.actor("lead"), world.actor("founder"), date(2022, 1, 1)
    fourth = scope.describe(lead, "fourth", "Fourth", "Northlight, Inc.", "Archive", ["security"], first)
    period = scope.set_period(founder, fourth.system, ReportType.TYPE_2, first, date(2022, 12, 31))
    world.roll_forward = upkeep.roll_forward(founder, period)
    world.rolling = world.roll_forward.period


def _policies(world: Any) -> None:
    lead, founder = world.actor("lead"), world.actor("founder")
    first, second, third = (
        controls.write_policy(
            lead, f"POL-9{n}", f"Policy {n}", "1.0", f"# Rules {n}", world.cast.owner, AFTER
        )
        for n in (1, 2, 3)
    )
    world.unapproved = first
    controls.approve_policy(founder, second)
    world.unpublished = second
    controls.approve_policy(founder, third)
    controls.publish_policy(founder, third)
    world.published = third
    controls.acknowledge(world.actor("owner"), third, hashlib.sha256(third.text.encode()).hexdigest())


def _evidence(world: Any) -> None:
    owner, reviewer = world.actor("owner"), world.actor("reviewer")
    made = [
        evidence.file(owner, kept(f"note {n}"), EvidenceKind.DOC, "Wiki", control=world.control)
        for n in (1, 2, 3)
    ]
    world.evidence, world.unshared, _ = made
    world.open_support, accepted, rejected = (row.supports.get() for row in made)
    evidence.accept(reviewer, accepted)
    evidence.reject(reviewer, rejected, "Of another system")
    world.accepted, world.rejected = accepted, rejected
    batch = [kept("batch 1"), kept("batch 2")]
    world.intake = evidence.file_many(owner, batch, kind=EvidenceKind.DOC, source="Wiki")
    world.connection = connect(world, "git-2")
    world.connection_free = connect(world, "git-3")
    world.population = population(world.connection, [change(key) for key in KEYS])
    world.other_list = population(world.connection_free, [change(key) for key in KEYS[:5]])


def _checks(world: Any) -> None:
    world.check_run = evidence.run_check(
        world.actor("lead"),
        "changes_by_git_alone",
        world.control,
        [world.population],
        START,
        date(2026, 10, 31),
    )


def _remedies(world: Any) -> None:
    lead = world.actor("lead")
    found = [gap.key for gap in gaps.gaps(clock.today())]
    world.gap = found[0]
    world.remedy, world.done_remedy = (
        readiness.plan_remedy(lead, key, "Mend it", world.cast.owner, date(2027, 1, 31)) for key in found[:2]
    )
    readiness.finish_remedy(world.actor("owner"), world.done_remedy)
    world.recheck = readiness.recheck(world.actor("reviewer"), world.done_remedy, True, "Seen")
    world.accepted_gap = readiness.accept_gap(world.actor("founder"), found[2], "Small", date(2027, 2, 1))


def _running(world: Any) -> None:
    """Two more engagements of the same team, one of them planned; and one of another firm."""
    with writing(world.cast.founder):
        for name in ("running", "fresh", "foreign"):
            row = Engagement(
                code=name, system=world.system, period=world.period, firm="Firm", categories=["security"],
                criteria_set="tsc-2017-2022", method="default-2026",
            )  # fmt: skip
            row.save()
            setattr(world, name, row)
        for name, before in (("following", world.running), ("repeating", world.engagement)):
            row = Engagement(
                code=name, system=world.system, period=world.period, firm=before.firm, categories=["security"],
                criteria_set="tsc-2017-2022", method="default-2026", follows=before,
            )  # fmt: skip
            row.save()
            setattr(world, name, row)
        TeamMember(engagement=world.repeating, user=world.cast.auditor, role="lead").save()
        TeamMember(engagement=world.repeating, user=world.cast.partner, role="partner").save()
        for engagement in (world.running, world.fresh):
            for name, role in TEAM.items():
                TeamMember(engagement=engagement, user=getattr(world.cast, name), role=role).save()
        TeamMember(engagement=world.engagement, user=world.cast.specialist, role="specialist").save()
        TeamMember(engagement=world.foreign, user=world.cast.rival, role="lead").save()
    joined = TeamMember.objects.get(engagement=world.engagement, user=world.cast.specialist)
    audit.confirm_independence(world.actor("specialist"), joined, "I am independent.")
    world.leaver = TeamMember.objects.get(engagement=world.running, user=world.cast.specialist)
    world.member = TeamMember.objects.get(engagement=world.fresh, user=world.cast.staff)
    audit.end_member(
        world.actor("auditor"), TeamMember.objects.get(engagement=world.fresh, user=world.cast.specialist)
    )
    world.plan = audit.plan(world.actor("auditor"), world.running, commitment(NONCE), "Plan")
    staff = world.actor("staff")
    due = date(2027, 1, 15)
    for name in ("open", "submitted", "accepted", "returned"):
        row = audit.ask(
            staff,
            world.running,
            f"Q-{name}",
            RequestKind.POLICY,
            f"{name} request",
            due,
            controls=[world.control],
        )
        setattr(world, f"{name}_request", row)
        if name != "open":
            audit.answer(world.actor("owner"), row, "Here it is.", [world.evidence])
    audit.close(staff, world.accepted_request)
    audit.send_back(staff, world.returned_request, "It is cut off")
    world.message = audit.say(world.actor("lead"), world.open_request, "Until when?")
    audit.say(world.actor("lead"), world.open_request, "Among us only", "own")
    ask = audit.ask(
        staff, world.running, "Q-list", RequestKind.POPULATION, "All changes", due, controls=[world.control]
    )
    audit.answer(world.actor("owner"), ask, "Both.", [world.population.evidence, world.other_list.evidence])
    rival = world.actor("rival")
    world.foreign_test = _test(rival, world, world.foreign)
    world.foreign_request = audit.ask(rival, world.foreign, "F-1", RequestKind.POLICY, "Theirs", due)


TEAM = {
    "auditor": "lead",
    "staff": "staff",
    "partner": "partner",
    "quality": "quality",
    "specialist": "specialist",
}


def _test(actor: Any, world: Any, engagement: Any, **more: Any) -> Any:
    return audit.prepare(
        actor, engagement, world.control_version, ProcedureKind.INSPECTION, "Inspected reviews.",
        **{"shape": "changes", "attributes": ATTRIBUTES, **more},
    )  # fmt: skip


def _tests(world: Any) -> None:
    """A bare test, a locked one, a drawn one, a marked one, a concluded one, a published one with a deviation."""
    staff, lead = world.actor("staff"), world.actor("auditor")
    names = ("bare", "locked", "drawn", "marked", "concluded", "deviating")
    by_check = [item.model_copy(update={"check_name": "changes_by_git_alone"}) for item in ATTRIBUTES[:1]]
    for name in names:
        more = {"attributes": by_check} if name == "drawn" else {}
        setattr(world, name, _test(staff, world, world.running, **more))
        if name != "bare":
            setattr(world, f"{name}_lock", audit.lock(staff, getattr(world, name), world.population))
        if name not in ("bare", "locked"):
            method = SampleMethod.RANDOM if name == "drawn" else SampleMethod.CENSUS
            setattr(
                world,
                f"{name}_sample",
                audit.draw(staff, getattr(world, name), method, NONCE if name == "drawn" else ""),
            )
    for name in ("marked", "concluded", "deviating"):
        test = getattr(world, name)
        audit.mark_many(staff, test, _met(test))
    audit.conclude(staff, world.concluded, Result.NO_EXCEPTIONS, "All were met.")
    audit.publish(lead, world.deviating)
    world.unpublished_deviation = audit.deviate(staff, world.deviating, ["B"], "One change had no approval")
    world.published_deviation = audit.deviate(staff, world.deviating, ["C"], "Another was approved late")
    audit.publish_deviation(lead, world.published_deviation)
    world.open_note = audit.note(lead, world.marked, "Say which repository.")
    cleared = audit.note(lead, world.marked, "Name the period.")
    audit.clear_note(staff, cleared, "Named.")


def _met(test: Any) -> list[Any]:
    from tickmark.audit.actions.marking import MarkIn

    return [
        MarkIn(item=item.key, letter=letter, verdict=MarkVerdict.MET)
        for item in asked.grid(test).items
        for letter in "BCD"
    ]


def _copies(world: Any) -> None:
    from tickmark.kernel.access import Actor

    world.bundle = report.bundle(world.actor("partner"), world.report)
    world.copy = report.give_copy(world.actor("founder"), world.report, "A customer", "c@customer.example")
    visitor = Actor(user=None, side="", roles=frozenset({"visitor"}), kind="visitor", name="visitor")
    report.read_copy(visitor, world.copy.link.rsplit("/", 1)[-1], True)


def _telling(world: Any) -> None:
    """A webhook, a calendar address and one that ended, a choice, and a delivery to each side."""
    lead, owner = world.actor("lead"), world.actor("owner")
    upkeep.choose_digest(owner, Rhythm.WEEK)
    upkeep.end_feed(owner, upkeep.make_feed(owner))
    world.feed = upkeep.make_feed(owner)
    version = upkeep.add_webhook(lead, "chat", "https://chat.northlight.example/a", ["evidence.accept"])
    job = Actor.job("notify", "company")
    tried = {"receipt": Receipt(204), "message": "m"}
    upkeep.record_delivery(job, upkeep.Tried(NoticeKind.EVENT, Way.WEBHOOK, **tried), webhook=version.webhook)
    upkeep.record_delivery(
        job,
        upkeep.Tried(NoticeKind.CHECKPOINT, Way.MAIL, size=9, **tried),
        user=world.cast.auditor,
        engagement=world.running,
    )
