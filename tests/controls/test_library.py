"""The starter controls and policies are whole, agree with each other, and a slip in a file is named."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tickmark.controls.library import (
    POLICY_SECTIONS,
    Attribute,
    EvidenceNeed,
    StarterControl,
    proposed_answers,
    questions,
    read_control,
    read_policy,
    render,
    starter_controls,
    starter_policies,
)
from tickmark.kernel.errors import Invalid
from tickmark.scope.criteria import applicable
from tickmark.scope.library import library_folder

NEEDED = "AC-02 AC-04 AC-06 BCP-03 BCP-04 CHG-01 CHG-02 CHG-03 GOV-01 GOV-04 GOV-05 HR-06 INC-02 OPS-02 RSK-01 VND-03"


def control(name: str) -> StarterControl:
    return next(row for row in starter_controls() if row.id == name)


def test_the_controls_cover_every_criterion_of_the_common_scope() -> None:
    covered = {code for row in starter_controls() for code in row.criteria}
    scope = {row.id for row in applicable(["security", "availability", "confidentiality"])}
    assert scope - covered == set()
    assert len(scope) == 38


def test_the_controls_an_examination_always_meets_are_there() -> None:
    assert set(NEEDED.split()) <= {row.id for row in starter_controls()}


def test_one_control_as_a_whole() -> None:
    assert control("AC-04") == StarterControl(
        id="AC-04",
        title="Leavers lose access",
        criteria=("CC6.2", "CC6.3"),
        nature="I",
        purpose="P",
        frequency="event",
        owner_role="IT lead",
        policy="POL-04",
        parameters={"days": 1},
        population="POP-02",
        attributes=(
            Attribute("B", "The central account was disabled in time", "leavers_disabled"),
            Attribute("C", "Accounts outside of single sign-on were disabled in time"),
            Attribute("D", "Tokens, keys and sessions were revoked"),
        ),
        control="Access of leavers to in-scope systems, personal tokens, keys and open sessions included, is disabled "
        "by the end of business day {days} after the termination date.",
        evidence=(
            EvidenceNeed("POP", "Leavers of the period from the HR system, contractors included."),
            EvidenceNeed("POP", "Accounts of each in-scope system with state and time of deactivation."),
            EvidenceNeed(
                "SMP", "Log line or screen of each deactivation, with the revocation of tokens and keys."
            ),
        ),
        type1_test="Inspected the deactivation of one recent leaver in each in-scope system.",
        type2_test="For a sample of leavers (or all, by data), compared the termination date with the time of "
        "deactivation in each in-scope system; for all leavers, compared the list with the current accounts.",
    )


def test_the_statement_is_rendered_with_the_company_s_number() -> None:
    assert control("AC-04").statement().endswith("by the end of business day 1 after the termination date.")
    assert control("AC-04").statement({"days": 3}).endswith("business day 3 after the termination date.")


def test_checks_stand_on_the_attributes_they_compute() -> None:
    checks = {(row.id, a.letter): a.check for row in starter_controls() for a in row.attributes if a.check}
    assert checks == {
        ("AC-04", "B"): "leavers_disabled",
        ("CHG-02", "B"): "changes_reviewed",
        ("CHG-02", "C"): "changes_reviewed",
        ("HR-06", "B"): "joiners_trained",
        ("INC-02", "D"): "incidents_closed",
        **{("OPS-02", letter): "findings_fixed" for letter in "CE"},
        **{(name, letter): "policies_acknowledged" for name in ("GOV-01", "GOV-05") for letter in "ABC"},
    }


def test_each_check_named_exists_and_says_that_it_supports_the_control() -> None:
    folder = library_folder().parent / "src" / "tickmark" / "plugins" / "checks"
    for row in starter_controls():
        for name in {attribute.check for attribute in row.attributes if attribute.check}:
            supports = re.search(r"^-- supports:(.*)$", (folder / f"{name}.sql").read_text(), re.MULTILINE)
            assert supports and row.id in supports[1].replace(",", " ").split(), (row.id, name)


def test_the_proposed_parameters_of_computed_controls() -> None:
    parameters = {row.id: dict(row.parameters) for row in starter_controls() if row.parameters}
    assert (parameters["AC-04"], parameters["GOV-05"]) == ({"days": 1}, {"days": 14})
    assert parameters["OPS-02"] == {"critical_days": 15, "high_days": 30, "medium_days": 90}


def test_every_policy_a_control_cites_is_there_and_rests_on_criteria() -> None:
    policies = {row.id: row for row in starter_policies()}
    assert {row.policy for row in starter_controls()} <= set(policies)


CLAUSES = {
    "POL-01": "objectives; management commitment; hierarchy; responsibilit; review; acknowledge; exception",
    "POL-02": "respect; conflict; bribery; report; retaliation; consequence; contractor",
    "POL-03": "job description; screening; agreement; onboarding; offboarding; training; performance; disciplin; rehire",
    "POL-04": "least privilege; role; approv; unique; multi-factor; password; service account; break-glass; review; leaver; mover; remote",
    "POL-05": "permitted; encrypt; update; anti-malware; removable; own device; loss; remote; software",
    "POL-06": "inventory; owner; return; wip; destr; record",
    "POL-07": "public; internal; confidential; label; transmi; non-production; agreement",
    "POL-08": "schedule; trigger; backup; contract; legal hold; evidence",
    "POL-09": "algorithm; at rest; transit; generat; stor; rotat; destr; certificate",
    "POL-10": "segment; deny; approv; review; wireless; remote; boundary",
    "POL-11": "area; badge; visitor; leave; review; hosting provider",
    "POL-12": "life cycle; design review; coding standard; environment; test data; dependenc; training; privacy",
    "POL-13": "normal; standard; emergency; separation; test; document; roll; announce",
    "POL-14": "scan; severity; exception; baseline; penetration; end of life",
    "POL-15": "event; retention; protect; alert; triage; monitoring of the tools",
    "POL-16": "event; incident; breach; severity; role; evidence; notif; lesson; exercise",
    "POL-17": "likelihood; impact; tolerance; appetite; fraud; change; register; accept; insurance",
    "POL-18": "tier; due diligence; contract; subservice; annual review; exit; communicat",
    "POL-19": "impact analysis; recovery time; recovery point; role; redundan; capacity; exercise; communicat",
    "POL-20": "store; daily; retention; location; encrypt; deletion; fail; restore",
    "POL-21": "charter; structure; matrix; owner; self-assessment; independen; deficienc; information used in controls; evidence",
    "POL-22": "specification; input; monitor; reconcil; error; output; stor; duplication; archive",
    "POL-23": "controller; processor; notice; consent; collection; use; access; correction; deletion; disclosure; quality; complaint; training; review",
}


def test_the_clauses_of_each_policy_are_known() -> None:
    assert sorted(CLAUSES) == [row.id for row in starter_policies()]


@pytest.mark.parametrize("name", sorted(CLAUSES))
def test_each_policy_holds_its_clauses_and_reads_to_the_end(name: str) -> None:
    policy = next(row for row in starter_policies() if row.id == name)
    text = policy.text({"company": "Example Ltd"})
    missing = [clause for clause in CLAUSES[name].split("; ") if clause not in text.lower()]
    assert missing == []
    assert "{" not in text and "Example Ltd" in text
    assert 250 <= len(text.split()) <= 1500
    assert len(policy.rules) >= 4


def test_the_rules_of_processing_integrity_and_of_privacy_follow_their_clauses() -> None:
    rules = {row.id: "; ".join(row.rules) for row in starter_policies()}
    assert rules["POL-22"] == (
        "Specifications; Input checks; Processing monitoring; Reconciliation; Error handling; Output; Storage"
    )
    assert rules["POL-23"] == (
        "Roles: controller and processor; Notice; Consent; Collection; Use; Access, correction and deletion; Disclosure; "
        "Quality; Complaints; Training; Review"
    )


def test_policies_name_only_documents_that_exist() -> None:
    policies, controls = {row.id for row in starter_policies()}, {row.id for row in starter_controls()}
    for policy in starter_policies():
        assert set(re.findall(r"POL-\d\d", policy.body)) <= policies - {policy.id}, policy.id
        assert {blank.split(".")[0] for blank in policy.blanks if "." in blank} <= controls, policy.id


def test_a_number_is_kept_once_and_rendered_in_policy_and_control() -> None:
    policy = next(row for row in starter_policies() if row.id == "POL-04")
    assert "AC-04.days" in policy.blanks
    assert "business day 7 after" in policy.text({"AC-04.days": 7})


def test_which_numbers_policies_take_from_controls() -> None:
    taken = {row.id: " ".join(blank for blank in row.blanks if "." in blank) for row in starter_policies()}
    assert {name: blanks for name, blanks in taken.items() if blanks} == {
        "POL-01": "GOV-05.days",
        "POL-02": "GOV-01.days",
        "POL-03": "HR-06.days AC-05.days AC-04.days",
        "POL-04": "AC-11.days AC-06.grace_days AC-06.days AC-04.days AC-05.days",
        "POL-05": "AST-02.silent_days",
        "POL-06": "AC-05.days",
        "POL-08": "DAT-03.days BCP-03.retention_days OPS-03.months",
        "POL-10": "CHG-07.days",
        "POL-11": "PHY-01.days",
        "POL-13": "CHG-07.days",
        "POL-14": "OPS-02.critical_days OPS-02.high_days OPS-02.medium_days "
        "CHG-09.critical_days CHG-09.high_days CHG-09.medium_days",
        "POL-15": "OPS-03.months OPS-05.critical_hours OPS-05.high_hours OPS-05.other_days",
        "POL-16": "INC-04.hours",
        "POL-17": "RSK-04.days",
        "POL-20": "BCP-03.retention_days BCP-03.failure_days",
        "POL-22": "PIN-04.urgent_days PIN-04.other_days",
        "POL-23": "PRV-08.days PRV-11.days PRV-09.days PRV-07.days PRV-12.days PRV-14.hours PRV-16.days PRV-01.days",
    }


def test_what_the_company_is_asked_is_no_number_of_a_control() -> None:
    assert [question.name for question in questions()] == (
        "company executive security_lead oversight_body security_contact reporting_channel exception_days leave_days "
        "password_length session_minutes lock_minutes rotate_days loss_hours cipher tls_version vendor_notice_hours "
        "lessons_days risk_appetite risk_tolerance rto_hours rpo_hours capacity_percent evidence_years processing_lead "
        "processing_scope processing_contact rejected_days privacy_lead privacy_role privacy_laws privacy_contact"
    ).split()


def test_every_question_is_asked_for_a_policy_and_every_blank_has_one() -> None:
    asked = {question.name for question in questions()}
    blanks = {blank for row in starter_policies() for blank in row.blanks}
    assert {blank for blank in blanks if "." not in blank} == asked
    assert blanks <= set(proposed_answers())


def test_an_answer_takes_a_capital_where_a_sentence_or_an_item_begins() -> None:
    text = "{who} acts.\n\n- {who} decides; {who} signs. {who} leaves."
    assert (
        render(text, {"who": "the lead"})
        == "The lead acts.\n\n- The lead decides; the lead signs. The lead leaves."
    )


def test_a_blank_without_an_answer_is_refused_by_name() -> None:
    with pytest.raises(Invalid, match="days, who") as caught:
        render("within {days} days, told by {who} on {day}", {"day": "Monday", "who": ""})
    assert caught.value.field == "days"
    assert render("in {a.b} {x-1.days}", {"a.b": "one", "x-1.days": 0}) == "in one 0"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('id = "AC-04"', 'id = "AC-05"', "AC-04.md, line 2: field 'id'.*like its file, 'AC-04'"),
        ('"CC6.3"]', '"CC6.9"]', "AC-04.md, line 4: field 'criteria'.*CC6.9"),
        ('nature = "it-dependent"', 'nature = "IT"', "AC-04.md, line 5: field 'nature'.*none of manual"),
        ('purpose = "preventive"\n', "", "field 'purpose'.*missing"),
        ('frequency = "event"', 'freqency = "event"', "field 'frequency'.*missing"),
        ('policy = "POL-04"', 'policy = "POL-04"\nextra = 1', "line 10: field 'extra'.*No such field"),
        ('policy = "POL-04"', 'policy = "POL4"', "field 'policy'.*not written like"),
        ("days = 1", "days = true", "parameters.*whole number"),
        ("days = 1", "day = 1", "parameters and blanks differ"),
        ("days = 1 }", "days = 1, more = 2 }", "parameters and blanks differ"),
        ('letter = "C"', 'letter = "A"', "Letters must rise"),
        ('population = "POP-02"\n', "", "stand together"),
        ("- SMP: ", "- XYZ: ", "line of Evidence cannot be read"),
        ("## Type 2 test", "## Type II test", "sections are not as they must be"),
        ("+++\nid", "---\nid", "front matter cannot be found"),
        ('owner_role = "IT lead"', "owner_role = IT lead", r"not sound TOML.*line 8"),
    ],
)
def test_a_slip_in_a_control_is_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    text = (library_folder() / "controls" / "AC-04.md").read_text()
    assert old in text
    path = tmp_path / "AC-04.md"
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(Invalid, match=message):
        read_control(path)


def test_a_policy_without_a_section_is_refused(tmp_path: Path) -> None:
    text = (library_folder() / "policies" / "POL-04.md").read_text()
    path = tmp_path / "POL-04.md"
    path.write_text(text.replace("## Exceptions", "### Exceptions"))
    with pytest.raises(Invalid, match=re.escape(", ".join(POLICY_SECTIONS))):
        read_policy(path)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "AC-04.md"
    path.write_bytes(b"+++\n\xff\xfe")
    with pytest.raises(Invalid, match="AC-04.md cannot be read"):
        read_control(path)


def test_an_answer_must_be_a_text_or_a_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "answers.toml").write_text(
        '[[questions]]\nname = "a"\nask = "A?"\ndefault = true\n'
    )
    monkeypatch.setenv("TICKMARK_LIBRARY", str(tmp_path))
    with pytest.raises(Invalid, match="answers.toml, questions no. 1.*text or a whole number"):
        questions()
