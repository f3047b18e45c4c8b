"""What is worth a mail: overdue each time, reminded at its marks, new once; and nothing for nothing."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickmark.kernel.answers import Task
from tickmark.upkeep.digest import Digest, digest, key
from tickmark.upkeep.letters import LONGEST_PART, Letter, Line, Part, of_tasks

DAY = date(2026, 8, 3)


def task(title: str = "File it", due: int | None = None) -> Task:
    """A task due so many days after the day."""
    return Task("evidence", title, "/evidence/", None if due is None else DAY + timedelta(days=due))


TASKS = st.lists(
    st.builds(task, st.sampled_from("abcdefgh"), st.none() | st.integers(-20, 20)),
    unique_by=lambda one: one.title,
)


def test_the_first_mail_tells_everything_in_one_part_each() -> None:
    late, soon, later, open_ = task("a", -1), task("b", 7), task("c", 8), task("d")
    found = digest([open_, later, soon, late], [], None, DAY)
    assert found == Digest((late,), (soon,), (open_, later))
    assert found.subject == "1 overdue, 1 due soon, 2 new"


def test_what_was_told_is_not_told_again_until_it_is_overdue() -> None:
    one = task("a", 10)
    told = [key(one)]
    days = [
        day
        for day in range(15)
        if digest([one], told, DAY + timedelta(days=day - 1), DAY + timedelta(days=day))
    ]
    assert days == [3, 9, 11, 12, 13, 14]  # seven days before, one day before, and each day after its own


def test_a_mark_that_fell_on_a_day_without_mail_is_told_with_the_next() -> None:
    one = task("a", 6)  # its mark of seven days was yesterday, a Sunday
    assert digest([one], [key(one)], DAY - timedelta(days=3), DAY).soon == (one,)
    assert not digest([one], [key(one)], DAY - timedelta(days=1), DAY)


@given(TASKS, st.integers(1, 30))
def test_each_task_is_in_one_part_at_most_and_nothing_is_invented(tasks: list[Task], ago: int) -> None:
    told = [key(one) for one in tasks[::2]]
    found = digest(tasks, told, DAY - timedelta(days=ago), DAY)
    every = [*found.overdue, *found.soon, *found.new]
    assert len(every) == len(set(every)) and set(every) <= set(tasks)
    assert set(found.overdue) == {one for one in tasks if one.overdue(DAY)}
    assert {one for one in tasks if key(one) not in told} <= set(every)
    assert bool(found) == bool(every)


@given(TASKS)
def test_whoever_owes_nothing_new_gets_nothing(tasks: list[Task]) -> None:
    quiet = [one for one in tasks if one.due_on is None or one.due_on > DAY + timedelta(days=7)]
    assert not digest(quiet, list(map(key, quiet)), DAY, DAY)
    assert not digest([], [], None, DAY)


@pytest.mark.parametrize("more", [Task("audit", "File it", "/evidence/"), Task("evidence", "File it", "/x")])
def test_a_task_is_known_by_step_place_and_title(more: Task) -> None:
    assert key(task()) == key(task(due=3)) != key(more)


def test_a_letter_says_why_it_came_and_where_that_is_changed() -> None:
    parts = (Part("Overdue", (Line("File it", "was due 2 Aug 2026", "https://t.example/evidence/"),), 3),)
    letter = Letter("s", "Ada", ("Hello.",), "You asked for it.", "Change it: https://t.example/x", parts)
    assert letter.text == (
        "Ada,\n\nHello.\n\nOverdue:\n- File it (was due 2 Aug 2026)\n  https://t.example/evidence/\n  and 3 more\n\n"
        "-- \nYou asked for it.\nChange it: https://t.example/x\n"
    )


def test_a_long_part_counts_what_it_leaves_out() -> None:
    many = digest([task(f"{n}") for n in range(LONGEST_PART + 2)], [], None, DAY)
    [part] = of_tasks(many, "https://t.example")
    assert (len(part.lines), part.left_out, part.lines[0].address) == (
        LONGEST_PART,
        2,
        "https://t.example/evidence/",
    )
