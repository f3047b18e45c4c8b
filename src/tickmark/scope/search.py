"""What the scope step's nouns say to search."""

from __future__ import annotations

from tickmark.kernel.search.said import Said, joined, searched
from tickmark.scope import interview
from tickmark.scope.models import (
    Commitment,
    Complement,
    Component,
    Exclusion,
    ExclusionEnd,
    InterviewAnswer,
    NotRelevant,
    Period,
    PointView,
    ProgrammeImport,
    ScopeApproval,
    System,
    SystemEvent,
    SystemVersion,
    Vendor,
    VendorVersion,
)


@searched(System)
def system(row: System) -> Said:
    """A system by its code; what it says stands in its versions."""
    return Said("", address="/scope/", code=row.code)


@searched(SystemVersion)
def system_version(row: SystemVersion) -> Said:
    """A description of the system."""
    text = joined(row.services, row.boundary, row.categories)
    return Said(f"{row.name}, {row.company}", text, "/scope/history")


@searched(ScopeApproval, "version", echo=True)
def approval(row: ScopeApproval) -> Said:
    """The approval of a description."""
    return Said(f"Approval of {row.version.name}", row.note, "/scope/history")


@searched(Commitment)
def commitment(row: Commitment) -> Said:
    """A promise by its text."""
    text = joined(row.text, row.source, row.target)
    return Said(f"{row.code} {row.get_kind_display()}", text, "/scope/commitments/", code=row.code)


@searched(Component)
def component(row: Component) -> Said:
    """A component by its name."""
    text = joined(row.description, row.get_kind_display())
    return Said(f"{row.code} {row.name}", text, "/scope/components/", code=row.code)


@searched(Vendor)
def vendor(row: Vendor) -> Said:
    """A vendor by its code; what it says stands in its versions."""
    return Said("", address="/scope/vendors/", code=row.code)


@searched(VendorVersion, "vendor")
def vendor_version(row: VendorVersion) -> Said:
    """A vendor by name and service."""
    return Said(row.name, joined(row.service, row.vendor.code, row.criteria), "/scope/vendors/")


@searched(Complement)
def complement(row: Complement) -> Said:
    """A control that others are assumed to operate."""
    title = f"{row.code} {row.get_kind_display()}"
    return Said(title, joined(row.text, row.criteria), "/scope/complements/", code=row.code)


@searched(NotRelevant)
def not_relevant(row: NotRelevant) -> Said:
    """A criterion set aside, with the reason."""
    return Said(f"{row.criterion} is not relevant", row.reason, "/scope/set-aside/")


@searched(Exclusion)
def exclusion(row: Exclusion) -> Said:
    """What is left out, and why."""
    return Said(row.what, row.reason, "/scope/exclusions/")


@searched(ExclusionEnd, "exclusion", echo=True)
def exclusion_end(row: ExclusionEnd) -> Said:
    """The end of an exclusion."""
    return Said(f"End of the exclusion: {row.exclusion.what}", row.reason, "/scope/exclusions/")


@searched(SystemEvent)
def event(row: SystemEvent) -> Said:
    """An incident or a significant change."""
    text = joined(row.text, row.why, row.get_kind_display(), row.criteria)
    return Said(row.title, text, "/scope/events/")


@searched(Period)
def period(row: Period) -> Said:
    """A period by its days."""
    return Said(f"{row.get_type_display()}, {row.start} to {row.end}", address="/scope/")


@searched(InterviewAnswer)
def interview_answer(row: InterviewAnswer) -> Said:
    """What was said in the scope interview."""
    asked = interview.questions().get(row.question)
    answer = row.answer if isinstance(row.answer, list) else [row.answer]
    text = joined(
        *(" ".join(map(str, one.values())) if isinstance(one, dict) else str(one) for one in answer)
    )
    return Said(asked.ask if asked else row.question, text, "/scope/interview/")


@searched(PointView)
def point_view(row: PointView) -> Said:
    """How a point of focus is weighed."""
    criterion = row.point.partition("-")[0]
    text = joined(row.note, row.get_state_display())
    return Said(f"Point of focus {row.point}", text, f"/controls/criteria/{criterion}")


@searched(ProgrammeImport)
def programme_import(row: ProgrammeImport) -> Said:
    """A programme that was recorded at once."""
    return Said(f"Programme from {row.source}", address="/scope/import/")
