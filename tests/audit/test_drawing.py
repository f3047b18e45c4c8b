"""Lock and draw: only from a locked list, only once, by a seed that nobody could choose (domain.md 0.4, 4.5, 4.8, 11)."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from tests.audit import world as w
from tickmark.audit import actions as audit
from tickmark.audit.actions.testing import AttributeIn
from tickmark.audit.models import PopulationLock, Sample, SampleItem, SampleMethod
from tickmark.kernel import files
from tickmark.kernel.access import visible
from tickmark.kernel.errors import Conflict, Invalid, Refused

RANDOM, CENSUS, STRATIFIED = SampleMethod.RANDOM, SampleMethod.CENSUS, SampleMethod.STRATIFIED
TICKETS = """
name = "chores"
version = 1
says = "One row a ticket."
key = ["id"]
dates = { done = "done_on" }

[columns]
id = { type = "text", says = "Number." }
done_on = { type = "date", says = "Day." }
"""


@pytest.fixture
def tickets(settings, tmp_path):
    """A home whose own shape has keys of one column, as the check values use them."""
    folder = tmp_path / "home" / "plugins" / "shapes"
    folder.mkdir(parents=True)
    (folder / "chores.toml").write_text(TICKETS)


def ticket_test(program, **more):
    w.planned(program)
    procedure = w.prepared(program, shape="chores", attributes=[AttributeIn(letter="A", text="Done")])
    rows = [{"id": key, "done_on": "2026-01-05"} for key in w.KEYS]
    found = w.population(w.connect(program), rows, shape="chores", **more)
    w.shared(program, found)
    return procedure, found


def keys(sample):
    return list(SampleItem.objects.filter(sample=sample).order_by("position").values_list("key", flat=True))


def test_the_draw_is_the_one_of_the_check_values(program, tickets):
    procedure, found = ticket_test(program)
    lock = audit.lock(program.actor("staff"), procedure, found)
    assert (lock.count, lock.key_hash[:16], lock.content_hash) == (40, "53087a538754ece0", found.content_hash)
    sample = audit.draw(program.actor("staff"), procedure, RANDOM, w.NONCE, size=8)
    assert (sample.seed[:16], sample.nonce, sample.seed_rule, sample.size, sample.population_size) == (
        "c963d8d45d0d5993",
        w.NONCE,
        "committed",
        8,
        40,
    )
    assert keys(sample)[:4] == ["CHG-0039", "CHG-0012", "CHG-0005", "CHG-0020"]


def test_an_extension_is_the_next_of_the_same_order(program, tickets):
    procedure, found = ticket_test(program)
    audit.lock(program.actor("staff"), procedure, found)
    first = audit.draw(program.actor("staff"), procedure, RANDOM, w.NONCE, size=8)
    more = audit.extend(program.actor("staff"), first, 3, "The plan allows 11.")
    from tickmark.evidence import sampling

    assert keys(first) + keys(more) == sampling.draw(w.KEYS, first.seed, 11)
    assert list(SampleItem.objects.filter(sample=more).values_list("position", flat=True)) == [9, 10, 11]
    with pytest.raises(Conflict, match="was extended before"):
        audit.extend(program.actor("staff"), first, 1, "again")
    with pytest.raises(Invalid, match="Count or reason"):
        audit.extend(program.actor("staff"), more, 1, " ")
    rest = audit.extend(program.actor("staff"), more, 100, "All of them.")
    assert rest.size == 29


def test_nothing_is_drawn_before_the_lock_nor_twice(program):
    w.planned(program)
    procedure = w.prepared(program)
    staff = program.actor("staff")
    before = w.entries()
    with pytest.raises(Invalid, match="No population is locked"):
        audit.draw(staff, procedure, CENSUS)
    assert (w.entries(), Sample.objects.count()) == (before, 0)
    found = w.population(w.connect(program), [w.change(key) for key in w.KEYS])
    w.shared(program, found)
    audit.lock(staff, procedure, found)
    first = audit.draw(staff, procedure, RANDOM, w.NONCE)
    for again in (
        {"method": RANDOM, "nonce": w.NONCE},
        {"method": CENSUS},
        {"method": CENSUS, "redraws": first, "reason": "nicer"},
    ):
        with pytest.raises(Conflict, match="has a draw"):
            audit.draw(staff, procedure, **again)
    assert list(Sample.objects.all()) == [first]


def test_another_list_is_locked_with_a_reason_and_redrawn_as_a_new_record(program):
    one = w.locked(program)
    staff = program.actor("staff")
    first = audit.draw(staff, one.procedure, RANDOM, w.NONCE)
    with pytest.raises(Conflict, match="locked for this test already"):
        audit.lock(staff, one.procedure, one.population, "again")
    second = w.population(w.connect(program, "git-2"), [w.change(f"CHG-{n:04}") for n in range(1, 46)])
    w.shared(program, second, "R-50b")
    with pytest.raises(Invalid, match="needs a reason"):
        audit.lock(staff, one.procedure, second)
    audit.lock(staff, one.procedure, second, "A page was missing.")
    with pytest.raises(Conflict, match="has a draw"):
        audit.draw(staff, one.procedure, RANDOM, w.NONCE)
    redrawn = audit.draw(
        staff, one.procedure, RANDOM, w.NONCE, redraws=first, reason="The list was incomplete."
    )
    from tickmark.audit import queries

    assert (queries.samples(one.procedure), redrawn.redraws, Sample.objects.count()) == ([redrawn], first, 2)
    with pytest.raises(Invalid, match="is history"):
        audit.extend(staff, first, 2, "plan")


def test_only_the_committed_nonce_opens_the_draw(program):
    one = w.locked(program)
    with pytest.raises(Invalid, match="not the committed nonce"):
        audit.draw(program.actor("staff"), one.procedure, RANDOM, "nonce-0002")
    assert not Sample.objects.exists()


def test_a_smaller_sample_needs_a_reason(program):
    one = w.locked(program)
    staff = program.actor("staff")
    with pytest.raises(Invalid, match="7 is fewer than the method's 8"):
        audit.draw(staff, one.procedure, RANDOM, w.NONCE, size=7)
    with pytest.raises(Invalid, match="negative"):
        audit.draw(staff, one.procedure, RANDOM, w.NONCE, size=-1, reason="x")
    sample = audit.draw(
        staff, one.procedure, RANDOM, w.NONCE, size=7, reason="Tested with a monitoring control."
    )
    assert (sample.size, sample.reason) == (7, "Tested with a monitoring control.")


def test_a_size_beyond_the_population_takes_all(program):
    one = w.locked(program)
    sample = audit.draw(program.actor("staff"), one.procedure, RANDOM, w.NONCE, size=400)
    assert (sample.size, len(keys(sample))) == (40, 40)


def test_a_census_takes_every_item_and_no_seed(program):
    one = w.locked(program)
    sample = audit.draw(program.actor("staff"), one.procedure, CENSUS, nonce="whatever")
    assert (sample.seed, sample.nonce, keys(sample)) == ("", "", [f"app/{key}" for key in w.KEYS])


def test_a_stratified_draw_takes_from_each_quarter(program):
    rows = [w.change(key, day) for key, day in zip(w.KEYS, w.days(40), strict=True)]
    one = w.locked(program, rows)
    sample = audit.draw(program.actor("staff"), one.procedure, STRATIFIED, w.NONCE)
    strata = list(SampleItem.objects.filter(sample=sample).values_list("stratum", flat=True))
    assert {name: strata.count(name) for name in strata} == {
        "2025-Q4": 1,
        "2026-Q1": 2,
        "2026-Q2": 2,
        "2026-Q3": 2,
        "2026-Q4": 1,
    }
    with pytest.raises(Invalid, match="Only a random sample"):
        audit.extend(program.actor("staff"), sample, 1, "plan")


def test_no_lock_before_a_nonce_is_committed(program):
    procedure = w.prepared(program)
    found = w.population(w.connect(program), [w.change(key) for key in w.KEYS])
    w.shared(program, found)
    with pytest.raises(Invalid, match="No nonce is committed"):
        audit.lock(program.actor("staff"), procedure, found)


@pytest.mark.parametrize(
    ("given", "what"),
    [
        ({"outcome": "incomplete"}, "a page was cut off"),
        ({"agrees": None}, "never held against a second source"),
        ({"agrees": False}, "disagrees"),
        ({"read": datetime(2026, 10, 31, 12, tzinfo=UTC)}, "does not reach to the end"),
    ],
)
def test_a_list_that_is_not_whole_is_not_locked(program, given, what):
    w.planned(program)
    procedure = w.prepared(program)
    found = w.population(w.connect(program), [w.change(key) for key in w.KEYS], **given)
    w.shared(program, found)
    before = w.entries()
    with pytest.raises(Invalid) as refused:
        audit.lock(program.actor("staff"), procedure, found)
    assert what in str(refused.value)
    assert (w.entries(), PopulationLock.objects.count()) == (before, 0)


def test_a_list_that_answers_no_request_or_has_another_shape_is_not_locked(program):
    w.planned(program)
    procedure, other = w.prepared(program), w.prepared(program, shape="pulls")
    found = w.population(w.connect(program), [w.change(key) for key in w.KEYS])
    with pytest.raises(Invalid, match="not shared"):
        audit.lock(program.actor("staff"), procedure, found)
    w.shared(program, found)
    with pytest.raises(Invalid, match="needs a list of pulls"):
        audit.lock(program.actor("staff"), other, found)


def test_a_file_that_was_changed_on_disk_is_not_drawn_from(program, settings):
    one = w.locked(program)
    digest = one.lock.content_hash
    path = files._folder() / digest[:2] / digest
    path.chmod(0o640)
    path.write_bytes(path.read_bytes() + b"x")
    with pytest.raises(Conflict, match="changed on disk"):
        audit.draw(program.actor("staff"), one.procedure, CENSUS)


def test_a_control_that_changed_is_tested_in_its_parts(program):
    from tickmark.controls import actions as controls

    v1 = program.control_version
    controls.hand_over(program.actor("lead"), program.control, program.cast.lead, date(2026, 2, 1))
    v3 = controls.write(
        program.actor("lead"), "CHG-02", "Peer review", "Two people review.", ["CC8.1"], "I", "P", "event",
        program.cast.lead, date(2026, 5, 1), reason="Stronger",
    )  # fmt: skip
    w.planned(program)
    first, second = w.prepared(program), w.prepared(program, control_version=v3)
    rows = [w.change(key, day) for key, day in zip(w.KEYS, w.days(40), strict=True)]
    found = w.population(w.connect(program), rows)
    w.shared(program, found)
    staff = program.actor("staff")
    one, two = audit.lock(staff, first, found), audit.lock(staff, second, found)
    assert (one.start, one.end, two.start, two.end) == (
        date(2025, 11, 1),
        date(2026, 4, 30),
        date(2026, 5, 1),
        date(2026, 10, 31),
    )
    assert (one.count, two.count) == (20, 20)
    assert v1.pk != v3.pk


def test_the_company_sees_items_only_after_publishing_and_no_nonce(program):
    one = w.locked(program)
    sample = audit.draw(program.actor("staff"), one.procedure, RANDOM, w.NONCE)
    lead = program.actor("lead")
    assert not visible(lead, SampleItem).exists()
    with pytest.raises(Refused):
        audit.publish(program.actor("staff"), one.procedure)
    audit.publish(program.actor("auditor"), one.procedure)
    assert visible(lead, SampleItem).count() == 8
    assert not visible(lead, Sample).exists(), "the nonce serves the lists that are not locked yet"
    assert list(visible(program.actor("staff"), Sample)) == [sample]
    assert not visible(program.actor("stranger"), SampleItem).exists()


def test_nobody_of_the_company_locks_or_draws(program):
    one = w.locked(program)
    for name in ("founder", "lead", "owner"):
        with pytest.raises((Refused, Invalid, Conflict)) as refused:
            audit.draw(program.actor(name), one.procedure, CENSUS)
        assert refused.type.__name__ in ("Refused", "NotFound")
    with pytest.raises(Refused):
        audit.draw(program.actor("quality"), one.procedure, CENSUS)


def test_plan_commits_once_and_to_a_digest(program):
    for bad in ("", "nonce", "A" * 64, "g" * 64, "a" * 63):
        with pytest.raises(Invalid, match="not a SHA-256"):
            audit.plan(program.actor("auditor"), program.engagement, bad)
    w.planned(program)
    with pytest.raises(Conflict, match="planned already"):
        w.planned(program, "another")
