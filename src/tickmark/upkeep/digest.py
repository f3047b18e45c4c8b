"""What of somebody's duties is worth a mail today: what is overdue, what is due soon, what is new since the last one.

Pure: tasks and days go in, parts of a letter come out. A task is known again by step, place and title.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

from tickmark.kernel.answers import Task

REMINDERS = (7, 1)
"""Days before a task is due on which it is told once more."""


@dataclass(frozen=True)
class Digest:
    """The tasks that are told, each in one part only."""

    overdue: tuple[Task, ...]
    soon: tuple[Task, ...]
    new: tuple[Task, ...]

    def __bool__(self) -> bool:
        return bool(self.overdue or self.soon or self.new)

    @property
    def subject(self) -> str:
        """How many of each: `2 overdue, 1 due soon, 3 new`."""
        counts = (("overdue", self.overdue), ("due soon", self.soon), ("new", self.new))
        return ", ".join(f"{len(tasks)} {word}" for word, tasks in counts if tasks)


def key(task: Task) -> str:
    """By what a task is known again: 16 hexadecimal figures, so that a kept digest holds no words."""
    return hashlib.sha256(f"{task.step}\n{task.url}\n{task.title}".encode()).hexdigest()[:16]


def digest(tasks: Iterable[Task], told: Collection[str], since: date | None, day: date) -> Digest:
    """What is worth telling on the day; `told` are the keys that the last mail knew, `since` is its day."""
    owed = list(tasks)
    overdue = [task for task in owed if task.overdue(day)]
    soon = [task for task in owed if task not in overdue and _reminds(task, since, day)]
    new = [task for task in owed if task not in overdue and task not in soon and key(task) not in told]
    return Digest(tuple(overdue), tuple(soon), tuple(new))


def _reminds(task: Task, since: date | None, day: date) -> bool:
    """Whether a day of reminding was reached since the last mail."""
    if task.due_on is None:
        return False
    left = (task.due_on - day).days
    before = (task.due_on - since).days if since is not None else None
    return any(left <= mark and (before is None or before > mark) for mark in REMINDERS)
