"""Events reach a program outside: signed, told once per id, tried again with growing pauses, and never what is the auditor's."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from standardwebhooks import Webhook as Receiver
from standardwebhooks import WebhookVerificationError

from tests.audit.world import ATTRIBUTES
from tests.kernel.moments import Moments
from tests.listening import Outside, outside
from tickmark.audit import actions as audit
from tickmark.audit.models import ProcedureKind, RequestKind
from tickmark.kernel import clock, jobs
from tickmark.kernel.action import ACTIONS
from tickmark.kernel.errors import Conflict, Invalid, Refused
from tickmark.kernel.jobs import LIMIT, Slot
from tickmark.kernel.ledger.entry import Entry
from tickmark.people import actions as people
from tickmark.people.models import Role
from tickmark.upkeep import actions as upkeep
from tickmark.upkeep import events, telling
from tickmark.upkeep.jobs import PAUSES
from tickmark.upkeep.models import Delivery, WebhookVersion

NOW = datetime(2026, 8, 8, 12, tzinfo=UTC)
EVENTS = ["people.grant", "audit.ask"]


@pytest.fixture
def there(settings: Any) -> Any:
    """A receiver on loopback, which this test may call."""
    settings.OUTGOING_LOOPBACK = True
    with outside() as server:
        yield server


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Moments:
    """The clock stands."""
    return Moments(monkeypatch, NOW)


def hook(program: SimpleNamespace, there: Outside, told: list[str] | None = None) -> WebhookVersion:
    """A webhook at the receiver."""
    return upkeep.add_webhook(
        program.actor("lead"), "chat", f"http://127.0.0.1:{there.port}/in", told or EVENTS
    )


def grant(program: SimpleNamespace, role: Role = Role.REVIEWER) -> Entry:
    """Something happens on the company's side; gives its entry."""
    row = people.grant(program.actor("founder"), program.cast.employee, role)
    return Entry.objects.get(uid=row.entry)


def tries() -> list[tuple[int, int | None, bool]]:
    """Attempt, status and whether it failed, of every delivery."""
    return [(row.attempt, row.answered, bool(row.error)) for row in Delivery.objects.order_by("pk")]


def test_an_event_says_what_of_what_when_and_nothing_more(program: SimpleNamespace, there: Outside) -> None:
    version = hook(program, there)
    entry = grant(program)
    jobs.work()
    [(path, headers, body)] = there.came
    assert json.loads(body) == {
        "type": "people.grant",
        "timestamp": entry.recorded_at.isoformat(),
        "data": {"subject": program.cast.employee.ref, "entry": str(entry.uid)},
    }
    assert (path, headers["webhook-id"]) == ("/in", f"msg_{entry.uid.hex}")
    receiver = Receiver(version.secret)  # type: ignore[attr-defined]
    assert receiver.verify(body, headers)["type"] == "people.grant"
    with pytest.raises(WebhookVerificationError):
        receiver.verify(body.replace(b"people.grant", b"people.other"), headers)
    assert tries() == [(1, 204, False)]


def test_what_it_did_not_choose_it_does_not_hear(program: SimpleNamespace, there: Outside) -> None:
    hook(program, there, ["audit.ask"])
    grant(program)
    jobs.work()
    assert there.came == []


def test_of_the_auditor_it_hears_what_is_put_before_the_company_and_no_more(
    program: SimpleNamespace, there: Outside
) -> None:
    hook(program, there, [name for name in events.offered() if name != "upkeep.add_webhook"])
    staff, lead = program.actor("staff"), program.actor("auditor")
    due = date(2027, 1, 1)
    row = audit.ask(staff, program.engagement, "Q-1", RequestKind.POLICY, "Show it", due)
    audit.say(staff, row, "Among us: they look nervous", "own")
    test = audit.prepare(
        staff, program.engagement, program.control_version, ProcedureKind.INSPECTION, "Inspect.",
        shape="changes", attributes=ATTRIBUTES,
    )  # fmt: skip
    audit.note(lead, test, "Say which one.")
    audit.say(program.actor("lead"), row, "By Friday")
    audit.publish(lead, test)
    jobs.work()
    assert [json.loads(body)["type"] for _, _, body in there.came] == [
        "audit.ask",
        "audit.say",
        "audit.publish",
    ]


def test_what_can_be_chosen_is_what_the_company_may_hear_of() -> None:
    offered = events.offered()
    assert events.PUT_BEFORE_THE_COMPANY <= set(offered) <= set(ACTIONS)
    for kept in (
        "audit.mark",
        "audit.draw",
        "audit.note",
        "audit.conclude",
        "audit.opine",
        "upkeep.record_delivery",
    ):
        assert kept not in offered
        assert not events.told(kept, "auditor")
    assert not events.told("audit.say", "auditor") and events.told("audit.say", "company")


def test_a_failing_receiver_is_tried_with_growing_pauses_under_one_id_and_then_given_up(
    program: SimpleNamespace, there: Outside, time: Moments
) -> None:
    there.answers = [(500, {}, b"I am broken")]
    hook(program, there)
    entry = grant(program)
    came = []
    for pause in (timedelta(), *PAUSES):
        time.at += pause - timedelta(seconds=1)
        jobs.work()
        came.append(len(there.came))
        time.at += timedelta(seconds=1)
        jobs.work()
    assert came == [0, 1, 2, 3, 4, 5, 6, 7] and len(there.came) == 8
    assert {headers["webhook-id"] for _, headers, _ in there.came} == {f"msg_{entry.uid.hex}"}
    assert tries() == [(number, 500, True) for number in range(1, 9)]
    assert {row.head for row in Delivery.objects.all()} == {"I am broken"}
    last = Slot.objects.filter(what="webhook").order_by("-pk").first()
    assert last is not None and last.state == "given up"
    assert "chat was not told of people.grant. 8 attempts failed" in last.error
    assert sorted(PAUSES) == list(PAUSES)


def test_one_that_recovers_hears_it_and_no_more(
    program: SimpleNamespace, there: Outside, time: Moments
) -> None:
    there.answers = [(503, {}, b""), (429, {}, b""), (200, {}, b"ok")]
    hook(program, there)
    grant(program)
    for _ in range(6):
        jobs.work()
        time.pass_by(hours=1)
    assert tries() == [(1, 503, True), (2, 429, True), (3, 200, False)]


def test_gone_is_final(program: SimpleNamespace, there: Outside, time: Moments) -> None:
    there.answers = [(410, {}, b"")]
    hook(program, there)
    grant(program)
    for _ in range(3):
        jobs.work()
        time.pass_by(days=1)
    assert tries() == [(1, 410, True)]


def test_a_redirect_inwards_is_a_failure(program: SimpleNamespace, there: Outside) -> None:
    with outside() as inner:
        there.answers = [(302, {"Location": f"http://127.0.0.1:{inner.port}/"}, b"")]
        hook(program, there)
        grant(program)
        jobs.work()
        assert (inner.came, tries()) == ([], [(1, 302, True)])


def test_a_target_that_turned_inwards_is_refused_with_words(
    program: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    import socket

    upkeep.add_webhook(program.actor("lead"), "chat", "https://hooks.example/in", EVENTS)
    grant(program)
    inner = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.1.2.3", 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: inner)
    jobs.work()
    [row] = Delivery.objects.all()
    assert row.answered is None
    assert row.error.startswith(
        "hooks.example is not called. It stands for 10.1.2.3, which is no address of the public"
    )


@pytest.mark.parametrize(
    "url", ["https://127.0.0.1/x", "https://2130706433/x", "https://[::1]/x", "https://localhost:8000/x", "https://169.254.169.254/latest"]
)  # fmt: skip
def test_a_target_inside_the_network_is_refused_at_once(program: SimpleNamespace, url: str) -> None:
    with pytest.raises(Refused, match="is not called"):
        upkeep.add_webhook(program.actor("lead"), "chat", url, EVENTS)


@pytest.mark.parametrize(
    ("code", "url", "told", "field"),
    [
        ("Chat", "https://hooks.example/", EVENTS, "code"),
        ("chat", "http://hooks.example/", EVENTS, "url"),
        ("chat", "https://hooks.example/", [], "events"),
        ("chat", "https://hooks.example/", ["audit.mark"], "events"),
        ("chat", "https://hooks.example/", ["no.such"], "events"),
    ],
)
def test_what_does_not_fit_is_named(
    program: SimpleNamespace, code: str, url: str, told: list[str], field: str
) -> None:
    with pytest.raises(Invalid) as found:
        upkeep.add_webhook(program.actor("lead"), code, url, told)
    assert found.value.field == field


def test_a_worker_that_died_after_the_call_tells_it_again_under_the_same_id(
    program: SimpleNamespace, there: Outside, time: Moments, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        """The worker is gone."""

    def die(*_: Any, **__: Any) -> None:
        monkeypatch.undo()
        time.__init__(monkeypatch, NOW)  # type: ignore[misc]
        raise Killed

    hook(program, there)
    grant(program)
    monkeypatch.setattr(upkeep, "record_delivery", die)
    with pytest.raises(Killed):
        jobs.work()
    time.pass_by(seconds=LIMIT.total_seconds() + 1)
    jobs.work()
    ids = [headers["webhook-id"] for _, headers, _ in there.came]
    assert len(ids) == 2 and len(set(ids)) == 1
    assert tries() == [(1, 204, False)]


def test_a_test_is_one_attempt(program: SimpleNamespace, there: Outside, time: Moments) -> None:
    there.answers = [(500, {}, b"")]
    version = hook(program, there)
    upkeep.test_webhook(program.actor("lead"), version.webhook)
    for _ in range(3):
        jobs.work()
        time.pass_by(days=1)
    [(_, _, body)] = there.came
    assert (json.loads(body)["type"], json.loads(body)["data"]["subject"]) == (
        "upkeep.test_webhook",
        version.webhook.ref,
    )


def test_the_secret_is_shown_once_and_stands_in_no_book(
    program: SimpleNamespace, there: Outside, settings: Any
) -> None:
    version = hook(program, there)
    secret = version.secret  # type: ignore[attr-defined]
    stands = WebhookVersion.objects.get(pk=version.pk)
    assert not hasattr(stands, "secret")
    assert secret not in str(stands.body()) and secret not in str(list(Entry.objects.values()))
    assert telling.secret_of(stands) == secret
    settings.HOME = settings.HOME / "another"
    assert telling.secret_of(stands) != secret


def test_a_change_keeps_the_secret_unless_a_new_one_is_wanted(
    program: SimpleNamespace, there: Outside
) -> None:
    first = hook(program, there)
    lead, old = program.actor("lead"), first.secret  # type: ignore[attr-defined]
    moved = upkeep.change_webhook(lead, first.webhook, f"http://127.0.0.1:{there.port}/new", EVENTS)
    assert not hasattr(moved, "secret") and telling.secret_of(moved) == old
    renewed = upkeep.change_webhook(lead, first.webhook, moved.url, EVENTS, new_secret=True)
    assert renewed.secret != old  # type: ignore[attr-defined]
    grant(program)
    jobs.work()
    [(path, headers, body)] = there.came
    assert path == "/new" and Receiver(renewed.secret).verify(body, headers)  # type: ignore[attr-defined]


def test_one_that_ended_hears_nothing_not_even_what_waits(program: SimpleNamespace, there: Outside) -> None:
    version, lead = hook(program, there), program.actor("lead")
    grant(program)
    upkeep.end_webhook(lead, version.webhook, "The room was closed")
    grant(program, Role.OWNER)
    jobs.work()
    assert there.came == [] and Slot.objects.filter(what="webhook").count() == 1
    for action in (upkeep.test_webhook, lambda actor, one: upkeep.end_webhook(actor, one, "Again")):
        with pytest.raises(Invalid, match="has ended"):
            action(lead, version.webhook)  # type: ignore[operator]
    with pytest.raises(Conflict):
        upkeep.add_webhook(lead, "chat", "https://hooks.example/", EVENTS)


def test_a_demo_home_calls_nobody(
    program: SimpleNamespace, there: Outside, time: Moments, settings: Any
) -> None:
    version = hook(program, there)
    clock.make_demo(settings.HOME, NOW)
    settings.DEMO = True
    grant(program)
    upkeep.test_webhook(program.actor("lead"), version.webhook)
    jobs.work()
    assert there.came == []
    assert [row.error[:32] for row in Delivery.objects.all()] == ["A demo home sends nothing outsid"]
