"""Answers about controls and policies: what is in force on a day, who owns it, what each criterion rests on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Max, QuerySet

from tickmark.controls import tested
from tickmark.controls.library import starter_policies
from tickmark.controls.models import (
    Acknowledgement,
    Control,
    ControlVersion,
    Policy,
    PolicyApproval,
    PolicyVersion,
)
from tickmark.kernel import clock
from tickmark.kernel.access import Actor, holding, visible, which
from tickmark.kernel.answers import Task, duty, step_state
from tickmark.kernel.calendars import add_months
from tickmark.kernel.dated import Span
from tickmark.kernel.remembered import remembered
from tickmark.people.models import Person, Side, User
from tickmark.people.queries import active_on, after, spells_on, stands
from tickmark.scope.criteria import Criterion
from tickmark.scope.models import Complement, NotRelevant, Period, System, VendorVersion
from tickmark.scope.queries import Finding, Scope, approved_on, systems

REVIEW_MONTHS = 12
"""Policies that come from no library file are reviewed as GOV-04 says: at least annually."""
REVIEW_NOTICE = 30
"""Days before its review is due that a policy stands among its owner's tasks."""
ACKNOWLEDGES = ("GOV-05", "days")
"""The control and its parameter that say within how many days personnel acknowledge a policy."""


@holding("control")
def controls_of(user: Any) -> Mapping[str, frozenset[int]]:
    """The controls that an account owns today."""
    return {"": frozenset(one.control_id for one in versions_on(clock.today()) if one.owner_id == user.pk)}


# -- controls -----------------------------------------------------------------------------------------------------


def in_force(day: date, known: int | None = None) -> QuerySet[ControlVersion]:
    """The versions of the controls in force on the day, with control and owner, by code."""
    rows: QuerySet[ControlVersion] = ControlVersion.objects.as_of(day, known)
    return rows.select_related("control", "owner", "backup_owner", "by").order_by("control__code")


def versions_on(day: date, known: int | None = None) -> Sequence[ControlVersion]:
    """`in_force` as rows at hand; whoever gets them changes nothing of them."""
    return _versions_on(day) if known is None else list(in_force(day, known))


@remembered
def _versions_on(day: date) -> tuple[ControlVersion, ...]:
    return tuple(in_force(day))


def version_on(control: Control, day: date, known: int | None = None) -> ControlVersion | None:
    """How a control stands on the day; None before its first version and after its end."""
    return in_force(day, known).filter(control=control).first()


def owner_on(control: Control, day: date, known: int | None = None) -> User | None:
    """Who owns the control on the day; None if it is not in force."""
    version = version_on(control, day, known)
    return version.owner if version else None


def versions_of(control: Control, known: int | None = None) -> list[ControlVersion]:
    """Every version of a control, newest first; those that take effect later and its end included."""
    rows = ControlVersion.objects.filter(control=control).known(known)
    return list(rows.select_related("owner", "by").order_by("-effective_from", "-pk"))


def parts_in(control: Control, period: Period, known: int | None = None) -> list[Span[ControlVersion]]:
    """The control in time: each wording with its days in the period, each tested in its part (rule 23)."""
    rows = ControlVersion.objects.filter(control=control).select_related("owner")
    return tested.parts(rows.over(period.start, period.end, known))


@remembered
def spans_over(start: date, end: date) -> list[Span[ControlVersion]]:
    """Every version of every control with its days in the period; whoever gets it changes nothing of it."""
    rows: Any = ControlVersion.objects.select_related("control")
    return list(rows.over(start, end))


def area(code: str) -> str:
    """The area of a control: the letters of its code."""
    return code.split("-", 1)[0]


# -- coverage -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Covered:
    """What a criterion in scope rests on, on a day. A reason to set it aside decides, whatever else serves it."""

    criterion: Criterion
    controls: tuple[ControlVersion, ...]
    csocs: tuple[Complement, ...]
    cuecs: tuple[Complement, ...]
    vendors: tuple[VendorVersion, ...]
    aside: NotRelevant | None

    @property
    def state(self) -> str:
        """covered, assumed (only at a subservice organisation), set aside, or bare."""
        if self.aside is not None:
            return "set aside"
        if self.controls:
            return "covered"
        return "assumed" if self.csocs else "bare"

    @property
    def single(self) -> bool:
        """Whether it hangs on one control alone: any deviation there exposes the criterion (domain.md 6.3)."""
        return self.state == "covered" and len(self.controls) == 1 and not self.csocs


def coverage(system: System, day: date, known: int | None = None) -> list[Covered]:
    """Every criterion in scope with the controls, complements and reasons behind it; in official order."""
    return cover(Scope(system, day, known))


def cover(scope: Scope) -> list[Covered]:
    """`coverage` of a scope that is at hand: criteria are judged, points of focus never are (rule 2)."""
    controls, complements, vendors = _by_criterion(versions_on(scope.day, scope.known)), {}, {}
    for kind in Complement.Kind:
        complements[kind] = _by_criterion([one for one in scope.complements if one.kind == kind])
    vendors = _by_criterion(scope.subservice)
    aside = {one.criterion: one for one in scope.not_relevant}
    return [
        Covered(
            criterion,
            tuple(controls[criterion.id]),
            tuple(complements[Complement.Kind.CSOC][criterion.id]),
            tuple(complements[Complement.Kind.CUEC][criterion.id]),
            tuple(vendors[criterion.id]),
            aside.get(criterion.id),
        )
        for criterion in scope.criteria
    ]


def _by_criterion(rows: Sequence[Any]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        for code in row.criteria:
            found[code].append(row)
    return found


def findings(scope: Scope) -> list[Finding]:
    """What does not fit together between scope and controls on the day."""
    lines = cover(scope)
    serving = {version.control.code for line in lines for version in line.controls}
    active = versions_on(scope.day, scope.known)
    return [
        *_coverage_findings(lines),
        *_control_findings(active, serving, scope),
        *_policy_findings(active, scope),
    ]


def _coverage_findings(lines: list[Covered]) -> Iterator[Finding]:
    for line in lines:
        code = line.criterion.id
        if line.state == "bare":
            yield Finding(
                "criterion-without-control",
                f"{code} {line.criterion.title} has no control.",
                "Each criterion in scope needs at least one, or a reason why it is not relevant (DC 8).",
                "Adopt or write a control, or set the criterion aside with its reason.",
                f"/controls/criteria/{code}",
            )
        if line.aside is not None and (line.controls or line.csocs):
            serves = line.controls[0].control.code if line.controls else line.csocs[0].code
            yield Finding(
                "set-aside-with-control",
                f"{code} is set aside, and {serves} serves it.",
                "The report would call it not relevant and show a control for it.",
                f"Withdraw the reason, or take {code} from the criteria of {serves}.",
                f"/scope/set-aside/{line.aside.ref}",
            )
        if line.state == "assumed" and not any(vendor.monitored_by for vendor in line.vendors):
            yield Finding(
                "criterion-without-monitoring",
                f"{code} rests only on a subservice organisation that nobody monitors.",
                "A criterion met elsewhere is shown by the CSOC and your own monitoring of it.",
                "Name the control that monitors the organisation.",
                "/scope/vendors/",
            )


def _control_findings(active: Sequence[ControlVersion], serving: set[str], scope: Scope) -> Iterator[Finding]:
    known = {version.control.code for version in active}
    for version in active:
        code = version.control.code
        if code not in serving and scope.criteria:
            yield Finding(
                "control-without-criterion",
                f"{code} serves only criteria that are out of scope.",
                "It would not stand in the report.",
                "Retire it, or correct its criteria.",
                f"/controls/{code}/",
            )
        if not version.owner.is_active:
            yield Finding(
                "owner-gone",
                f"{code} is owned by {version.owner.name}, whose account is closed.",
                "Nobody is asked for its evidence.",
                "Hand it over.",
                f"/controls/{code}/",
            )
    for vendor in scope.subservice:
        if vendor.monitored_by and vendor.monitored_by not in known:
            yield Finding(
                "monitoring-not-in-force",
                f"{vendor.name} is monitored by {vendor.monitored_by}, which is not in force.",
                "Nobody reads the reports of the organisation.",
                "Adopt the control, or name another.",
                f"/scope/vendors/{vendor.ref}",
            )


def _policy_findings(active: Sequence[ControlVersion], scope: Scope) -> Iterator[Finding]:
    held = {line.policy.code for line in policies(scope.day, scope.known) if line.current}
    missing = sorted({version.policy for version in active if version.policy} - held)
    if missing:
        yield Finding(
            "policy-not-in-force",
            f"Controls cite policies that are not in force: {', '.join(missing)}.",
            "The auditor compares each control with its policy.",
            "Adopt or write them, and have them approved.",
            "/policies/library",
        )


# -- policies -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PolicyStanding:
    """A policy on a day.

    `current` is approved and its day has come; `published` was put before the personnel; `draft` is newer than what
    is in force. A newer draft hides nothing: what was approved stays in force until another version is.
    """

    policy: Policy
    current: PolicyVersion | None
    published: PolicyVersion | None
    draft: PolicyVersion | None
    review_on: date | None

    @property
    def shown(self) -> PolicyVersion:
        """The version whose title and owner stand for the policy."""
        found = self.current or self.draft
        assert found is not None
        return found

    @property
    def state(self) -> str:
        """What is to be done next: approve, wait, publish, or nothing."""
        if self.current is None:
            draft = self.draft
            return "approved" if draft is not None and getattr(draft, "approval", None) else "draft"
        return "published" if self.published == self.current else "approved"


def policies(day: date, known: int | None = None) -> Sequence[PolicyStanding]:
    """Every policy written by the end of the day, by code; whoever gets them changes nothing of them."""
    return _policies_on(day) if known is None else _policies(day, known)


@remembered
def _policies_on(day: date) -> tuple[PolicyStanding, ...]:
    return tuple(_policies(day, None))


def _policies(day: date, known: int | None) -> list[PolicyStanding]:
    rows = PolicyVersion.objects.filter(recorded_at__lt=after(day)).known(known)
    rows = rows.select_related("policy", "owner", "by", "approval__by", "publication")
    by_policy: dict[int, list[PolicyVersion]] = defaultdict(list)
    for version in rows.order_by("policy__code", "effective_from", "pk"):
        by_policy[version.policy_id].append(version)
    return [_standing(versions, day, known) for versions in by_policy.values()]


def policies_in_force(day: date, known: int | None = None) -> list[PolicyVersion]:
    """The version of each policy in force on the day: the newest that is approved and whose day has come."""
    return [line.current for line in policies(day, known) if line.current is not None]


def policy_standing(policy: Policy, day: date, known: int | None = None) -> PolicyStanding | None:
    """One policy on a day; None before it was written."""
    versions = [one for one in policy_versions(policy, known)[::-1] if one.recorded_at < after(day)]
    return _standing(versions, day, known) if versions else None


def policy_versions(policy: Policy, known: int | None = None) -> list[PolicyVersion]:
    """Every version of a policy, newest first."""
    rows = PolicyVersion.objects.filter(policy=policy).known(known)
    rows = rows.select_related("policy", "owner", "by", "approval__by", "publication__by")
    return list(rows.order_by("-effective_from", "-pk"))


def _standing(versions: list[PolicyVersion], day: date, known: int | None) -> PolicyStanding:
    approved = [v for v in versions if stands(getattr(v, "approval", None), day, known)]
    begun = [v for v in approved if v.effective_from <= day]
    current = begun[-1] if begun and not begun[-1].withdrawn else None
    published = [v for v in begun if stands(getattr(v, "publication", None), day, known)]
    later = versions[versions.index(begun[-1]) + 1 :] if begun else versions
    return PolicyStanding(
        versions[0].policy,
        current,
        published[-1] if published and current else None,
        later[-1] if later else None,
        _review_on(current),
    )


def _review_on(current: PolicyVersion | None) -> date | None:
    if current is None:
        return None
    months = {starter.id: starter.review_months for starter in starter_policies()}
    approval: PolicyApproval = current.approval
    day: date = add_months(approval.recorded_at.date(), months.get(current.policy.code, REVIEW_MONTHS))
    return day


# -- acknowledgements ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Reader:
    """Somebody who is to read a version: an account, or a person who has none. `read` is their acknowledgement."""

    name: str
    user: User | None
    person: Person | None
    read: Acknowledgement | None
    due_on: date | None

    def state(self, day: date) -> str:
        """acknowledged, late, due, overdue, or no account."""
        if self.read is not None:
            late = self.due_on is not None and self.read.recorded_at.date() > self.due_on
            return "late" if late else "acknowledged"
        if self.user is None:
            return "no account"
        return "overdue" if self.due_on is not None and self.due_on < day else "due"


def acknowledgements(version: PolicyVersion, day: date | None = None) -> list[Reader]:
    """Who has read this version and who is missing, as of the day: accounts of the company and active persons without.

    Those who have left stay listed with what they acknowledged.
    """
    day = day or clock.today()
    rows = Acknowledgement.objects.filter(version=version, recorded_at__lt=after(day)).select_related(
        "user__person"
    )
    read = {row.user_id: row for row in rows}
    accounts = User.objects.filter(side=Side.COMPANY, created_at__lt=after(day)).select_related(
        "person", "end"
    )
    days, joined = acknowledgement_days(day), _joined(day)
    found = [
        _reader(user, read.get(user.pk), _due(version, days, joined.get(user.pk) or user.created_at.date()))
        for user in accounts.order_by("name", "pk")
        if user.pk in read or _may_read(user, day)
    ]
    nobody = active_on(day).filter(user=None)
    return found + [Reader(person.name, None, person, None, None) for person in nobody]


def _reader(user: User, read: Acknowledgement | None, due_on: date | None) -> Reader:
    return Reader(user.name, user, getattr(user, "person", None), read, due_on)


def _may_read(user: User, day: date) -> bool:
    end = getattr(user, "end", None)
    return user.is_active if end is None else not stands(end, day)


def _joined(day: date) -> dict[int, date]:
    """The first day of the current spell of each account that belongs to a person."""
    rows = spells_on(day).exclude(person__user=None).values_list("person__user").annotate(Max("starts_on"))
    return dict(rows)


def _due(version: PolicyVersion, days: int | None, joined: date) -> date | None:
    publication = getattr(version, "publication", None)
    if days is None or publication is None:
        return None
    begins: date = max(joined, publication.published_on, version.effective_from)
    return begins + timedelta(days=days)


def acknowledgement_days(day: date) -> int | None:
    """Within how many days personnel acknowledge a policy, by the control in force; None if no control says."""
    code, name = ACKNOWLEDGES
    version = in_force(day).filter(control__code=code).first()
    days = version.parameters.get(name) if version else None
    return days if isinstance(days, int) else None


def to_read(user: User, day: date) -> list[PolicyVersion]:
    """The published versions that the account is asked to acknowledge and has not, as of the day."""
    asked = [
        line.published
        for line in policies(day)
        if line.published and line.published.publication.must_acknowledge
    ]
    rows = Acknowledgement.objects.filter(user=user, recorded_at__lt=after(day))
    read = set(rows.values_list("version", flat=True))
    return [version for version in asked if version.pk not in read]


# -- who owes what, and the road ----------------------------------------------------------------------------------


@duty
def reading_owed(actor: Actor, day: date) -> Iterator[Task]:
    """Policies that this person of the company has not acknowledged yet."""
    if actor.side != Side.COMPANY or actor.user is None:
        return
    waiting = to_read(actor.user, day)
    if not waiting:
        return
    days = acknowledgement_days(day)
    joined = _joined(day).get(actor.user.pk) or actor.user.created_at.date()
    for version in waiting:
        yield Task(
            "controls",
            f"Read and acknowledge “{version.title}”",
            f"/policies/{version.policy.code}/read",
            _due(version, days, joined),
            "About two minutes.",
        )


@duty
def policies_owed(actor: Actor, day: date) -> Iterator[Task]:
    """Versions that wait for this actor's approval, and reviews that come due for the policies they own."""
    if actor.side != Side.COMPANY or actor.user is None:
        return
    lines = policies(day)
    drafts = [line.draft.pk for line in lines if line.draft and not getattr(line.draft, "approval", None)]
    waiting = PolicyVersion.objects.filter(pk__in=drafts).select_related("policy")
    for version in which(actor, "controls.approve_policy", "version", waiting):
        where = f"/policies/{version.policy.code}/"
        yield Task("controls", f"Approve “{version.title}” {version.label}", where, version.effective_from)
    for line in lines:
        soon = line.review_on is not None and line.review_on - timedelta(days=REVIEW_NOTICE) <= day
        if soon and line.draft is None and line.current and line.current.owner_id == actor.user.pk:
            where = f"/policies/{line.policy.code}/"
            yield Task(
                "controls",
                f"Review “{line.current.title}”",
                where,
                line.review_on,
                "It is reviewed every year.",
            )


@step_state("controls")
def state(actor: Actor, day: date) -> str:
    """Done when each criterion has a control with an owner or a reason, and the policies are approved (0.3)."""
    scopes = [Scope(system, day) for system in systems(actor)]
    held = policies(day)
    if scopes and held and all(map(_gate, scopes)) and all(line.current for line in held):
        return "done"
    begun = visible(actor, Control).exists()
    return "current" if begun else "next"


def _gate(scope: Scope) -> bool:
    version = scope.version
    return (
        version is not None
        and approved_on(version, scope.day)
        and all(line.state != "bare" for line in cover(scope))
    )
