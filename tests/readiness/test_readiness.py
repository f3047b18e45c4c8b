"""Gaps computed from the books, what people decide about them, and the map of control and day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from tests.deeds import writing
from tickmark.controls.models import Control, ControlVersion
from tickmark.evidence import actions as evidence
from tickmark.evidence import queries as evidence_queries
from tickmark.evidence.models import EvidenceKind, Support
from tickmark.evidence.queries import shown_on
from tickmark.kernel import clock, files
from tickmark.kernel.arguments import Upload
from tickmark.kernel.errors import Conflict, Invalid, NotFound, Refused
from tickmark.readiness import actions, assessment, looks, queries
from tickmark.readiness.gaps import Gap, Level, State
from tickmark.readiness.heat import Cell
from tickmark.readiness.models import Remedy

NOW = datetime(2026, 8, 3, 15, tzinfo=UTC)
TODAY = NOW.date()


@pytest.fixture
def hands(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The clock stands, and a test may move it on."""
    state = SimpleNamespace(now=NOW)
    monkeypatch.setattr(clock, "now", lambda: state.now)
    return state


@pytest.fixture
def quarterly(program: SimpleNamespace, hands: SimpleNamespace) -> Control:
    """A quarterly control with fifteen days of grace."""
    with writing(program.cast.founder):
        control = Control(code="AC-06")
        control.save()
        ControlVersion(
            control=control, effective_from=date(2025, 11, 1), title="Access review", statement="Each quarter.", criteria=["CC6.3"],
            nature="M", purpose="D", frequency="quarterly", owner=program.cast.owner, parameters={"grace_days": 15},
            evidence_wanted="REC Minutes",
        ).save()  # fmt: skip
    return control


def by_key(level: Level, day: date = TODAY) -> dict[str, Gap]:
    """The gaps of one level, by the rest of their keys."""
    return {gap.key.partition(":")[2]: gap for gap in queries.gaps(day) if gap.level == level}


def file(
    program: SimpleNamespace,
    control: Control,
    accept: bool = True,
    content: bytes = b"minutes\n",
    **given: Any,
) -> Support:
    """File and accept a record."""
    kept = files.keep(content)
    upload = Upload("minutes.txt", "text/plain", kept.sha256, kept.size)
    evidence.file(program.actor("owner"), upload, EvidenceKind.REC, "the owner", control=control, **given)
    use = Support.objects.order_by("-pk").first()
    assert use is not None
    if accept:
        evidence.accept(program.actor("reviewer"), use)
    return use


def test_books_without_a_system_are_one_critical_gap(cast: SimpleNamespace) -> None:
    assert [(gap.key, gap.word) for gap in queries.gaps(TODAY)] == [("scope:no-system", "critical")]
    assert queries.summary(TODAY).word == "Not ready"
    assert queries.heat_map(TODAY)[2] == []


def test_a_criterion_without_a_control_is_critical_and_one_with_is_none(
    program: SimpleNamespace, hands: SimpleNamespace
) -> None:
    found = by_key(Level.COVERAGE)
    assert "criterion-without-control:ledger:CC8.1" not in found
    bare = found["criterion-without-control:ledger:CC1.1"]
    assert (bare.word, bare.url, bare.criteria) == ("critical", "/controls/criteria/CC1.1", ("CC1.1",))
    assert len([key for key in found if key.startswith("criterion-without-control")]) == 32


def test_a_rehearsal_asks_nothing_of_a_yearly_control(
    program: SimpleNamespace, hands: SimpleNamespace
) -> None:
    """Adopted yesterday, due within a year: before a period begins its window only ends on the day of looking."""
    before, after = date(2025, 10, 1), date(2026, 11, 20)
    with writing(program.cast.founder):
        control = Control(code="GOV-02")
        control.save()
        ControlVersion(
            control=control, effective_from=date(2025, 9, 30), title="The board", statement="The board meets at least annually.",
            criteria=["CC1.2"], nature="M", purpose="D", frequency="annual", owner=program.cast.owner, evidence_wanted="REC Minutes",
        ).save()  # fmt: skip
    assert control.pk not in {key for key, items in evidence_queries.expected_on(before).items() if items}
    assert not [key for key in by_key(Level.OPERATION, before) if "GOV-02" in key]
    assert "GOV-02" not in queries.contradicted(before)
    with writing(program.cast.founder):
        late = Control(code="GOV-03")
        late.save()
        ControlVersion(
            control=late, effective_from=date(2026, 6, 1), title="Chart", statement="The chart is reviewed at least annually.",
            criteria=["CC1.3"], nature="M", purpose="P", frequency="annual", owner=program.cast.owner, evidence_wanted="DOC Chart",
        ).save()  # fmt: skip
    assert "idle:GOV-03" in by_key(Level.OPERATION, after)
    assert "GOV-03" not in queries.contradicted(after), (
        "It did not operate: neither kept nor broken (rule 18)."
    )
    assert queries.contradicted(after)["GOV-02"] == ("GOV-02 is overdue: year-to-2026-10-31.",)


def test_missed_overdue_and_late_are_three_gaps(program: SimpleNamespace, quarterly: Control) -> None:
    file(program, quarterly, occurrence="2026-Q1", performed_on=date(2026, 5, 2))
    found = by_key(Level.OPERATION)
    assert {key: gap.title for key, gap in found.items()} == {
        "missed:AC-06": "AC-06 was not performed: 2025-Q4",
        "overdue:AC-06": "AC-06 is overdue: 2026-Q2",
        "late:AC-06": "AC-06 was performed late: 2026-Q1",
    }
    assert (
        found["late:AC-06"].fact == "2026-Q1 was due on 2026-04-15 and performed on 2026-05-02, 17 days late."
    )
    assert [found[key].word for key in ("missed:AC-06", "overdue:AC-06", "late:AC-06")] == [
        "high",
        "high",
        "medium",
    ]
    assert found["late:AC-06"].evidence == (Support.objects.get().evidence.ref,)


def test_nothing_on_file_is_undetermined_never_fine(program: SimpleNamespace, quarterly: Control) -> None:
    assert {key: gap.verdict for key, gap in by_key(Level.IMPLEMENTATION).items()} == {
        "nothing:AC-06": "undetermined", "nothing:CHG-02": "undetermined",
    }  # fmt: skip
    file(program, quarterly, covers_from=TODAY, covers_to=TODAY)
    assert set(by_key(Level.IMPLEMENTATION)) == {"nothing:CHG-02"}


def test_evidence_that_waits_or_has_no_day_or_came_late(
    program: SimpleNamespace, quarterly: Control, hands: SimpleNamespace
) -> None:
    file(program, quarterly, accept=False, content=b"1\n")
    file(program, quarterly, content=b"2\n", occurrence="2026-Q2", performed_on=date(2026, 7, 1))
    hands.now = NOW + timedelta(days=15)
    day = hands.now.date()
    found = by_key(Level.EVIDENCE, day)
    assert {key: gap.verdict for key, gap in found.items()} == {
        "waiting:AC-06": "undetermined",
        "late-record:AC-06": "fail",
    }
    assert "33 days" in found["late-record:AC-06"].fact
    evidence.accept(program.actor("reviewer"), Support.objects.get(occurrence=""))
    assert set(by_key(Level.EVIDENCE, day)) == {"undated:AC-06", "late-record:AC-06"}


def test_lists_that_a_check_needs_and_no_source_gives(
    program: SimpleNamespace, hands: SimpleNamespace
) -> None:
    assert set(by_key(Level.POPULATION)) == {"unconnected:changes", "unconnected:pulls"}
    evidence.connect(
        program.actor("lead"),
        "git",
        "Git",
        "git.changes",
        "git",
        {"path": "/nowhere"},
        date(2026, 1, 1),
        "week",
    )
    found = by_key(Level.POPULATION)
    assert {key: gap.verdict for key, gap in found.items()} == {
        "never:git": "undetermined", "unconnected:pulls": "undetermined",
    }  # fmt: skip


def test_a_control_that_began_within_the_period(program: SimpleNamespace, hands: SimpleNamespace) -> None:
    with writing(program.cast.founder):
        control = Control(code="NEW-01")
        control.save()
        ControlVersion(
            control=control, effective_from=date(2026, 2, 1), title="New", statement="It is done immediately.", criteria=["CC7.1"],
            nature="M", purpose="D", frequency="event", owner=program.cast.owner,
        ).save()  # fmt: skip
    assert "2026-02-01" in by_key(Level.TIMING)["mid-period:NEW-01"].fact
    assert set(by_key(Level.DESIGN)) >= {"wording:NEW-01", "no-evidence-named:NEW-01"}
    lines = {line.code: line for line in queries.heat_map(TODAY)[2]}
    assert lines["NEW-01"].count(Cell.NOT_IN_FORCE) == (date(2026, 2, 1) - date(2025, 11, 1)).days


def test_a_control_adopted_while_gaps_are_worked_out_is_answered_by_its_own_version(
    program: SimpleNamespace, quarterly: Control, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was read a moment before knows nothing of it yet: the gaps are told all the same."""
    before = by_key(Level.TIMING)
    monkeypatch.setattr(looks, "_begun", dict)
    monkeypatch.setattr(queries, "gaps", queries.gaps.__wrapped__)
    assert by_key(Level.TIMING) == before
    assert queries.earliest_start(TODAY) is not None


def test_evidence_counts_as_shown_once_it_is_accepted(program: SimpleNamespace, quarterly: Control) -> None:
    assert shown_on(TODAY)[1] == frozenset()
    support = file(program, quarterly, accept=False)
    assert shown_on(TODAY) == (frozenset({quarterly.pk, program.control.pk}), frozenset())
    evidence.accept(program.actor("lead"), support)
    assert shown_on(TODAY)[1] == frozenset({quarterly.pk})
    assert shown_on(TODAY - timedelta(days=1))[1] == frozenset()


def test_the_map_shows_each_quarter_as_it_was(program: SimpleNamespace, quarterly: Control) -> None:
    file(program, quarterly, occurrence="2026-Q2", performed_on=date(2026, 7, 10), content=b"q2\n")
    file(
        program,
        quarterly,
        occurrence="2026-Q1",
        performed_on=date(2026, 4, 10),
        content=b"q1\n",
        accept=False,
    )
    first, last, lines = queries.heat_map(TODAY)
    review = next(line for line in lines if line.code == "AC-06")
    assert (first, last, len(review.cells)) == (date(2025, 11, 1), date(2026, 10, 31), 365)
    assert review.cells[(date(2026, 5, 1) - first).days] == Cell.MET
    assert review.cells[(date(2026, 2, 1) - first).days] == Cell.UNDETERMINED
    assert review.cells[(date(2025, 12, 1) - first).days] == Cell.FAILED
    assert review.cells[(date(2026, 9, 1) - first).days] == Cell.QUIET


# -- what people decide ---------------------------------------------------------------------------------------------


def test_a_remedy_from_plan_to_second_look(
    program: SimpleNamespace, quarterly: Control, hands: SimpleNamespace
) -> None:
    key = "operation:missed:AC-06"
    lead, owner, reviewer = (program.actor(who) for who in ("lead", "owner", "reviewer"))
    due = TODAY + timedelta(days=10)
    assert "AC-06 was not performed: 2025-Q4, 2026-Q1." in queries.contradicted(TODAY)["AC-06"]
    remedy = actions.plan_remedy(lead, key, "Put it in the calendar", program.cast.owner, due)
    assert queries.gap_of(key, TODAY).state(TODAY) == State.PLANNED
    assert [task.title for task in queries.remedies_owed(owner, TODAY)] == ["Remedy: Put it in the calendar"]
    with pytest.raises(Conflict):
        actions.recheck(reviewer, remedy, True, "looked")
    with pytest.raises(Refused):
        actions.finish_remedy(lead, remedy)
    actions.finish_remedy(owner, remedy, "done")
    with pytest.raises(Conflict):
        actions.finish_remedy(owner, remedy)
    assert [task.title for task in queries.remedies_owed(reviewer, TODAY)] == [
        "Look again: Put it in the calendar"
    ]
    with pytest.raises(Refused):
        actions.recheck(owner, remedy, True, "I did it")
    with pytest.raises(Invalid):
        actions.recheck(reviewer, remedy, True, " ")
    actions.recheck(reviewer, remedy, True, "Saw the calendar")
    gap = queries.gap_of(key, TODAY)
    assert (gap.state(TODAY), gap.holds(TODAY), gap.decisions.owner) == (State.HOLDS, False, "Owner")
    assert gap.title == "AC-06 was not performed: 2025-Q4, 2026-Q1"  # it stays listed
    assert f"{gap.title}." not in queries.contradicted(TODAY).get("AC-06", ()), (
        "Somebody saw that it holds now."
    )


def test_the_owner_of_a_remedy_never_rechecks_it_even_as_lead(
    program: SimpleNamespace, quarterly: Control
) -> None:
    lead = program.actor("lead")
    remedy = actions.plan_remedy(lead, "operation:missed:AC-06", "Do it", program.cast.lead, TODAY)
    actions.finish_remedy(lead, remedy)
    with pytest.raises(Refused):
        actions.recheck(lead, remedy, True, "fine")


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"action": " "}, "action"),
        ({"due_on": TODAY - timedelta(days=1)}, "due_on"),
        ({"owner": "auditor"}, "owner"),
        ({"owner": "former"}, "owner"),
        ({"severity": "low"}, "reason"),
    ],
)
def test_a_plan_that_cannot_be(
    program: SimpleNamespace, quarterly: Control, given: dict[str, Any], field: str
) -> None:
    whole = {"gap": "operation:missed:AC-06", "action": "Do it", "owner": "owner", "due_on": TODAY, **given}
    whole["owner"] = getattr(program.cast, str(whole["owner"]))
    with pytest.raises((Invalid, NotFound)) as refused:
        actions.plan_remedy(program.actor("lead"), **whole)
    assert refused.value.field == field or given.get("owner") == "auditor"
    assert not Remedy.objects.exists()


def test_another_severity_says_why(program: SimpleNamespace, quarterly: Control) -> None:
    key = "operation:missed:AC-06"
    actions.plan_remedy(
        program.actor("lead"), key, "Do it", program.cast.owner, TODAY, "low", "Nobody joined in it"
    )
    gap = queries.gap_of(key, TODAY)
    assert (gap.word, gap.decisions.action) == ("low", "Do it\n\nSeverity set to low: Nobody joined in it")


def test_a_gap_is_accepted_by_the_sponsor_in_writing_and_stays(
    program: SimpleNamespace, quarterly: Control
) -> None:
    key, sponsor = "operation:missed:AC-06", program.actor("founder")
    until = TODAY + timedelta(days=30)
    for who in ("lead", "owner", "auditor"):
        with pytest.raises(Refused):
            actions.accept_gap(program.actor(who), key, "small", until)
    for bad in ({"reason": ""}, {"until": TODAY - timedelta(days=1)}, {"until": TODAY + timedelta(days=400)}):
        with pytest.raises(Invalid):
            actions.accept_gap(sponsor, **{"gap": key, "reason": "small", "until": until, **bad})
    with pytest.raises(NotFound):
        actions.accept_gap(sponsor, "operation:nothing", "small", until)
    actions.accept_gap(sponsor, key, "The system was not live", until)
    assert queries.gap_of(key, TODAY).state(TODAY) == State.ACCEPTED
    assert queries.gap_of(key, until + timedelta(days=1)).state(until + timedelta(days=1)) == State.OPEN
    assert queries.gap_of(key, TODAY - timedelta(days=1)).decisions.accepted_until is None


def test_the_expected_day_is_unknown_until_every_grave_gap_has_a_day(
    program: SimpleNamespace, hands: SimpleNamespace
) -> None:
    assert queries.summary(TODAY).expected.day is None
    due = TODAY + timedelta(days=20)
    for gap in queries.gaps(TODAY):
        if gap.holds(TODAY):
            actions.plan_remedy(program.actor("lead"), gap.key, "Do it", program.cast.owner, due)
    summary = queries.summary(TODAY)
    assert (summary.expected.day, summary.word) == (due, "Not ready")
    assert [step.day for step in summary.expected.steps if step.decides] == [due] * len(summary.holding)


def test_answers_follow_the_books_at_once(program: SimpleNamespace, quarterly: Control) -> None:
    assert "overdue:AC-06" in by_key(Level.OPERATION)
    file(program, quarterly, occurrence="2026-Q2", performed_on=date(2026, 7, 10))
    assert "overdue:AC-06" not in by_key(Level.OPERATION)


def test_the_assessment_speaks_of_every_control_list_and_criterion(
    program: SimpleNamespace, quarterly: Control
) -> None:
    file(program, quarterly, occurrence="2026-Q2", performed_on=date(2026, 7, 10))
    found = assessment.assessment(TODAY)
    lines = {line.version.control.code: line for line in found.controls}
    assert (lines["AC-06"].accepted, lines["AC-06"].met, lines["AC-06"].expected, lines["AC-06"].word) == (
        1,
        1,
        4,
        "fail",
    )
    assert lines["CHG-02"].word == "undetermined"
    cells = {code: levels for code, _, levels in found.by_criterion}
    assert (
        len(cells) == 33
        and cells["CC6.3"]["operation"] == "high"
        and cells["CC1.1"] == {"coverage": "critical"}
    )
