"""A full Type 2 report of a company that does not exist, for the tests and for looking at."""

from __future__ import annotations

import copy
from typing import cast

from tickmark.report.template_data import (
    RESTRICTED_USE,
    SECTION_5_DISCLAIMER,
    AuditorPart,
    CategoryCode,
    Component,
    Deviations,
    ReportData,
    ReportedControl,
    ReportedCriterion,
    Test,
    TestResult,
)
from tickmark.scope.criteria import applicable

CATEGORIES: list[CategoryCode] = ["security", "availability", "confidentiality"]
CSOC_ONLY = {"CC6.4": ["CSOC-01"]}
ALSO_CSOC = {"A1.2": ["CSOC-02"], "CC6.1": ["CSOC-03"]}
NOT_RELEVANT = {
    "CC6.5": "The company owns no physical asset on which data of customers or software of the system are kept."
}

_Row = tuple[str, str, str, str, str, list[str]]

CONTROLS: list[_Row] = [
    (
        "GOV-01",
        "Code of conduct",
        "Employees and contractors accept the code of conduct within ten business days of joining, and again each year.",
        "On joining and annually",
        "For a sample of persons who joined during the period, inspected the acceptance records to determine whether"
        " the code of conduct was accepted within ten business days.",
        ["CC1.1", "CC1.5"],
    ),
    (
        "GOV-02",
        "Oversight meetings",
        "The oversight committee meets each quarter, reviews the state of internal control, and keeps minutes.",
        "Quarterly",
        "For two of the four quarters, inspected the minutes to determine whether the committee met and reviewed the"
        " state of internal control.",
        ["CC1.2", "CC4.2", "CC2.2"],
    ),
    (
        "GOV-03",
        "Organisation chart and duties",
        "Management keeps an organisation chart with reporting lines, and job descriptions that name control duties.",
        "Continuous",
        "Inspected the organisation chart and, for a sample of roles, the job descriptions to determine whether"
        " reporting lines and control duties were set down.",
        ["CC1.3", "CC1.4", "CC5.3"],
    ),
    (
        "COM-01",
        "Commitments told to customers",
        "Service commitments are published in the terms of service, and changes are announced thirty days ahead.",
        "On change",
        "Inspected the published terms and the change notices of the period to determine whether commitments and"
        " their changes were told to customers.",
        ["CC2.1", "CC2.3"],
    ),
    (
        "RSK-01",
        "Annual risk assessment",
        "Management assesses risks to the service commitments each year, fraud included, and records the treatment.",
        "Annually",
        "Inspected the risk register and the minutes of the annual assessment to determine whether risks, fraud"
        " included, were assessed and treatment was recorded.",
        ["CC3.1", "CC3.2", "CC3.3", "CC3.4", "CC5.1", "CC9.1"],
    ),
    (
        "MON-01",
        "Control self-assessment",
        "Each control owner assesses the control each quarter; a second person reviews the assessment.",
        "Quarterly",
        "For a sample of controls and quarters, inspected the assessments to determine whether each was made and"
        " reviewed by a second person.",
        ["CC4.1", "CC5.2"],
    ),
    (
        "AC-01",
        "Single sign-on with second factor",
        "Access to production and to the code repository passes through the identity provider and needs a second factor.",
        "Automated",
        "Inspected the configuration of the identity provider to determine whether a second factor was enforced for"
        " the production and repository applications. Reperformed a login without a second factor.",
        ["CC6.1", "CC6.6"],
    ),
    (
        "AC-04",
        "Leavers lose access",
        "Access of leavers is disabled within one business day of termination.",
        "On event",
        "Inquired of the IT lead about the process for leavers. For a sample of employees and contractors who left"
        " during the period, inspected termination dates and the logs of the identity provider to determine whether"
        " access was disabled within one business day.",
        ["CC6.2", "CC6.3"],
    ),
    (
        "AC-06",
        "Quarterly access review",
        "System owners review the accounts and roles of production systems each quarter and have surplus access removed.",
        "Quarterly",
        "For two of the four quarters, inspected the review records and the removals to determine whether all"
        " production systems were reviewed and surplus access was removed.",
        ["CC6.2", "CC6.3"],
    ),
    (
        "CRY-01",
        "Encryption in transit",
        "Traffic between customers and the service is encrypted with current protocols.",
        "Automated",
        "Inspected the configuration of the load balancers to determine whether only current protocols were offered.",
        ["CC6.7", "C1.1"],
    ),
    (
        "AST-02",
        "Endpoint protection",
        "Workstations carry managed protection against malicious software that users cannot switch off.",
        "Automated",
        "For a sample of workstations, inspected the management console to determine whether protection was active.",
        ["CC6.8", "CC7.1"],
    ),
    (
        "OPS-03",
        "Alerts are handled",
        "Security alerts of high severity are triaged by the engineer on call within four hours.",
        "Continuous",
        "For a sample of high-severity alerts, inspected the tickets to determine whether each was triaged within"
        " four hours.",
        ["CC7.2", "CC7.3"],
    ),
    (
        "INC-04",
        "Incidents told to customers",
        "Customers affected by an incident are told within 72 hours of its confirmation.",
        "On event",
        "Inquired of the security lead and inspected the incident register for the period.",
        ["CC7.4"],
    ),
    (
        "INC-05",
        "Lessons from incidents",
        "Each incident of high severity is followed by a written review with actions and owners.",
        "On event",
        "Inspected the incident register and the written review to determine whether actions and owners were recorded.",
        ["CC7.5"],
    ),
    (
        "CHG-02",
        "Changes are reviewed",
        "Each change to the production branch is approved by a person other than its author before it is merged.",
        "Per change",
        "Obtained the list of all commits that reached the production branch during the period. For all changes,"
        " compared author, approver and time of merge to determine whether another person approved the merged state.",
        ["CC8.1"],
    ),
    (
        "VND-03",
        "Reports of subservice organisations",
        "The security lead reads the reports of subservice organisations each year and follows up on exceptions.",
        "Annually",
        "Inspected the review of the hosting provider's report to determine whether exceptions and complementary"
        " controls were considered.",
        ["CC9.2", "CC6.1"],
    ),
    (
        "BCP-01",
        "Capacity is watched",
        "Use of capacity is measured against thresholds, and alerts reach the engineer on call.",
        "Automated",
        "Inspected the monitoring configuration and one alert to determine whether thresholds were set and alerts sent.",
        ["A1.1"],
    ),
    (
        "BCP-03",
        "Backups",
        "Databases are backed up daily to a second region.",
        "Daily",
        "For a sample of days, inspected the backup logs to determine whether backups completed.",
        ["A1.2"],
    ),
    (
        "BCP-05",
        "Restore is rehearsed",
        "A restore of the production database is rehearsed each year against the recovery time.",
        "Annually",
        "Inspected the record of the rehearsal to determine whether the recovery time was met.",
        ["A1.3"],
    ),
    (
        "DAT-02",
        "Data of former customers are deleted",
        "Data of former customers are deleted within thirty days after the contract ends.",
        "On event",
        "For a sample of ended contracts, inspected the deletion logs to determine whether data were deleted in time.",
        ["C1.2"],
    ),
]

LEAVERS: Deviations = {
    "tested": 25,
    "deviations": 2,
    "census": False,
    "text": "For 2 of 25 leavers sampled, access was disabled four and nine business days after termination.",
    "mitigation": "No login after termination was observed for either account.",
    "response": "RSP-01",
}
DIRECT_PUSHES: Deviations = {
    "tested": 412,
    "deviations": 3,
    "census": True,
    "text": "Three of 412 changes reached the production branch without approval by another person.",
    "mitigation": "Each was compared with the deployed state; none touched access rules.",
    "response": "RSP-02",
}
OUTCOMES: dict[str, tuple[TestResult, str, list[Deviations]]] = {
    "AC-04": ("exceptions", "", [LEAVERS]),
    "CHG-02": ("exceptions", "", [DIRECT_PUSHES]),
    "INC-04": (
        "did_not_operate",
        "During the period no incident took place that would have required this control. We therefore did not test"
        " its operating effectiveness.",
        [],
    ),
    "BCP-05": ("not_tested", "The rehearsal fell on a day after the end of the period.", []),
}

OPINION = """In our opinion, in all material respects,

1. the description presents the system that was designed and implemented throughout the period in accordance
   with the description criteria;
2. the controls stated in it were suitably designed throughout the period to give reasonable assurance that the
   service commitments and system requirements would be achieved, based on the applicable criteria; and
3. the controls operated effectively throughout the period to that end,

provided that the complementary controls assumed by the company operated effectively."""

AUDITOR_PARTS: list[AuditorPart] = [
    {
        "key": "scope",
        "heading": "Scope",
        "text_md": "We have examined the description by **Juniper Lane Software** of its *Juniper Lane Platform*"
        " throughout the period 1 November 2025 to 31 October 2026, and the suitability of the design and operating"
        " effectiveness of the controls stated in it.\n\nThe company uses Northern Cloud for hosting. The"
        " description names the types of complementary controls assumed there; our examination did not extend to"
        " them. The information in Section V was not subject to our procedures.",
    },
    {
        "key": "company_responsibilities",
        "heading": "Responsibilities of the company",
        "text_md": "The company is responsible for its service commitments and system requirements, and for"
        " designing, implementing and operating controls that give reasonable assurance that they are achieved.",
    },
    {
        "key": "auditor_responsibilities",
        "heading": "Our responsibilities",
        "text_md": "Our responsibility is to express an opinion, based on our examination, which we made under the"
        " attestation standards of the AICPA. We are required to be independent and to meet our other ethical"
        " responsibilities. Our work included:\n\n- assessing the risks that the description is not presented in"
        " accordance with the description criteria;\n- testing the operating effectiveness of the controls;\n-"
        " evaluating the overall presentation of the description.",
    },
    {
        "key": "inherent_limitations",
        "heading": "Inherent limitations",
        "text_md": "Because of their nature, controls may not prevent, or detect and correct, all errors. To carry"
        " conclusions about them into the future is subject to the risk that they become inadequate.",
    },
    {
        "key": "tests",
        "heading": "Description of tests of controls",
        "text_md": "The controls we tested, and the nature, timing and results of those tests, stand in Section IV.",
    },
    {"key": "opinion", "heading": "Opinion", "text_md": OPINION},
    {"key": "restricted_use", "heading": "Restricted use", "text_md": RESTRICTED_USE},
]


def _component(name: str, purpose: str, detail: str, inside: bool = True) -> Component:
    return {"name": name, "purpose": purpose, "detail": detail, "inside": inside}


def _control(row: _Row) -> ReportedControl:
    ref, title, text, frequency, tests, _ = row
    result, detail, exceptions = OUTCOMES.get(ref, ("no_exceptions", "", []))
    test: Test = {"text": tests, "result": result, "detail": detail, "exceptions": exceptions}
    return {"ref": ref, "title": title, "text": text, "frequency": frequency, "in_force": None, "tests": [test]}


def _criteria() -> list[ReportedCriterion]:
    return [
        {
            "id": criterion.id,
            "title": criterion.title,
            "text": criterion.summary,
            "series": f"{criterion.series.id} {criterion.series.title}",
            "controls": []
            if criterion.id in NOT_RELEVANT
            else [row[0] for row in CONTROLS if criterion.id in row[5]],
            "csocs": CSOC_ONLY.get(criterion.id, []) + ALSO_CSOC.get(criterion.id, []),
            "not_relevant": NOT_RELEVANT.get(criterion.id),
        }
        for criterion in applicable(CATEGORIES)
    ]


def sample_report() -> ReportData:
    """An issued Type 2 report for Security, Availability and Confidentiality, each call its own copy."""
    return copy.deepcopy(
        {
            "cover": {
                "reference": "RPT-1",
                "company": "Juniper Lane Software, Inc.",
                "system": "Juniper Lane Platform",
                "categories": CATEGORIES,
                "type": 2,
                "start": "2025-11-01",
                "end": "2026-10-31",
                "as_of": None,
                "firm": "Hollis & Wren LLP",
                "firm_place": "Portland, Oregon",
                "report_date": "2026-12-11",
                "issued": True,
                "fictional": True,
                "restricted_use": RESTRICTED_USE,
            },
            "auditor_report": {
                "title": "Independent service auditor's report",
                "addressee": "The management of Juniper Lane Software, Inc.",
                "parts": AUDITOR_PARTS,
                "signature": {"name": "Hollis & Wren LLP", "place": "Portland, Oregon", "date": "2026-12-11"},
            },
            "assertion": {
                "title": "Assertion of management",
                "text_md": "We have prepared the description of the Juniper Lane Platform throughout the period"
                " 1 November 2025 to 31 October 2026. We assert that\n\na) the description is presented in"
                " accordance with the description criteria;\n\nb) the controls stated in it were suitably designed"
                " throughout the period; and\n\nc) the controls operated effectively throughout the period,\n\nif"
                " the complementary controls assumed at user entities and at Northern Cloud operated effectively.",
                "signatories": [{"name": "Ada Example", "title": "Chief executive officer"}],
                "date": "2026-12-11",
            },
            "description": {
                "overview_md": "Juniper Lane Software, Inc. was founded in 2016 and offers scheduling software to"
                " clinics and field services. It employs about sixty people in Oregon and remotely.\n\nCustomers"
                " reach the service by browser and by API:\n\n| Door | Who | Protocol |\n|---|---|---|\n| Web |"
                " planners | HTTPS |\n| API | customers' programs | HTTPS, signed tokens |",
                "services": [
                    {
                        "name": "Scheduling",
                        "what": "Plans shifts and visits, and tells the people concerned.",
                        "users": "Clinics, field services",
                        "in_scope": True,
                    },
                    {
                        "name": "Payroll export",
                        "what": "Beta of an export to payroll programs.",
                        "users": "Three pilot customers",
                        "in_scope": False,
                    },
                ],
                "commitments": [
                    {
                        "ref": "SC-01",
                        "category": "security",
                        "text": "Data of customers are protected against access by people who have no right to them.",
                        "target": "",
                        "source": "Terms of service, 7.1",
                    },
                    {
                        "ref": "SC-02",
                        "category": "availability",
                        "text": "The service is available to customers.",
                        "target": "99.9 % a month",
                        "source": "Service level agreement, 2",
                    },
                    {
                        "ref": "SC-03",
                        "category": "confidentiality",
                        "text": "Data of customers are deleted after the contract ends.",
                        "target": "30 days",
                        "source": "Terms of service, 9.3",
                    },
                ],
                "requirements": [
                    {
                        "ref": "SR-01",
                        "text": "Access to production is granted by role and removed when it is not needed.",
                        "source": "Access policy",
                        "criteria": ["CC6.2", "CC6.3"],
                    }
                ],
                "components": {
                    "infrastructure": [
                        _component("Production account", "Runs the service in two zones", "Northern Cloud"),
                        _component("Office network", "Internet access for staff", "Own", inside=False),
                    ],
                    "software": [
                        _component("Scheduling application", "The service itself", "Own"),
                        _component("Identity provider", "Single sign-on and second factor", "Alder Identity"),
                    ],
                    "people": [
                        _component("Engineering", "Builds and runs the service", "31"),
                        _component("Security", "Owns the control programme", "2"),
                    ],
                    "procedures": [
                        _component("Change management", "How changes reach production", "Change policy, automated"),
                        _component("Incident response", "How incidents are handled", "Incident policy, manual"),
                    ],
                    "data": [
                        _component(
                            "Schedules", "Shifts, visits and contact details", "Confidential; kept for the contract"
                        )
                    ],
                },
                "boundary": {
                    "text_md": "The boundary is drawn around the production environment and the people and procedures"
                    " that build, run and support it.",
                    "included": ["Production environment", "Code repository and deployment pipeline"],
                    "excluded": ["Payroll export (beta)", "Marketing website"],
                },
                "incidents": [
                    {
                        "ref": "INC-2026-03",
                        "discovered": "2026-03-14",
                        "nature": "Loss of availability",
                        "cause": "A database upgrade exhausted connections; the change had been reviewed.",
                        "effect": "The service was unavailable for 71 minutes.",
                        "disposition": "Resolved the same day; connection limits are now tested before upgrades.",
                        "commitments": ["SC-02"],
                    }
                ],
                "controls_md": "Controls are owned by named roles and are reviewed at least once a year.",
                "environment": [
                    {
                        "heading": "Control environment",
                        "text_md": "The oversight committee meets each quarter and is independent of management.",
                    },
                    {
                        "heading": "Risk assessment",
                        "text_md": "Risks are assessed each year and when the business changes significantly.",
                    },
                    {
                        "heading": "Monitoring",
                        "text_md": "Owners assess their controls each quarter; a second person reviews the assessment.",
                    },
                ],
                "cuecs": [
                    {
                        "ref": "CUEC-01",
                        "text": "User entities remove the accounts of their own staff who leave.",
                        "why": "Only the user entity knows who has left it.",
                        "criteria": ["CC6.2", "CC6.3"],
                    }
                ],
                "subservices": [
                    {
                        "name": "Northern Cloud, Inc.",
                        "service": "Hosting of compute, storage and databases",
                        "method": "carve_out",
                        "criteria": ["CC6.1", "CC6.4", "A1.2"],
                        "monitoring": "VND-03: its report is read each year and exceptions are followed up.",
                        "report": "SOC 2 Type 2, 1 October 2025 to 30 September 2026, unmodified opinion",
                        "components_md": "",
                        "csocs": [
                            {
                                "ref": "CSOC-01",
                                "text": "Access to data centres is limited to authorised people and reviewed.",
                                "criteria": ["CC6.4"],
                            },
                            {
                                "ref": "CSOC-02",
                                "text": "Data centres are protected against fire, water and loss of power.",
                                "criteria": ["A1.2"],
                            },
                            {
                                "ref": "CSOC-03",
                                "text": "Customers are kept apart in the virtual infrastructure.",
                                "criteria": ["CC6.1"],
                            },
                        ],
                    }
                ],
                "not_relevant": [{"criterion": key, "reason": reason} for key, reason in NOT_RELEVANT.items()],
                "changes": [
                    {
                        "date": "2026-02-02",
                        "before": "Accounts were kept in each application",
                        "after": "Single sign-on through Alder Identity",
                        "why": "Changes how access is granted and removed",
                        "controls": ["AC-01", "AC-04"],
                    }
                ],
                "exclusions": [
                    {
                        "what": "Payroll export (beta)",
                        "reason": "Not generally available; used by three pilot customers under separate terms.",
                        "by": "Chief executive officer",
                        "until": "2027-03-31",
                    }
                ],
            },
            "testing": {
                "intro_md": "The tests consisted of inquiry, observation, inspection and reperformance. Inquiry alone"
                " was not relied on. A test is shown where its control first appears; further criteria point to it.",
                "criteria": _criteria(),
                "controls": [_control(row) for row in CONTROLS],
            },
            "other_information": {
                "disclaimer": SECTION_5_DISCLAIMER,
                "responses": [
                    {
                        "ref": "RSP-01",
                        "control": "AC-04",
                        "text_md": "*Cause.* Two terminations were entered in the HR system after the last working"
                        " day.\n\n*What was done.* Since 1 September 2026 the HR system disables accounts by itself at"
                        " the end of the last day.",
                    },
                    {
                        "ref": "RSP-02",
                        "control": "CHG-02",
                        "text_md": "*Cause.* Administrators could bypass branch protection.\n\n*What was done.* The"
                        " bypass was removed on 4 June 2026.",
                    },
                ],
                "parts": [
                    {
                        "heading": "Plans",
                        "text_md": "The company plans to bring the payroll export into the next report.",
                    }
                ],
            },
        }
    )


def sample_type_1() -> ReportData:
    """The same company as of a date: no tests, no results, no significant changes (domain.md 3.1)."""
    data = sample_report()
    data["cover"].update({"type": 1, "start": None, "end": None, "as_of": "2026-10-31"})
    data["description"]["changes"] = []
    data["auditor_report"]["parts"] = [part for part in data["auditor_report"]["parts"] if part["key"] != "tests"]
    for control in data["testing"]["controls"]:
        control["tests"] = []
    return cast(ReportData, data)
