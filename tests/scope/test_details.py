"""What the description tells of a component by its kind: what is taken, what is refused, where it stands afterwards."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from tickmark.controls.actions import hand_over_all
from tickmark.controls.bringing import Asked, given
from tickmark.kernel.errors import Invalid
from tickmark.scope import actions
from tickmark.scope.details import DETAILS, LONGEST, checked, every, merged
from tickmark.scope.models import Component, ComponentKind
from tickmark.scope.programme import same, standing

DAY = date(2025, 11, 1)


def test_no_two_details_have_one_name_and_only_three_kinds_have_any() -> None:
    assert len(every()) == sum(map(len, DETAILS.values())) == 12
    assert set(DETAILS) == {ComponentKind.PEOPLE, ComponentKind.PROCEDURES, ComponentKind.DATA}


def test_what_is_said_is_kept_in_the_order_of_the_table_and_nothing_empty() -> None:
    given = {"role": "both", "personal": "yes", "retention": " a year ", "source": "", "access": " "}
    assert list(checked("data", given).items()) == [
        ("retention", "a year"),
        ("personal", "yes"),
        ("role", "both"),
    ]
    assert checked("software", {"source": " "}) == {}


@pytest.mark.parametrize(
    ("kind", "given", "what"),
    [
        ("software", {"encryption": "AES"}, "A component of kind software has no 'encryption'."),
        ("data", {"headcount": "3"}, "A component of kind data has no 'headcount'."),
        ("data", {"personal": "maybe"}, "'maybe' is no answer to “Personal data”."),
        ("procedures", {"automation": "M"}, "'M' is no answer to “Automated or manual”."),
        ("data", {"retention": "x" * (LONGEST + 1)}, "“Kept for” has 301 letters."),
        ("data", {"role": "processor"}, "A role is named for what is no personal data."),
        ("data", {"personal": "no", "role": "processor"}, "A role is named for what is no personal data."),
    ],
)
def test_what_does_not_fit_is_refused_by_name(kind: str, given: dict[str, str], what: str) -> None:
    with pytest.raises(Invalid) as error:
        checked(kind, given)
    assert (error.value.what, error.value.field) == (what, "details")
    assert error.value.remedy


def test_a_component_without_details_keeps_the_digest_that_it_had_before_there_were_any(program) -> None:
    lead, system = program.actor("lead"), program.system
    bare = actions.place(lead, system, "logs", "data", "Logs", DAY)
    assert "details" not in bare.body()
    told = actions.place(lead, system, "records", "data", "Records", DAY, details={"personal": "no"})
    assert told.body()["details"] == {"personal": "no"}


def test_the_programme_has_them_in_the_order_of_their_names_on_both_engines(program) -> None:
    said = {"source": "customers", "encryption": "at rest", "access": "support", "deletion": "by a job"}
    actions.place(program.actor("lead"), program.system, "records", "data", "Records", DAY, details=said)
    item = next(one for one in standing(DAY).values() if one.code.endswith("/records"))
    assert list(item.fields["details"].items()) == sorted(said.items())
    assert Component.objects.get(code="records").details == said


def test_each_is_kept_in_one_line_since_the_report_has_a_line_for_each() -> None:
    assert checked("data", {"retention": "a year\nProvided by: nobody"}) == {
        "retention": "a year Provided by: nobody"
    }


def test_a_role_goes_with_the_personal_data_that_it_was_about() -> None:
    held = {"personal": "yes", "role": "processor", "retention": "a year"}
    assert merged(held, {"personal": "no"}) == {"personal": "no", "retention": "a year"}
    assert merged(held, {"access": "support"}) == {**held, "access": "support"}
    assert merged(held, {"personal": "no", "role": "both"})["role"] == "both", (
        "who says both is told that it does not fit"
    )


def test_what_is_written_untidily_is_no_difference(program) -> None:
    lead = program.actor("lead")
    actions.place(lead, program.system, "records", "data", "Records", DAY, details={"retention": "a year"})
    item = next(one for one in standing(DAY).values() if one.code.endswith("/records"))
    untidy = replace(item, fields={**item.fields, "details": {"retention": " a year ", "access": ""}})
    assert same(untidy, item)
    assert not same(replace(item, fields={**item.fields, "details": {}}), item)


def test_what_an_import_leaves_unsaid_stays_as_it_was_written_last(program) -> None:
    lead, later = program.actor("lead"), {"retention": "two years", "access": "support"}
    actions.place(lead, program.system, "records", "data", "Records", DAY, details={"retention": "a year"})
    actions.place(lead, program.system, "records", "data", "Records", date(2027, 1, 1), details=later)
    found = given(lead, Asked(system=program.system.code)).components
    assert found["component", f"{program.system.code}/records"]["details"] == later


def test_a_hand_over_keeps_them(program) -> None:
    lead, cast, said = program.actor("lead"), program.cast, {"retention": "a year"}
    actions.place(lead, program.system, "records", "data", "Records", DAY, owner=cast.owner, details=said)
    hand_over_all(lead, cast.owner, cast.lead, date(2026, 11, 1))
    newest = Component.objects.filter(code="records").latest("pk")
    assert (newest.owner, newest.details) == (cast.lead, said)
