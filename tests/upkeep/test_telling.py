"""Telling by mail, with a real mail server: digests, what cannot wait, and that nothing goes twice in doubt."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.fernet import InvalidToken
from django.core import mail as django_mail

from tests.kernel.moments import Moments
from tests.kernel.test_outgoing import certificate
from tests.upkeep.post import Post, body, mail_server
from tickmark.audit import actions as audit
from tickmark.audit.models import RequestKind, TeamRole
from tickmark.kernel import jobs, secrets
from tickmark.kernel.jobs import LIMIT, Slot
from tickmark.kernel.register import Notifier
from tickmark.kernel.secrets import opened
from tickmark.people import actions as people
from tickmark.people.models import Side
from tickmark.upkeep import actions as upkeep
from tickmark.upkeep import telling
from tickmark.upkeep.jobs import UNKNOWN
from tickmark.upkeep.models import Delivery, Rhythm
from tickmark.upkeep.tick import tick

MONDAY = datetime(2026, 8, 3, 9, tzinfo=UTC)


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Moments:
    """The clock stands at Monday morning."""
    return Moments(monkeypatch, MONDAY)


@pytest.fixture
def post(settings: Any) -> Any:
    """A mail server, and the settings that lead to it."""
    with mail_server() as server:
        lead_to(settings, server)
        yield server


def lead_to(settings: Any, server: Post) -> None:
    """As TICKMARK_MAIL would."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "localhost", server.port
    settings.MAIL_SERVER = f"localhost:{server.port}"
    settings.ADDRESS = "https://tickmark.northlight.example"


def ask(program: SimpleNamespace, code: str, days: int, at: datetime = MONDAY) -> Any:
    """The auditor asks for something that the control's owner owes."""
    return audit.ask(
        program.actor("staff"), program.engagement, code, RequestKind.POLICY, "Show the rule",
        at.date() + timedelta(days=days), controls=[program.control],
    )  # fmt: skip


def deliveries(kind: str) -> list[tuple[str, str, int, str]]:
    """To whom, by which way, at which attempt, with which error."""
    rows = Delivery.objects.filter(kind=kind).order_by("pk")
    return [(row.user.name if row.user else row.about, row.way, row.attempt, row.error) for row in rows]


# -- the digest -------------------------------------------------------------------------------------------------------


def test_a_digest_says_what_is_owed_why_it_came_and_where_that_is_changed(
    program: SimpleNamespace, time: Moments, post: Post
) -> None:
    ask(program, "Q-1", 20)
    tick()
    jobs.work()
    [letter] = [one for one in post.mails if one["to"] == program.cast.owner.email]
    text, html = body(letter, "plain"), body(letter, "html")
    assert (
        text.startswith("Owner,\n\nThis is overdue, due soon or new. In all you owe 1: https://")
        and "New since the last mail:\n" in text
    )
    assert "- Answer Q-1: Show the rule (due 23 Aug 2026)\n" in text
    assert "  https://tickmark.northlight.example/audit/2026/requests/Q-1\n" in text
    for said in (
        "You get this each working day",
        "https://tickmark.northlight.example/account/notifications",
    ):
        assert said in text and said in html
    assert (
        '<a href="https://tickmark.northlight.example/audit/2026/requests/Q-1">Answer Q-1: Show the rule</a>'
        in html
    )
    assert letter["auto-submitted"] == "auto-generated"
    owner = telling.last_digest(program.cast.owner)
    assert owner is not None and letter["message-id"].startswith(f"<{owner.message}@")


def test_whoever_owes_nothing_gets_no_mail_and_nobody_gets_two_in_a_day(
    program: SimpleNamespace, time: Moments, post: Post
) -> None:
    ask(program, "Q-1", 20)
    for _ in range(3):
        tick()
        jobs.work()
        time.pass_by(hours=1)
    told = [mail["to"] for mail in post.mails if mail["message-id"].startswith("<digest.")]
    assert len(told) == len(set(told)) and program.cast.owner.email in told
    assert not {program.cast.employee.email, program.cast.former.email, program.cast.stranger.email} & set(
        told
    )


def test_a_day_with_nothing_new_is_a_day_without_mail(
    program: SimpleNamespace, time: Moments, post: Post
) -> None:
    upkeep_of = program.cast.owner.email
    ask(program, "Q-1", 20)
    found = []
    for _ in range(21):
        tick()
        jobs.work()
        found.append([subject for to, subject in post.subjects() if to == upkeep_of])
        post.mails.clear()
        time.pass_by(days=1)
    days = {day: subjects for day, subjects in enumerate(found) if subjects}
    # Monday 3 August: new. Friday 21 is two days before it is due, so the mark of one day falls on the weekend.
    assert days == {0: ["Tickmark: 1 new"], 14: ["Tickmark: 1 due soon"]}


def test_the_weekly_digest_comes_once_and_off_means_none(
    program: SimpleNamespace, time: Moments, post: Post
) -> None:
    upkeep.choose_digest(program.actor("owner"), Rhythm.WEEK)
    upkeep.choose_digest(program.actor("staff"), Rhythm.OFF)
    for day in range(8):
        ask(program, f"Q-{day}", 60)
        tick()
        jobs.work()
        time.pass_by(days=1)
    told = [subject for to, subject in post.subjects() if to == program.cast.owner.email]
    assert told == ["Tickmark: 1 new", "Tickmark: 7 new"]
    assert program.cast.staff.email not in {to for to, _ in post.subjects()}


def test_no_digest_before_the_morning_nor_at_the_weekend(program: SimpleNamespace, time: Moments) -> None:
    times = {
        datetime(2026, 8, 3, 5, 59, tzinfo=UTC): 0,
        datetime(2026, 8, 8, 9, tzinfo=UTC): 0,
        datetime(2026, 8, 9, 9, tzinfo=UTC): 0,
        datetime(2026, 8, 10, 6, tzinfo=UTC): 10,
    }
    for time.at, wanted in times.items():
        tick()
        assert Slot.objects.filter(what="digest").count() == wanted, time.at


def test_a_demo_home_tells_nobody_anything(program: SimpleNamespace, time: Moments, settings: Any) -> None:
    from tickmark.kernel import clock

    clock.make_demo(settings.HOME, MONDAY)
    settings.DEMO = True
    ask(program, "Q-1", 1)
    people.invite(program.actor("founder"), "new@northlight.example", "New", Side.COMPANY, "owner")
    tick()
    jobs.work()
    assert list(Slot.objects.exclude(what="collect")) == [] and django_mail.outbox == []


# -- what cannot wait -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days", "told"), [(2, ["owner@northlight.example"]), (3, []), (-1, ["owner@northlight.example"])]
)
def test_a_request_that_cannot_wait_is_told_at_once(
    program: SimpleNamespace, time: Moments, post: Post, days: int, told: list[str]
) -> None:
    row = ask(program, "Q-1", days)
    jobs.work()
    assert [to for to, _ in post.subjects()] == told
    assert deliveries("request") == [("Owner", "mail", 1, "")] * len(told)
    assert [one.about for one in Delivery.objects.filter(kind="request")] == [row.ref] * len(told)


def test_one_sent_back_carries_the_reason(program: SimpleNamespace, time: Moments, post: Post) -> None:
    row = ask(program, "Q-1", 1)
    audit.answer(program.actor("owner"), row, "Here.")
    audit.send_back(program.actor("staff"), row, "The second page is missing")
    jobs.work()
    assert [("The auditor says: The second page is missing" in text) for text in post.texts()] == [
        False,
        True,
    ]


def test_one_that_was_settled_meanwhile_is_not_told(
    program: SimpleNamespace, time: Moments, post: Post
) -> None:
    row = ask(program, "Q-1", 1)
    audit.withdraw(program.actor("staff"), row, "Asked twice")
    jobs.work()
    assert post.mails == []


def test_an_invitation_goes_to_whom_it_invites_and_the_books_never_hold_its_link(
    program: SimpleNamespace, time: Moments, post: Post, settings: Any
) -> None:
    made = people.invite(program.actor("founder"), "new@northlight.example", "New", Side.COMPANY, "owner")
    first = audit.invite(program.actor("auditor"), program.engagement, "a@firm.example", "Al", TeamRole.STAFF)
    waiting = [slot.arguments["sealed"] for slot in Slot.objects.filter(what="invitation").order_by("pk")]
    assert [opened(one, Path(settings.HOME)) for one in waiting] == [made.link, first.link]
    secret = made.link.rsplit("/", 1)[-1]
    assert secret not in str(list(Slot.objects.values()))
    jobs.work()
    assert [to for to, _ in post.subjects()] == ["new@northlight.example", "a@firm.example"]
    assert f"Make your account: {made.link}\n" in post.texts()[0]
    assert all("sealed" not in slot.arguments for slot in Slot.objects.filter(what="invitation"))


def test_without_a_mail_server_no_invitation_is_written_to_a_terminal(
    program: SimpleNamespace, time: Moments
) -> None:
    people.invite(program.actor("founder"), "new@northlight.example", "New", Side.COMPANY, "owner")
    jobs.work()
    assert django_mail.outbox == [] and not Slot.objects.filter(what="invitation").exists()


def test_a_test_mail_goes_to_whoever_asks(program: SimpleNamespace, time: Moments, post: Post) -> None:
    upkeep.test_mail(program.actor("lead"))
    jobs.work()
    assert post.subjects() == [(program.cast.lead.email, "Tickmark: a test mail")]
    assert deliveries("test") == [("Lead", "mail", 1, "")]


def test_on_the_terminal_alone_it_is_said_that_it_reached_nobody(
    program: SimpleNamespace, time: Moments
) -> None:
    upkeep.test_mail(program.actor("lead"))
    jobs.work()
    assert deliveries("test") == [("Lead", "terminal", 1, "")]


# -- faults -----------------------------------------------------------------------------------------------------------


def test_a_server_that_does_not_take_it_is_tried_three_times_and_stands_with_the_reason(
    program: SimpleNamespace, time: Moments, post: Post
) -> None:
    post.says = "451 the disk is full"
    upkeep.test_mail(program.actor("lead"))
    for _ in range(5):
        jobs.work()
        time.pass_by(minutes=5)
    assert [(attempt, "the disk is full" in error) for *_, attempt, error in deliveries("test")] == [
        (1, True), (2, True), (3, True),
    ]  # fmt: skip
    slot = Slot.objects.get(what="test_mail")
    assert slot.state == "given up" and "the disk is full" in slot.error


def test_a_server_that_comes_back_gets_it_once(program: SimpleNamespace, time: Moments, post: Post) -> None:
    post.says = "451 later"
    upkeep.test_mail(program.actor("lead"))
    jobs.work()
    post.says = "250 taken"
    for _ in range(3):
        time.pass_by(minutes=5)
        jobs.work()
    assert len(post.mails) == 1
    assert [bool(error) for *_, error in deliveries("test")] == [True, False]


class Killed(BaseException):
    """The worker is gone at this very moment."""


def dies(monkeypatch: pytest.MonkeyPatch, after: bool) -> None:
    """The next mail kills the worker, before or after the server took it."""
    from tickmark.evidence.queries import registers

    real = registers().notifiers["mail"]

    def send(notice: Any) -> Any:
        monkeypatch.undo()
        if after:
            real.send(notice)
        raise Killed

    entry = registers().notifiers.entries["mail"]
    monkeypatch.setitem(registers().notifiers.entries, "mail", type(entry)(
        entry.name, Notifier("mail", send), entry.digest, entry.version, entry.origin, entry.file))  # fmt: skip


@pytest.mark.parametrize("after", [True, False])
def test_a_worker_that_died_with_the_mail_in_hand_sends_none_twice(
    program: SimpleNamespace, post: Post, monkeypatch: pytest.MonkeyPatch, after: bool
) -> None:
    upkeep.test_mail(program.actor("lead"))
    dies(monkeypatch, after)
    with pytest.raises(Killed):
        jobs.work()
    slot = Slot.objects.get(what="test_mail")
    Slot.objects.filter(pk=slot.pk).update(started_at=slot.started_at - LIMIT - timedelta(minutes=1))
    jobs.work()
    assert len(post.mails) == int(after)
    assert [error for *_, error in deliveries("test")] == [UNKNOWN]
    assert Slot.objects.get(pk=slot.pk).state == "given up"


def test_mail_over_tls_with_a_login(
    program: SimpleNamespace, settings: Any, tmp_path: Path, monkeypatch: Any
) -> None:
    own = certificate(tmp_path, "localhost")
    monkeypatch.setenv("SSL_CERT_FILE", str(own))
    with mail_server(own) as server:
        lead_to(settings, server)
        settings.EMAIL_USE_TLS, settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = True, "ada", "s3cret"
        upkeep.test_mail(program.actor("lead"))
        jobs.work()
    assert (len(server.mails), server.logins) == (1, [("ada", "s3cret")])


def test_a_mail_server_with_a_certificate_of_nobody_gets_no_password(
    program: SimpleNamespace, settings: Any, tmp_path: Path
) -> None:
    with mail_server(certificate(tmp_path, "localhost")) as server:
        lead_to(settings, server)
        settings.EMAIL_USE_TLS, settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = True, "ada", "s3cret"
        upkeep.test_mail(program.actor("lead"))
        jobs.work()
    assert (server.mails, server.logins) == ([], [])
    assert "CERTIFICATE_VERIFY_FAILED" in deliveries("test")[0][3]


def test_a_title_with_markup_stays_a_title(program: SimpleNamespace, time: Moments, post: Post) -> None:
    row = audit.ask(
        program.actor("staff"), program.engagement, "Q-1", RequestKind.POLICY, "<script>x</script> & more",
        MONDAY.date(), controls=[program.control],
    )  # fmt: skip
    jobs.work()
    html = body(post.mails[0], "html")
    assert "<script" not in html and "&lt;script&gt;x&lt;/script&gt; &amp; more" in html
    assert row.title in post.texts()[0]


def test_what_seals_a_link_is_a_secret_of_the_home(tmp_path: Path) -> None:
    sealed = secrets.sealed("https://t.example/join/x", tmp_path)
    assert "join" not in sealed and secrets.opened(sealed, tmp_path) == "https://t.example/join/x"
    with pytest.raises(InvalidToken):
        secrets.opened(sealed, tmp_path / "other")
