"""What the library proposes on its pages: what fits the scope, with numbers filled in and nothing that is not chosen."""

from __future__ import annotations

import re
from datetime import date

from tests.web.pages import client
from tickmark.controls import actions as controls
from tickmark.controls.library import starter_controls
from tickmark.scope import actions as scope

DAY = date(2025, 11, 1)
ALL = ["availability", "confidentiality", "processing_integrity", "privacy"]


def shown(program, address: str) -> str:
    answer = client(program, "lead").get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def offered(body: str) -> set[str]:
    """The ids that have a button."""
    return set(re.findall(r'Look and adopt<span class="hide"> ([A-Z0-9-]+)</span>', body))


def widen(program, categories: list[str]) -> None:
    scope.describe(
        program.actor("lead"), "ledger", "Ledger", "Northlight, Inc.", "Book-keeping", ["security", *categories], DAY,
    )  # fmt: skip


def test_controls_of_a_category_not_chosen_are_listed_and_not_offered(program):
    body = shown(program, "/controls/library")
    assert len(offered(body)) == 87 - 1, "CHG-02 stands"
    assert "86 left to look at" in body
    assert body.count("· out of scope") == 114 - 87
    assert not {name for name in offered(body) if name.startswith(("PIN", "PRV", "DAT-02"))}
    assert offered(shown(program, "/policies/library")) == {
        f"POL-{number:02d}" for number in range(1, 22) if number != 20
    }


def test_all_is_offered_when_every_category_is_chosen(program):
    widen(program, ALL)
    body = shown(program, "/controls/library")
    assert offered(body) == {item.id for item in starter_controls()} - {"CHG-02"}
    assert "out of scope" not in body
    assert len(offered(shown(program, "/policies/library"))) == 23


def proposed(body: str) -> list[str]:
    return re.findall(
        r'<li><span class="ref">([A-Z]+-\d\d)</span><div><p><b><a href="/controls/library/', body
    )


def test_a_criterion_is_given_no_proposal_of_a_category_not_chosen(program):
    assert proposed(shown(program, "/controls/criteria/CC1.3")) == ["GOV-03", "HR-01"]
    aside = shown(program, "/controls/criteria/P4.2")
    assert "This criterion is out of scope" in aside
    assert proposed(aside) == ["PRV-06"]
    widen(program, ALL)
    assert proposed(shown(program, "/controls/criteria/CC1.3")) == ["GOV-03", "HR-01", "PRV-01"]


def test_a_criterion_out_of_scope_is_marked_beside_control_and_policy(program):
    lead, owner = program.actor("lead"), program.cast.owner
    controls.adopt(lead, "HR-04", owner, DAY)
    controls.adopt_policy(lead, "POL-16", owner, DAY)

    def marked(address: str) -> list[str]:
        pattern = r'<a[^>]*>([A-Z]+\d\.\d)</a>[^<]*<span class="fine">out of scope</span>'
        return re.findall(pattern, shown(program, address))

    assert (marked("/controls/HR-04/"), marked("/policies/POL-16/")) == (["C1.1"], ["P6.3", "P6.6"])
    widen(program, ALL)
    assert (marked("/controls/HR-04/"), marked("/policies/POL-16/")) == ([], [])


def test_the_tests_are_shown_with_the_numbers_of_the_company(program):
    controls.adopt(program.actor("lead"), "GOV-05", program.cast.owner, DAY, {"days": 10})
    assert "was acknowledged within 10 days of joining" in shown(program, "/controls/GOV-05/")
    assert "was acknowledged within 14 days of joining" in shown(program, "/controls/library/GOV-05")


def test_a_policy_shows_the_number_of_a_control_that_is_not_adopted_as_proposed(program):
    body = shown(program, "/policies/library/POL-15")
    assert "are kept for at least 12 months" in body
    assert '12 <span class="fine">as proposed: the control is not adopted yet' in body
    controls.adopt(program.actor("lead"), "OPS-03", program.cast.owner, DAY, {"months": 18})
    assert "are kept for at least 18 months" in shown(program, "/policies/library/POL-15")
