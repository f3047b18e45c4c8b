"""What an auditor would find on a day, level by level (domain.md 7.1). Each look yields gaps; none writes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property, partial, wraps

from django.db.models import Min

from tickmark.controls import queries as controls
from tickmark.controls.models import ControlVersion
from tickmark.controls.occurrences import State as Occurring
from tickmark.controls.occurrences import bucket_for
from tickmark.controls.wording import worded
from tickmark.evidence import queries as evidence
from tickmark.evidence.models import CheckRun
from tickmark.evidence.models import Finding as Finding_
from tickmark.kernel.remembered import Pieces, remembered
from tickmark.readiness.gaps import Gap, Level, key_of
from tickmark.scope.models import System
from tickmark.scope.queries import Finding, Scope

UNACCEPTED = timedelta(days=14)
"""How long evidence may wait for its second pair of eyes before that is a gap."""
LATE_RECORD = 30
"""Days between a performance and its record from which an auditor asks why."""
LAST_DAYS = timedelta(days=30)
"""A yearly control not yet performed so shortly before the period's end cannot be repeated (domain.md 9.1)."""


@dataclass(frozen=True)
class View:
    """Everything that a look reads, fetched once."""

    day: date

    @cached_property
    def scopes(self) -> list[Scope]:
        """Each system on the day."""
        return [Scope(system, self.day) for system in System.objects.order_by("pk")]

    @cached_property
    def versions(self) -> list[ControlVersion]:
        """The controls in force."""
        return list(controls.versions_on(self.day))

    @cached_property
    def by_control(self) -> dict[int, ControlVersion]:
        """The versions in force, by control."""
        return {version.control_id: version for version in self.versions}

    @cached_property
    def window(self) -> evidence.Window:
        """The days that are judged."""
        return evidence.window(self.day)

    @cached_property
    def expected(self) -> dict[int, list[evidence.Expected]]:
        """The expected operations of every control."""
        return evidence.expected_on(self.day)

    @cached_property
    def uses(self) -> Mapping[int, evidence.Uses]:
        """What is filed for every control in force that has anything."""
        return evidence.filed_for(self.by_control)

    @cached_property
    def runs(self) -> list[CheckRun]:
        """What the checks say today."""
        return _runs(self.day)

    @cached_property
    def sources(self) -> list[evidence.SourceStanding]:
        """Every connected source."""
        return evidence.sources(self.day)

    @cached_property
    def bearers(self) -> Counter[str]:
        """How many controls in force stand behind each criterion."""
        return Counter(code for version in self.versions for code in version.criteria)

    def impact(self, version: ControlVersion) -> int:
        """3 for a control on which a criterion rests alone, else 2."""
        return 3 if any(self.bearers[code] == 1 for code in version.criteria) else 2

    @cached_property
    def begun(self) -> dict[int, date]:
        """The first day of each control."""
        return _begun()

    def about(
        self,
        version: ControlVersion,
        level: Level,
        kind: str,
        title: str,
        fact: str,
        remedy: str,
        likelihood: int,
        impact: int = 2,
    ) -> Gap:
        """A gap of one control; its page is where it is dealt with."""
        return Gap(
            key=key_of(level, kind, version.control.code),
            level=level,
            title=title,
            fact=fact,
            recommendation=remedy,
            impact=impact,
            likelihood=likelihood,
            url=f"/controls/{version.control.code}/",
            control=version.control.code,
            criteria=tuple(version.criteria),
            owner=version.owner.name,
            owner_id=version.owner_id,
        )


@remembered
def _begun() -> dict[int, date]:
    rows = ControlVersion.objects.order_by().values_list("control")
    return dict(rows.annotate(first=Min("effective_from")))


@remembered
def _runs(day: date) -> list[CheckRun]:
    window = evidence.window(day)
    in_force = {version.control_id for version in controls.versions_on(day)}
    return evidence.standing_runs(window.start, window.until(day), in_force)


# -- scope, coverage, documentation, description, people: what the earlier steps find ---------------------------------

PLACED: dict[str, tuple[Level, int, int]] = {
    "category-without-commitment": (Level.SCOPE, 2, 3),
    "commitment-without-category": (Level.SCOPE, 2, 2),
    "subservice-without-csoc": (Level.SCOPE, 2, 3),
    "subservice-without-monitoring": (Level.DESIGN, 2, 3),
    "csoc-without-subservice": (Level.SCOPE, 1, 2),
    "kind-without-component": (Level.DESCRIPTION, 2, 2),
    "complement-out-of-scope": (Level.DESCRIPTION, 1, 1),
    "set-aside-out-of-scope": (Level.SCOPE, 1, 1),
    "exclusion-past-its-day": (Level.SCOPE, 1, 2),
    "no-period": (Level.TIMING, 3, 2),
    "no-next-period": (Level.TIMING, 1, 2),
    "not-approved": (Level.SCOPE, 2, 2),
    "criterion-without-control": (Level.COVERAGE, 3, 3),
    "criterion-without-monitoring": (Level.COVERAGE, 2, 3),
    "control-without-criterion": (Level.DESIGN, 1, 1),
    "owner-gone": (Level.PEOPLE, 2, 3),
    "monitoring-not-in-force": (Level.DESIGN, 2, 3),
    "policy-not-in-force": (Level.DOCUMENTATION, 2, 2),
}
"""Where each finding of the scope and the controls belongs, its impact and its likelihood."""


def look_at_scope(view: View) -> Iterator[Gap]:
    """What does not fit together in scope and controls; without a system there is nothing to be ready for."""
    if not any(scope.version for scope in view.scopes):
        yield Gap(
            key=key_of(Level.SCOPE, "no-system"),
            level=Level.SCOPE,
            title="No system is described",
            fact="Nobody has said yet what is examined.",
            recommendation="Describe the system, its services and its boundary.",
            impact=3,
            likelihood=3,
            url="/scope/",
        )
    for scope in view.scopes:
        if scope.version is not None:
            for finding in (*scope.findings, *controls.findings(scope)):
                yield _placed(finding, scope, view)


def _placed(finding: Finding, scope: Scope, view: View) -> Gap:
    level, impact, likelihood = PLACED.get(finding.code, (Level.SCOPE, 2, 2))
    subject = _subject(finding)
    version = next((one for one in view.versions if one.control.code == subject), None)
    return Gap(
        key=key_of(level, finding.code, scope.system.code, subject),
        level=level,
        title=finding.what.rstrip("."),
        fact=f"{finding.what} {finding.why}",
        recommendation=finding.remedy,
        impact=impact,
        likelihood=likelihood,
        url=finding.url,
        control=version.control.code if version else "",
        criteria=(subject,) if re.fullmatch(r"[A-Z]{1,2}\d+\.\d+", subject) else (),
        owner=version.owner.name if version else "",
        owner_id=version.owner_id if version else None,
    )


def _subject(finding: Finding) -> str:
    """What a finding is about, without its figures, so that its key stays when they change."""
    first = finding.what.split(" ")[0].rstrip(",.")
    if re.search(r"\d", first):
        return first
    tail = finding.url.rstrip("/").rpartition("/")[2]
    return tail if re.search(r"\d", tail) else "-".join(re.findall(r"[A-Za-z]+", finding.what)[:5])


def look_at_documents(view: View) -> Iterator[Gap]:
    """Policies past their review, approved and not published, or written and not approved."""
    for line in controls.policies(view.day):
        code, owner = line.policy.code, line.shown.owner
        found: tuple[str, str, str, int] | None = None
        if line.current is not None and line.review_on is not None and line.review_on < view.day:
            since = f"It was due for review on {line.review_on}."
            found = ("review", f"{code} is past its review", since, 2)
        elif line.current is not None and line.state == "approved":
            found = (
                "unpublished",
                f"{code} is approved and not published",
                "Nobody was told of the version in force.",
                2,
            )
        elif line.current is None and line.draft is not None:
            found = (
                "unapproved",
                f"{code} is written and not approved",
                "Only approved text is in force.",
                2,
            )
        if found is not None:
            kind, title, fact, likelihood = found
            yield Gap(
                key=key_of(Level.DOCUMENTATION, kind, code),
                level=Level.DOCUMENTATION,
                title=title,
                fact=fact,
                recommendation="Review, approve and publish it.",
                impact=2,
                likelihood=likelihood,
                url=f"/policies/{code}/",
                owner=owner.name,
                owner_id=owner.pk,
            )


def look_at_design(view: View) -> Iterator[Gap]:
    """Statements nobody can meet, and controls that do not say what proves them, as the rules of wording find them."""
    for one in worded(view.day):
        version, code = one.version, one.version.control.code
        found = {remark.rule.id: remark.what for remark in reversed(one.faults)}
        if "stronger-than-practice" in found:
            title = f"{code} promises what nobody can keep"
            fact = f"The statement says {found['stronger-than-practice']}; the auditor tests it as written."
            yield view.about(version, Level.DESIGN, "wording", title, fact, "Say a time that can be kept.", 1)
        if "evidence-missing" in found:
            title = f"{code} does not say what proves it"
            fact = "A control is testable when it names its evidence."
            yield view.about(version, Level.DESIGN, "no-evidence-named", title, fact, "Name the evidence.", 1)


# -- implementation and evidence: what is on file -------------------------------------------------------------------


def look_at_implementation(view: View) -> Iterator[Gap]:
    """Controls of which nothing on file shows that they exist."""
    checked = {run.control_id for run in view.runs}
    for version in view.versions:
        filed = view.uses.get(version.control_id, evidence.NONE).rows
        if version.control_id in checked or any(use.state != "rejected" for use in filed):
            continue
        title = f"Nothing on file shows that {version.control.code} exists"
        fact = f"“{version.title}” is in force since {version.effective_from}; no evidence and no check speaks for it."
        gap = view.about(
            version,
            Level.IMPLEMENTATION,
            "nothing",
            title,
            fact,
            "File one example of it, or connect its source.",
            likelihood=3,
            impact=view.impact(version),
        )
        yield _unknown(gap)


def look_at_evidence(view: View) -> Iterator[Gap]:
    """Evidence without a second pair of eyes, without days, or recorded long after the event."""
    for version in view.versions:
        uses = view.uses.get(version.control_id, evidence.NONE)
        key = (version.control_id, view.day)
        yield from _of_evidence.ask(key, (version, uses), partial(_filed, view, version, uses.rows))


_of_evidence: Pieces[tuple[Gap, ...]] = Pieces()


def _filed(view: View, version: ControlVersion, uses: Sequence[evidence.Use]) -> tuple[Gap, ...]:
    return tuple(_doubtful(view, version, uses))


def _doubtful(view: View, version: ControlVersion, uses: Sequence[evidence.Use]) -> Iterator[Gap]:
    code = version.control.code
    waiting = [use for use in uses if use.state == "filed" and view.day - use.recorded_on > UNACCEPTED]
    if waiting:
        title = (
            f"{len(waiting)} pieces of evidence for {code} wait"
            if len(waiting) > 1
            else f"Evidence for {code} waits"
        )
        fact = f"Nobody has accepted or rejected it for more than {UNACCEPTED.days} days."
        gap = view.about(
            version, Level.EVIDENCE, "waiting", title, fact, "Have a second person look at it.", 1
        )
        yield _citing(_unknown(gap), waiting)
    undated = [
        use for use in uses if use.state == "accepted" and use.performed_on is None and not use.covers_from
    ]
    if undated:
        title = f"Evidence for {code} has no day"
        fact = "Nobody can tell whether it shows the period."
        gap = view.about(
            version, Level.EVIDENCE, "undated", title, fact, "File it again with the days it covers.", 2
        )
        yield _citing(_unknown(gap), undated)
    late = [use for use in uses if use.state == "accepted" and use.days_after > LATE_RECORD]
    if late:
        title = f"Evidence for {code} was recorded long after the event"
        fact = f"The longest took {max(use.days_after for use in late)} days; the auditor asks what proves the day."
        gap = view.about(
            version, Level.EVIDENCE, "late-record", title, fact, "File records when they are made.", 1
        )
        yield _citing(gap, late)


def _unknown(gap: Gap) -> Gap:
    return replace(gap, verdict="undetermined")


def _citing(gap: Gap, uses: list[evidence.Use]) -> Gap:
    return replace(gap, evidence=tuple(dict.fromkeys(use.ref for use in uses))[:20])


# -- operation and timing: did it happen ----------------------------------------------------------------------------


def look_at_checks(view: View) -> Iterator[Gap]:
    """Items that a check failed, and items nobody could judge: two gaps, for an unknown is neither."""
    by_control: dict[int, list[CheckRun]] = {}
    for run in view.runs:
        if run.control_id in view.by_control:
            by_control.setdefault(run.control_id, []).append(run)
    newest = _newest_days([run.pk for run in view.runs])
    for control, runs in by_control.items():
        version = view.by_control[control]
        for verdict in ("fail", "undetermined"):
            number = sum(run.counts.get(verdict, 0) for run in runs)
            if number:
                yield _checked(view, version, runs, verdict, number, newest.get((control, verdict)))


def _newest_days(runs: list[int]) -> dict[tuple[int | None, str], date]:
    found: dict[tuple[int | None, str], date] = {}
    rows = Finding_.objects.filter(run__in=runs).exclude(happened_on=None)
    for control, verdict, day in rows.values_list("run__control", "verdict", "happened_on"):
        found[control, verdict] = max(day, found.get((control, verdict), day))
    return found


def _checked(
    view: View, version: ControlVersion, runs: list[CheckRun], verdict: str, number: int, newest: date | None
) -> Gap:
    code, items = version.control.code, sum(sum(run.counts.values()) for run in runs)
    failed = verdict == "fail"
    title = (
        f"{number:,} of {items:,} items failed for {code}"
        if failed
        else f"{number:,} of {items:,} items of {code} cannot be decided"
    )
    first, last = min(run.start for run in runs), max(run.end for run in runs)
    fact = f"From {first} to {last}, by {', '.join(sorted({run.check_name for run in runs}))}."
    reasons = "; ".join(dict.fromkeys(why for run in runs for why in run.incomplete.values()))
    if reasons and not failed:
        fact += f" Lists that are not whole: {reasons}."
    remedy = (
        "Deal with each item, and with its cause; what happened stays an exception."
        if failed
        else "Find what was missing and collect again; what stays unknown is shown to the auditor."
    )
    # An isolated failure is medium, a repeated one high (domain.md 7.2).
    likelihood = 3 if failed and number > 1 else 2
    gap = view.about(version, Level.OPERATION, f"{verdict}-items", title, fact, remedy, likelihood)
    return replace(
        gap,
        url=f"/evidence/checks/{runs[-1].ref}/",
        evidence=tuple(run.ref for run in runs),
        newest=(newest or last) if failed else None,
        verdict="fail" if failed else "undetermined",
    )


KINDS = (
    (Occurring.MISSED, "missed", "was not performed", 3),
    (evidence.IDLE, "idle", "did not operate in the window", 2),
    (Occurring.OVERDUE, "overdue", "is overdue", 3),
    (Occurring.LATE, "late", "was performed late", 2),
    (evidence.LISTED, "listed", "is on file only as a list that nobody has tested", 1),
)


def look_at_occurrences(view: View) -> Iterator[Gap]:
    """Occurrences that were missed, late, or are overdue."""
    for control, items in view.expected.items():
        version = view.by_control.get(control)
        if version is not None:
            work = partial(_of_occurrences, view, version, items)
            yield from _of_operation.ask((control, view.day), (version, items), work)


_of_operation: Pieces[tuple[Gap, ...]] = Pieces()


def _of_occurrences(
    view: View, version: ControlVersion, items: Sequence[evidence.Expected]
) -> tuple[Gap, ...]:
    return tuple(_irregular(view, version, items))


def _irregular(view: View, version: ControlVersion, items: Sequence[evidence.Expected]) -> Iterator[Gap]:
    for state, kind, words, likelihood in KINDS:
        found = [item for item in items if item.state == state]
        if found:
            yield _occurred(view, version, found, kind, words, likelihood)


def _occurred(
    view: View,
    version: ControlVersion,
    found: list[evidence.Expected],
    kind: str,
    words: str,
    likelihood: int,
) -> Gap:
    code = version.control.code
    keys = ", ".join(item.key for item in found[:6]) + (" …" if len(found) > 6 else "")
    title = f"{code} {words}: {keys}"
    fact = " ".join(_told(item) for item in found[:6])
    remedy = (
        "Perform it now and file the record with its true day."
        if kind == "overdue"
        else "It stays an exception; find the cause, and see that the next one is in time."
    )
    gap = view.about(version, Level.OPERATION, kind, title, fact, remedy, likelihood)
    past = kind not in ("overdue", "listed")
    if kind == "listed":
        remedy = "Test what the list says of each time, or let a check read it."
        gap = replace(gap, verdict="undetermined", recommendation=remedy)
    refs = tuple(dict.fromkeys(use.ref for item in found for use in item.uses))
    newest = max(item.performed_on or item.occurrence.due for item in found) if past else None
    return replace(gap, evidence=refs, newest=newest)


def _told(item: evidence.Expected) -> str:
    if item.performed_on is not None:
        late = f"performed on {item.performed_on}, {item.days_late} days late"
        return f"{item.key} was due on {item.occurrence.due} and {late}."
    return f"{item.key} was due on {item.occurrence.due}."


def look_at_timing(view: View) -> Iterator[Gap]:
    """Controls that begin within the period, and yearly ones that leave no time to be repeated."""
    period = view.window.period
    if period is None:
        return
    for version in view.versions:
        code, first = version.control.code, view.begun.get(version.control_id, version.effective_from)
        if period.start < first:
            title = f"{code} began within the period"
            fact = f"In force since {first}; the period starts on {period.start}, and the days before are not covered."
            remedy = "Move the start, show what did the same before, or expect to say so in the report."
            gap = view.about(version, Level.TIMING, "mid-period", title, fact, remedy, 2)
            yield replace(gap, newest=first)
        yearly = bucket_for(version.frequency) == "year"
        undone = [
            item for item in view.expected.get(version.control_id, ()) if item.state == Occurring.NOT_YET_DUE
        ]
        if yearly and undone and period.end - view.day < LAST_DAYS:
            title = f"{code} is not performed yet, and the period ends on {period.end}"
            fact = "If it fails now there is no time to repeat it."
            yield view.about(version, Level.TIMING, "last-days", title, fact, "Perform it now.", 2)


# -- populations ----------------------------------------------------------------------------------------------------


def look_at_lists(view: View) -> Iterator[Gap]:
    """Lists that are missing, incomplete, not reconciled, or behind their rhythm."""
    standing = view.sources
    populations = [source.population for source in standing if source.population is not None]
    lockable = evidence.standings(populations) if populations else {}
    for source in standing:
        code = source.connection.code
        if source.newest is None:
            yield _list(
                code, "never", f"{code} was never collected", "Nothing was read from it.", "Collect it.", 3
            )
        elif source.newest.outcome != "complete":
            title = f"The newest list of {code} is {'missing' if source.newest.outcome == 'error' else 'incomplete'}"
            yield _list(code, "not-whole", title, source.why, "Repair the source and collect again.", 3)
        elif source.population is not None and not lockable[source.population.pk].lockable:
            why = lockable[source.population.pk].why
            yield _list(code, "unreconciled", f"The list of {code} cannot be locked", why, "Reconcile it.", 2)
        if source.behind and source.newest is not None:
            fact = f"Nothing came for {source.behind} days; it is read each {source.version.every}."
            yield _list(code, "stale", f"{code} is behind its rhythm", fact, "See why its runs stopped.", 2)
    yield from _unconnected(view)


def _list(code: str, kind: str, title: str, fact: str, remedy: str, likelihood: int) -> Gap:
    return Gap(
        key=key_of(Level.POPULATION, kind, code),
        level=Level.POPULATION,
        title=title,
        fact=fact or title,
        recommendation=remedy,
        impact=2,
        likelihood=likelihood,
        url=f"/evidence/sources/#{code}",
        verdict="undetermined",
    )


def _unconnected(view: View) -> Iterator[Gap]:
    """Lists that a check of a control in force needs and that no source gives."""
    codes = {version.control.code: version for version in view.versions}
    connected = {source.connection.collector for source in view.sources}
    given = {entry.thing.shape for entry in evidence.registers().collectors if entry.name in connected}
    wanted: dict[str, list[str]] = {}
    for entry in evidence.registers().checks:
        served = [code for code in entry.thing.supports if code in codes]
        for shape in entry.thing.reads:
            if served and shape not in given and shape not in entry.thing.optional:
                wanted.setdefault(shape, []).extend(served)
    for shape, served in sorted(wanted.items()):
        names = ", ".join(sorted(set(served)))
        fact = f"The checks of {names} need a list of {shape}, and no source gives one."
        gap = _list(shape, "unconnected", f"No source gives a list of {shape}", fact, "Connect a source.", 3)
        yield replace(gap, url="/evidence/sources/")


Look = Callable[[View], Iterator[Gap]]


def _on(look: Look) -> Callable[[date], tuple[Gap, ...]]:
    """A look as a function of the day, asked anew when something that it reads was recorded."""
    return remembered(wraps(look)(lambda day: tuple(look(View(day)))))


LOOKS = tuple(
    map(
        _on,
        (
            look_at_scope,
            look_at_documents,
            look_at_design,
            look_at_implementation,
            look_at_evidence,
            look_at_checks,
            look_at_occurrences,
            look_at_timing,
            look_at_lists,
        ),
    )
)
