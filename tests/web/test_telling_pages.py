"""Pages of notifications, webhooks and deliveries: who has them, what they say, and the calendar behind its secret address."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from icalendar import Calendar

from tests.kernel.moments import Moments
from tests.web.pages import HOSTILE, client, seen
from tickmark.audit import actions as audit
from tickmark.audit.models import RequestKind
from tickmark.kernel.access import Actor
from tickmark.kernel.register import Receipt
from tickmark.people import actions as people
from tickmark.upkeep import actions as upkeep
from tickmark.upkeep.actions import Tried
from tickmark.upkeep.models import CalendarFeed, NoticeKind, Way, Webhook

NOW = datetime(2026, 8, 3, 9, tzinfo=UTC)
JOB = Actor.job("notify", "company")
IN = "/account/login/?next="


@pytest.fixture(autouse=True)
def still(monkeypatch: pytest.MonkeyPatch) -> Moments:
    """The clock stands."""
    return Moments(monkeypatch, NOW)


def delivered(
    kind: NoticeKind = NoticeKind.EVENT, way: Way = Way.WEBHOOK, said: Receipt = Receipt(204), **more: Any
) -> None:
    """An attempt."""
    about, size = more.pop("about", "RQ-1"), more.pop("size", None)
    upkeep.record_delivery(JOB, Tried(kind, way, "m", said, about=about, size=size), **more)


def hook(program: SimpleNamespace) -> Webhook:
    """A webhook."""
    made = upkeep.add_webhook(program.actor("lead"), "chat", "https://hooks.example/in", ["audit.ask"])
    return made.webhook


@pytest.mark.parametrize("address", ["/upkeep/notices", "/upkeep/webhooks"])
def test_those_who_keep_house_see_where_notices_go(program: SimpleNamespace, address: str) -> None:
    assert seen(program, address) == {
        "founder": 200, "lead": 200, "owner": 404, "employee": 404, "auditor": 404, "stranger": 404,
        "visitor": f"{IN}{address.replace('/', '%2F')}",
    }  # fmt: skip


@pytest.mark.parametrize(
    "address", ["/account/notifications", "/upkeep/deliveries", "/upkeep/deliveries.csv"]
)
def test_everybody_has_pages_about_what_they_are_told(program: SimpleNamespace, address: str) -> None:
    found = seen(program, address)
    assert {found[who] for who in found if who != "visitor"} == {200}
    assert str(found["visitor"]).startswith("/account/login/?next=")


def test_a_delivery_is_seen_by_whom_it_was_for_and_by_those_who_keep_house(program: SimpleNamespace) -> None:
    delivered(webhook=hook(program))
    delivered(NoticeKind.DIGEST, Way.MAIL, user=program.cast.owner, about="of-owner")
    delivered(
        NoticeKind.CHECKPOINT,
        Way.MAIL,
        user=program.cast.auditor,
        engagement=program.engagement,
        about="EN-1",
    )
    lines = {
        who: [
            line.split(",")[3]
            for line in client(program, who).get("/upkeep/deliveries.csv").text.splitlines()[1:]
        ]
        for who in ("lead", "founder", "owner", "reviewer", "auditor", "staff", "stranger")
    }
    every = ["EN-1", "of-owner", "RQ-1"]
    assert lines == {
        "lead": every, "founder": every, "owner": ["of-owner"], "reviewer": [], "auditor": ["EN-1"], "staff": ["EN-1"],
        "stranger": [],
    }  # fmt: skip


def test_the_list_costs_the_same_for_three_rows_and_for_thirty(program: SimpleNamespace) -> None:
    browser, webhook = client(program, "lead"), hook(program)
    counts = []
    for many in (3, 27):
        for _ in range(many):
            delivered(webhook=webhook)
            delivered(NoticeKind.DIGEST, Way.MAIL, user=program.cast.owner)
        browser.get("/upkeep/deliveries")
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert browser.get("/upkeep/deliveries").status_code == 200
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_a_delivery_can_be_found_by_outcome(program: SimpleNamespace) -> None:
    delivered(webhook=hook(program), about="taken-1")
    delivered(NoticeKind.TEST, Way.TERMINAL, Receipt(), user=program.cast.lead, about="terminal-1")
    delivered(
        NoticeKind.TEST,
        Way.MAIL,
        Receipt(500, HOSTILE, "It failed"),
        user=program.cast.lead,
        about="failed-1",
    )
    browser = client(program, "lead")
    found = {
        value: [
            one
            for one in ("taken-1", "terminal-1", "failed-1")
            if one in browser.get(f"/upkeep/deliveries?outcome={value}").text
        ]
        for value in ("taken", "terminal only", "failed", "nonsense", "")
    }
    assert found == {
        "taken": ["taken-1"], "terminal only": ["terminal-1"], "failed": ["failed-1"], "nonsense": [],
        "": ["taken-1", "terminal-1", "failed-1"],
    }  # fmt: skip
    assert "<script>alert" not in browser.get("/upkeep/deliveries").text


def test_without_a_server_each_page_says_that_mail_does_not_leave(
    program: SimpleNamespace, settings: Any
) -> None:
    words = "Mail does not leave this host."
    for address in ("/account/notifications", "/upkeep/notices"):
        assert words in client(program, "lead").get(address).text
        settings.MAIL_SERVER = "mail.example:587"
        assert words not in client(program, "lead").get(address).text
        settings.MAIL_SERVER = ""


def test_no_page_tells_the_password_of_the_server(program: SimpleNamespace, settings: Any) -> None:
    settings.MAIL_SERVER, settings.EMAIL_HOST_PASSWORD = "mail.example:587", "s3cret-of-the-server"
    page = client(program, "lead").get("/upkeep/notices").text
    assert "mail.example:587" in page and "s3cret" not in page


def test_a_gap_of_the_checkpoint_stands_on_the_pages_of_both_sides(program: SimpleNamespace) -> None:
    delivered(
        NoticeKind.CHECKPOINT, Way.MAIL, user=program.cast.auditor, engagement=program.engagement, size=1204
    )
    both = {"user": program.cast.auditor, "engagement": program.engagement}
    delivered(NoticeKind.CHECKPOINT, Way.MAIL, Receipt(problem="The disk is full."), size=1300, **both)
    company = client(program, "lead").get("/upkeep/notices").text
    auditor = client(program, "auditor").get("/account/notifications").text
    assert "Did not leave" in company and "The disk is full." in company and "1,204 entries" in company
    assert "The newest checkpoint has not reached you." in auditor and "The disk is full." in auditor
    assert "has not reached you" not in client(program, "staff").get("/account/notifications").text


def test_a_secret_is_shown_once_on_the_page_that_made_it(program: SimpleNamespace) -> None:
    browser = client(program, "lead")
    given = {"code": "chat", "url": "https://hooks.example/in", "events": ["audit.ask", "evidence.accept"]}
    browser.post("/do/upkeep.add_webhook", {**given, "next": "/upkeep/webhooks"})
    first, second = (browser.get("/upkeep/webhooks").text for _ in range(2))
    assert "Shown once, copy it now: whsec_" in first and "whsec_" not in second
    assert "audit.ask, evidence.accept" in second


def test_one_event_alone_can_be_chosen(program: SimpleNamespace) -> None:
    given = {
        "code": "chat",
        "url": "https://hooks.example/in",
        "events": ["audit.ask"],
        "next": "/upkeep/webhooks",
    }
    client(program, "lead").post("/do/upkeep.add_webhook", given)
    assert Webhook.objects.get().versions.get().events == ["audit.ask"]


def test_an_inner_target_is_refused_on_the_form_with_words(program: SimpleNamespace) -> None:
    given = {"code": "chat", "url": "https://169.254.169.254/latest", "events": ["audit.ask"]}
    answer = client(program, "lead").post("/do/upkeep.add_webhook", given)
    assert answer.status_code == 403
    assert (
        "169.254.169.254 is not called." in answer.text
        and "Give an address that others can reach too." in answer.text
    )


def test_the_digest_is_chosen_and_shown_as_it_would_go_out(program: SimpleNamespace) -> None:
    audit.ask(
        program.actor("staff"), program.engagement, "Q-1", RequestKind.POLICY, "Show the rule", date(2026, 9, 1),
        controls=[program.control],
    )  # fmt: skip
    browser = client(program, "owner")
    assert "Subject: “Tickmark: 1 new”" in browser.get("/account/notifications").text
    browser.post("/do/upkeep.choose_digest", {"every": "off"})
    page = browser.get("/account/notifications").text
    chosen = page.split('value="off"')[1].split(">")[0]
    assert "checked" in chosen
    assert "No mail: you owe nothing." in client(program, "employee").get("/account/notifications").text


# -- the calendar -----------------------------------------------------------------------------------------------------


def feed(program: SimpleNamespace, who: str) -> str:
    """The path of a calendar of this character."""
    made = upkeep.make_feed(program.actor(who))
    return "/calendar/" + made.link.rsplit("/", 1)[-1]  # type: ignore[attr-defined]


def entries(path: str) -> list[tuple[date, str]]:
    """Day and title of what a calendar program reads there, signed in nowhere."""
    answer = Client().get(path)
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/calendar; charset=utf-8")
    assert "no-store" in answer["Cache-Control"]
    return sorted(
        (e.decoded("dtstart"), str(e["summary"])) for e in Calendar.from_ical(answer.content).walk("VEVENT")
    )


def test_each_side_reads_what_it_sees_and_no_more(program: SimpleNamespace) -> None:
    audit.ask(
        program.actor("staff"), program.engagement, "Q-1", RequestKind.POLICY, "Show the rule", date(2026, 9, 1),
        controls=[program.control],
    )  # fmt: skip
    end = date(2026, 10, 31)
    read = {who: entries(feed(program, who)) for who in ("owner", "staff", "stranger", "employee")}
    assert (date(2026, 9, 1), "Answer Q-1: Show the rule") in read["owner"]
    assert (end, "Type 2 period ends; lists are taken within three days") in read["owner"]
    assert read["staff"] == [(date(2026, 9, 1), "Q-1: Show the rule"), (end, "Period of 2026 ends")]
    assert read["stranger"] == read["employee"] == []


def test_an_ended_a_renewed_and_a_cut_address_answer_nothing(program: SimpleNamespace) -> None:
    first = feed(program, "owner")
    second = feed(program, "owner")
    assert [Client().get(path).status_code for path in (first, second, second[:-6] + ".ics", "/calendar/x.ics")] == [
        404, 200, 404, 404,
    ]  # fmt: skip
    upkeep.end_feed(program.actor("owner"), CalendarFeed.objects.get(end=None))
    assert Client().get(second).status_code == 404
    third = feed(program, "owner")
    people.end_account(program.actor("founder"), program.cast.owner, "Left")
    assert Client().get(third).status_code == 404


def test_the_books_hold_no_address_of_a_calendar(program: SimpleNamespace) -> None:
    secret = feed(program, "owner").removeprefix("/calendar/").removesuffix(".ics")
    assert secret not in str([row.body() for row in CalendarFeed.objects.all()])
    assert len(secret) >= 43


def test_a_calendar_moves_with_the_books(program: SimpleNamespace) -> None:
    path = feed(program, "staff")
    before = entries(path)
    audit.ask(
        program.actor("staff"),
        program.engagement,
        "Q-2",
        RequestKind.POLICY,
        "More",
        NOW.date() + timedelta(days=9),
    )
    assert [item for item in entries(path) if item not in before] == [(date(2026, 8, 12), "Q-2: More")]
