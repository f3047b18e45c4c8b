"""How the controls in force are worded on a day: each held against its policy, its numbers and the library."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from tickmark.controls import lint
from tickmark.controls.library import StarterControl, starter_controls
from tickmark.controls.models import ControlVersion, Nature
from tickmark.controls.queries import policies, versions_on
from tickmark.kernel.remembered import remembered


@dataclass(frozen=True)
class Looked:
    """What a tester would stumble over in the words of a control."""

    remarks: tuple[lint.Remark, ...]

    @property
    def faults(self) -> list[lint.Remark]:
        """Its remarks without the notes."""
        return [one for one in self.remarks if not one.rule.note]

    @property
    def contradicted(self) -> bool:
        """Whether records were given that say something against it."""
        return any(one.rule.id == lint.CONTRADICTED for one in self.remarks)

    @property
    def badly_worded(self) -> bool:
        """Whether its words are at fault, whatever its records say."""
        return any(one.rule.id != lint.CONTRADICTED for one in self.faults)

    @property
    def notes(self) -> list[lint.Remark]:
        """What is worth knowing and no fault."""
        return [one for one in self.remarks if one.rule.note]


@dataclass(frozen=True)
class Worded(Looked):
    """A control as it stands on a day, with the remarks about its words."""

    version: ControlVersion
    wording: lint.Wording

    def held_against(self, records: Sequence[str]) -> Worded:
        """The same, with what the company's own records say against it."""
        wording = replace(self.wording, against=tuple(records))
        return _of(self.version, wording) if records else self


def _of(version: ControlVersion, wording: lint.Wording) -> Worded:
    return Worded(lint.remarks(wording), version, wording)


def worded(day: date, known: int | None = None) -> Sequence[Worded]:
    """Every control in force on the day with its remarks, by code; whoever gets them changes nothing of them."""
    return _worded_on(day) if known is None else _worded(day, known)


def worded_as(version: ControlVersion, day: date, known: int | None = None) -> Worded:
    """One version of a control with its remarks, held against the policies of the day."""
    return _of(version, _wording(version, _policy_texts(day, known), _starters()))


def look(
    code: str,
    statement: str,
    frequency: str,
    nature: str,
    policy: str,
    numbers: dict[str, int],
    evidence: str,
    performed_by: str,
    day: date,
) -> Looked:
    """What a tester would stumble over in words that are not recorded yet."""
    starter = _starters().get(code)
    wording = lint.Wording(
        statement,
        frequency,
        tuple(sorted(numbers.items())),
        evidence,
        performed_by,
        nature == Nature.AUTOMATED,
        policy,
        _policy_texts(day, None).get(policy, ""),
        _proposed(starter, numbers) if starter else "",
    )
    return Looked(lint.remarks(wording))


@remembered
def _worded_on(day: date) -> tuple[Worded, ...]:
    return tuple(_worded(day, None))


def _worded(day: date, known: int | None) -> list[Worded]:
    texts, starters = _policy_texts(day, known), _starters()
    return [_of(version, _wording(version, texts, starters)) for version in versions_on(day, known)]


def _policy_texts(day: date, known: int | None) -> dict[str, str]:
    return {line.policy.code: line.current.text for line in policies(day, known) if line.current is not None}


def _starters() -> dict[str, StarterControl]:
    return {item.id: item for item in starter_controls()}


def _wording(
    version: ControlVersion, texts: dict[str, str], starters: dict[str, StarterControl]
) -> lint.Wording:
    numbers = {name: value for name, value in version.parameters.items() if type(value) is int}
    starter = starters.get(version.control.code)
    return lint.Wording(
        version.statement,
        version.frequency,
        tuple(sorted(numbers.items())),
        version.evidence_wanted,
        version.performed_by,
        version.nature == Nature.AUTOMATED,
        version.policy,
        texts.get(version.policy, ""),
        _proposed(starter, numbers) if starter else "",
        version.owner.is_active,
        version.backup_owner_id is not None,
    )


def _proposed(starter: StarterControl, numbers: dict[str, int]) -> str:
    """The library's words with these numbers; one that it does not know is the company's own."""
    return starter.statement({name: value for name, value in numbers.items() if name in starter.parameters})
