"""The library is whole: every control, policy, criterion and clause that domain.md 6 names, and nothing vague."""

from __future__ import annotations

import re

import pytest

from tickmark.controls.library import (
    EVIDENCE_KINDS,
    StarterControl,
    StarterPolicy,
    starter_controls,
    starter_policies,
)
from tickmark.scope.criteria import applicable, criteria

COUNTS = {
    "GOV": 13, "HR": 8, "COM": 4, "RSK": 6, "VND": 5, "AC": 12, "PHY": 2, "AST": 3, "NET": 3, "CRY": 3,
    "CHG": 11, "OPS": 6, "INC": 4, "BCP": 7, "DAT": 5, "PIN": 6, "PRV": 16,
}  # fmt: skip
CONTROLS = {control.id: control for control in starter_controls()}
POLICIES = {policy.id: policy for policy in starter_policies()}


def test_the_114_controls_and_23_policies_are_there_and_no_others() -> None:
    names = [f"{area}-{number:02d}" for area, count in COUNTS.items() for number in range(1, count + 1)]
    assert len(names) == 114
    assert sorted(CONTROLS) == sorted(names)
    assert sorted(POLICIES) == [f"POL-{number:02d}" for number in range(1, 24)]


# -- scopes (domain.md 6) -----------------------------------------------------------------------------------------

A, C, PI, P = "availability", "confidentiality", "processing_integrity", "privacy"


@pytest.mark.parametrize(
    ("categories", "count"),
    [((), 87), ((A,), 91), ((C,), 88), ((A, C), 92), ((PI,), 94), ((A, C, PI), 98), ((P,), 103),
     ((A, C, PI, P), 114)],
)  # fmt: skip
def test_a_control_drops_out_when_all_its_criteria_are_out_of_scope(
    categories: tuple[str, ...], count: int
) -> None:
    scope = applicable(["security", *categories])
    assert sum(control.fits(scope) for control in CONTROLS.values()) == count


def test_which_controls_security_alone_leaves_out() -> None:
    scope = applicable(["security"])
    left = {name for name, control in CONTROLS.items() if not control.fits(scope)}
    backups = {"BCP-03", "BCP-04", "BCP-05", "BCP-06", "DAT-02"}
    assert {name for name in left if not name.startswith(("PIN", "PRV"))} == backups
    assert len(left) == len(backups) + COUNTS["PIN"] + COUNTS["PRV"]
    assert CONTROLS["BCP-04"].fits(applicable(["security", PI])), "it stays through PI1.5"


def test_a_policy_drops_out_with_the_controls_that_cite_it() -> None:
    scope = applicable(["security"])
    assert [name for name, policy in POLICIES.items() if not policy.fits(scope)] == [
        "POL-20",
        "POL-22",
        "POL-23",
    ]
    assert POLICIES["POL-08"].fits(scope), "DAT-03 cites it and serves CC6.5"
    assert all(policy.fits(applicable([A, C, PI, P])) for policy in POLICIES.values())


# -- the coverage matrix (domain.md 6.3) --------------------------------------------------------------------------

MATRIX = """
CC1.1 GOV-01 GOV-10 GOV-11 HR-04
CC1.2 GOV-02
CC1.3 GOV-03 HR-01 PRV-01
CC1.4 HR-01 HR-02 HR-03 HR-05 HR-06 HR-07
CC1.5 GOV-01 GOV-03 GOV-11 HR-05 PRV-01
CC2.1 GOV-06 GOV-13 COM-01 AST-01 DAT-01
CC2.2 GOV-02 GOV-05 GOV-06 GOV-10 GOV-12 HR-04 HR-06 COM-01 COM-04 PRV-01
CC2.3 GOV-10 COM-02 COM-03 COM-04 VND-04 INC-04 BCP-07 PRV-02
CC3.1 GOV-12 RSK-01
CC3.2 RSK-01 RSK-03 VND-01 OPS-01
CC3.3 RSK-02
CC3.4 RSK-03 RSK-04 VND-03 CHG-11
CC4.1 GOV-07 RSK-06 VND-03
CC4.2 GOV-02 GOV-06 GOV-07 GOV-08
CC5.1 GOV-09 RSK-01 AC-01 CHG-05
CC5.2 GOV-04 GOV-09 CHG-01
CC5.3 GOV-03 GOV-04 GOV-05 GOV-08
CC6.1 AC-01 AC-02 AC-06 AC-07 AC-08 AC-09 AC-10 AC-12 AST-01 NET-01 CRY-01 CRY-02 CRY-03 CHG-11 PRV-05
CC6.2 AC-03 AC-04 AC-05 AC-06
CC6.3 HR-08 AC-01 AC-03 AC-04 AC-05 AC-06 AC-07 AC-11
CC6.4 HR-08 PHY-01 PHY-02
CC6.5 PHY-02 AST-03 DAT-03
CC6.6 AC-02 AC-10 NET-01 NET-02 NET-03
CC6.7 AST-02 CRY-01 DAT-04
CC6.8 AST-02 NET-03 CHG-02 CHG-10 OPS-06
CC7.1 RSK-06 CHG-08 CHG-09 CHG-10 OPS-01 OPS-02 OPS-06
CC7.2 AC-11 NET-03 OPS-03 OPS-04 OPS-05 OPS-06
CC7.3 COM-03 OPS-03 OPS-05 INC-01 INC-02 PRV-16
CC7.4 OPS-02 INC-01 INC-02 INC-03 INC-04 PRV-14
CC7.5 INC-01 INC-02 INC-03 BCP-01 BCP-02
CC8.1 CHG-01 CHG-02 CHG-03 CHG-04 CHG-05 CHG-06 CHG-07 CHG-08 CHG-09 CHG-10 CHG-11 PRV-04
CC9.1 RSK-01 RSK-03 RSK-05 BCP-01
CC9.2 VND-01 VND-02 VND-03 VND-04 VND-05 DAT-05 PRV-13
A1.1 BCP-06 BCP-07
A1.2 PHY-02 BCP-01 BCP-03 BCP-05 BCP-07
A1.3 BCP-02 BCP-04
C1.1 HR-04 VND-04 AC-12 CRY-02 CHG-04 DAT-01 DAT-02 DAT-04 DAT-05
C1.2 VND-05 AST-03 DAT-02 DAT-03
PI1.1 PIN-01
PI1.2 PIN-02
PI1.3 PIN-03 PIN-04
PI1.4 PIN-05
PI1.5 BCP-04 PIN-06
P1.1 PRV-02
P2.1 PRV-03
P3.1 PRV-04
P3.2 PRV-03
P4.1 PRV-05
P4.2 PRV-06
P4.3 PRV-07
P5.1 PRV-08
P5.2 PRV-09
P6.1 PRV-10
P6.2 PRV-11
P6.3 PRV-12
P6.4 PRV-13
P6.5 PRV-13
P6.6 PRV-14
P6.7 PRV-11
P7.1 PRV-15
P8.1 PRV-01 PRV-16
"""
ROWS = {row[0]: set(row[1:]) for row in map(str.split, MATRIX.strip().splitlines())}


def test_the_matrix_names_the_61_criteria() -> None:
    assert list(ROWS) == list(criteria())
    assert len(ROWS) == 61


@pytest.mark.parametrize("code", ROWS)
def test_a_criterion_rests_on_exactly_the_controls_of_the_matrix(code: str) -> None:
    assert {name for name, control in CONTROLS.items() if code in control.criteria} == ROWS[code]


def test_which_criteria_rest_on_a_single_control() -> None:
    alone = "CC1.2 CC3.3 PI1.1 PI1.2 PI1.4 P1.1 P2.1 P3.1 P3.2 P4.1 P4.2 P4.3 P5.1 P5.2 P6.1 P6.2 P6.3 P6.4 P6.5 P6.6 P6.7 P7.1"
    scope = applicable(["security", A, C])
    proposed = [control for control in CONTROLS.values() if control.fits(scope)]
    assert [code for code in ROWS if sum(code in c.criteria for c in CONTROLS.values()) == 1] == alone.split()
    assert [one.id for one in scope if sum(one.id in c.criteria for c in proposed) == 1] == ["CC1.2", "CC3.3"]


# -- the fields of a control (domain.md 6.1) ----------------------------------------------------------------------

WORKS = {
    "A-D": "BCP-07 CHG-10 NET-03 OPS-01 OPS-03 OPS-04 OPS-06",
    "A-P": "AC-02 AC-08 AC-10 AC-12 AST-02 BCP-03 BCP-05 CHG-03 CRY-01 CRY-02 NET-01 PIN-02 PIN-05 PIN-06 PRV-03 PRV-15",
    "I-C": "OPS-02",
    "I-D": "AC-06 AC-11 BCP-06 GOV-13 PIN-03 PRV-11",
    "I-P": "AC-04 AC-07 AC-09 AST-01 CHG-01 CHG-02 CHG-04 CHG-05 CHG-06 CHG-08 CHG-09 CRY-03 DAT-04 GOV-05 HR-06 PRV-06",
    "M-C": "GOV-08 GOV-11 INC-02 INC-04 PIN-04 PRV-14",
    "M-D": "BCP-02 BCP-04 CHG-07 COM-03 GOV-02 GOV-06 GOV-07 GOV-10 HR-05 INC-03 NET-02 OPS-05 PHY-02 PRV-12 PRV-16 "
    "RSK-01 RSK-02 RSK-03 RSK-06 VND-03",
}
OFTEN = {
    "continuous": "AC-02 AC-07 AC-08 AC-09 AC-10 AC-12 AST-02 BCP-05 BCP-07 CHG-04 CHG-05 CHG-08 COM-03 CRY-01 CRY-02 DAT-04 "
    "GOV-10 NET-01 NET-03 OPS-03 OPS-04 OPS-06 PIN-02 PIN-05 PIN-06 PRV-11 PRV-15",
    "event": "AC-03 AC-04 AC-05 AC-11 AST-03 CHG-01 CHG-02 CHG-03 CHG-06 CHG-07 CHG-10 CHG-11 COM-04 DAT-03 DAT-05 GOV-08 "
    "GOV-11 GOV-13 HR-01 HR-02 HR-03 HR-04 HR-08 INC-02 INC-04 OPS-02 OPS-05 PIN-04 PRV-03 PRV-04 PRV-07 PRV-08 PRV-09 PRV-10 "
    "PRV-12 PRV-14 RSK-04 VND-02 VND-04 VND-05",
    "event+annual": "GOV-01 GOV-05 HR-06 PHY-01 PRV-13 PRV-16",
    "daily": "BCP-03 PIN-03",
    "monthly": "CHG-09 OPS-01",
    "quarterly": "AC-06 BCP-06 GOV-06 RSK-03",
}
UNDER = {
    "POL-01": "GOV-04 GOV-05",
    "POL-02": "GOV-01 GOV-10",
    "POL-03": "GOV-11 HR-01 HR-02 HR-03 HR-04 HR-05 HR-06 HR-08",
    "POL-04": "AC-01 AC-02 AC-03 AC-04 AC-05 AC-06 AC-07 AC-08 AC-09 AC-10 AC-11",
    "POL-05": "AST-02",
    "POL-06": "AST-01 AST-03",
    "POL-07": "DAT-01 DAT-04 DAT-05",
    "POL-08": "DAT-02 DAT-03 PRV-06 PRV-07",
    "POL-09": "CRY-01 CRY-02 CRY-03",
    "POL-10": "NET-01 NET-02",
    "POL-11": "PHY-01",
    "POL-12": "AC-12 CHG-04 CHG-11 COM-01 HR-07",
    "POL-13": "CHG-01 CHG-02 CHG-03 CHG-05 CHG-06 CHG-07 COM-04",
    "POL-14": "CHG-08 CHG-09 CHG-10 OPS-01 OPS-02 RSK-06",
    "POL-15": "NET-03 OPS-03 OPS-04 OPS-05 OPS-06",
    "POL-16": "COM-03 INC-01 INC-02 INC-03 INC-04 PRV-12 PRV-14",
    "POL-17": "GOV-12 RSK-01 RSK-02 RSK-03 RSK-04 RSK-05",
    "POL-18": "COM-02 PHY-02 PRV-13 VND-01 VND-02 VND-03 VND-04 VND-05",
    "POL-19": "BCP-01 BCP-02 BCP-05 BCP-06 BCP-07",
    "POL-20": "BCP-03 BCP-04",
    "POL-21": "GOV-02 GOV-03 GOV-06 GOV-07 GOV-08 GOV-09 GOV-13",
    "POL-22": "PIN-01 PIN-02 PIN-03 PIN-04 PIN-05 PIN-06",
    "POL-23": "PRV-01 PRV-02 PRV-03 PRV-04 PRV-05 PRV-08 PRV-09 PRV-10 PRV-11 PRV-15 PRV-16",
}


def grouped(table: dict[str, str]) -> dict[str, str]:
    return {name: key for key, names in table.items() for name in names.split()}


def test_how_a_control_works_how_often_and_under_which_policy() -> None:
    """What a table leaves out is a manual, preventive control, or an annual one."""
    works, often, under = map(grouped, (WORKS, OFTEN, UNDER))
    expected = {name: (works.get(name, "M-P"), often.get(name, "annual"), under[name]) for name in CONTROLS}
    assert expected == {
        name: (f"{one.nature}-{one.purpose}", one.frequency, one.policy) for name, one in CONTROLS.items()
    }


@pytest.mark.parametrize("control", CONTROLS.values(), ids=CONTROLS)
def test_a_control_has_all_its_fields(control: StarterControl) -> None:
    type1, type2 = control.tests()
    assert all((control.title, control.owner_role, control.criteria, control.evidence))
    assert {need.kind for need in control.evidence} <= set(EVIDENCE_KINDS)
    assert all(text.strip().endswith(".") for text in (control.statement(), type1, type2))
    assert all(re.search(r"\b([Ii]nspected|[Oo]bserved|compared)\b", text) for text in (type1, type2))
    assert all(need.text.strip().endswith(".") for need in control.evidence)


def test_each_title_names_one_thing() -> None:
    for held in (CONTROLS, POLICIES):
        assert len({one.title for one in held.values()}) == len(held)


def test_the_numbers_of_a_control_stand_in_its_tests_too() -> None:
    control = CONTROLS["AC-11"]
    assert "within 5 business days" in control.statement({"days": 5})
    assert "review within 5 business days" in control.tests({"days": 5})[1]
    assert "review within 2 business days" in control.tests()[1]
    assert "review within 2 business days" in control.tests({"days": None, "other": 9})[1]


def test_notice_of_an_incident_binds_those_whom_it_affects() -> None:
    assert CONTROLS["INC-04"].statement() == (
        "Legal notifies customers, regulators and others of incidents that affect them within the times set by contract and "
        "law; where an incident affects the data or the service of customers, these customers are notified no later than 72 "
        "hours after its discovery."
    )


# -- policies (domain.md 6.2) -------------------------------------------------------------------------------------

SERVES = {
    "POL-01": "CC1.3 CC2.2 CC5.2 CC5.3",
    "POL-02": "CC1.1 CC1.5 CC2.2",
    "POL-03": "CC1.1 CC1.4 CC1.5",
    "POL-04": "CC5.1 CC6.1 CC6.2 CC6.3 CC6.6",
    "POL-05": "CC2.2 CC6.7 CC6.8",
    "POL-06": "CC2.1 CC6.1 CC6.5",
    "POL-07": "CC2.1 CC6.7 C1.1",
    "POL-08": "C1.1 C1.2 P4.2 P4.3",
    "POL-09": "CC6.1 CC6.7",
    "POL-10": "CC6.1 CC6.6",
    "POL-11": "CC6.4",
    "POL-12": "CC1.4 CC6.1 CC8.1",
    "POL-13": "CC2.2 CC8.1",
    "POL-14": "CC4.1 CC7.1 CC8.1",
    "POL-15": "CC6.8 CC7.2 CC7.3",
    "POL-16": "CC2.3 CC7.3 CC7.4 CC7.5 P6.3 P6.6",
    "POL-17": "CC3.1 CC3.2 CC3.3 CC3.4 CC5.1 CC9.1",
    "POL-18": "CC2.3 CC9.2 P6.4 P6.5",
    "POL-19": "CC7.5 CC9.1 A1.1 A1.2 A1.3",
    "POL-20": "A1.2 A1.3 PI1.5",
    "POL-21": "CC1.2 CC1.3 CC2.1 CC4.1 CC4.2 CC5.1",
    "POL-22": "PI1.1 PI1.2 PI1.3 PI1.4 PI1.5",
    "POL-23": "P1.1 P2.1 P3.1 P3.2 P4.1 P4.2 P4.3 P5.1 P5.2 P6.1 P6.2 P6.3 P6.4 P6.5 P6.6 P6.7 P7.1 P8.1",
}


def test_a_policy_serves_exactly_its_criteria() -> None:
    assert {name: set(policy.criteria) for name, policy in POLICIES.items()} == {
        name: set(codes.split()) for name, codes in SERVES.items()
    }


# -- nothing vague ------------------------------------------------------------------------------------------------

VAGUE = re.compile(
    r"[{}]|\b(todo|tbd|e\.g\.|should|as appropriate|where appropriate|regularly|periodic\w*|from time to time)", re.IGNORECASE
)  # fmt: skip


@pytest.mark.parametrize("one", [*CONTROLS.values(), *POLICIES.values()], ids=[*CONTROLS, *POLICIES])
def test_nothing_is_left_open_or_vague(one: StarterControl | StarterPolicy) -> None:
    if isinstance(one, StarterPolicy):
        texts = [one.title, one.text()]
    else:
        rows = [*(need.text for need in one.evidence), *(row.text for row in one.attributes)]
        texts = [one.title, one.statement(), *one.tests(), *rows]
    assert [found[0] for text in texts for found in VAGUE.finditer(text)] == []
