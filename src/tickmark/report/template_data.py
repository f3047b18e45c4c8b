"""The data of a SOC 2 report: the contract between the books and the template (domain.md 2, 3).

The data are plain JSON, kept as they are when a report is issued. A field whose name ends in `_md` holds
Markdown; every other string is plain text. Dates are `YYYY-MM-DD`. No field may be missing; what there is
nothing to say about is empty (`""`, `[]`) or, where the type says so, null.
`check_report_data` in `template_check.py` says what is wrong with them.
"""

from __future__ import annotations

from typing import Literal, TypedDict

CategoryCode = Literal["security", "availability", "confidentiality", "processing_integrity", "privacy"]

TestResult = Literal["no_exceptions", "exceptions", "did_not_operate", "not_tested"]
"""The closed list of domain.md 3.4; a person chooses it, nothing infers it."""

PartKey = Literal[
    "scope",
    "company_responsibilities",
    "auditor_responsibilities",
    "inherent_limitations",
    "tests",
    "basis",
    "opinion",
    "emphasis",
    "restricted_use",
    "other",
]
"""What a part of the auditor's report is about, so that a missing one shows; its heading is the firm's."""

RESTRICTED_USE = (
    "Only the following may use this report: the company; those who were its customers in the period or"
    " consider becoming so; partners whose own risks depend on the system; their auditors; and regulators –"
    " each with enough knowledge of the service, the system and its limits, the complementary controls, the"
    " criteria and the risks to read it rightly. It is not meant for anyone else."
)
"""A model sentence; the firm's own words prevail (domain.md 3.8)."""

SECTION_5_DISCLAIMER = (
    "The information in this section is presented by management and was not subject to the procedures of the"
    " examination; the service auditor expresses no opinion on it."
)
"""A model sentence; the firm's own words prevail (domain.md 3.8)."""


class Cover(TypedDict):
    """Who, what and when. Type 2 has `start` and `end`, both included; Type 1 has `as_of`."""

    reference: str
    """The report's reference in the books, such as `RPT-1`; printed on every page."""
    company: str
    system: str
    categories: list[CategoryCode]
    type: Literal[1, 2]
    start: str | None
    end: str | None
    as_of: str | None
    firm: str
    firm_place: str
    """City and state or country of the firm."""
    report_date: str | None
    """Null while it is a draft."""
    issued: bool
    """False prints a watermark and a note on the cover."""
    fictional: bool
    """True prints “Fictional example” on every page; always so in a demo home."""
    restricted_use: str


class Part(TypedDict):
    """A headed piece of text."""

    heading: str
    text_md: str


class AuditorPart(TypedDict):
    """A headed piece of the auditor's report, with what it is about."""

    key: PartKey
    heading: str
    text_md: str


class Signature(TypedDict):
    """Signed in the name of the firm."""

    name: str
    place: str
    date: str | None


class AuditorReport(TypedDict):
    """Section I. Every word is supplied by the auditor and printed as it is."""

    title: str
    addressee: str
    parts: list[AuditorPart]
    signature: Signature


class Signatory(TypedDict):
    """Who signs the assertion."""

    name: str
    title: str


class Assertion(TypedDict):
    """Section II, supplied by management."""

    title: str
    text_md: str
    signatories: list[Signatory]
    date: str | None


class Service(TypedDict):
    """A service of the company, in the report or not (DC 1)."""

    name: str
    what: str
    users: str
    in_scope: bool


class Commitment(TypedDict):
    """A principal service commitment (DC 2). `target` is its measure, `source` where it is made."""

    ref: str
    category: CategoryCode
    text: str
    target: str
    source: str


class Requirement(TypedDict):
    """A system requirement and the criteria it supports (DC 2)."""

    ref: str
    text: str
    source: str
    criteria: list[str]


class Component(TypedDict):
    """A component (DC 3). `detail`, in lines: who provides it, how many people, which policy, what is told of data."""

    name: str
    purpose: str
    detail: str
    inside: bool


class Components(TypedDict):
    """The five kinds of component."""

    infrastructure: list[Component]
    software: list[Component]
    people: list[Component]
    procedures: list[Component]
    data: list[Component]


class Boundary(TypedDict):
    """What is inside the system and what is not."""

    text_md: str
    included: list[str]
    excluded: list[str]


class Incident(TypedDict):
    """An incident that meets the disclosure test (DC 4)."""

    ref: str
    discovered: str
    nature: str
    cause: str
    effect: str
    disposition: str
    commitments: list[str]


class Cuec(TypedDict):
    """A control that user entities are assumed to operate (DC 6)."""

    ref: str
    text: str
    why: str
    criteria: list[str]


class Csoc(TypedDict):
    """A kind of control assumed at a subservice organisation (DC 7)."""

    ref: str
    text: str
    criteria: list[str]


class Subservice(TypedDict):
    """A subservice organisation (DC 7). `components_md` is printed under the inclusive method only."""

    name: str
    service: str
    method: Literal["carve_out", "inclusive"]
    criteria: list[str]
    monitoring: str
    report: str
    components_md: str
    csocs: list[Csoc]


class NotRelevant(TypedDict):
    """A criterion that is not relevant, with the reason; printed, never hidden (DC 8)."""

    criterion: str
    reason: str


class Change(TypedDict):
    """A significant change during the period (DC 9; Type 2 only)."""

    date: str
    before: str
    after: str
    why: str
    controls: list[str]


class Excluded(TypedDict):
    """Something left out by decision. `until` null means that no end was set."""

    what: str
    reason: str
    by: str
    until: str | None


class Description(TypedDict):
    """Section III, supplied by management, in the order of the description criteria."""

    overview_md: str
    services: list[Service]
    commitments: list[Commitment]
    requirements: list[Requirement]
    components: Components
    boundary: Boundary
    incidents: list[Incident]
    """Empty prints the explicit statement that none met the test."""
    controls_md: str
    environment: list[Part]
    """Control environment, risk assessment, information and communication, monitoring, processes."""
    cuecs: list[Cuec]
    subservices: list[Subservice]
    not_relevant: list[NotRelevant]
    changes: list[Change]
    exclusions: list[Excluded]


class Deviations(TypedDict):
    """An exception: `deviations` of `tested`, as fact, without names of persons (domain.md 3.4).

    `census` says that all items were tested. `mitigation` is what the auditor checked, empty if nothing.
    `response` is the reference of management's response in Section V, null if there is none.
    """

    tested: int
    deviations: int
    census: bool
    text: str
    mitigation: str
    response: str | None


class Test(TypedDict):
    """A test and its result. `detail` is the reason where the result is not one of the first two."""

    text: str
    result: TestResult
    detail: str
    exceptions: list[Deviations]


class InForce(TypedDict):
    """The days of the period in which a version of a control was in force."""

    start: str
    end: str


class ReportedControl(TypedDict):
    """A control as written. A control changed in the period is two of these, each with its days (rule 23)."""

    ref: str
    title: str
    text: str
    frequency: str
    in_force: InForce | None
    tests: list[Test]
    """Empty under Type 1."""


class ReportedCriterion(TypedDict):
    """A criterion, what meets it, or why it is not relevant (null where it is)."""

    id: str
    title: str
    text: str
    series: str
    """The heading it stands under, such as `CC6 Logical and physical access`."""
    controls: list[str]
    csocs: list[str]
    not_relevant: str | None


class Testing(TypedDict):
    """Section IV. Criteria stand in official order; a control is shown in full where it first counts."""

    intro_md: str
    criteria: list[ReportedCriterion]
    controls: list[ReportedControl]


class Response(TypedDict):
    """Management's response to the exceptions of a control."""

    ref: str
    control: str
    text_md: str


class OtherInformation(TypedDict):
    """Section V, not covered by the auditor's report."""

    disclaimer: str
    responses: list[Response]
    parts: list[Part]


class ReportData(TypedDict):
    """The whole report."""

    cover: Cover
    auditor_report: AuditorReport
    assertion: Assertion
    description: Description
    testing: Testing
    other_information: OtherInformation
