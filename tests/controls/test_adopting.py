"""The adoption interview: many controls at once, all or none, and what is covered with what was ticked."""

from __future__ import annotations

from datetime import date

import pytest

from tickmark.controls import adopting
from tickmark.controls.actions import AdoptIn, adopt_many
from tickmark.controls.library import starter_controls
from tickmark.controls.models import Control, ControlVersion
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
