"""Many at once, all or none: the adoption interview with what is covered by what was ticked, and a set of policies."""

from __future__ import annotations

from datetime import date

import pytest

from tickmark.controls import adopting
from tickmark.controls.actions import AdoptIn, adopt_many, adopt_policies
from tickmark.controls.asking import asked_by
from tickmark.controls.library import starter_controls, starter_policies
from tickmark.controls.models import Control, ControlVersion, Policy, PolicyVersion
from tickmark.kernel.errors import Conflict, Invalid, NotFound, Refused
from tickmark.kernel.ledger.entry import Entry

DAY = date(2025, 11, 1)
STARTERS = {item.id: item for item in starter_controls()}


def test_a_proposal_is_cut_at_its_numbers_and_says_the_same_put_together():
    for item in STARTERS.values():
        cut = adopting.pieces(item)
        assert "".join(f"{{{one.name}}}" if one.name else one.text for one in cut) == item.control
        assert {one.name for one in cut} - {""} == set(item.parameters)


def test_what_is_ticked_counts_once_and_only_where_it_is_in_scope():
    standing = {"CC6.1": True, "CC6.2": False, "CC6.3": False, "CC8.1": False}
    found = adopting.tally(standing, [STARTERS["AC-04"], STARTERS["AC-06"]])
    assert found == adopting.Tally(("CC6.1",), ("CC6.2", "CC6.3"), ("CC8.1",))
    assert found.all == 4
    assert adopting.tally({}, STARTERS.values()) == adopting.Tally((), (), ())


def test_the_next_area_closes_the_most_of_what_is_left():
    areas = {"AC": [STARTERS["AC-04"]], "CHG": [STARTERS["CHG-01"]], "GOV": [STARTERS["GOV-02"]]}
    assert adopting.next_area(areas, ["CC6.2", "CC6.3", "CC8.1"]) == "AC"
    assert adopting.next_area(areas, ["CC6.2", "CC6.3", "CC8.1"], {"AC"}) == "CHG"
    assert adopting.next_area(areas, ["CC6.2", "CC8.1"]) == "AC"
    assert adopting.next_area(areas, ["A1.1"]) == ""
    assert adopting.next_area({}, ["CC6.2"]) == ""


def test_many_stand_by_one_entry_each_with_what_it_says_of_itself(cast):
    chosen = [
        AdoptIn(starter="AC-02"),
        AdoptIn(
            starter="AC-04", parameters={"days": 3}, owner=cast.lead.ref, effective_from=date(2026, 1, 1)
        ),
        AdoptIn(starter="GOV-02", title="Advisers meet", statement="Two advisers meet us each year."),
    ]
    before = Entry.objects.count()
    assert adopt_many(cast.actor("lead"), chosen, cast.owner, DAY).code == "GOV-02"
    rows = ControlVersion.objects.order_by("pk")
    assert [(row.control.code, row.owner, row.effective_from, row.parameters) for row in rows] == [
        ("AC-02", cast.owner, DAY, {}),
        ("AC-04", cast.lead, date(2026, 1, 1), {"days": 3}),
        ("GOV-02", cast.owner, DAY, {}),
    ]
    assert "business day 3 after" in rows[1].statement
    assert (rows[2].title, rows[2].statement) == ("Advisers meet", "Two advisers meet us each year.")
    entry = Entry.objects.order_by("-pk")[0]
    assert (Entry.objects.count() - before, entry.verb) == (1, "controls.adopt_many")


@pytest.mark.parametrize(
    ("choices", "error", "says"),
    [
        ([], Invalid, "Nothing is chosen"),
        ([{"starter": "AC-02"}, {"starter": "AC-02"}], Conflict, "AC-02 stands already"),
        ([{"starter": "AC-02"}, {"starter": "ZZ-1"}], Invalid, "ZZ-1: The library has no control"),
        ([{"starter": "AC-02"}, {"starter": "AC-04", "parameters": {"hours": 1}}], Invalid, "AC-04: There is no"),
        ([{"starter": "AC-02"}, {"starter": "AC-04", "owner": "US-999999"}], NotFound, "AC-04: There is no user"),
        ([{"starter": "AC-02"}, {"starter": "AC-04", "owner": "former"}], Invalid, "AC-04: The account of"),
        ([{"starter": "AC-02"}, {"starter": "AC-04", "owner": "auditor"}], Invalid, "AC-04: Auditor is not of the company"),
    ],
)  # fmt: skip
def test_all_or_none_and_the_fault_is_named(cast, choices, error, says):
    given = [
        AdoptIn(**{**one, "owner": getattr(cast, one["owner"]).ref if one.get("owner", "").isalpha() else one.get("owner", "")})
        for one in choices
    ]  # fmt: skip
    with pytest.raises(error) as found:
        adopt_many(cast.actor("lead"), given, cast.owner, DAY)
    assert says.lower() in found.value.what.lower()
    assert not Control.objects.exists()


@pytest.mark.parametrize("who", ["owner", "employee", "auditor", "stranger"])
def test_only_those_who_lead_the_programme_adopt(cast, who):
    with pytest.raises(Refused):
        adopt_many(cast.actor(who), [AdoptIn(starter="AC-02")], cast.owner, DAY)
    assert not Control.objects.exists()


# -- a set of policies ----------------------------------------------------------------------------------------------

POLICIES = {item.id: item for item in starter_policies()}
TOLD = {"company": "Northlight, Inc.", "executive": "the managing director", "exception_days": 90}


def told(*codes: str, **more: int | str) -> dict[str, int | str]:
    """An answer to every question of these policies."""
    needed = asked_by(POLICIES[code] for code in codes)
    return {one.name: TOLD.get(one.name, one.proposed) for one in needed if not one.control} | more


def test_what_several_policies_ask_is_asked_once():
    needed = {
        one.name: one for one in asked_by(POLICIES[code] for code in ("POL-04", "POL-03", "POL-02", "POL-03"))
    }
    by = {name: tuple(item.id for item in one.by) for name, one in needed.items()}
    assert by["company"] == ("POL-02", "POL-03", "POL-04")
    assert (by["security_lead"], by["password_length"]) == (("POL-03", "POL-04"), ("POL-04",))
    assert (needed["company"].shared, needed["password_length"].shared) == (True, False)
    number = needed["AC-05.days"]
    assert (number.control, number.ask, number.proposed) == (
        "AC-05",
        "Movers: days",
        STARTERS["AC-05"].parameters["days"],
    )
    assert list(needed)[:3] == ["company", "executive", "security_lead"]
    assert [name for name in needed if "." in name] == sorted(name for name in needed if "." in name)


def test_every_blank_of_the_library_is_asked_in_words():
    needed = asked_by(POLICIES.values())
    assert {one.name for one in needed} == {name for item in POLICIES.values() for name in item.blanks}
    assert all(one.ask and one.by for one in needed)
    assert asked_by([]) == []


def test_a_set_of_policies_stands_by_one_entry_with_each_answer_in_all_that_ask_for_it(cast):
    adopt_many(cast.actor("lead"), [AdoptIn(starter="AC-04", parameters={"days": 3})], cast.owner, DAY)
    before = Entry.objects.count()
    chosen = ["POL-03", "POL-04", "POL-15"]
    answers = told(*chosen, **{"security_lead": "Sam", "OPS-03.months": 13})
    assert adopt_policies(cast.actor("lead"), chosen, cast.owner, DAY, answers).code == "POL-15"
    rows = PolicyVersion.objects.order_by("pk")
    assert [(row.policy.code, row.label, row.owner, row.effective_from) for row in rows] == [
        (code, "1", cast.owner, DAY) for code in chosen
    ]
    assert ["Northlight, Inc." in row.text and "Sam" in row.text for row in rows] == [True] * 3
    assert ["business day 3 after" in row.text for row in rows][:2] == [True, True]
    assert "are kept for at least 13 months" in rows[2].text
    assert not any(hasattr(row, "approval") for row in rows), "somebody else approves each"
    entry = Entry.objects.order_by("-pk")[0]
    assert (Entry.objects.count() - before, entry.verb) == (1, "controls.adopt_policies")


def test_the_whole_set_stands_without_a_blank(cast):
    adopt_policies(cast.actor("lead"), list(POLICIES), cast.owner, DAY, told(*POLICIES))
    assert set(Policy.objects.values_list("code", flat=True)) == set(POLICIES)
    assert not PolicyVersion.objects.filter(text__contains="{").exists()


@pytest.mark.parametrize(
    ("chosen", "changed", "error", "says", "field"),
    [
        ([], {}, Invalid, "No policy is chosen", "starters"),
        (["POL-01", "POL-01"], {}, Conflict, "POL-01 stands already", "starter"),
        (["POL-01", "ZZ-1"], {}, Invalid, "ZZ-1: The library has no policy", "starter"),
        (["POL-01", "POL-02"], {"colour": "blue"}, Invalid, "None of these policies asks for 'colour'", "answers"),
        (["POL-01", "POL-02"], {"company": " "}, Invalid, "Not answered: 'What is the legal name", "answers.company"),
        (["POL-01", "POL-02"], {"company": None}, Invalid, "Not answered: 'What is the legal name", "answers.company"),
        (["POL-01", "POL-04"], {"AC-05.days": ""}, Invalid, "Not answered: 'Movers: days'.", "answers.AC-05.days"),
        (["POL-01", "POL-04"], {"AC-04.days": 9}, Invalid, "POL-04: AC-04.days is 1 in the control", "answers"),
    ],
)  # fmt: skip
def test_all_policies_or_none_and_the_fault_is_named(cast, chosen, changed, error, says, field):
    adopt_many(cast.actor("lead"), [AdoptIn(starter="AC-04")], cast.owner, DAY)
    answers = told(*(code for code in chosen if code in POLICIES)) | changed
    answers = {name: said for name, said in answers.items() if said is not None}
    with pytest.raises(error) as found:
        adopt_policies(cast.actor("lead"), chosen, cast.owner, DAY, answers)
    assert (found.value.what.startswith(says), found.value.field) == (True, field), found.value.what
    assert not Policy.objects.exists()


def test_questions_without_an_answer_are_named_with_who_asks_and_what_to_do(cast):
    with pytest.raises(Invalid) as found:
        adopt_policies(cast.actor("lead"), ["POL-01", "POL-02"], cast.owner, DAY, {"company": "N"})
    error = found.value
    assert error.what == (
        "Not answered: 'Who leads the company and answers for security as a whole?', 'Who leads security?', "
        "'Through which channel can concerns be raised, anonymously if wished?' and 1 more."
    )
    assert error.why == "Asked by POL-01, POL-02. A blank would be read as a promise nobody made."
    assert error.remedy == "Answer each of these, or leave out the policies that ask for it."
    with pytest.raises(
        Invalid, match=r"security\?\' and 28 more\. Asked by POL-01, POL-02, POL-03 and 20 more\."
    ):
        adopt_policies(cast.actor("lead"), list(POLICIES), cast.owner, DAY, {})


def test_a_bad_owner_of_a_set_is_told_with_the_policy(cast):
    with pytest.raises(Invalid, match=r"POL-01: The account of .* is closed"):
        adopt_policies(cast.actor("lead"), ["POL-01"], cast.former, DAY, told("POL-01"))
    assert not Policy.objects.exists()


@pytest.mark.parametrize("who", ["owner", "employee", "auditor", "stranger"])
def test_only_those_who_lead_the_programme_adopt_a_set(cast, who):
    with pytest.raises(Refused):
        adopt_policies(cast.actor(who), ["POL-01"], cast.owner, DAY, told("POL-01"))
    assert not Policy.objects.exists()
