"""What the description tells of a component by its kind: what is taken, what is refused, where it stands afterwards."""

from __future__ import annotations

from datetime import date

import pytest

from tickmark.kernel.errors import Invalid
from tickmark.scope import actions
from tickmark.scope.details import DETAILS, LONGEST, checked, every
from tickmark.scope.models import Component, ComponentKind
from tickmark.scope.programme import standing

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
