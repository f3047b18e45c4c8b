"""Each rule about the wording of a control has a case that fires and one that does not; the library has no fault."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickmark.controls import lint, phrases
from tickmark.controls.library import starter_controls, starter_policies
from tickmark.controls.lint import Wording

GOOD = Wording(
    "The IT lead reviews the accounts of the ledger each quarter and records the changes within 10 business days.",
    "quarterly",
    (("days", 10),),
    evidence="REC: The review with its list.",
)
POLICY = """## Rules

- The IT lead reviews the accounts of the ledger each quarter, and records the changes within 10 business days.
- Backups are kept for 35 days. Restores are tried once a year.
"""
PROPOSED = (
    "Access of leavers to all systems is disabled by the end of business day 1 after the termination date."
)

CASES = [
    ("contradicted", replace(GOOD, against=("AC-06 was not performed: 2026-Q1.",)), GOOD),
    ("who", replace(GOOD, statement="Accounts are reviewed each quarter, within 10 business days."), GOOD),
    ("who", Wording("Disks are encrypted.", "continuous", evidence="x"),
     Wording("Disks are encrypted.", "continuous", evidence="x", automated=True)),
    ("who", Wording("Doors are locked.", "event", evidence="x"),
     Wording("Doors are locked.", "event", evidence="x", performed_by="Porter")),
    ("frequency-missing", replace(GOOD, statement="The IT lead reviews accounts within 10 days."), GOOD),
    ("frequency-missing", replace(GOOD, frequency="annual", statement="The board meets; 10 minutes."),
     replace(GOOD, frequency="event", statement="The board meets; 10 minutes.")),
    ("frequency-differs", replace(GOOD, frequency="monthly"), GOOD),
    ("frequency-differs", Wording("The board meets twice a year.", "annual", evidence="x"),
     Wording("The board meets twice a year.", "semi-annual", evidence="x")),
    ("stronger-than-practice", replace(GOOD, statement=GOOD.statement + " Nobody ever waits: it is done immediately."), GOOD),
    ("stronger-than-practice", Wording("HR screens all joiners.", "event", evidence="x"),
     Wording("HR screens joiners.", "event", evidence="x")),
    ("stronger-than-practice", Wording("HR screens all joiners.", "event", evidence="x", proposed="HR screens joiners."),
     Wording(PROPOSED, "event", (("days", 1),), evidence="x", proposed=PROPOSED)),
    ("vague", Wording("The team should act in a timely manner.", "event", evidence="x"), GOOD),
    ("evidence-missing", replace(GOOD, evidence=" "), GOOD),
    ("number-differs", replace(GOOD, numbers=(("days", 15),)), GOOD),
    ("number-differs", replace(GOOD, numbers=(("days", 10), ("grace_days", 5))), replace(GOOD, numbers=())),
    ("policy-number", replace(GOOD, policy="POL-04", policy_text=POLICY.replace("10 business days", "30 business days after the review"), statement=
     GOOD.statement.replace("days.", "days after the review ends."), numbers=()), replace(GOOD, policy="POL-04", policy_text=POLICY)),
    ("policy-frequency", replace(GOOD, policy="POL-04", policy_text=POLICY.replace("each quarter", "every month")),
     replace(GOOD, policy="POL-04", policy_text=POLICY)),
    ("placeholder", replace(GOOD, statement="[Name] of {company} reviews accounts each quarter in 10 days."), GOOD),
    ("several-activities", replace(GOOD, statement="The IT lead reviews accounts each quarter and tests restores every year in 10 days."), GOOD),
    ("several-activities", replace(GOOD, statement="HR asks. IT grants. IT logs. Each quarter the lead looks within 10 days."), GOOD),
    ("owner-closed", replace(GOOD, owner_open=False), GOOD),
    ("as-proposed", Wording(PROPOSED, "event", proposed=PROPOSED), Wording("IT disables them.", "event", proposed=PROPOSED)),
    ("no-backup", replace(GOOD, backup=False), GOOD),
]  # fmt: skip


@pytest.mark.parametrize(("name", "fires", "rests"), CASES)
def test_each_rule_fires_where_it_should_and_rests_elsewhere(name, fires, rests):
    assert name in {one.rule.id for one in lint.remarks(fires)}
    assert name not in {one.rule.id for one in lint.remarks(rests)}


def test_every_rule_has_a_case_and_says_why_and_what_to_do():
    assert {name for name, _, _ in CASES} == {rule.id for rule in lint.rules()}
    assert all(rule.why and rule.remedy and rule.title for rule in lint.rules())


def test_a_good_wording_has_no_remark():
    assert lint.remarks(GOOD) == ()


@pytest.mark.parametrize("item", starter_controls(), ids=lambda item: item.id)
def test_the_library_has_no_fault_with_the_proposed_numbers(item):
    policies = {one.id: one.text() for one in starter_policies()}
    evidence = "\n".join(one.text for one in item.evidence)
    wording = Wording(
        item.statement(),
        item.frequency,
        tuple(item.parameters.items()),
        evidence,
        automated=item.nature == "A",
        policy=item.policy,
        policy_text=policies.get(item.policy, ""),
        proposed=item.statement(),
    )
    assert lint.faults(wording) == []
    assert [one.rule.id for one in lint.remarks(wording)] == ["as-proposed"]


def test_a_policy_with_an_older_number_is_found_by_the_words_around_it():
    starter = next(one for one in starter_controls() if one.id == "AC-04")
    policy = next(one for one in starter_policies() if one.id == "POL-04").text({"AC-04.days": 3})
    wording = Wording(starter.statement(), "event", (("days", 1),), "x", policy="POL-04", policy_text=policy)
    found = [one.what for one in lint.faults(wording) if one.rule.id == "policy-number"]
    assert found == ["“business day 1” here, 3 in POL-04."]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("at least quarterly", {"quarterly"}),
        ("every quarter and once a year", {"quarterly", "annual"}),
        ("twice a year", {"semi-annual"}),
        ("each business day", {"daily"}),
        ("the annual risk assessment", {"annual"}),
        ("a bi-weekly call", set()),
        ("within 30 days", set()),
    ],
)
def test_frequencies_are_read_by_their_words(text, named):
    assert phrases.frequencies(text) == named


def test_amounts_are_read_with_what_they_are_about():
    found = list(
        phrases.amounts("Within 10 business days of the review, by business day two after the call, in 4 h.")
    )
    assert [(one.number, one.text, one.unit, one.after) for one in found] == [
        (10, "10 business days", "business day", "of the review"),
        (2, "business day two", "business day no.", "after the call"),
        (4, "4 h", "h", ""),
    ]


@given(st.text(), st.sampled_from(["daily", "event", "annual", "event+annual", "continuous"]), st.text())
def test_any_text_is_read(statement, frequency, policy):
    wording = Wording(statement, frequency, (("days", 3),), policy="POL-1", policy_text=policy)
    assert all(one.what for one in lint.remarks(wording))
