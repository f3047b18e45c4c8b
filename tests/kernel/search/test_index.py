"""The index: complete by count, a moment after each commit, made anew at any time; and who finds what."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.deeds import writing
from tickmark.controls.models import Control, ControlVersion
from tickmark.kernel.ledger.seal import seal
from tickmark.kernel.search import index
from tickmark.kernel.search.asking import Asked, places, search
from tickmark.kernel.search.said import NOUNS
from tickmark.kernel.search.work import whole
from tickmark.permissions import SEES

LEFT_OUT = {
    "kernel.Entry",  # the ledger has a page and a search of its own
    "people.Token",  # credentials, and what says that they ended or were used
    "people.TokenEnd",
    "people.InvitationUse",
    "people.CredentialChange",
    "people.SessionsEnd",
    "people.SignIn",
    "upkeep.CalendarFeed",
    "upkeep.CalendarFeedEnd",
    "upkeep.Delivery",  # the log of what was sent, with a page of its own
    "upkeep.DigestChoice",
    "audit.MarkSheet",  # places in a draw: each item is found by itself
    "evidence.Intake",  # counts and the digests of lists: each piece is found by itself
    "evidence.CheckInput",  # two keys and no words
}


def found(program: SimpleNamespace, who: str, q: str, **more: Any) -> list[str]:
    """The references that somebody finds."""
    return [hit.ref for hit in search(program.actor(who), Asked(q, **more)).hits]


def test_every_noun_that_somebody_may_see_is_searched() -> None:
    assert set(SEES) - set(NOUNS) == LEFT_OUT
    assert set(NOUNS) <= set(SEES)


def test_nothing_is_left_out_by_count(program: SimpleNamespace) -> None:
    whole()
    assert [one for one in index.counts() if one.rows != one.indexed] == []
    assert index.behind() == 0
    version = program.control_version.ref
    assert found(program, "lead", "peer rev") == [version]
    assert found(program, "lead", "CHG-02 before merge") == [version]
    assert found(program, "lead", "nothing such") == []


def test_what_is_written_is_behind_until_it_is_indexed(program: SimpleNamespace) -> None:
    whole()
    with writing(program.cast.founder):
        Control(code="AC-06").save()
    assert index.behind() == 1
    assert search(program.actor("lead"), Asked("zebra")).behind == 1
    whole()
    assert (index.behind(), places(program.actor("lead"), "ac-06")[0].address) == (0, "/controls/AC-06/")
    seal()
    assert index.behind() == 0
    whole()
    with writing(program.cast.founder):
        Control(code="AC-07").save()
    seal()
    assert index.behind() == 1
    whole()
    assert (index.behind(), len(places(program.actor("lead"), "AC-07"))) == (0, 1)


def test_an_index_that_was_lost_is_made_anew(program: SimpleNamespace) -> None:
    whole()
    before = index.counts()
    index.rebuild()
    assert (found(program, "lead", "peer review"), index.behind() > 0) == ([], True)
    whole()
    assert (index.counts(), index.behind()) == (before, 0)
    assert len(found(program, "lead", "peer review")) == 1


def test_a_row_is_found_once_whoever_indexes_it(program: SimpleNamespace) -> None:
    whole()
    index.fill()
    index.rebuild()
    index.fill()
    whole()
    assert len(found(program, "lead", "peer review")) == 1


@pytest.mark.parametrize(
    ("who", "finds"),
    [("lead", 1), ("owner", 1), ("auditor", 1), ("employee", 0), ("stranger", 0)],
)
def test_everybody_finds_what_their_lists_show(program: SimpleNamespace, who: str, finds: int) -> None:
    whole()
    answer = search(program.actor(who), Asked("peer review"))
    assert (len(answer.hits), answer.total, sum(kind.count for kind in answer.kinds)) == (finds,) * 3


def test_a_search_costs_the_same_queries_however_much_it_finds(program: SimpleNamespace) -> None:
    def cost(who: str) -> int:
        actor = program.actor(who)
        search(actor, Asked("warm"))
        with CaptureQueriesContext(connection) as queries:
            search(actor, Asked("review", page=1))
        return len(queries)

    whole()
    before = cost("lead"), cost("auditor")
    with writing(program.cast.founder):
        for number in range(30):
            control = Control(code=f"X-{number}")
            control.save()
            ControlVersion(
                control=control, effective_from=program.period.start, title="Quarterly review", statement="s",
                criteria=[], nature="I", purpose="P", frequency="event", owner=program.cast.owner,
            ).save()  # fmt: skip
    whole()
    assert (cost("lead"), cost("auditor")) <= before  # a page full of titles asks no further
    answer = search(program.actor("lead"), Asked("quarterly"))
    assert (answer.total, len(answer.hits), answer.more) == (30, 20, True)
    assert len(search(program.actor("lead"), Asked("quarterly", page=2)).hits) == 10
