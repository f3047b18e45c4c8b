"""Letters: what a mail says, as plain text. Its HTML twin is `templates/mail/letter.html`, made from the same parts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from tickmark.kernel.answers import Task
from tickmark.upkeep.digest import Digest

LONGEST_PART = 40
"""Lines of one part; the rest is counted, and stands on the page."""


@dataclass(frozen=True)
class Line:
    """One thing of a list: its words, a remark, and the address where it is dealt with."""

    title: str
    note: str = ""
    address: str = ""


@dataclass(frozen=True)
class Part:
    """A list under a heading."""

    heading: str
    lines: tuple[Line, ...]
    left_out: int = 0


@dataclass(frozen=True)
class Letter:
    """A mail: why it was sent and where that is changed are parts of it that cannot be left out."""

    subject: str
    greeting: str
    paragraphs: tuple[str, ...]
    why: str
    change: str
    parts: tuple[Part, ...] = ()
    verbatim: str = ""

    @property
    def text(self) -> str:
        """The letter as plain text."""
        blocks = [f"{self.greeting},", *self.paragraphs, *map(_part, self.parts)]
        blocks += [self.verbatim.rstrip("\n")] if self.verbatim else []
        return "\n\n".join([*blocks, f"-- \n{self.why}\n{self.change}"]) + "\n"


def _part(part: Part) -> str:
    lines = [f"{part.heading}:"]
    for line in part.lines:
        lines.append(f"- {line.title}{f' ({line.note})' if line.note else ''}")
        lines += [f"  {line.address}"] if line.address else []
    return "\n".join([*lines, f"  and {part.left_out} more" if part.left_out else ""]).rstrip("\n")


def of_tasks(digest: Digest, address: str) -> tuple[Part, ...]:
    """The parts of a digest; `address` is where this installation is reached."""
    found = (
        ("Overdue", digest.overdue, "was due"),
        ("Due soon", digest.soon, "due"),
        ("New since the last mail", digest.new, "due"),
    )
    return tuple(_tasks(heading, tasks, word, address) for heading, tasks, word in found if tasks)


def _tasks(heading: str, tasks: Iterable[Task], word: str, address: str) -> Part:
    every = list(tasks)
    lines = tuple(
        Line(task.title, f"{word} {day(task.due_on)}" if task.due_on else "", f"{address}{task.url}")
        for task in every[:LONGEST_PART]
    )
    return Part(heading, lines, max(0, len(every) - LONGEST_PART))


def day(value: date) -> str:
    """A day as people read it: 3 Aug 2026."""
    return f"{value.day} {value:%b %Y}"
