"""What the audit step's nouns say to search. Who finds what is the permission table's, as for every list."""

from __future__ import annotations

from tickmark.audit.models import (
    Answer,
    Attribute,
    Commission,
    Conclusion,
    CriterionConclusion,
    Deviation,
    DeviationPublishing,
    Engagement,
    Independence,
    Mark,
    Message,
    NoteCleared,
    Opinion,
    PopulationLock,
    Procedure,
    Publishing,
    Request,
    RequestControl,
    RequestMove,
    Response,
    ReviewNote,
    Sample,
    SampleItem,
    Share,
    SignOff,
    TeamEnd,
    TeamMember,
    Walkthrough,
)
from tickmark.kernel.search.said import Said, joined, searched

OF_TEST = ("procedure__engagement", "procedure__control_version__control")


def _home(engagement: Engagement) -> str:
    return f"/audit/{engagement.code}/"


def _asked(request: Request) -> str:
    return f"/audit/{request.engagement.code}/requests/{request.code}"


def _test(procedure: Procedure) -> str:
    return f"/audit/{procedure.engagement.code}/tests/{procedure.ref}"


def _control(procedure: Procedure) -> str:
    return str(procedure.control_version.control.code)


# -- the engagement -------------------------------------------------------------------------------------------------


@searched(Engagement)
def engagement(row: Engagement) -> Said:
    """An examination by its firm."""
    return Said(f"Engagement {row.code}, {row.firm}", joined(row.categories), _home(row), code=row.code)


@searched(Commission, "engagement")
def commission(row: Commission) -> Said:
    """The auditor's plan."""
    return Said(f"Plan of {row.engagement.code}", row.plan, _home(row.engagement))


@searched(TeamMember, "engagement", "user")
def member(row: TeamMember) -> Said:
    """Somebody on the team."""
    return Said(f"{row.user.name}, {row.get_role_display()}", address=_home(row.engagement))


@searched(TeamEnd, "member__engagement", "member__user", echo=True)
def member_end(row: TeamEnd) -> Said:
    """The end of a membership."""
    return Said(f"{row.member.user.name} left the team", address=_home(row.member.engagement))


@searched(Independence, "member__engagement", "member__user", echo=True)
def independence(row: Independence) -> Said:
    """A confirmation of independence."""
    return Said(f"Independence of {row.member.user.name}", row.statement, _home(row.member.engagement))


# -- requests -------------------------------------------------------------------------------------------------------


@searched(Request, "engagement")
def request(row: Request) -> Said:
    """A request by its title and what it asks for."""
    text = joined(row.detail, row.get_kind_display())
    return Said(f"{row.code} {row.title}", text, _asked(row), code=row.code)


@searched(RequestControl, "request__engagement", "control", echo=True)
def request_control(row: RequestControl) -> Said:
    """The control that a request serves."""
    return Said(f"{row.request.code} serves {row.control.code}", address=_asked(row.request))


@searched(Answer, "request__engagement", echo=True)
def answer(row: Answer) -> Said:
    """An answer of the company."""
    return Said(f"Answer to {row.request.code} {row.request.title}", row.text, _asked(row.request))


@searched(Share, "engagement", "evidence", echo=True)
def share(row: Share) -> Said:
    """A file shared with the engagement."""
    return Said(
        f"{row.evidence.name} shared with {row.engagement.code}", address=f"/evidence/{row.evidence.ref}"
    )


@searched(RequestMove, "request__engagement", echo=True)
def move(row: RequestMove) -> Said:
    """What the auditor did with a request, and why."""
    return Said(f"{row.request.code} {row.get_move_display().lower()}", row.reason, _asked(row.request))


@searched(Message, "request__engagement", echo=True)
def message(row: Message) -> Said:
    """A line of a thread."""
    return Said(f"Message on {row.request.code} {row.request.title}", row.text, _asked(row.request))


# -- tests ----------------------------------------------------------------------------------------------------------


@searched(Procedure, "engagement", "control_version__control")
def procedure(row: Procedure) -> Said:
    """A test by its control and text."""
    return Said(f"{row.get_kind_display()} of {_control(row)}", row.text, _test(row))


@searched(Attribute, *OF_TEST)
def attribute(row: Attribute) -> Said:
    """One thing checked on every item."""
    return Said(f"Attribute {row.letter} of {_control(row.procedure)}", row.text, _test(row.procedure))


@searched(Publishing, *OF_TEST, echo=True)
def publishing(row: Publishing) -> Said:
    """A test shown to the company."""
    return Said(f"Test of {_control(row.procedure)} shown to the company", address=_test(row.procedure))


@searched(Walkthrough, *OF_TEST)
def walkthrough(row: Walkthrough) -> Said:
    """A walkthrough by what was seen."""
    title = f"Walkthrough of {_control(row.procedure)}, {row.held_on}"
    return Said(title, joined(row.text, row.with_whom), _test(row.procedure))


@searched(PopulationLock, *OF_TEST)
def lock(row: PopulationLock) -> Said:
    """A locked list."""
    title = f"List locked for {_control(row.procedure)}, {row.start} to {row.end}"
    return Said(title, row.basis, _test(row.procedure))


@searched(Sample, *OF_TEST)
def sample(row: Sample) -> Said:
    """A draw with its reason; nonce and seed are not searched."""
    title = f"Sample for {_control(row.procedure)}: {row.size} of {row.population_size}"
    return Said(title, row.reason, _test(row.procedure))


@searched(SampleItem, *(f"sample__{path}" for path in OF_TEST))
def item(row: SampleItem) -> Said:
    """A drawn item by its key."""
    procedure = row.sample.procedure
    return Said(f"{row.key} in the sample for {_control(procedure)}", address=_test(procedure))


@searched(
    Mark,
    "item",
    "attribute__procedure__engagement",
    "attribute__procedure__control_version__control",
    echo=True,
)
def mark(row: Mark) -> Said:
    """A verdict with its note."""
    procedure = row.attribute.procedure
    title = f"{row.item.key}, {row.attribute.letter} of {_control(procedure)}: {row.get_verdict_display()}"
    return Said(title, row.note, _test(procedure))


@searched(Deviation, *OF_TEST)
def deviation(row: Deviation) -> Said:
    """A deviation by its fact."""
    return Said(
        f"Deviation of {_control(row.procedure)}", joined(row.fact, row.nature), f"/follow-up/{row.ref}"
    )


@searched(DeviationPublishing, *(f"deviation__{path}" for path in OF_TEST), echo=True)
def deviation_publishing(row: DeviationPublishing) -> Said:
    """A deviation put before the company."""
    title = f"{row.deviation.ref} of {_control(row.deviation.procedure)} put before the company"
    return Said(title, address=f"/follow-up/{row.deviation.ref}")


@searched(Response, *(f"deviation__{path}" for path in OF_TEST), echo=True)
def response(row: Response) -> Said:
    """Management's response."""
    title = f"Response to {row.deviation.ref} of {_control(row.deviation.procedure)}"
    return Said(title, row.text, f"/follow-up/{row.deviation.ref}")


@searched(Conclusion, *OF_TEST)
def conclusion(row: Conclusion) -> Said:
    """A conclusion on a test."""
    title = f"{_control(row.procedure)}: {row.get_result_display()}"
    return Said(title, joined(row.text, row.reason), _test(row.procedure))


@searched(CriterionConclusion, "engagement")
def criterion_conclusion(row: CriterionConclusion) -> Said:
    """A conclusion on a criterion."""
    title = f"{row.criterion} {'met' if row.met else 'not met'}"
    return Said(title, row.reason, f"{_home(row.engagement)}criteria")


@searched(SignOff, *OF_TEST)
def sign_off(row: SignOff) -> Said:
    """A signature under a test."""
    return Said(f"{_control(row.procedure)}: {row.get_stage_display()}", address=_test(row.procedure))


@searched(ReviewNote, *OF_TEST)
def review_note(row: ReviewNote) -> Said:
    """A reviewer's note."""
    return Said(f"Review note on {_control(row.procedure)}", row.text, _test(row.procedure))


@searched(NoteCleared, *(f"note__{path}" for path in OF_TEST), echo=True)
def note_cleared(row: NoteCleared) -> Said:
    """A cleared review note."""
    return Said(f"Cleared: note on {_control(row.note.procedure)}", row.text, _test(row.note.procedure))


@searched(Opinion, "engagement")
def opinion(row: Opinion) -> Said:
    """The opinion as the auditor wrote it."""
    title = f"Opinion on {row.engagement.code}, {row.dated}"
    return Said(title, row.text, f"/report/{row.engagement.code}/opinion")
