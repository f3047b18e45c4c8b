"""How a control is worded, without Django: named rules, each with its reason and its remedy (domain.md 0.4 rule 4).

A control is tested as it is written: who, does what, how often, to what, with what evidence. A rule reads one wording
(`Wording`) and says what a tester would stumble over (`Remark`). It never says that a control works: that is shown by
its records. Notes are worth knowing and no fault.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from tickmark.controls import phrases

CONTRADICTED = "contradicted"
"""The rule that reads no words: what the records say is found by whoever knows them, and given to it."""
LONGEST = 3
"""Sentences of one control; from the next on it says several things, and one deviation is told for all of them."""


@dataclass(frozen=True)
class Wording:
    """A control as it is written, with what its words are held against.

    `numbers` are its parameters as (name, value). `policy` is the code of its policy, `policy_text` what that says,
    empty if none is in force. `proposed` are the library's own words with these numbers, empty where it comes from no
    proposal; a proposal names its usual owner. `owner_open`: the owner's account is open; `backup`: somebody stands in.
    `against` is what the company's own records say against it, one sentence each.
    """

    statement: str
    frequency: str
    numbers: tuple[tuple[str, int], ...] = ()
    evidence: str = ""
    performed_by: str = ""
    automated: bool = False
    policy: str = ""
    policy_text: str = ""
    proposed: str = ""
    owner_open: bool = True
    backup: bool = True
    against: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rule:
    """One thing that is looked at: its name, what it is called, why it matters, what to do. A note is no fault."""

    id: str
    title: str
    why: str
    remedy: str
    note: bool = False


@dataclass(frozen=True)
class Remark:
    """What a rule found in one wording: `what` quotes the words at fault."""

    rule: Rule
    what: str


Look = Callable[[Wording], Iterator[str]]
_looks: list[tuple[Rule, Look]] = []


def rules() -> list[Rule]:
    """Every rule, in the order in which remarks are told."""
    return [rule for rule, _ in _looks]


@lru_cache(maxsize=5_000)
def remarks(wording: Wording) -> tuple[Remark, ...]:
    """What a tester would stumble over in this wording, by rule."""
    return tuple(Remark(rule, what) for rule, look in _looks for what in look(wording))


def faults(wording: Wording) -> list[Remark]:
    """Its remarks without the notes."""
    return [one for one in remarks(wording) if not one.rule.note]


def _rule(rule: Rule) -> Callable[[Look], Look]:
    def register(look: Look) -> Look:
        _looks.append((rule, look))
        return look

    return register


@_rule(
    Rule(
        CONTRADICTED,
        "The records contradict it",
        "The auditor draws from the same records: what the statement promises was not kept.",
        "Bring the practice to the words, or write what is really done from a coming day on. What happened stays.",
    )
)
def _contradicted(wording: Wording) -> Iterator[str]:
    yield from wording.against


@_rule(
    Rule(
        "who",
        "Nobody does it",
        "Who did it is looked at on each item: a sentence without a doer can be met by anybody, and by nobody.",
        "Begin with who does it (“The IT lead …”), or fill in who performs it.",
    )
)
def _who(wording: Wording) -> Iterator[str]:
    named = wording.performed_by.strip() or wording.automated or bool(wording.proposed)
    if not named and not phrases.names_a_doer(wording.statement):
        yield "The statement names nobody who does it."


@_rule(
    Rule(
        "frequency-missing",
        "It does not say how often",
        "The frequency word in the statement is the threshold of the test.",
        "Write how often in the statement, in the word of its frequency.",
    )
)
def _frequency_missing(wording: Wording) -> Iterator[str]:
    if phrases.periodic(wording.frequency) and not phrases.frequencies(wording.statement):
        yield f"Its frequency is {phrases.word(wording.frequency)}; the statement names none."


@_rule(
    Rule(
        "frequency-differs",
        "Two frequencies",
        "The statement is tested by its own word, and the calendar of its occurrences follows its field.",
        "Make the word in the statement and the frequency of the control the same.",
    )
)
def _frequency_differs(wording: Wording) -> Iterator[str]:
    said = phrases.frequencies(wording.statement)
    if said and phrases.periodic(wording.frequency) and not said & phrases.periods(wording.frequency):
        told = " and ".join(sorted(map(phrases.word, said)))
        yield f"The statement says {told}, its frequency is {phrases.word(wording.frequency)}."


@_rule(
    Rule(
        "stronger-than-practice",
        "Words stronger than practice",
        "The auditor tests them as they are written: one item left out is a deviation (“all”, “immediately”, “24/7”).",
        "Say what is really done: within how many hours or days, of which systems, who is told.",
    )
)
def _strong(wording: Wording) -> Iterator[str]:
    weighed = phrases.strong(wording.proposed)
    yield from (f"“{found}”" for found in phrases.strong(wording.statement) if found not in weighed)


@_rule(
    Rule(
        "vague",
        "Vague words",
        "Nobody can say of an item whether it met them, so each tester decides anew (“should”, “timely”).",
        "Write what is done and by when, in the present tense.",
    )
)
def _vague(wording: Wording) -> Iterator[str]:
    yield from (f"“{found}”" for found in phrases.vague(wording.statement))


@_rule(
    Rule(
        "evidence-missing",
        "No evidence said",
        "What is not recorded as it happens cannot be shown later, and done without a record counts as a deviation.",
        "Say which record, list or setting it leaves behind.",
    )
)
def _evidence(wording: Wording) -> Iterator[str]:
    if not wording.evidence.strip():
        yield "Nothing is said of the evidence that it leaves."


@_rule(
    Rule(
        "number-differs",
        "Statement and numbers differ",
        "Policies and checks take the number that is kept, the auditor the one that is written.",
        "Write the same number in both, or take the number out.",
    )
)
def _numbers(wording: Wording) -> Iterator[str]:
    said, kept = phrases.numbers(wording.statement), {value for _, value in wording.numbers}
    for name, value in wording.numbers:
        if value not in said:
            yield f"{name} = {value} does not stand in the statement."
    for amount in phrases.amounts(wording.statement) if kept else ():
        if amount.number not in kept:
            yield f"The statement says “{amount.text}”; none of its numbers is {amount.number}."


@_rule(
    Rule(
        "policy-number",
        "Another number in the policy",
        "The difference is itself a finding: the statement is the test, and the policy contradicts it.",
        "Correct one of them, so that the number stands in both (a policy takes it by {AC-04.days}).",
    )
)
def _policy_numbers(wording: Wording) -> Iterator[str]:
    read = [
        one for one in phrases.promises(wording.policy_text) if phrases.related(one.text, wording.statement)
    ]
    for amount in phrases.amounts(wording.statement):
        about = (amount.unit, amount.after)
        told = {other.number for one in read for other in one.amounts if (other.unit, other.after) == about}
        if amount.told and told and amount.number not in told:
            yield f"“{amount.text}” here, {' and '.join(map(str, sorted(told)))} in {wording.policy}."


@_rule(
    Rule(
        "policy-frequency",
        "Another frequency in the policy",
        "The auditor reads the policy before testing the control: two frequencies are a finding.",
        "Correct one of them, so that both say the same.",
    )
)
def _policy_frequency(wording: Wording) -> Iterator[str]:
    here = phrases.frequencies(wording.statement)
    for one in phrases.promises(wording.policy_text) if here else ():
        there = one.frequencies
        if there and not here & there and phrases.alike(one.text, wording.statement):
            yield f"{wording.policy} says {' and '.join(sorted(map(phrases.word, there)))}: “{one.text}”"


@_rule(
    Rule(
        "placeholder",
        "A blank that nobody filled in",
        "It would be printed in the report as it stands.",
        "Write what belongs there.",
    )
)
def _placeholder(wording: Wording) -> Iterator[str]:
    yield from (f"“{found}”" for found in phrases.placeholders(wording.statement))


@_rule(
    Rule(
        "several-activities",
        "Several activities in one control",
        "One result is told for all of them: a deviation in one reads as a deviation of all.",
        "Split it, so that each can be tested and told by itself.",
    )
)
def _several(wording: Wording) -> Iterator[str]:
    sentences, periods = phrases.sentences(wording.statement), phrases.frequencies(wording.statement)
    if len(periods) > 1:
        yield f"It is done {' and '.join(sorted(map(phrases.word, periods)))}."
    elif len(sentences) > LONGEST:
        yield f"It has {len(sentences)} sentences."


@_rule(
    Rule(
        "owner-closed",
        "The owner's account is closed",
        "Nobody is asked for its evidence, and reminders go to a dead mailbox.",
        "Hand it over.",
    )
)
def _owner(wording: Wording) -> Iterator[str]:
    if not wording.owner_open:
        yield "The account of its owner is closed."


@_rule(
    Rule(
        "as-proposed",
        "Worded as the library proposes",
        "Nothing is wrong with it if that is what you do. The auditor tests these words, not the habit.",
        "Read it once more against what is really done.",
        note=True,
    )
)
def _unchanged(wording: Wording) -> Iterator[str]:
    if wording.proposed and wording.statement.strip() == wording.proposed.strip():
        yield "The statement is the library's, word for word."


@_rule(
    Rule(
        "no-backup",
        "Nobody stands in for the owner",
        "When the owner is ill or gone, what is due in those weeks is missed.",
        "Name a backup owner.",
        note=True,
    )
)
def _backup(wording: Wording) -> Iterator[str]:
    if not wording.backup:
        yield "No backup owner is named."
