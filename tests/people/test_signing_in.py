"""Signing in by pages as people do: who gets in, what ends a session, what the journal keeps and what it never holds."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from allauth.usersessions.models import UserSession
from django.core import mail
from django.test import Client

from tests.conftest import with_second_factor
from tickmark.kernel import clock
from tickmark.kernel.errors import Conflict, Invalid, NotFound, Refused
from tickmark.kernel.ledger.entry import Entry
from tickmark.people import actions, queries
from tickmark.people.models import CredentialChange, FactorRule, SessionsEnd, SignIn

PASSWORD = "a few words of our own choice"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture
def people(cast):
    """The cast, each with a password."""
    for name in ("founder", "owner", "auditor", "former"):
        user = getattr(cast, name)
        user.set_password(PASSWORD)
        user.save()
    return cast


def signs_in(user: Any, password: str = PASSWORD, **more: Any) -> tuple[Client, Any]:
    """A browser of its own, and what it got for the sign-in form."""
    browser = Client(headers={"User-Agent": FIREFOX})
    return browser, browser.post(
        "/account/login/", {"login": getattr(user, "email", user), "password": password, **more}
    )


def journal() -> list[tuple[str, str, str]]:
    """What stands in the journal, oldest first: what, who, how."""
    rows = SignIn.objects.select_related("user").order_by("pk")
    return [(row.kind, row.user.name if row.user else "", row.method) for row in rows]


def code_of(user: Any) -> str:
    """What the account's authenticator app shows now."""
    from allauth.mfa.adapter import get_adapter

    secret = get_adapter().decrypt(Authenticator.objects.get(user=user, type="totp").data["secret"])
    return format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))


# -- the journal --------------------------------------------------------------------------------------------------


def test_a_sign_in_is_noted_with_its_way_and_device(people):
    browser, answer = signs_in(people.owner)
    assert (answer.status_code, answer["Location"]) == (302, "/")
    browser.post("/account/logout/")
    assert journal() == [("entered", "Owner", "password"), ("left", "Owner", "")]
    row = SignIn.objects.first()
    assert (row.address, row.device, row.stranger) == ("127.0.0.1", "Firefox on Linux", "")


def test_a_failure_is_noted_without_the_password_or_an_unknown_address(people):
    signs_in(people.owner, "hunter2 hunter2 hunter2")
    signs_in("Nobody@elsewhere.example", "hunter2 hunter2 hunter2")
    signs_in("nobody@elsewhere.example", "hunter2 hunter2 hunter2")
    assert journal() == [("refused", "Owner", "password"), *[("refused", "", "password")] * 2]
    strangers = SignIn.objects.filter(user=None).values_list("stranger", flat=True)
    assert len(set(strangers)) == 1 and len(strangers[0]) == 16
    held = " ".join(str(value) for row in SignIn.objects.values() for value in row.values())
    assert "hunter2" not in held and "elsewhere" not in held


def test_the_page_does_not_tell_an_account_from_none(people):
    pages = [
        signs_in(who, "not the password at all")[1]
        for who in (people.owner, people.former, "no@body.example")
    ]
    texts = {
        page.text.replace(who, "")
        for page, who in zip(pages, (people.owner.email, people.former.email, "no@body.example"), strict=True)
    }
    assert {page.status_code for page in pages} == {200}
    assert len({text.split("<main")[1].split("csrfmiddlewaretoken")[0] for text in texts}) == 1


def test_an_unknown_address_costs_a_hash_too(people, monkeypatch):
    """The time of the answer would otherwise tell who has an account."""
    from django.contrib.auth.hashers import ScryptPasswordHasher

    hashed: list[str] = []
    real = ScryptPasswordHasher.encode
    monkeypatch.setattr(
        ScryptPasswordHasher,
        "encode",
        lambda self, *args, **kw: hashed.append("x") or real(self, *args, **kw),
    )
    signs_in(people.owner, "not the password at all")
    known = len(hashed)
    signs_in("no@body.example", "not the password at all")
    assert (known, len(hashed) - known) == (1, 1)


def test_a_closed_account_gets_no_session(people):
    browser, _answer = signs_in(people.former)
    assert browser.get("/ledger").status_code == 302
    assert "entered" not in [kind for kind, *_ in journal()]


def test_a_sign_in_makes_a_new_session(people):
    """What an attacker planted before is of no use afterwards."""
    browser = Client()
    browser.get("/account/login/")
    browser.session["planted"] = "x"
    browser.session.save()
    before = browser.session.session_key
    browser.post("/account/login/", {"login": people.owner.email, "password": PASSWORD})
    assert browser.session.session_key != before


def test_the_journal_is_pruned_and_nothing_else_is(people):
    signs_in(people.owner)
    with time_machine.travel(clock.system_now() + timedelta(days=399)):
        assert actions.prune_sign_ins() == 0
    with time_machine.travel(clock.system_now() + timedelta(days=401)):
        assert actions.prune_sign_ins() == 1


def test_a_sign_in_writes_no_entry_into_the_ledger(people):
    before = Entry.objects.count()
    signs_in(people.owner)
    signs_in(people.owner, "not the password at all")
    assert Entry.objects.count() == before


# -- limits -------------------------------------------------------------------------------------------------------


def test_the_sixth_wrong_password_is_held_back_even_if_it_were_right(people):
    for _ in range(5):
        signs_in(people.owner, "not the password at all")
    browser, answer = signs_in(people.owner)
    assert answer.status_code == 200 and "Too many" in answer.text
    assert browser.get("/ledger").status_code == 302
    signs_in(people.owner)
    assert [kind for kind, *_ in journal()] == ["refused"] * 5 + ["held_back"]


def test_held_back_is_let_in_after_the_window(people):
    for _ in range(6):
        signs_in(people.owner, "not the password at all")
    with time_machine.travel(clock.system_now() + timedelta(minutes=6)):
        assert signs_in(people.owner)[1].status_code == 302


def test_a_second_factor_cannot_be_guessed(people):
    browser, answer = signs_in(people.auditor)
    assert answer["Location"].startswith("/account/2fa/authenticate/")
    for _ in range(5):
        browser.post("/account/2fa/authenticate/", {"code": "000000"})
    browser.post("/account/2fa/authenticate/", {"code": code_of(people.auditor)})
    assert browser.get("/ledger").status_code == 302
    assert [kind for kind, *_ in journal()].count("entered") == 0
    assert ("factor_refused", "Auditor", "totp") in journal()


def test_password_resets_are_limited(people):
    said = [
        Client().post("/account/password/reset/", {"email": people.owner.email}).status_code for _ in range(5)
    ]
    assert said[:3] == [302, 302, 302] and 429 in said[3:]
    assert len(mail.outbox) == 3


# -- second factors -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["founder", "auditor"])
def test_both_sides_enter_with_password_and_code(people, who):
    user = getattr(people, who)
    if not queries.has_second_factor(user):
        with_second_factor(user)
    browser, answer = signs_in(user)
    assert browser.get("/ledger").status_code == 302, "The password alone does not do."
    answer = browser.post("/account/2fa/authenticate/", {"code": code_of(user)})
    assert (answer.status_code, browser.get("/ledger").status_code) == (302, 200)
    assert journal()[-1] == ("entered", user.name, "password, totp")


def test_a_code_works_once(people):
    code = code_of(people.auditor)
    for expected in (200, 302):
        browser, _ = signs_in(people.auditor)
        browser.post("/account/2fa/authenticate/", {"code": code})
        assert browser.get("/ledger").status_code == expected


def test_a_recovery_code_works_once(people):
    from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes

    code = RecoveryCodes.activate(people.auditor).get_unused_codes()[0]
    for expected in (200, 302):
        browser, _ = signs_in(people.auditor)
        browser.post("/account/2fa/authenticate/", {"code": code})
        assert browser.get("/ledger").status_code == expected


def without_factor(user: Any) -> Client:
    """A browser in which an account without a second factor is signed in."""
    Authenticator.objects.filter(user=user).delete()
    browser = Client()
    browser.force_login(user)
    return browser


def test_an_auditor_without_a_second_factor_comes_to_nothing_else(people):
    browser = without_factor(people.auditor)
    assert [browser.get(path)["Location"] for path in ("/", "/audit/", "/account/tokens")] == [
        "/account/2fa/"
    ] * 3
    assert browser.get("/api/me").status_code == 403
    assert browser.post("/do/people.make_token", {"name": "x", "scopes": "read"}).status_code == 403
    assert browser.get("/account/2fa/").status_code == 200
    with_second_factor(people.auditor)
    assert browser.get("/account/tokens").status_code == 200


def test_the_company_decides_for_its_own(people):
    browser, founder = without_factor(people.owner), people.actor("founder")
    assert browser.get("/tasks").status_code == 200
    actions.require_second_factor(founder, True)
    assert browser.get("/tasks")["Location"] == "/account/2fa/"
    with pytest.raises(Conflict):
        actions.require_second_factor(founder, True)
    with pytest.raises(Invalid, match="reason"):
        actions.require_second_factor(founder, False)
    actions.require_second_factor(founder, False, "Keys are on their way")
    assert browser.get("/tasks").status_code == 200
    assert [row.required for row in FactorRule.objects.order_by("pk")] == [True, False]


def test_who_took_the_factor_away_before_the_decision_is_asked_for_one_after_it(people):
    with_second_factor(people.owner)
    browser = enters(people.owner)
    assert browser.get("/tasks").status_code == 200
    browser.post("/account/reauthenticate/", {"password": PASSWORD})
    browser.post("/account/2fa/totp/deactivate/")
    assert not queries.has_second_factor(people.owner)
    actions.require_second_factor(people.actor("founder"), True)
    assert browser.get("/tasks")["Location"] == "/account/2fa/"


def test_a_demo_home_asks_for_none(people, settings):
    assert queries.needs_second_factor(people.auditor)
    clock.make_demo(settings.HOME, clock.system_now())
    settings.DEMO = True
    from tickmark.kernel import jobs

    slot = jobs.enqueue("demo", "year")
    jobs.begin(slot)
    jobs.end(slot)
    assert without_factor(people.auditor).get("/tasks").status_code == 200


def test_the_last_factor_stays_where_one_is_required(people):
    browser = enters(people.auditor)
    browser.post("/account/reauthenticate/", {"password": PASSWORD})
    page = browser.post("/account/2fa/totp/deactivate/")
    assert Authenticator.objects.filter(user=people.auditor, type="totp").exists()
    assert page.status_code == 200 and "cannot deactivate" in page.text


def enters(user: Any) -> Client:
    """A browser signed in with password and code."""
    browser, _ = signs_in(user)
    if queries.has_second_factor(user):
        browser.post("/account/2fa/authenticate/", {"code": code_of(user)})
    return browser


@pytest.mark.parametrize(
    "path",
    ["totp/activate/", "webauthn/add/", "recovery-codes/generate/", "totp/deactivate/"],
)
def test_changing_a_factor_asks_once_more_who_it_is(people, path):
    if "deactivate" in path or "codes" in path:
        with_second_factor(people.owner)
    browser = Client()
    browser.force_login(people.owner)
    answer = browser.get(f"/account/2fa/{path}")
    assert answer.status_code == 302 and "reauthenticate" in answer["Location"]


def test_the_secret_of_an_app_is_of_no_use_without_the_homes_key(people):
    row = Authenticator.objects.get(user=people.auditor, type="totp")
    assert row.data["secret"].startswith("sealed:")


# -- sessions -----------------------------------------------------------------------------------------------------


def opens(user: Any, times: int) -> list[Client]:
    """Browsers in which the account is signed in, each listed as a session."""
    browsers = []
    for _ in range(times):
        browser, _answer = signs_in(user)
        assert browser.get("/ledger").status_code == 200
        browsers.append(browser)
    return browsers


def test_the_list_of_sessions_ends_one_and_all_others(people):
    first, second, third = opens(people.owner, 3)
    page = first.get("/account/security").text
    assert page.count("Firefox on Linux") >= 3 and page.count('<span class="sub">this one</span>') == 1
    number = UserSession.objects.get(session_key=second.session.session_key).pk
    first.post("/do/people.end_sessions", {"user": people.owner.ref, "only": number})
    assert [one.get("/ledger").status_code for one in (first, second, third)] == [200, 302, 200]
    keep = UserSession.objects.get(session_key=first.session.session_key).pk
    first.post("/do/people.end_sessions", {"user": people.owner.ref, "keep": keep})
    assert [one.get("/ledger").status_code for one in (first, second, third)] == [200, 302, 302]
    assert [row.sessions for row in SessionsEnd.objects.order_by("pk")] == [1, 1]


def test_an_administrator_signs_the_companys_accounts_out_and_no_auditor(people):
    (owner,), founder = opens(people.owner, 1), people.actor("founder")
    assert actions.end_sessions(founder, people.owner).sessions == 1
    assert owner.get("/ledger").status_code == 302
    with pytest.raises(Refused):
        actions.end_sessions(founder, people.auditor)
    with pytest.raises(Refused):
        actions.end_sessions(people.actor("owner"), people.founder)


def test_nobody_ends_a_session_of_another_by_its_number(people):
    opens(people.founder, 1)
    number = UserSession.objects.get(user=people.founder).pk
    with pytest.raises(NotFound):
        actions.end_sessions(people.actor("owner"), people.owner, only=str(number))
    assert UserSession.objects.filter(pk=number).exists()


def test_a_session_ends_after_hours_without_use_and_days_after_the_sign_in(people):
    (idle,) = opens(people.owner, 1)
    start = clock.system_now()
    with time_machine.travel(start + timedelta(hours=13)):
        assert idle.get("/ledger").status_code == 302
    (busy,) = opens(people.owner, 1)
    for hours in range(10, 7 * 24, 10):
        with time_machine.travel(start + timedelta(hours=hours)):
            assert busy.get("/ledger").status_code == 200, hours
    with time_machine.travel(start + timedelta(hours=7 * 24 + 1)):
        assert busy.get("/ledger").status_code == 302


def test_closing_an_account_ends_sessions_and_tokens_at_once(people):
    browser, other = opens(people.owner, 2)
    token = actions.make_token(people.actor("owner"), "ci", ["read"]).secret
    bearer = {"Authorization": f"Bearer {token}"}
    assert Client().get("/api/me", headers=bearer).status_code == 200
    actions.end_account(people.actor("founder"), people.owner, "Left")
    assert [one.get("/ledger").status_code for one in (browser, other)] == [302, 302]
    assert Client().get("/api/me", headers=bearer).status_code == 401
    assert not UserSession.objects.filter(user=people.owner).exists()


# -- password and address -----------------------------------------------------------------------------------------

NEW = "other words that nobody would try"


def test_a_new_password_ends_the_other_sessions_and_stands_in_the_ledger(people):
    here, elsewhere = opens(people.owner, 2)
    here.post("/account/reauthenticate/", {"password": PASSWORD})
    answer = here.post(
        "/account/password/change/", {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    )
    assert answer.status_code == 302
    assert [one.get("/ledger").status_code for one in (here, elsewhere)] == [200, 302]
    row = CredentialChange.objects.get()
    assert (row.user, row.by, row.what) == (people.owner, people.owner, "password")
    entry = Entry.objects.get(verb="people.record_credential")
    assert (entry.actor, entry.side) == (people.owner.ref, "company")
    assert here.session.session_key not in str(entry.arguments)


def test_a_reset_password_ends_every_session(people):
    (elsewhere,) = opens(people.owner, 1)
    Client().post("/account/password/reset/", {"email": people.owner.email})
    link = next(word for word in mail.outbox[-1].body.split() if "/account/password/reset/key/" in word)
    browser = Client()
    page = browser.get(link.partition("testserver")[2], follow=True)
    browser.post(page.request["PATH_INFO"], {"password1": NEW, "password2": NEW})
    assert elsewhere.get("/ledger").status_code == 302
    assert signs_in(people.owner, NEW)[1].status_code == 302


def test_another_address_waits_for_its_mail_and_then_ends_the_other_sessions(people):
    here, elsewhere = opens(people.owner, 2)
    here.post("/account/reauthenticate/", {"password": PASSWORD})
    here.post("/account/email/", {"email": "owner@new.example", "action_add": ""})
    people.owner.refresh_from_db()
    assert people.owner.email == "owner@northlight.example"
    sent = next(one for one in mail.outbox if one.to == ["owner@new.example"])
    link = next(word for word in sent.body.split() if "/account/confirm-email/" in word)
    here.post(link.partition("testserver")[2])
    people.owner.refresh_from_db()
    assert people.owner.email == "owner@new.example"
    assert [one.get("/ledger").status_code for one in (here, elsewhere)] == [200, 302]
    assert [row.what for row in CredentialChange.objects.all()] == ["email"]
    assert "new.example" not in str(list(Entry.objects.values_list("arguments", flat=True)))


@pytest.mark.parametrize(
    "password", ["tickmark tickmark", "Northlight2026!", "owner@northlight", "password1234", "1234567890123"]
)
def test_a_password_that_anybody_would_try_here_is_refused(cast, password):
    with pytest.raises(Invalid, match="too weak"):
        actions.check_password(password, "Owner", "owner@northlight.example")


@pytest.mark.parametrize("password", ["korrekt pferd batterie", "Ω" * 14, "w" * 64 + " x" * 32])
def test_a_long_password_of_any_letters_is_taken(cast, password):
    actions.check_password(password, "Owner", "owner@northlight.example")


def test_without_a_mail_server_a_password_still_changes_and_a_reset_says_so(people, settings):
    (here,) = opens(people.owner, 1)
    here.post("/account/reauthenticate/", {"password": PASSWORD})
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = SMTP, "127.0.0.1", 9
    form = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    assert here.post("/account/password/change/", form).status_code == 302
    people.owner.refresh_from_db()
    assert people.owner.check_password(NEW)
    answer = Client().post("/account/password/reset/", {"email": people.owner.email})
    assert (answer.status_code, "The mail was not sent" in answer.text) == (503, True)


SMTP = "django.core.mail.backends.smtp.EmailBackend"
