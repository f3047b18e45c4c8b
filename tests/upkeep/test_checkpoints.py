"""The auditor's lead holds a checkpoint that covers each change; one that did not leave stands as a gap until one has."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import SecretStr

from tests.deeds import writing
from tests.kernel.moments import Moments
from tests.upkeep.post import Post
from tests.upkeep.test_telling import deliveries, post
from tickmark.audit import actions as audit
from tickmark.audit.models import Engagement, RequestKind, TeamMember, TeamRole
from tickmark.kernel import clock, jobs
from tickmark.kernel.access import Actor
from tickmark.kernel.answers import due
from tickmark.kernel.jobs import Slot
from tickmark.kernel.ledger import note
from tickmark.kernel.ledger.entry import Leaf
from tickmark.kernel.ledger.seal import latest, verifier_key
from tickmark.people import actions as people
from tickmark.people.models import Side
from tickmark.upkeep import checkpoints
from tickmark.upkeep.jobs import STAYED
from tickmark.upkeep.models import Delivery
from tickmark.upkeep.tick import tick

NOON = datetime(2026, 8, 8, 12, 10, tzinfo=UTC)
"""A Saturday: no digest is among the mails."""
__all__ = ["post"]


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Moments:
    """The clock stands at ten past twelve."""
    return Moments(monkeypatch, NOON)


def ask(program: SimpleNamespace, code: str) -> Any:
    """The engagement changes."""
    actor = program.actor("staff")
    return audit.ask(actor, program.engagement, code, RequestKind.POLICY, "Show it", date(2027, 1, 1))


def minutes(time: Moments, many: int) -> None:
    """The worker's minutes pass."""
    for _ in range(many // 10):
        time.pass_by(minutes=10)
        tick()
        jobs.work()


def test_after_a_change_the_lead_gets_the_signed_checkpoint_that_covers_it(
    program: SimpleNamespace, time: Moments, post: Post
) -> None:
    row = ask(program, "Q-1")
    minutes(time, 60)
    assert post.subjects() == [(program.cast.auditor.email, post.mails[0]["subject"])]
    [attached] = list(post.mails[0].iter_attachments())
    text = attached.get_content().replace("\r\n", "\n")
    size = note.open_checkpoint(text.encode(), [note.Verifier.parse(verifier_key())]).size
    assert Leaf.objects.get(entry__uid=row.entry).position < size
    assert attached.get_filename() == f"checkpoint-{size}.txt"
    assert text.rstrip("\n") in post.texts()[0] and verifier_key() in post.texts()[0]
    assert post.mails[0]["subject"] == f"Tickmark: checkpoint {size} of 2026"
    assert [(one.size, one.engagement, one.error) for one in Delivery.objects.all()] == [
        (size, program.engagement, "")
    ]


def test_at_most_once_an_hour_and_the_last_change_is_always_covered(
    program: SimpleNamespace, time: Moments, post: Post
) -> None:
    rows = []
    for number in range(18):  # three hours, a change every ten minutes
        rows.append(ask(program, f"Q-{number}"))
        minutes(time, 10)
    minutes(time, 120)
    hours = [f"{one.recorded_at:%H}" for one in Delivery.objects.order_by("pk")]
    assert hours == ["13", "14", "15", "16"]
    newest = Delivery.objects.order_by("-pk").first()
    assert Leaf.objects.get(entry__uid=rows[-1].entry).position < newest.size
    assert len(post.mails) == 4


def test_nothing_is_mailed_for_nothing(program: SimpleNamespace, time: Moments, post: Post) -> None:
    ask(program, "Q-1")
    people.invite(program.actor("founder"), "n@northlight.example", "N", Side.COMPANY, "owner")
    minutes(time, 600)
    assert [mail["to"] for mail in post.mails] == ["n@northlight.example", program.cast.auditor.email]


def test_a_change_after_the_slot_was_taken_gets_a_promise_of_its_own(
    program: SimpleNamespace, time: Moments
) -> None:
    first = checkpoints.promise(program.engagement.pk, NOON)
    assert first.due_at == datetime(2026, 8, 8, 13, 2, tzinfo=UTC)
    assert checkpoints.promise(program.engagement.pk, NOON + timedelta(minutes=49)) == first
    Slot.objects.filter(pk=first.pk).update(started_at=NOON)
    assert checkpoints.promise(program.engagement.pk, NOON).slot.endswith(":2026-08-08T13")


def test_the_promise_stands_and_falls_with_the_change(program: SimpleNamespace, time: Moments) -> None:
    from django.db import transaction

    with pytest.raises(ZeroDivisionError), transaction.atomic():
        ask(program, "Q-1")
        assert Slot.objects.filter(what="checkpoint").count() == 1
        1 / 0  # noqa: B018
    assert Slot.objects.filter(what="checkpoint").count() == 0


def test_every_noun_of_audit_and_report_leads_to_its_engagement() -> None:
    from django.apps import apps

    lost = [
        model.__name__
        for step in ("audit", "report")
        for model in apps.get_app_config(step).get_models()
        if hasattr(model, "PREFIX") and checkpoints._path(model) is None
    ]
    assert lost == []
    assert checkpoints._path(Engagement) == "pk"
    assert checkpoints.engagement_of(["US-1", "EV-9", "XX-1"]) is None


def test_an_auditor_who_joins_as_lead_gets_one(program: SimpleNamespace, time: Moments, post: Post) -> None:
    invited = audit.invite(
        program.actor("auditor"), program.engagement, "z@firm.example", "Zoe", TeamRole.LEAD
    )
    minutes(time, 60)
    post.mails.clear()
    people.join(Actor.visitor(), SecretStr(invited.link), "Zoe", SecretStr("long and quite odd words"))
    minutes(time, 60)
    assert {mail["to"] for mail in post.mails} == {"z@firm.example", program.cast.auditor.email}


def test_without_a_lead_the_partner_gets_it(program: SimpleNamespace, time: Moments) -> None:
    member = TeamMember.objects.get(engagement=program.engagement, role="lead")
    assert checkpoints.leads(program.engagement) == [program.cast.auditor]
    audit.end_member(program.actor("partner"), member)
    assert checkpoints.leads(program.engagement) == [program.cast.partner]


def test_without_a_mail_server_it_stands_as_a_gap_on_both_sides(
    program: SimpleNamespace, time: Moments
) -> None:
    ask(program, "Q-1")
    minutes(time, 60)
    assert deliveries("checkpoint") == [("Auditor", "terminal", 1, STAYED)]
    assert [(one.user, one.left, one.problem) for one in checkpoints.gaps()] == [
        (program.cast.auditor, None, STAYED)
    ]
    told = {
        who: [task.title for task in due(program.actor(who), NOON.date()) if "checkpoint" in task.title]
        for who in ("lead", "founder", "owner", "auditor", "partner", "staff", "stranger")
    }
    mend = ["Let the checkpoint of 2026 leave this host"]
    assert told == {
        "lead": mend, "founder": mend, "owner": [], "partner": [], "staff": [], "stranger": [],
        "auditor": ["Take the checkpoint of 2026 yourself: the mail failed"],
    }  # fmt: skip
    minutes(time, 180)
    assert len(deliveries("checkpoint")) == 1  # trying again would change nothing


def test_a_failure_stands_until_one_has_left_and_is_tried_each_hour(
    program: SimpleNamespace, time: Moments, post: Post
) -> None:
    post.says = "550 no such mailbox"
    ask(program, "Q-1")
    minutes(time, 60)
    [gap] = checkpoints.gaps()
    assert gap.left is None and "no such mailbox" in gap.problem
    minutes(time, 120)
    assert [bool(error) for *_, error in deliveries("checkpoint")].count(True) >= 4
    assert {slot.state for slot in Slot.objects.filter(what="checkpoint")} >= {"given up"}
    post.says = "250 taken"
    minutes(time, 70)
    assert checkpoints.gaps() == [] and len(post.mails) == 1
    minutes(time, 120)
    assert len(post.mails) == 1


def test_a_worker_that_died_sends_it_again_rather_than_not_at_all(
    program: SimpleNamespace, time: Moments, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(program, "Q-1")
    slot = Slot.objects.get(what="checkpoint")
    who = program.cast.auditor.ref
    Slot.objects.filter(pk=slot.pk).update(
        started_at=NOON - timedelta(hours=2), due_at=NOON - timedelta(hours=3), tries=1, doing=f"Handing the mail for {who} over"
    )  # fmt: skip
    assert [one.problem[:15] for one in checkpoints.gaps()] == ["It was promised"]
    jobs.work()
    assert len(post.mails) == 1 and checkpoints.gaps() == []
    assert latest() is not None and clock.now() == NOON


def test_one_lead_who_cannot_be_reached_keeps_no_other_from_it(
    program: SimpleNamespace, time: Moments, post: Post
) -> None:
    with writing(program.cast.partner, "auditor"):
        TeamMember(engagement=program.engagement, user=program.cast.stranger, role=TeamRole.LEAD).save()
    ask(program, "Q-1")
    program.cast.auditor.email = "nobody@@broken"
    program.cast.auditor.save()
    minutes(time, 70)
    assert {mail["to"] for mail in post.mails} == {program.cast.stranger.email}
    assert [one.user for one in checkpoints.gaps()] == [program.cast.auditor]
    assert len(post.mails) == 1
