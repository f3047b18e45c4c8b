"""No design is dated back into what an issued report covers, by whichever way it comes."""

from __future__ import annotations

from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from tests.report.build import issued
from tickmark.controls import actions as controls
from tickmark.kernel.errors import Conflict
from tickmark.kernel.ledger.entry import Entry
from tickmark.report.models import Report
from tickmark.report.reactions import DESIGNS, issued_until
from tickmark.scope import actions as scope
from tickmark.scope.models import Complement

START = date(2025, 11, 1)


@pytest.fixture
def made(world: Any) -> SimpleNamespace:
    """A programme with an issued report."""
    return issued(world)[0]


def ways(world: SimpleNamespace, day: date) -> dict[str, Any]:
    """A call of each action that says how a design stands from a day on."""
    lead, founder, owner = world.actor("lead"), world.actor("founder"), world.cast.owner
    control = world.control
    return {
        "scope.describe": lambda: scope.describe(lead, "ledger", "L", "N", "Books", ["security"], day),
        "scope.commit": lambda: scope.commit(
            lead, world.system, "N-1", "commitment", "security", "t", "s", day
        ),
        "scope.place": lambda: scope.place(lead, world.system, "n-1", "software", "N", day),
        "scope.add_vendor": lambda: scope.add_vendor(lead, "n-1", "N", "s", day),
        "scope.assume": lambda: scope.assume(
            lead, world.system, "N-1", Complement.Kind.CUEC, "t", ["CC6.2"], day
        ),
        "scope.set_aside": lambda: scope.set_aside(lead, world.system, "CC6.4", "r", day),
        "controls.write": lambda: controls.write(
            lead, "N-1", "t", "s", ["CC6.2"], "M", "P", "event", owner, day
        ),
        "controls.adopt": lambda: controls.adopt(lead, "AC-09", owner, day),
        "controls.hand_over": lambda: controls.hand_over(founder, control, world.cast.lead, day),
        "controls.retire": lambda: controls.retire(founder, control, day, "r"),
        "controls.write_policy": lambda: controls.write_policy(lead, "N-1", "t", "1", "x", owner, day),
        "controls.adopt_policy": lambda: controls.adopt_policy(lead, "POL-19", owner, day),
    }


def test_every_way_to_date_a_design_back_is_refused_and_the_day_after_is_taken(
    made: SimpleNamespace,
) -> None:
    until = issued_until(made.system.pk)
    assert until == Report.objects.get().engagement.period.end
    entries = Entry.objects.count()
    assert set(ways(made, until)) == set(DESIGNS)
    for name, call in ways(made, until).items():
        with pytest.raises(Conflict, match="which an issued report covers") as error:
            call()
        assert error.value.remedy == f"Give {until + timedelta(days=1)} or a later day.", name
    assert Entry.objects.count() == entries
    for call in ways(made, until + timedelta(days=1)).values():
        call()


def test_a_programme_that_reaches_back_is_refused_as_a_whole(made: SimpleNamespace) -> None:
    lead, entries = made.actor("lead"), Entry.objects.count()
    items = [
        scope.ItemIn(kind="vendor", code="new", fields={"name": "New", "service": "s"}),
        scope.ItemIn(
            kind="vendor", code="old", fields={"name": "Old", "service": "s"}, since=START, where="row 3"
        ),
    ]
    first, second = scope.preview(lead, items)
    assert (first.refused, second.refused is None) == (None, False)
    with pytest.raises(Conflict, match="row 3: It would hold from 2025-11-01"):
        scope.apply(lead, items)
    assert Entry.objects.count() == entries


def test_another_system_is_free_to_begin_in_the_past(made: SimpleNamespace) -> None:
    lead = made.actor("lead")
    other = scope.describe(lead, "other", "O", "N", "Payroll", ["security"], START).system
    assert scope.place(lead, other, "n-1", "software", "N", START).effective_from == START
