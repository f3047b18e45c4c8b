"""A whole programme: the difference between what is wanted and what stands, tried, recorded at once, or refused whole."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import transaction

from tests.controls.replay import replayed
from tickmark.controls import actions as controls
from tickmark.controls.library import starter_controls, starter_policies
from tickmark.controls.models import Control, ControlVersion
from tickmark.kernel import clock, files
from tickmark.kernel.errors import Conflict, Invalid, Refused
from tickmark.kernel.ledger.entry import Entry, Leaf
from tickmark.kernel.ledger.seal import seal
from tickmark.scope import actions as scope
from tickmark.scope import folder
from tickmark.scope.models import Commitment, Complement, Component, Method, ProgrammeImport, VendorVersion
from tickmark.scope.programme import fingerprint, standing

DAY = date(2026, 1, 1)


def texts() -> dict[str, str]:
    """The books as a folder."""
    return folder.write(standing(clock.today()).values())


@contextmanager
def other_books() -> Iterator[None]:
    """What is written within is in books that nobody keeps: afterwards these are as they were."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def rich(cast: SimpleNamespace) -> None:
    """A programme with something of every kind and every field."""
    lead, owner, other = cast.actor("lead"), cast.owner, cast.lead
    system = scope.describe(
        lead, "ledger", "Ledger", "Northlight, Inc.", "Book-keeping.\r\nFor firms.",
        ["security", "availability"], DAY, boundary="Production\n\nonly", time_zone="Europe/Berlin", calendar="us-federal",
    ).system  # fmt: skip
    scope.commit(
        lead, system, "C-1", Commitment.Kind.COMMITMENT, "availability", "Up 99.9 %.", "SLA 2", DAY, "99.9 %"
    )  # fmt: skip
    scope.commit(
        lead, system, "R-1", Commitment.Kind.REQUIREMENT, "security", "Kept.", "Law", DAY, principal=False, criteria=["CC6.1"]
    )  # fmt: skip
    scope.add_vendor(
        lead, "cloud", "Cloud AG", "Hosting", DAY, True, Method.CARVE_OUT, ["CC6.4"], "VND-03", "SOC 2 Type 2, clean",
        date(2025, 12, 31), owner, other, ["books"], ["C-1"],
    )  # fmt: skip
    scope.place(lead, system, "books", "data", "Customers' books", DAY, classification="Confidential")
    scope.place(lead, system, "db", "infrastructure", "Database", DAY, location="eu-1", supplier="cloud")
    scope.place(
        lead, system, "api", "software", "API", DAY, "Serves", True, owner, other, ["books"], ["C-1"],
        [scope.Flow(to="db", what="records")],
    )  # fmt: skip
    scope.assume(
        lead, system, "CUEC-1", Complement.Kind.CUEC, "Remove leavers.", ["CC6.2"], DAY, why="Theirs"
    )
    scope.set_aside(lead, system, "CC6.4", "No premises", DAY)
    for number, starter in enumerate(starter_controls()):
        controls.adopt(
            lead,
            starter.id,
            owner,
            DAY + timedelta(days=number % 3),
            backup_owner=other if number % 2 else None,
        )
    controls.write(
        lead, "X-1", "Odd", "Line\n## Evidence\n+++\n end ", ["CC1.1"], "M", "D", "weekly", owner, DAY,
        parameters={"Zahl ü": "viel", "n": 0}, evidence_wanted="DOC: a\nREC: b", performed_by="Team", reviewed_by="COO",
        replaces=["X-0"], foreign_ids=["vendor:7"],
    )  # fmt: skip
    for policy in starter_policies():
        controls.adopt_policy(lead, policy.id, owner, DAY)


def test_export_applied_to_empty_books_exports_the_same_files(cast: SimpleNamespace) -> None:
    with other_books():
        rich(cast)
        first = texts()
    assert standing(clock.today()) == {}
    assert len(first) > 60
    done = scope.apply(
        cast.actor("lead"),
        [scope.ItemIn.of(item) for item in folder.read(first)],
        whole=True,
        source="a folder",
    )
    assert texts() == first
    assert (done.new, done.changed, done.withdrawn) == (len(standing(clock.today())), 0, 0)
    entries = Entry.objects.count()
    with pytest.raises(Invalid, match=r"Nothing would change\."):
        scope.apply(cast.actor("lead"), [scope.ItemIn.of(item) for item in folder.read(first)], whole=True)
    assert Entry.objects.count() == entries


def test_one_entry_says_who_applied_what(cast: SimpleNamespace) -> None:
    items = [
        scope.ItemIn(kind="vendor", code=f"v{n}", fields={"name": f"V{n}", "service": "s"}) for n in range(3)
    ]
    done = scope.apply(cast.actor("lead"), items, source="list.csv")
    entry = Entry.objects.get(uid=done.entry)
    assert (entry.verb, entry.actor, done.source) == ("scope.apply", cast.lead.ref, "list.csv")
    assert entry.arguments["items"] == ["vendor v0", "vendor v1", "vendor v2"]
    assert {row.entry for row in VendorVersion.objects.all()} == {done.entry}


def test_a_preview_says_what_would_be_and_writes_nothing(program: SimpleNamespace) -> None:
    lead = program.actor("lead")
    before = (Entry.objects.count(), texts(), len(list(files.listing())))
    changes = scope.preview(
        lead,
        [
            scope.ItemIn(kind="control", code="CHG-02", fields={"title": "Peer review of changes"}),
            scope.ItemIn(kind="vendor", code="cloud", fields={"name": "Cloud", "service": "Hosting"}),
            scope.ItemIn(kind="policy", code="POL-99", where="row 4",
                         fields={"title": "T", "label": "1", "text": "Text", "owner": "owner@northlight.example"}),
            scope.ItemIn(kind="control", code="AC-1", fields={"title": "No statement"}, where="row 5"),
            scope.ItemIn(kind="system", code="ledger", fields={"name": "Ledger"}),
        ],
    )  # fmt: skip
    assert [(one.what, one.item.code, one.refused is None) for one in changes] == [
        ("new", "cloud", True),
        ("new", "POL-99", True),
        ("changed", "CHG-02", True),
        ("new", "AC-1", False),
    ]
    assert changes[2].fields == (("title", "Peer review", "Peer review of changes"),)
    assert changes[3].refused is not None
    assert changes[3].refused.what == "row 5: 'statement' is missing."
    assert (Entry.objects.count(), texts(), len(list(files.listing()))) == before


def test_all_of_it_or_nothing(program: SimpleNamespace) -> None:
    good = scope.ItemIn(kind="vendor", code="cloud", fields={"name": "Cloud", "service": "Hosting"})
    bad = scope.ItemIn(
        kind="component", code="ledger/api", fields={"kind": "software", "name": "API", "data": ["ghost"]}, where="row 9"
    )  # fmt: skip
    with pytest.raises(Invalid) as error:
        scope.apply(program.actor("lead"), [good, bad])
    assert error.value.what == "row 9: There is no data ghost."
    assert (VendorVersion.objects.count(), Component.objects.count(), ProgrammeImport.objects.count()) == (
        0,
        0,
        0,
    )


def test_what_was_agreed_to_is_what_is_recorded(program: SimpleNamespace) -> None:
    lead = program.actor("lead")
    items = [scope.ItemIn(kind="control", code="CHG-02", fields={"title": "New"})]
    seen = fingerprint(scope.preview(lead, items))
    with other_books():
        assert scope.apply(lead, items, seen=seen).changed == 1
    scope.apply(lead, [scope.ItemIn(kind="control", code="CHG-02", fields={"title": "Between"})])
    with pytest.raises(Conflict, match="changed since you looked"):
        scope.apply(lead, items, seen=seen)


def test_what_is_left_out_of_the_whole_stays_unless_it_is_withdrawn(program: SimpleNamespace) -> None:
    lead = program.actor("lead")
    scope.add_vendor(lead, "cloud", "Cloud", "Hosting", DAY)
    kept = [scope.ItemIn.of(item) for item in standing(clock.today()).values() if item.kind == "system"]
    assert [(one.what, one.item.code) for one in scope.preview(lead, kept, whole=True)] == [
        ("only in the books", "CHG-02"),
        ("only in the books", "cloud"),
    ]
    done = scope.apply(lead, kept, whole=True, withdraw=True, reason="Sold")
    assert done.withdrawn == 2
    assert [item.kind for item in standing(clock.today()).values()] == ["system"]
    assert ControlVersion.objects.latest("pk").reason == "Sold"


def test_what_is_planned_for_later_is_followed_and_never_undone_in_silence(program: SimpleNamespace) -> None:
    lead, later = program.actor("lead"), clock.today() + timedelta(days=30)
    with_plan = {"title": "Peer review", "parameters": {"days": 2}}
    scope.apply(lead, [scope.ItemIn(kind="control", code="CHG-02", fields=with_plan)], effective_from=later)
    with pytest.raises(Invalid, match="Nothing would change"):
        scope.apply(
            lead, [scope.ItemIn(kind="control", code="CHG-02", fields=with_plan)], effective_from=later
        )
    item = [scope.ItemIn(kind="control", code="CHG-02", fields={"title": "Second person"})]
    (soon,) = scope.preview(lead, item)
    assert soon.refused is not None
    assert soon.refused.what == "control CHG-02: The day lies before the newest version."
    scope.apply(lead, item, effective_from=later + timedelta(days=1))
    assert ControlVersion.objects.latest("pk").parameters == {"days": 2}
    stands = scope.ItemIn.of(standing(clock.today())["control", "CHG-02"])
    assert scope.preview(lead, [stands]) == []


def test_what_was_retired_comes_back_by_the_same_file(program: SimpleNamespace) -> None:
    lead, item = program.actor("lead"), scope.ItemIn.of(standing(clock.today())["control", "CHG-02"])
    controls.retire(program.actor("founder"), program.control, clock.today(), "Done by hand no more")
    done = scope.apply(lead, [item], reason="It is done again")
    newest = ControlVersion.objects.latest("pk")
    assert (done.new, newest.withdrawn, newest.reason) == (1, False, "It is done again")


def test_what_its_action_does_not_keep_is_refused_and_order_says_nothing(program: SimpleNamespace) -> None:
    lead = program.actor("lead")
    lost = {"name": "Post", "service": "Letters", "criteria": ["CC6.4"]}
    (change,) = scope.preview(lead, [scope.ItemIn(kind="vendor", code="post", fields=lost)])
    assert change.refused is not None
    assert change.refused.what == "vendor post: 'criteria' would not be kept."
    both = {"name": " Ledger ", "categories": ["availability", "security"], "company": "N", "services": "B"}
    scope.apply(lead, [scope.ItemIn(kind="system", code="two", fields=both)])
    assert scope.preview(lead, [scope.ItemIn(kind="system", code="two", fields=both)]) == []
    owned = {"name": "Post", "service": "Letters", "owner": program.cast.owner.ref}
    scope.apply(lead, [scope.ItemIn(kind="vendor", code="post", fields=owned)])
    assert scope.preview(lead, [scope.ItemIn(kind="vendor", code="post", fields=owned)]) == []


def test_the_day_is_part_of_what_is_agreed_to(program: SimpleNamespace) -> None:
    lead, items = (
        program.actor("lead"),
        [scope.ItemIn(kind="control", code="CHG-02", fields={"title": "New"})],
    )
    seen = fingerprint(scope.preview(lead, items))
    with pytest.raises(Conflict, match="changed since you looked"):
        scope.apply(lead, items, effective_from=clock.today() + timedelta(days=1), seen=seen)


@pytest.mark.parametrize(
    ("items", "words"),
    [
        ([("ghost", "A-1", {})], "A programme has no 'ghost'."),
        ([("control", "A-1", {"colour": "red"})], "Control has no 'colour'."),
        ([("component", "api", {})], "'api' is no code of a component."),
        ([("vendor", "a/b", {})], "'a/b' is no code of a vendor."),
        ([("vendor", "a", {}), ("vendor", "a", {})], "Vendor a is named twice."),
        ([("control", "A-1", {"criteria": ["CC99.1"], "title": "t", "statement": "s", "nature": "M", "purpose": "P",
                              "frequency": "event", "owner": "owner@northlight.example"})],
         "control A-1: No such criterion: CC99.1."),
        ([("control", "A-1", {"title": "t", "statement": "s", "criteria": ["CC1.1"], "nature": "M", "purpose": "P",
                              "frequency": "event", "owner": "nobody@northlight.example"})],
         "control A-1: There is no user nobody@northlight.example."),
        ([("vendor", "v", {"name": "V", "service": "s", "owner": "owner@northlight.example",
                           "backup_owner": "owner@northlight.example"})],
         "vendor v: Owner would stand in for themselves."),
    ],
)  # fmt: skip
def test_bad_programmes_are_refused_in_words(program: SimpleNamespace, items: list[Any], words: str) -> None:
    before = Entry.objects.count()
    with pytest.raises((Invalid, Refused)) as error:
        scope.apply(
            program.actor("lead"),
            [scope.ItemIn(kind=kind, code=code, fields=said) for kind, code, said in items],
        )
    assert error.value.what.startswith(words)
    assert Entry.objects.count() == before


def test_too_much_is_refused_before_it_is_looked_at(program: SimpleNamespace) -> None:
    many = [scope.ItemIn(kind="vendor", code=f"v{n}", fields={}) for n in range(20_001)]
    with pytest.raises(Invalid, match="20001 items"):
        scope.apply(program.actor("lead"), many)


def test_nobody_applies_what_they_may_not_do(program: SimpleNamespace) -> None:
    items = [scope.ItemIn(kind="vendor", code="cloud", fields={"name": "Cloud", "service": "Hosting"})]
    for name in ("employee", "owner", "auditor"):
        with pytest.raises(Refused):
            scope.apply(program.actor(name), items)
        with pytest.raises(Refused):
            scope.preview(program.actor(name), items)


# -- as of any day ------------------------------------------------------------------------------------------------


def history(cast: SimpleNamespace, chance: random.Random) -> None:
    """Sixty deeds of a programme, each of them dated on or after the last of its subject."""
    lead, owners = cast.actor("lead"), [cast.owner, cast.lead, cast.reviewer]
    system = scope.describe(lead, "ledger", "Ledger", "Northlight", "Books", ["security"], DAY).system
    newest: dict[tuple[str, str], date] = {}
    for number in range(60):
        kind = chance.choice(["control", "component", "vendor", "set-aside", "commitment"])
        code = f"X-{chance.randrange(4)}"
        day = newest.get((kind, code), DAY) + timedelta(days=chance.randrange(0, 40))
        gone = (kind, code) in newest and chance.random() < 0.2
        newest[kind, code] = day
        if (
            kind == "control"
            and gone
            and not ControlVersion.objects.filter(control__code=code).latest("pk").withdrawn
        ):
            controls.retire(lead, Control.objects.get(code=code), day, f"Deed {number}")
        elif kind == "control":
            words = f"Statement {number}"
            controls.write(
                lead, code, "T", words, ["CC6.2"], "M", "P", "event", chance.choice(owners), day, reason="r"
            )  # fmt: skip
        elif kind == "component":
            scope.place(lead, system, code, "software", f"Name {number}", day, withdrawn=gone)
        elif kind == "vendor":
            scope.add_vendor(lead, code, f"Name {number}", "s", day, withdrawn=gone)
        elif kind == "set-aside":
            scope.set_aside(
                lead, system, "CC6.4", f"Reason {number}", newest.setdefault(("a", ""), DAY), withdrawn=gone
            )
        else:
            scope.commit(
                lead, system, code, Commitment.Kind.COMMITMENT, "security", f"Text {number}", "s", day, withdrawn=gone
            )  # fmt: skip
        if chance.random() < 0.3:
            seal()


@pytest.mark.parametrize("seed", range(6))
def test_the_programme_of_any_day_is_a_replay_of_the_entries(cast: SimpleNamespace, seed: int) -> None:
    chance = random.Random(seed)
    history(cast, chance)
    seal()
    sealed = Leaf.objects.count()
    for _ in range(25):
        size, day = chance.randrange(sealed + 1), DAY + timedelta(days=chance.randrange(-5, 500))
        found = standing(day, size)
        assert found == replayed(size, day)
        assert {key: item.since for key, item in found.items()} == {
            key: item.since for key, item in replayed(size, day).items()
        }
    assert standing(DAY + timedelta(days=500)) == replayed(sealed, DAY + timedelta(days=500))
