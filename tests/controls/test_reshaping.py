"""Controls merged and split: one entry, the old retired on the very day, each new one saying what it replaces."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tickmark.controls import actions, queries
from tickmark.controls.actions import ControlIn
from tickmark.controls.models import Control, ControlVersion
from tickmark.kernel.errors import Conflict, Invalid, NotFound, Refused
from tickmark.kernel.ledger.entry import Entry

DAY, FROM = date(2025, 11, 1), date(2026, 3, 1)


def written(cast, *codes):
    for code in codes:
        actions.write(
            cast.actor("lead"), code, f"Title {code}", f"The lead does {code}.", ["CC6.1"], "M", "P", "event", cast.owner, DAY
        )  # fmt: skip
    return [Control.objects.get(code=code) for code in codes]


def merged(cast, who, controls, code, **changes):
    given = {"title": "Both", "statement": "The lead does both.", "criteria": ["CC6.1", "CC6.2"], "nature": "M",
             "purpose": "P", "frequency": "quarterly", "owner": cast.owner, "effective_from": FROM, "reason": "One habit",
             **changes}  # fmt: skip
    return actions.merge(cast.actor(who), controls, code, **given)


def part(cast, code, **changes):
    given = {"title": "Part", "statement": f"The lead does {code}.", "criteria": ["CC6.1"], "nature": "M", "purpose": "P",
             "frequency": "event", "owner": cast.lead.ref, **changes}  # fmt: skip
    return ControlIn(code=code, **given)


def on(day):
    return [row.control.code for row in queries.in_force(day)]


def test_merged_controls_end_on_the_day_on_which_the_new_one_begins(cast):
    controls = written(cast, "AC-71", "AC-72")
    before = Entry.objects.count()
    made = merged(cast, "lead", controls, "AC-80")
    assert Entry.objects.count() == before + 1
    assert (made.control.code, made.replaces, made.frequency) == ("AC-80", ["AC-71", "AC-72"], "quarterly")
    assert on(FROM - timedelta(days=1)) == ["AC-71", "AC-72"]
    assert on(FROM) == ["AC-80"]
    ended = ControlVersion.objects.get(control=controls[0], withdrawn=True)
    assert ended.reason == "Merged into AC-80: One habit"
    assert len(Entry.objects.order_by("-pk")[0].facts) == 4  # the control, its version, two ends


def test_one_of_the_merged_may_go_on_under_its_code(cast):
    controls = written(cast, "AC-71", "AC-72", "AC-73")
    made = merged(cast, "lead", controls, "AC-72")
    assert (on(FROM), made.replaces) == (["AC-72"], ["AC-71", "AC-73"])
    assert made.control == controls[1]


def called(cast, code, *ids):
    """A new version of a control with what other programs call it."""
    actions.write(
        cast.actor("lead"), code, f"Title {code}", f"The lead does {code}.", ["CC6.1"], "M", "P", "event", cast.owner, DAY,
        reason="Brought in", foreign_ids=list(ids),
    )  # fmt: skip


def test_the_merged_one_is_found_by_all_that_others_call_it(cast):
    controls = written(cast, "AC-71", "AC-72")
    called(cast, "AC-71", "drata:1", "csv:9")
    called(cast, "AC-72", "csv:9", "oscal:ac-2")
    assert merged(cast, "lead", controls, "AC-72").foreign_ids == ["drata:1", "csv:9", "oscal:ac-2"]


@pytest.mark.parametrize(("second", "heir"), [("AC-71", "AC-71"), ("AC-82", "AC-81")])
def test_what_others_call_a_split_one_stays_with_its_code_or_the_first_part(cast, second, heir):
    (control,) = written(cast, "AC-71")
    called(cast, "AC-71", "drata:1")
    actions.split(cast.actor("lead"), control, [part(cast, "AC-81"), part(cast, second)], FROM, "Two habits")
    assert {row.control.code: row.foreign_ids for row in queries.in_force(FROM)} == {
        "AC-81": [], second: [], heir: ["drata:1"],
    }  # fmt: skip


def test_what_cannot_be_merged(cast):
    one, two, other = written(cast, "AC-71", "AC-72", "AC-73")
    cases = [
        (Invalid, [one], "AC-80", {}, "nothing to merge"),
        (Invalid, [one, two], "AC-80", {"reason": " "}, "reason is empty"),
        (Conflict, [one, two], "AC-73", {}, "AC-73 stands already"),
        (Invalid, [one, two], "AC-80", {"effective_from": date(2025, 10, 1)}, "AC-71: The day lies before"),
        (Invalid, [one, two], "AC-80", {"criteria": ["CC99.1"]}, "No such criterion"),
    ]
    for error, controls, code, changes, says in cases:
        with pytest.raises(error) as found:
            merged(cast, "lead", controls, code, **changes)
        assert says in found.value.what
    actions.retire(cast.actor("lead"), two, DAY, "Gone")
    with pytest.raises(Conflict, match="AC-72 is retired"):
        merged(cast, "lead", [one, two], "AC-80")
    assert on(FROM) == ["AC-71", other.code]


def test_a_control_is_split_and_retired_on_the_day(cast):
    (control,) = written(cast, "AC-71")
    before = Entry.objects.count()
    parts = [part(cast, "AC-81", parameters={"days": 3}), part(cast, "AC-82", backup_owner=cast.owner.ref)]
    assert actions.split(cast.actor("founder"), control, parts, FROM, "Two habits") == control
    assert Entry.objects.count() == before + 1
    assert (on(FROM - timedelta(days=1)), on(FROM)) == (["AC-71"], ["AC-81", "AC-82"])
    rows = [queries.version_on(Control.objects.get(code=code), FROM) for code in ("AC-81", "AC-82")]
    assert [(row.replaces, row.parameters, row.owner, row.backup_owner) for row in rows] == [
        (["AC-71"], {"days": 3}, cast.lead, None),
        (["AC-71"], {}, cast.lead, cast.owner),
    ]


def test_a_part_may_keep_the_code(cast):
    (control,) = written(cast, "AC-71")
    actions.split(cast.actor("lead"), control, [part(cast, "AC-71"), part(cast, "AC-82")], FROM, "Two habits")
    assert on(FROM) == ["AC-71", "AC-82"]
    assert [row.replaces for row in queries.in_force(FROM)] == [[], ["AC-71"]]


def test_what_cannot_be_split(cast):
    control, _ = written(cast, "AC-71", "AC-72")
    cases = [
        (Invalid, [part(cast, "AC-81")], "nothing to split"),
        (Invalid, [part(cast, "AC-81"), part(cast, "AC-81")], "Two parts are called AC-81"),
        (Conflict, [part(cast, "AC-81"), part(cast, "AC-72")], "AC-72 stands already"),
        (NotFound, [part(cast, "AC-81"), part(cast, "AC-82", owner="US-999999")], "AC-82: There is no user"),
        (Invalid, [part(cast, "AC-81"), part(cast, "lowercase")], "lowercase"),
    ]
    for error, parts, says in cases:
        with pytest.raises(error) as found:
            actions.split(cast.actor("lead"), control, parts, FROM, "x")
        assert says in found.value.what
    assert on(FROM) == ["AC-71", "AC-72"]


@pytest.mark.parametrize("who", ["owner", "employee", "auditor"])
def test_who_may_not_retire_may_neither_merge_nor_split(cast, who):
    controls = written(cast, "AC-71", "AC-72")
    with pytest.raises(Refused):
        merged(cast, who, controls, "AC-80")
    with pytest.raises(Refused):
        actions.split(cast.actor(who), controls[0], [part(cast, "AC-81"), part(cast, "AC-82")], FROM, "x")
