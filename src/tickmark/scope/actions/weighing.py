"""What the company thinks on the way: answers of the scope interview, and how it weighs points of focus."""

from __future__ import annotations

from typing import Any

from tickmark.kernel import clock
from tickmark.kernel.access import Actor
from tickmark.kernel.action import action, bulk, need
from tickmark.people.actions import put
from tickmark.scope import interview as asked
from tickmark.scope.actions.checks import check_code, said
from tickmark.scope.criteria import criteria
from tickmark.scope.models import InterviewAnswer, PointView, System


@bulk("scope.tell")
def tell(actor: Actor, interview: str, answers: dict[str, Any]) -> InterviewAnswer:
    """Answer questions of the scope interview. Each answer stands from today on, and what was said before stays.

    `interview` is the code of the system that it will describe. An answer that says what stood already is not repeated.
    """
    check_code(interview)
    need(answers, "Nothing is answered.", "", "Answer at least one question.", "answers")
    today = clock.today()
    standing = InterviewAnswer.objects.as_of(today).filter(interview=interview)
    before = dict(standing.values_list("question", "answer"))
    given = {name: asked.question(name).read(value) for name, value in answers.items()}
    given |= {
        name: asked.keyed(value, _highest(interview, name), before.get(name, []))
        for name, value in given.items()
        if asked.question(name).kind == "rows"
    }
    new = [name for name, value in given.items() if name not in before or before[name] != value]
    need(
        new,
        "Nothing has changed.",
        "Each of these answers stands already.",
        "Change one, or go on.",
        "answers",
    )
    rows = [
        put(InterviewAnswer(interview=interview, question=name, answer=given[name], effective_from=today))
        for name in new
    ]
    return rows[-1]


def _highest(interview: str, question: str) -> int:
    """The highest key that a row of this question ever had."""
    told = InterviewAnswer.objects.filter(interview=interview, question=question)
    return max(
        (row.get(asked.KEY, 0) for answer in told.values_list("answer", flat=True) for row in answer),
        default=0,
    )


@action("scope.weigh")
def weigh(actor: Actor, system: System, point: str, state: PointView.State, note: str = "") -> PointView:
    """Say how a point of focus is weighed for the system. It is an aid to thinking, never a requirement (rule 2)."""
    known = {one.id for criterion in criteria().values() for one in criterion.points}
    need(
        point in known,
        f"There is no point of focus {point[:20]}.",
        "Points are named by their criterion and a number of our own, such as CC6.1-3.",
        "Open the criterion and choose one.",
        "point",
    )
    if state == PointView.State.NOT_RELEVANT:
        said(note, "note", "Whoever reads it later asks why the point does not matter here.")
    return put(
        PointView(system=system, point=point, state=state, note=note.strip(), effective_from=clock.today())
    )
