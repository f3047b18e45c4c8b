"""Signing in by the company's identity provider, against a real OpenID Connect server on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from allauth.socialaccount.models import SocialAccount, SocialToken
from django.test import Client
from oidc_provider_mock import User as Identity
from oidc_provider_mock import run_server_in_thread

from tests.conftest import with_second_factor
from tickmark.people import actions
from tickmark.people.models import CredentialChange, SignIn, User

IDENTITIES = {
    "owner": {"email": "Owner@northlight.example", "email_verified": True},
    "unverified": {"email": "owner@northlight.example", "email_verified": False},
    "auditor": {"email": "auditor@northlight.example", "email_verified": True},
    "former": {"email": "former@northlight.example", "email_verified": True},
    "nobody": {"email": "nobody@northlight.example", "email_verified": True},
    "nameless": {},
}


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    """A provider with these identities; it signs, checks PKCE and redirects as a real one does."""
    people = [Identity(sub=name, claims=claims) for name, claims in IDENTITIES.items()]
    with run_server_in_thread(user_claims=people) as server:
        yield f"http://localhost:{server.server_port}"


@pytest.fixture
def provider(issuer: str, settings: Any, cast: Any) -> str:
    """The home with this provider set up, as `settings._oidc` does it."""
    app = {
        "provider_id": "company",
        "name": "Northlight",
        "client_id": "tickmark",
        "secret": "s3cret",
        "settings": {"server_url": issuer, "oauth_pkce_enabled": True},
    }
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [app]}}
    return issuer


def asks(browser: Client, **more: str) -> str:
    """Press the button of the sign-in page; where the browser is sent."""
    answer = browser.post("/account/oidc/company/login/", more)
    assert answer.status_code == 302
    return str(answer["Location"])


def proves(address: str, who: str) -> str:
    """The person confirms at the provider; the way back, as path and query."""
    answer = httpx.post(address, data={"sub": who, "action": "authorize"})
    assert answer.status_code in (302, 303), answer.text
    back = urlsplit(answer.headers["Location"])
    return f"{back.path}?{back.query}"


def enters(who: str) -> tuple[Client, Any]:
    """The whole way: button, provider, back."""
    browser = Client()
    return browser, browser.get(proves(asks(browser), who))


def test_a_person_of_the_company_enters_by_a_verified_address(provider, cast):
    browser, answer = enters("owner")
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert browser.session["_auth_user_id"] == str(cast.owner.pk)
    row = SocialAccount.objects.get()
    assert (row.user, row.uid) == (cast.owner, "owner")
    assert not SocialToken.objects.exists(), "What opens the provider is not kept."
    assert [change.what for change in CredentialChange.objects.all()] == ["provider"]
    assert SignIn.objects.filter(kind="entered").get().method == "identity provider"
    assert enters("owner")[1].status_code == 302 and SocialAccount.objects.count() == 1


@pytest.mark.parametrize("who", ["nobody", "unverified", "nameless"])
def test_whoever_has_no_account_or_no_verified_address_makes_none(provider, cast, who):
    before = User.objects.count()
    browser, answer = enters(who)
    assert (answer.status_code, "There is no account for this identity" in answer.text) == (403, True)
    assert "_auth_user_id" not in browser.session
    assert (User.objects.count(), SocialAccount.objects.count()) == (before, 0)
    row = SignIn.objects.get(kind="uninvited")
    assert (row.user, len(row.stranger)) == (None, 16)


def test_the_companys_provider_never_opens_an_auditors_account(provider, cast):
    """Whoever runs the provider can make it say any address."""
    browser, answer = enters("auditor")
    assert (answer.status_code, "accounts of the company alone" in answer.text) == (403, True)
    assert "_auth_user_id" not in browser.session and not SocialAccount.objects.exists()


def test_a_closed_account_stays_closed(provider, cast):
    browser, _ = enters("former")
    assert browser.get("/ledger").status_code == 302
    actions.end_account(cast.actor("founder"), cast.owner, "Left")
    browser, _ = enters("owner")
    assert browser.get("/ledger").status_code == 302


def test_an_account_with_a_second_factor_is_asked_for_it_here_too(provider, cast):
    with_second_factor(cast.owner)
    browser, answer = enters("owner")
    assert answer["Location"].startswith("/account/2fa/authenticate/")
    assert browser.get("/ledger").status_code == 302


def test_an_answer_belongs_to_the_browser_that_asked_and_works_once(provider, cast):
    asked = Client()
    back = proves(asks(asked), "owner")
    other = Client()
    answer = other.get(back)
    assert answer.status_code in (401, 403) and "_auth_user_id" not in other.session
    assert asked.get(back).status_code == 302
    asked.post("/account/logout/")
    assert asked.get(back).status_code in (401, 403) and "_auth_user_id" not in asked.session


def test_the_question_carries_state_and_a_pkce_challenge(provider, cast):
    query = parse_qs(urlsplit(asks(Client())).query)
    assert (
        query["code_challenge_method"] == ["S256"] and query["state"] and query["response_type"] == ["code"]
    )
    assert sorted(query["scope"][0].split()) == ["email", "openid", "profile"]


def test_it_begins_by_a_form_with_its_proof_alone(provider, cast):
    """A link of another site could otherwise sign somebody in."""
    page = Client().get("/account/oidc/company/login/")
    assert page.status_code == 200 and "csrfmiddlewaretoken" in page.text
    assert Client(enforce_csrf_checks=True).post("/account/oidc/company/login/").status_code == 403


def test_a_refusal_of_the_provider_is_a_page_that_says_so(provider, cast):
    browser = Client()
    state = parse_qs(urlsplit(asks(browser)).query)["state"][0]
    answer = browser.get(f"/account/oidc/company/login/callback/?state={state}&error=server_error")
    assert answer.status_code == 403 and "did not confirm" in answer.text


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_afterwards_nobody_is_sent_elsewhere(provider, cast, target):
    browser = Client()
    answer = browser.get(proves(asks(browser, next=target), "owner"))
    assert answer["Location"] == "/"


def test_a_provider_that_is_down_is_said_and_nobody_enters(settings, provider, cast):
    settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"][0]["settings"]["server_url"] = (
        "http://localhost:9"
    )
    answer = Client().post("/account/oidc/company/login/")
    assert (answer.status_code, "does not answer" in answer.text) == (503, True)


def test_the_button_stands_where_a_provider_is_set_up(provider, cast, settings):
    assert "Sign in with Northlight" in Client().get("/account/login/").text
    settings.SOCIALACCOUNT_PROVIDERS = {}
    assert "Northlight" not in Client().get("/account/login/").text
    assert Client().post("/account/oidc/company/login/").status_code == 404


def test_the_own_identity_is_shown_and_taken_away_in_our_words(provider, cast):
    browser, _ = enters("owner")
    page = browser.get("/account/3rdparty/").text
    assert "<h1>Identity provider</h1>" in page and "Third-Party" not in page
    cast.owner.set_password("a few words of our own choice")
    cast.owner.save()
    browser = Client()
    browser.force_login(cast.owner)
    asked = browser.post("/account/3rdparty/", {"account": SocialAccount.objects.get().pk})
    assert "reauthenticate" in asked["Location"] and SocialAccount.objects.exists()
    browser.post("/account/reauthenticate/", {"password": "a few words of our own choice"})
    browser.post("/account/3rdparty/", {"account": SocialAccount.objects.get().pk})
    assert not SocialAccount.objects.exists()
    assert "No identity is connected" in browser.get("/account/3rdparty/").text


@pytest.mark.parametrize("path", ["cancelled", "error"])
def test_the_ends_of_a_failed_sign_in_are_in_our_words(provider, cast, path):
    page = Client().get(f"/account/3rdparty/login/{path}/").text
    assert "/account/login/" in page and "Third-Party" not in page


def test_nobody_connects_an_identity_of_another_address(provider, cast):
    browser = Client()
    browser.force_login(cast.employee)
    answer = browser.post("/account/oidc/company/login/", {"process": "connect"})
    assert browser.get(proves(answer["Location"], "nobody")).status_code == 403
    assert not SocialAccount.objects.exists()
