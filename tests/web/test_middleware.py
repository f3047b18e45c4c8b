"""Who gets in, where strangers are sent, and what a demo home shows instead."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tickmark.kernel import clock, jobs
from tickmark.people.actions import make_account
from tickmark.people.models import User

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def demo(settings):
    """A demo home whose year has not begun."""
    clock.make_demo(settings.HOME, NOON)
    settings.DEMO = True


@pytest.fixture
def lived(demo, db):
    """A demo home whose year is over, with one character on each side and one account nobody enters as."""
    slot = jobs.enqueue("demo", "year")
    jobs.begin(slot)
    jobs.end(slot)
    make_account("ada@larkspur.example", "Ada", "company", "a demo password")
    make_account("oak@fennimore.example", "Oak", "auditor", "a demo password")
    make_account("gone@larkspur.example", "Gone", "company", None)


def test_a_stranger_is_sent_to_sign_in_and_back(client, cast):
    answer = client.get("/evidence/?q=mfa")
    assert (answer.status_code, answer["Location"]) == (302, "/account/login/?next=%2Fevidence%2F%3Fq%3Dmfa")


def test_a_form_of_a_stranger_leads_to_sign_in_and_then_home(client, cast):
    answer = client.post("/do/people.grant", {"user": "US-1"})
    assert (answer.status_code, answer["Location"]) == (302, "/account/login/?next=%2F")


def test_the_first_visitor_of_empty_books_sets_them_up(client, db):
    assert client.get("/ledger")["Location"] == "/welcome"


def test_health_and_the_checkpoint_are_open(client, db):
    assert client.get("/healthz").json()["sealed"] == 0
    assert client.get("/ledger/checkpoint").status_code == 404


def test_a_session_ends_with_the_account(client, cast):
    client.force_login(cast.owner)
    assert client.get("/ledger").status_code == 200
    cast.owner.is_active = False
    cast.owner.save()
    assert client.get("/ledger").status_code == 302


@pytest.mark.parametrize("address", ["/demo", "/demo/progress", "/surprises"])
def test_pages_of_the_demo_do_not_exist_in_a_real_home(client, cast, address):
    client.force_login(cast.founder)
    assert client.get(address).status_code == 404


def test_nobody_is_seen_as_another_in_a_real_home(client, cast):
    client.force_login(cast.employee)
    assert client.post("/demo/see-as", {"who": cast.founder.pk}).status_code == 404
    assert client.session["_auth_user_id"] == str(cast.employee.pk)


def test_while_the_year_is_lived_every_page_waits(client, demo, db):
    answer = client.get("/evidence/?q=mfa")
    assert answer.status_code == 200
    assert 'hx-get="/demo/progress?next=%2Fevidence%2F%3Fq%3Dmfa"' in answer.text
    assert client.get("/healthz/serving").status_code == 200


def test_progress_says_how_far_the_year_is(client, demo, db):
    slot = jobs.enqueue("demo", "year")
    jobs.begin(slot)
    slot.progress("Living March 2026", 300, 1200)
    answer = client.get("/demo/progress?next=/ledger", headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert "Living March 2026" in answer.text and "300 of 1,200" in answer.text


@pytest.mark.parametrize(("wanted", "goes"), [("/ledger", "/ledger"), ("https://elsewhere.example", "/")])
def test_progress_goes_on_to_where_one_wanted_to_go(client, lived, wanted, goes):
    answer = client.get("/demo/progress", {"next": wanted}, headers={"HX-Request": "true"})
    assert (answer.status_code, answer["HX-Redirect"]) == (200, goes)
    assert client.get("/demo/progress", {"next": wanted})["Location"] == goes


def test_a_year_that_could_not_be_lived_says_why(client, demo, db):
    slot = jobs.enqueue("demo", "year")
    jobs.begin(slot)
    jobs._finish(slot, "The disk is full.")
    assert "The disk is full." in client.get("/demo/progress").text


def test_a_stranger_in_a_demo_home_picks_a_character_and_goes_on(client, lived):
    answer = client.get("/ledger")
    assert answer["Location"] == "/demo?next=%2Fledger"
    page = client.get(answer["Location"]).text
    assert "Ada" in page and "Oak" in page and "Gone" not in page
    ada = User.objects.get(name="Ada")
    entered = client.post("/demo/see-as", {"who": ada.pk, "next": "/ledger"})
    assert (entered["Location"], client.session["_auth_user_id"]) == ("/ledger", str(ada.pk))
    assert [one.method for one in ada.sign_ins.all()] == ["see as"]  # nobody proved anything


@pytest.mark.parametrize("who", ["", "x", "999999", "gone"])
def test_only_a_character_of_the_list_can_be_entered_as(client, lived, who):
    number = str(User.objects.get(name="Gone").pk) if who == "gone" else who
    assert client.post("/demo/see-as", {"who": number}).status_code == 404
    assert "_auth_user_id" not in client.session


def test_the_surprises_are_the_ones_of_the_example(client, lived):
    client.force_login(User.objects.get(name="Ada"))
    page = client.get("/surprises").text
    assert (page.count("<b>Where:</b>"), page.count('href="/controls/')) == (5, 5)
