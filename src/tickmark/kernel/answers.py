"""Answers that every step adds to: what somebody owes on a day, and how far a step is. Nothing here is stored."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from functools import wraps

from tickmark.kernel.access import Actor
from tickmark.kernel.remembered import FOR_EACH, remember


@dataclass(frozen=True)
class Task:
    """Something that one person owes: what, where to do it, by when."""

    step: str
    title: str
    url: str
    due_on: date | None = None
    why: str = ""

    def overdue(self, day: date) -> bool:
        """Whether the day lies past the due date. Computed, never a state."""
        return self.due_on is not None and self.due_on < day


Duties = Callable[[Actor, date], Iterable[Task]]
State = Callable[[Actor, date], str]
_duties: list[Duties] = []
_states: dict[str, State] = {}


def duty(function: Duties) -> Duties:
    """Register a step's `due(actor, day)`."""
    _duties.append(remember(FOR_EACH)(wraps(function)(lambda actor, day: tuple(function(actor, day)))))
    return function


def step_state(step: str) -> Callable[[State], State]:
    """Register how far a step is: done, current, next or later (domain.md 0.3)."""

    def register(function: State) -> State:
        _states[step] = remember(FOR_EACH)(function)
        return function

    return register


def due(actor: Actor, day: date) -> list[Task]:
    """Everything that the actor owes on the day, soonest first."""
    tasks = [task for function in _duties for task in function(actor, day)]
    return sorted(tasks, key=lambda task: (task.due_on or date.max, task.step, task.title))


def steps_state(actor: Actor, day: date) -> dict[str, str]:
    """The state of every step that registered one."""
    return {step: function(actor, day) for step, function in _states.items()}
