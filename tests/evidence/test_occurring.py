"""What is on file for each expected operation of a control."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace

from tests.deeds import writing
from tickmark.controls import actions
from tickmark.controls.models import Control, ControlVersion
from tickmark.evidence.models import Acceptance, Evidence, Support
from tickmark.evidence.queries import LISTED, operation
from tickmark.kernel import clock


def daily(program: SimpleNamespace) -> Control:
    control = Control(code="BCP-03")
    control.save()
    ControlVersion(
        control=control,
        effective_from=date(2025, 11, 1),
        title="Backups",
        statement="Backups run daily.",
        criteria=["A1.2"],
        nature="A",
        purpose="P",
        frequency="daily",
        owner=program.cast.owner,
    ).save()
    return control


def test_a_list_covers_its_days_and_proves_none_of_them(program: SimpleNamespace) -> None:
    with writing(program.cast.owner):
        control = daily(program)
        log = Evidence(
            name="log.csv",
            media_type="text/csv",
            sha256="0" * 64,
            size=1,
            kind="POP",
            source="backup tool",
            covers_from=date(2025, 11, 2),
            covers_to=date(2025, 11, 3),
            collected_at=clock.now(),
        )
        log.save()
        support = Support(evidence=log, control=control)
        support.save()
    days = (date(2025, 11, 1), date(2025, 11, 4))
    waiting = operation(*days, date(2025, 12, 1), [control.pk])[control.pk]
    assert [item.state for item in waiting] == ["missed"] * 4
    with writing(program.cast.reviewer):
        Acceptance(support=support).save()
    found = operation(*days, date(2025, 12, 1), [control.pk])[control.pk]
    assert [item.state for item in found] == ["missed", LISTED, LISTED, "missed"]
    assert {item.performed_on for item in found} == {None}


def test_nothing_is_owed_for_the_days_between_an_end_and_a_new_beginning(program: SimpleNamespace) -> None:
    """Retired on the 3rd and written anew from the 6th: two stretches, though it says the same in both."""
    lead = program.actor("lead")
    with writing(program.cast.owner):
        control = daily(program)
    actions.retire(lead, control, date(2025, 11, 3), "The tool is gone")
    actions.write(
        lead, "BCP-03", "Backups", "Backups run daily.", ["A1.2"], "A", "P", "daily", program.cast.owner,
        date(2025, 11, 6), reason="Another tool",
    )  # fmt: skip
    found = operation(date(2025, 11, 1), date(2025, 11, 8), date(2025, 12, 1), [control.pk])[control.pk]
    assert [item.key[-2:] for item in found] == ["01", "02", "06", "07", "08"]
