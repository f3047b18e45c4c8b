"""Filing, using, accepting and rejecting: each success, and each refusal with its reason."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from tests.deeds import writing
from tickmark.controls.models import Control, ControlVersion
from tickmark.evidence import actions, queries
from tickmark.evidence.models import Evidence, EvidenceKind, Support
from tickmark.kernel import clock, files
from tickmark.kernel.arguments import Upload
from tickmark.kernel.errors import Conflict, Invalid, Refused

NOW = datetime(2026, 8, 3, 15, tzinfo=UTC)


@pytest.fixture(autouse=True)
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock stands."""
    monkeypatch.setattr(clock, "now", lambda: NOW)


def upload(content: bytes = b"a record\n", name: str = "record.txt") -> Upload:
    """A file that came through a door."""
    kept = files.keep(content, empty=True)
    return Upload(name, "text/plain", kept.sha256, kept.size)


def file(program: SimpleNamespace, who: str = "owner", **given: Any) -> Evidence:
    """File something."""
    content = given.pop("content", b"a record\n")
    name = given.pop("name", "record.txt")
    given = {"kind": EvidenceKind.REC, "source": "ticket system", **given}
    return actions.file(program.actor(who), upload(content, name), **given)


@pytest.fixture
def quarterly(program: SimpleNamespace) -> Control:
    """A control that operates each quarter, with fifteen days of grace."""
    with writing(program.cast.founder):
        control = Control(code="AC-06")
        control.save()
        ControlVersion(
            control=control, effective_from=date(2025, 11, 1), title="Access review", statement="Each quarter.", criteria=["CC6.1"],
            nature="M", purpose="D", frequency="quarterly", owner=program.cast.owner, parameters={"grace_days": 15},
        ).save()  # fmt: skip
    return control


def test_three_dates_and_the_period_are_kept_apart(program: SimpleNamespace) -> None:
    observed = datetime(2026, 7, 29, 14, tzinfo=UTC)
    row = file(program, covers_from=date(2026, 4, 1), covers_to=date(2026, 6, 30), observed_at=observed)
    kept = Evidence.objects.get(pk=row.pk)
    assert (kept.observed_at, kept.collected_at, kept.recorded_at) == (observed, NOW, NOW)
    assert (kept.covers_from, kept.covers_to) == (date(2026, 4, 1), date(2026, 6, 30))
    assert files.read(kept.sha256) == b"a record\n"


def test_a_time_without_a_zone_is_the_companys_own(program: SimpleNamespace) -> None:
    row = file(program, observed_at=datetime.fromisoformat("2026-07-29T14:00"))
    assert Evidence.objects.get(pk=row.pk).observed_at == datetime(2026, 7, 29, 18, tzinfo=UTC)


@pytest.mark.parametrize(
    ("given", "field", "what"),
    [
        ({"source": " "}, "source", "The source is empty."),
        ({"source": "x" * 201}, "source", "The source is too long."),
        (
            {"covers_from": date(2026, 7, 2), "covers_to": date(2026, 7, 1)},
            "covers_to",
            "The covered period ends before it starts.",
        ),
        ({"covers_from": date(2026, 7, 2)}, "covers_to", "One end of the covered period is missing."),
        (
            {"observed_at": NOW + timedelta(minutes=1)},
            "observed_at",
            "It would have been observed in the future.",
        ),
        ({"content": b""}, "upload", "The file is empty."),
        ({"content": b"MZ\x90\x00", "name": "notes.txt"}, "upload", "'notes.txt' is not what its name says."),
        ({"content": b"<html>", "name": "report.pdf"}, "upload", "'report.pdf' is not what its name says."),
        ({"content": b"a\x00b", "name": "list.csv"}, "upload", "'list.csv' is not what its name says."),
    ],
)
def test_what_cannot_be_filed_says_what_and_why(
    program: SimpleNamespace, given: dict[str, Any], field: str, what: str
) -> None:
    with pytest.raises(Invalid) as refused:
        file(program, **given)
    assert (refused.value.field, refused.value.what) == (field, what)
    assert refused.value.why and refused.value.remedy
    assert not Evidence.objects.exists()


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\x\\review.pdf.txt", "review.pdf.txt"),
        ("in\u202evoice.txt", "invoice.txt"),
        ("a\r\nb\x00.txt", "ab.txt"),
        ("..", "file"),
        ("", "file"),
        ("é" * 300 + ".txt", "é" * 196 + ".txt"),
        ("<script>alert(1)</script>.txt", "script>.txt"),
    ],
)
def test_a_hostile_name_is_only_a_label(program: SimpleNamespace, name: str, kept: str) -> None:
    assert file(program, name=name).name == kept


def test_the_same_bytes_are_filed_once(program: SimpleNamespace) -> None:
    first = file(program)
    with pytest.raises(Conflict) as twice:
        file(program, name="other.txt")
    assert twice.value.what == f"This file is filed already as {first.ref}."
    with pytest.raises(Conflict):
        file(program, replaces=file(program, content=b"another\n"))
    corrected = file(program, replaces=first, covers_from=date(2026, 7, 1), covers_to=date(2026, 7, 1))
    assert corrected.sha256 == first.sha256 and corrected.replaces == first


def test_filing_for_an_occurrence_makes_its_use(program: SimpleNamespace, quarterly: Control) -> None:
    row = file(program, control=quarterly, occurrence="2026-Q2", performed_on=date(2026, 7, 29))
    use = Support.objects.get()
    assert (use.evidence, use.control, use.occurrence, use.performed_on) == (
        row,
        quarterly,
        "2026-Q2",
        date(2026, 7, 29),
    )


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"occurrence": "2026-Q9", "performed_on": date(2026, 7, 1)}, "occurrence"),
        ({"occurrence": "2026-06", "performed_on": date(2026, 7, 1)}, "occurrence"),
        ({"occurrence": "2026-Q2", "performed_on": date(2026, 8, 5)}, "performed_on"),
        ({"occurrence": "2026-Q2"}, "performed_on"),
    ],
)
def test_a_use_that_cannot_be(
    program: SimpleNamespace, quarterly: Control, given: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        file(program, control=quarterly, **given)
    assert refused.value.field == field
    assert not Evidence.objects.exists()


def test_one_piece_serves_many_controls_and_each_use_is_accepted_by_itself(
    program: SimpleNamespace, quarterly: Control
) -> None:
    row = file(program, control=quarterly, occurrence="2026-Q2", performed_on=date(2026, 7, 3))
    other = actions.support(program.actor("owner"), row, program.control)
    first = Support.objects.get(control=quarterly)
    actions.accept(program.actor("reviewer"), first, "read it")
    assert [queries.state_of(use) for use in Support.objects.order_by("pk")] == ["accepted", "filed"]
    with pytest.raises(Conflict):
        actions.support(program.actor("owner"), row, program.control)
    actions.reject(program.actor("reviewer"), other, "no approval on it")
    assert actions.support(program.actor("owner"), row, program.control).pk


def test_nobody_accepts_what_they_filed_used_or_own(program: SimpleNamespace, quarterly: Control) -> None:
    lead, owner = program.actor("lead"), program.actor("owner")
    by_lead = file(program, "lead", content=b"one\n")
    use = actions.support(owner, by_lead, program.control)
    with pytest.raises(Refused):
        actions.accept(lead, use)  # filed it, though somebody else uses it
    with pytest.raises(Refused):
        actions.accept(owner, use)  # owns the control
    with pytest.raises(Refused):
        actions.accept(program.actor("auditor"), use)
    with pytest.raises(Refused):
        actions.accept(program.actor("employee"), use)
    assert actions.accept(program.actor("reviewer"), use).support == use


def test_a_decision_stands(program: SimpleNamespace) -> None:
    file(program, control=program.control)
    use = Support.objects.get()
    with pytest.raises(Invalid):
        actions.reject(program.actor("reviewer"), use, "  ")
    actions.reject(program.actor("reviewer"), use, "It has no date")
    for again in (
        lambda: actions.accept(program.actor("lead"), use),
        lambda: actions.reject(program.actor("lead"), use, "x"),
    ):
        with pytest.raises(Conflict) as refused:
            again()
        assert refused.value.what == f"{use.ref} was rejected already."


def test_who_may_file(program: SimpleNamespace, quarterly: Control) -> None:
    for who in ("auditor", "employee", "stranger"):
        with pytest.raises(Refused):
            file(program, who)
    with pytest.raises(Refused):
        file(program, "reviewer", control=quarterly, occurrence="2026-Q2", performed_on=date(2026, 7, 3))


# -- occurrences ------------------------------------------------------------------------------------------------------


def states(program: SimpleNamespace, control: Control, day: date) -> dict[str, str]:
    """Key and state of each expected operation at the end of a day."""
    found = queries.operation(program.period.start, program.period.end, day)[control.pk]
    return {item.key: item.state for item in found}


def test_an_occurrence_is_met_by_accepted_evidence_only(program: SimpleNamespace, quarterly: Control) -> None:
    day = date(2026, 8, 3)
    assert states(program, quarterly, day) == {
        "2025-Q4": "missed", "2026-Q1": "missed", "2026-Q2": "overdue", "2026-Q3": "not yet due",
    }  # fmt: skip
    file(program, control=quarterly, occurrence="2026-Q2", performed_on=date(2026, 7, 29))
    assert states(program, quarterly, day)["2026-Q2"] == "filed"
    actions.accept(program.actor("reviewer"), Support.objects.get())
    item = queries.operation(program.period.start, program.period.end, day)[quarterly.pk][2]
    assert (item.state, item.performed_on, item.days_late) == ("late", date(2026, 7, 29), 14)
    assert [use.days_after for use in item.uses] == [5]
    assert states(program, quarterly, date(2026, 7, 28))["2026-Q2"] == "overdue"


def test_customary_days_are_named_where_the_control_names_none(
    program: SimpleNamespace, quarterly: Control
) -> None:
    with writing(program.cast.founder):
        other = Control(code="BCP-06")
        other.save()
        ControlVersion(
            control=other, effective_from=date(2025, 11, 1), title="Capacity", statement="Each quarter.", criteria=["A1.1"],
            nature="M", purpose="D", frequency="quarterly", owner=program.cast.owner,
        ).save()  # fmt: skip
    for control, content in ((quarterly, b"1\n"), (other, b"2\n")):
        file(program, control=control, occurrence="2026-Q2", performed_on=date(2026, 7, 14), content=content)
    found = queries.operation(program.period.start, program.period.end, date(2026, 8, 3))
    remarks = {control.code: found[control.pk][2].remarks for control in (quarterly, other)}
    words = "performed 14 days after 2026-Q2 ended; the control names no grace, 15 days are customary: the auditor decides"
    assert remarks == {"AC-06": (), "BCP-06": (words,)}


def test_a_rejected_record_meets_nothing_and_is_owed_again(
    program: SimpleNamespace, quarterly: Control
) -> None:
    file(program, control=quarterly, occurrence="2026-Q2", performed_on=date(2026, 7, 10))
    actions.reject(program.actor("reviewer"), Support.objects.get(), "No list of accounts")
    assert states(program, quarterly, date(2026, 8, 3))["2026-Q2"] == "overdue"
    owed = [task.title for task in queries.duties.occurrences_owed(program.actor("owner"), date(2026, 8, 3))]
    assert owed == ["File better evidence for AC-06, 2026-Q2"]
    assert list(queries.duties.occurrences_owed(program.actor("lead"), date(2026, 8, 3))) == []


def test_many_occurrences_of_one_control_are_asked_for_in_one_line(program: SimpleNamespace) -> None:
    with writing(program.cast.founder):
        daily = Control(code="BCP-03")
        daily.save()
        ControlVersion(
            control=daily, effective_from=date(2026, 7, 1), title="Backups", statement="Each day.", criteria=["A1.2"],
            nature="A", purpose="P", frequency="daily", owner=program.cast.owner, parameters={"grace_days": 5},
        ).save()  # fmt: skip
    found = [
        task.title for task in queries.duties.occurrences_owed(program.actor("owner"), date(2026, 8, 10))
    ]
    assert found == ["File BCP-03 for 5 occurrences, 2026-08-05 to 2026-08-09"]


def test_a_reviewer_is_asked_for_what_others_filed(program: SimpleNamespace) -> None:
    file(program, control=program.control)
    day = date(2026, 8, 3)
    use = Support.objects.get()
    assert list(queries.waiting_for(program.actor("reviewer"), day)) == [use]
    assert list(queries.waiting_for(program.actor("owner"), day)) == []
    assert list(queries.waiting_for(program.actor("auditor"), day)) == []
    assert list(queries.waiting_for(program.actor("reviewer"), day - timedelta(days=1))) == []


def test_undated_evidence_is_never_dropped_from_a_window(program: SimpleNamespace) -> None:
    dated = file(program, control=program.control, covers_from=date(2026, 1, 1), covers_to=date(2026, 1, 31))
    undated = file(program, control=program.control, content=b"undated\n")
    for use in Support.objects.all():
        actions.accept(program.actor("reviewer"), use)
    inside = queries.covering([program.control.pk], date(2026, 1, 15), date(2026, 2, 1))
    after = queries.covering([program.control.pk], date(2026, 2, 1), date(2026, 3, 1))
    assert (list(inside), list(after)) == ([dated, undated], [undated])
