"""Requests, their states, threads of two visibilities, lists that open as their rows say (domain.md 8.1, 8.2)."""

from __future__ import annotations

from datetime import date

import pytest

from tests.audit import world as w
from tests.deeds import writing
from tickmark.audit import actions as audit
from tickmark.audit import queries
from tickmark.audit.models import Message, Request, RequestKind, RequestMove, SampleMethod, Share, Visibility
from tickmark.controls.models import ControlVersion
from tickmark.evidence.models import Evidence
from tickmark.kernel.access import visible
from tickmark.kernel.answers import due, steps_state
from tickmark.kernel.errors import Conflict, Invalid, NotFound, Refused


def asked(program, code="R-1", **more):
    given = {
        "kind": RequestKind.POLICY,
        "title": "Policies",
        "due_on": w.DUE,
        "controls": [program.control],
        **more,
    }
    return audit.ask(program.actor("staff"), program.engagement, code, **given)


def state(request):
    return queries.state(request).name


def test_the_states_of_a_request_and_whose_turn_it_is(program):
    row, staff, owner = asked(program), program.actor("staff"), program.actor("owner")
    seen = [state(row)]
    for step in (
        lambda: audit.answer(owner, row, "Here."),
        lambda: audit.send_back(staff, row, "The March version is missing."),
        lambda: audit.answer(owner, row, "Here is March."),
        lambda: audit.close(staff, row),
        lambda: audit.reopen(staff, row, "A newer one was found."),
        lambda: audit.answer(owner, row, "And the newer one."),
        lambda: audit.close(staff, row),
        lambda: audit.reopen(staff, row, "Once more."),
        lambda: audit.withdraw(staff, row, "Not needed."),
    ):
        step()
        seen.append(state(row))
    assert seen == [
        "open", "submitted", "returned", "submitted", "accepted", "reopened", "submitted", "accepted", "reopened", "withdrawn",
    ]  # fmt: skip


def test_states_do_not_hang_on_the_clock(program, monkeypatch):
    from tickmark.kernel import clock

    moment = clock.now()
    monkeypatch.setattr(clock, "now", lambda: moment)
    row, staff, owner = asked(program), program.actor("staff"), program.actor("owner")
    audit.answer(owner, row, "Here.")
    audit.send_back(staff, row, "Not this.")
    assert state(row) == "returned"
    audit.answer(owner, row, "This.")
    assert state(row) == "submitted"


def test_a_state_that_could_not_be_read_is_read_the_next_time(program, monkeypatch):
    from tickmark.audit.queries import lines

    row, day, lead = asked(program), date(2026, 3, 31), program.actor("lead")
    assert [one.state.name for one in queries.lines_for(lead, day)] == ["open"]
    audit.answer(program.actor("owner"), row, "Here.")

    def fails(requests):
        raise OSError

    with monkeypatch.context() as broken:
        broken.setattr(lines, "_states", fails)
        with pytest.raises(OSError):
            queries.lines_for(lead, day)
    assert [one.state.name for one in queries.lines_for(lead, day)] == ["submitted"]


def test_an_answer_that_came_while_the_auditor_decided_is_not_lost(program):
    row, owner = asked(program), program.actor("owner")
    first = audit.answer(owner, row, "Here.")
    audit.answer(owner, row, "And this.")
    with writing(program.cast.staff, "auditor"):
        RequestMove(request=row, move="accepted", answer=first).save()
    assert state(row) == "submitted"


@pytest.mark.parametrize("verb", ["close", "send_back", "reopen"])
def test_the_auditor_judges_only_what_was_answered(program, verb):
    row = asked(program)
    with pytest.raises(Invalid, match="cannot be"):
        getattr(audit, verb)(program.actor("staff"), row, "Because.")
    assert state(row) == "open"


@pytest.mark.parametrize("verb", ["send_back", "reopen", "withdraw"])
def test_a_step_back_needs_its_reason(program, verb):
    row = asked(program)
    audit.answer(program.actor("owner"), row, "Here.")
    with pytest.raises(Invalid, match="reason is empty"):
        getattr(audit, verb)(program.actor("staff"), row, " ")


def test_the_company_accepts_nothing_and_the_auditor_submits_nothing(program):
    row = asked(program)
    for verb in ("close", "send_back", "withdraw", "reopen"):
        with pytest.raises(Refused):
            getattr(audit, verb)(program.actor("founder"), row, "Because.")
    with pytest.raises(Refused):
        audit.answer(program.actor("auditor"), row, "Here.")
    with pytest.raises(NotFound):
        audit.answer(program.actor("employee"), row, "Here.")


def test_answers_say_something_and_closed_requests_take_none(program):
    row, owner = asked(program), program.actor("owner")
    with pytest.raises(Invalid, match="answer is empty"):
        audit.answer(owner, row)
    with pytest.raises(Invalid, match="needs its explanation"):
        audit.answer(
            owner, row, "", [w.population(w.connect(program), [w.change("CHG-0001")]).evidence], nil=True
        )
    assert audit.answer(owner, row, "There was none: the register is empty.", nil=True).nil
    audit.close(program.actor("staff"), row)
    with pytest.raises(Invalid, match="is closed"):
        audit.answer(owner, row, "More.")


def test_only_what_answers_a_request_becomes_visible_to_its_engagement(program):
    row = asked(program)
    shown, hidden = (w.population(w.connect(program, code), [w.change(code)]).evidence for code in ("a", "b"))
    audit.answer(program.actor("owner"), row, "Here.", [shown])
    assert list(visible(program.actor("staff"), Evidence)) == [shown]
    assert Share.objects.get().evidence == shown
    assert not visible(program.actor("stranger"), Evidence).exists()
    with pytest.raises(NotFound):
        audit.mark(program.actor("staff"), None, None, "met", evidence=hidden)


def test_threads_have_two_visibilities(program):
    row = asked(program)
    for name, where in (("staff", "shared"), ("staff", "own"), ("owner", "own"), ("owner", "shared")):
        audit.say(program.actor(name), row, f"{name} {where}", Visibility(where))
    heard = {
        name: sorted(visible(program.actor(name), Message).values_list("text", flat=True))
        for name in ("auditor", "lead", "stranger")
    }
    assert heard == {
        "auditor": ["owner shared", "staff own", "staff shared"], "lead": ["owner own", "owner shared", "staff shared"], "stranger": [],
    }  # fmt: skip
    with pytest.raises(Invalid, match="message is empty"):
        audit.say(program.actor("staff"), row, "  ")


@pytest.mark.parametrize(
    ("given", "what"),
    [
        ({"title": " "}, "no title"), ({"wave": 6}, "not 1 to 5"), ({"kind": RequestKind.SAMPLE}, "needs its draw"),
        ({"code": ""}, "does not fit"), ({"code": "R-123456789012"}, "does not fit"),
    ],
)  # fmt: skip
def test_a_request_that_nobody_could_answer_is_not_asked(program, given, what):
    before = w.entries()
    with pytest.raises(Invalid, match=what):
        asked(program, **given)
    assert (w.entries(), Request.objects.count()) == (before, 0)


def test_a_code_is_given_once_an_engagement(program):
    asked(program)
    with pytest.raises(Conflict, match="There is a request R-1 already"):
        asked(program)


def test_samples_are_asked_for_when_the_company_can_see_them(program):
    one = w.locked(program)
    sample = audit.draw(program.actor("staff"), one.procedure, SampleMethod.RANDOM, w.NONCE)
    with pytest.raises(Invalid, match="cannot see the items"):
        asked(program, kind=RequestKind.SAMPLE, needs=sample)
    audit.publish(program.actor("auditor"), one.procedure)
    assert asked(program, kind=RequestKind.SAMPLE, needs=sample).needs == sample


def test_a_list_opens_lists_at_once_and_proof_after_the_draw(program):
    lead = program.actor("auditor")
    audit.ask_list(lead, program.engagement, w.DUE)
    first = dict(Request.objects.values_list("code", "kind"))
    assert first["R-50"] == "population"
    assert "R-51" not in first, "it waits for the draw"
    assert "R-20" not in first, "no control of it is in force"
    assert {"R-01", "R-83", "R-84"} <= set(first)
    with pytest.raises(Invalid, match="Nothing on this list"):
        audit.ask_list(lead, program.engagement, w.DUE)
    w.planned(program)
    procedure = w.prepared(program)
    found = w.population(w.connect(program), [w.change(key) for key in w.KEYS])
    audit.answer(program.actor("owner"), Request.objects.get(code="R-50"), "Here.", [found.evidence])
    audit.lock(program.actor("staff"), procedure, found)
    sample = audit.draw(program.actor("staff"), procedure, SampleMethod.RANDOM, w.NONCE)
    assert queries.openable(program.engagement, "soc2-type2-sac") == []
    audit.publish(lead, procedure)
    audit.ask_list(lead, program.engagement, w.DUE)
    later = Request.objects.exclude(code__in=first)
    assert [(row.code, row.kind, row.needs) for row in later] == [("R-51", "sample", sample)]
    assert queries.openable(program.engagement, "soc2-type2-sac") == []


def test_a_request_goes_to_the_owner_of_its_control_on_the_day(program):
    asked(program)
    asked(program, "R-2", controls=[])
    with writing(program.cast.founder):
        old = program.control_version
        ControlVersion(
            control=program.control, effective_from=date(2026, 12, 1), title=old.title, statement=old.statement, criteria=old.criteria,
            nature="I", purpose="P", frequency="event", owner=program.cast.lead,
        ).save()  # fmt: skip

    def owed(name, day):
        return [task.title for task in due(program.actor(name), day) if task.step == "audit"]

    november, december = date(2026, 11, 20), date(2026, 12, 5)
    assert owed("owner", november) == ["Answer R-1: Policies"]
    assert owed("lead", november) == ["Answer R-2: Policies"]
    assert owed("owner", december) == []
    assert owed("lead", december) == ["Answer R-1: Policies", "Answer R-2: Policies"]
    rows = queries.request_rows(Request.objects.all(), december)
    assert [(row.request.code, row.overdue, row.owner_names) for row in rows] == [
        ("R-1", True, ["Lead"]),
        ("R-2", True, []),
    ]


def test_the_firm_owes_judgements_confirmations_and_plans(program):
    row = asked(program)
    audit.answer(program.actor("owner"), row, "Here.")

    def owed(name):
        return sorted(
            task.title for task in due(program.actor(name), w.DUE) if task.step in ("audit", "followup")
        )

    judge, confirm = "Judge the answer to R-1: Policies", "Confirm your independence for 2026"
    assert owed("staff") == [confirm, judge]
    assert owed("auditor") == [confirm, judge, "Plan 2026 and commit to a nonce"]
    assert owed("quality") == [confirm]
    assert owed("stranger") == [] == owed("employee")
    member = next(one for one in queries.members(program.engagement) if one.user == program.cast.staff)
    audit.confirm_independence(program.actor("staff"), member, "I hold no interest in the company.")
    assert owed("staff") == [judge]


def test_the_steps_say_how_far_they_are(program):
    lead, auditor = program.actor("lead"), program.actor("auditor")

    def steps(actor):
        found = steps_state(actor, w.DUE)
        return found["audit"], found["followup"]

    assert (steps(lead), steps(auditor)) == (("current", "later"), ("current", "later"))
    row = asked(program)
    audit.answer(program.actor("owner"), row, "Here.")
    audit.send_back(program.actor("staff"), row, "Not this.")
    assert steps(lead) == ("current", "current")
    audit.answer(program.actor("owner"), row, "This.")
    audit.close(program.actor("staff"), row)
    assert steps(lead) == ("done", "done")


def test_turnaround_is_the_median_and_unknown_until_an_answer_came(program, monkeypatch):
    from datetime import UTC, datetime, timedelta

    from tickmark.kernel import clock

    start = datetime(2026, 11, 2, 9, tzinfo=UTC)
    at = [start]
    monkeypatch.setattr(clock, "now", lambda: at[0])
    rows = [asked(program, f"R-{number}") for number in range(3)]
    asked(program, "C-1", kind=RequestKind.CONFIGURATION)
    for number, row in enumerate(rows):
        at[0] = start + timedelta(days=2 + 2 * number)
        audit.answer(program.actor("owner"), row, "Here.")
    at[0] = start + timedelta(days=7)
    audit.close(program.actor("staff"), rows[2])
    found = {
        row.kind: (row.asked, row.answered, row.median, row.review)
        for row in queries.turnaround(program.engagement)
    }
    assert found == {"policy": (3, 3, 4.0, 1.0), "configuration": (1, 0, None, None)}
