"""What several policies of the library ask of the company, each thing once; without Django."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tickmark.controls.library import Answer, StarterPolicy, proposed_answers, questions, starter_controls


@dataclass(frozen=True)
class Blank:
    """One thing that policies need to be told, with the proposed answer and the policies that take it, by id."""

    name: str
    ask: str
    proposed: Answer
    by: tuple[StarterPolicy, ...]

    @property
    def control(self) -> str:
        """The code of the control whose number it is; empty for a question to the company."""
        return self.name.partition(".")[0] if "." in self.name else ""

    @property
    def shared(self) -> bool:
        """Whether more than one policy takes it."""
        return len(self.by) > 1


def asked_by(policies: Iterable[StarterPolicy]) -> list[Blank]:
    """All that these policies need: questions in their order, then the numbers of controls by code."""
    by_id = {item.id: item for item in policies}
    takers: dict[str, list[StarterPolicy]] = {}
    for _, item in sorted(by_id.items()):
        for name in item.blanks:
            takers.setdefault(name, []).append(item)
    said, proposed = _words(), proposed_answers()
    return [Blank(name, said[name], proposed[name], tuple(takers[name])) for name in said if name in takers]


def _words() -> dict[str, str]:
    """What is asked, in words: of the company as the library words it, of a control by its title."""
    words = {question.name: question.ask for question in questions()}
    for control in starter_controls():
        words |= {f"{control.id}.{name}": f"{control.title}: {_plain(name)}" for name in control.parameters}
    return words


def _plain(name: str) -> str:
    return name.replace("_", " ")
