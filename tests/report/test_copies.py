"""Copies are given of the newest report only, under terms, and every reading is a fact."""

from __future__ import annotations

import pytest

from tests.report.build import DAY, issued
from tickmark.kernel.errors import Conflict, Invalid, NotFound, Refused
from tickmark.kernel.ledger.entry import Entry
from tickmark.people.queries import digest_of
from tickmark.report import actions as report
from tickmark.report.models import Copy, CopyRead
from tickmark.web.middleware import VISITOR

pytestmark = pytest.mark.database


@pytest.fixture
def made(world):
    world, world.report = issued(world)
    return world


def test_a_copy_has_its_own_link_of_which_the_digest_is_kept(made):
    one = report.give_copy(
        made.actor("lead"), made.report, "Rita", "rita@acme.example", "Keep it to yourself."
    )
    two = report.give_copy(made.actor("founder"), made.report, "Rob", "rob@acme.example")
    assert one.link != two.link
    assert one.token_digest == digest_of(one.link.removeprefix("/copies/"))
    assert Copy.objects.get(pk=two.pk).terms == report.TERMS


@pytest.mark.parametrize(
    ("reader", "email", "terms", "says"),
    [
        (" ", "a@x.example", "T", "no name"),
        ("A", "a", "T", "has no @"),
        ("A", "a@x.example", " ", "no terms"),
    ],
)
def test_bad_input_gives_no_copy(made, reader, email, terms, says):
    with pytest.raises(Invalid, match=says):
        report.give_copy(made.actor("lead"), made.report, reader, email, terms)
    assert not Copy.objects.exists()


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("owner", Refused),
        ("employee", NotFound),
        ("partner", Refused),
        ("auditor", Refused),
        ("stranger", NotFound),
    ],
)
def test_the_company_alone_gives_copies(made, name, error):
    with pytest.raises(error):
        report.give_copy(made.actor(name), made.report, "A", "a@x.example")


def test_no_copy_of_a_report_that_was_reissued(made):
    newer = report.issue(made.actor("partner"), made.engagement, DAY, "A slip", made.report)
    with pytest.raises(Conflict, match="was reissued"):
        report.give_copy(made.actor("lead"), made.report, "A", "a@x.example")
    assert report.give_copy(made.actor("lead"), newer, "A", "a@x.example").report == newer


def test_reading_needs_agreement_and_a_whole_link(made):
    link = report.give_copy(made.actor("lead"), made.report, "A", "a@x.example").link.removeprefix("/copies/")
    with pytest.raises(Invalid, match="not agreed"):
        report.read_copy(VISITOR, link, False)
    with pytest.raises(Invalid, match="does not work"):
        report.read_copy(VISITOR, link[1:], True)
    row = report.read_copy(VISITOR, link, True)
    assert (row.agreed, row.by, row.copy.report) == (True, None, made.report)
    entry = Entry.objects.get(verb="report.read_copy")
    assert entry.actor == "visitor:visitor" and link not in str(entry.body())


def test_an_account_does_not_read_through_the_readers_door(made):
    link = report.give_copy(made.actor("lead"), made.report, "A", "a@x.example").link.removeprefix("/copies/")
    with pytest.raises(Refused):
        report.read_copy(made.actor("lead"), link, True)
    assert not CopyRead.objects.exists()
