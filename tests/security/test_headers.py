"""What every answer carries, whoever made it; and how cookies, hosts and forms are guarded."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.test import Client

from tickmark.kernel import clock

ADDRESSES = (
    *("/", "/welcome", "/account/login/", "/account/password/reset/", "/account/logout/", "/account/2fa/"),
    *(
        "/account/email/",
        "/account/security",
        "/account/tokens",
        "/people/",
        "/people/sign-ins",
        "/ledger",
        "/gallery",
    ),
    *(
        "/api/docs",
        "/api/openapi.json",
        "/api/me",
        "/healthz",
        "/no/such/page",
        "/join/x",
        "/copies/x",
        "/scim/v2/Users",
    ),
    *("/static/tickmark.css", "/static/tickmark.js", "/static/logo.svg", "/static/no-such-file"),
)
POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}


def policy(answer: Any) -> dict[str, str]:
    """The content policy, directive by directive; a nonce is left out."""
    parts = (part.strip().split(" ") for part in answer["Content-Security-Policy"].split(";") if part.strip())
    return {
        name: " ".join(word for word in words if not word.startswith("'nonce-")) for name, *words in parts
    }


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("who", ["founder", ""])
def test_every_answer_carries_the_headers(cast, address, who):
    browser = Client()
    if who:
        browser.force_login(getattr(cast, who))
    answer = browser.get(address)
    assert policy(answer) == POLICY
    assert {name: answer[name] for name in HEADERS} == HEADERS
    assert answer["Permissions-Policy"].count("=()") > 8
    kept = "no-store" not in answer["Cache-Control"]
    assert kept == (address.startswith("/static/") and answer.status_code == 200)
    assert "Strict-Transport-Security" not in answer, "This home is reached over http."


HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Permitted-Cross-Domain-Policies": "none",
}


@pytest.mark.parametrize("address", [one for one in ADDRESSES if not one.startswith("/static/")])
def test_no_page_says_what_the_policy_forbids(cast, address):
    browser = Client()
    browser.force_login(cast.founder)
    answer = browser.get(address)
    if not answer.headers.get("Content-Type", "").startswith("text/html"):
        return
    import re

    scripts = re.findall(r"<script(?![^>]*\b(?:src|type=\"application/json\"))[^>]*>", answer.text)
    assert [tag for tag in scripts if "nonce=" not in tag] == []
    assert re.findall(r"<[^>]*\s(?:on\w+|style)=", answer.text) == []
    assert re.findall(r"""(?:href|action)=["']?\s*javascript:""", answer.text, re.I) == []
    assert (
        re.findall(r"""<(?:script|link|img|iframe)[^>]*(?:src|href)=["']?(?:https?:)?//""", answer.text) == []
    )


def test_a_page_of_a_fault_carries_them_too(cast, settings):
    browser = Client(raise_request_exception=False)
    from unittest.mock import patch

    with patch("tickmark.web.views.common.latest", side_effect=RuntimeError("secret detail")):
        answer = browser.get("/ledger/checkpoint")
    assert (answer.status_code, policy(answer)) == (500, POLICY)
    assert "secret detail" not in answer.text and "Traceback" not in answer.text


def test_a_strange_host_is_refused(cast):
    assert Client().get("/account/login/", headers={"Host": "evil.example"}).status_code == 400


def test_a_link_in_a_mail_names_this_home_and_never_the_host_that_was_asked(cast):
    from django.core import mail

    Client().post("/account/password/reset/", {"email": cast.owner.email}, headers={"Host": "127.0.0.1"})
    assert "evil" not in mail.outbox[0].body


@pytest.mark.parametrize(
    "address", ["/do/people.grant", "/account/login/", "/account/logout/", "/welcome", "/join/x"]
)
def test_a_form_without_its_proof_is_refused(cast, address):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(cast.founder)
    assert browser.post(address, {}).status_code == 403


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_after_signing_in_nobody_is_sent_elsewhere(cast, target):
    cast.owner.set_password("a few words of our own choice")
    cast.owner.save()
    form = {"login": cast.owner.email, "password": "a few words of our own choice", "next": target}
    answer = Client().post("/account/login/", form)
    assert (answer.status_code, answer["Location"]) == (302, "/")


def test_no_other_origin_may_read_an_answer(cast):
    browser = Client(headers={"Origin": "https://evil.example"})
    browser.force_login(cast.founder)
    answers = [browser.get(path) for path in ("/api/me", "/people/", "/api/openapi.json")]
    assert [one for one in answers if "Access-Control-Allow-Origin" in one] == []


@pytest.mark.parametrize("method", ["TRACE", "TRACK", "CONNECT"])
def test_a_method_that_echoes_is_not_there(cast, method):
    answer = Client().generic(method, "/account/login/", headers={"X-Secret": "echoed"})
    assert b"echoed" not in answer.content


def test_signing_out_clears_what_the_browser_kept(cast):
    browser = Client()
    browser.force_login(cast.owner)
    answer = browser.post("/account/logout/")
    assert answer["Clear-Site-Data"] == '"cache"'


def told(home: Path, **environment: str) -> dict[str, str]:
    """Settings of a home with these variables, as a process of its own reads them; `error` if it does not start."""
    names = "SESSION_COOKIE_NAME CSRF_COOKIE_NAME SESSION_COOKIE_SECURE CSRF_COOKIE_SECURE SESSION_COOKIE_HTTPONLY"
    script = (
        "import json; from tickmark import settings as s;"
        f"print(json.dumps({{n: str(getattr(s, n)) for n in '{names}'.split()}}"
        " | {'form': str(s.CONTENT_SECURITY_POLICY['DIRECTIVES']['form-action'])}))"
    )
    kept = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.environ.get("PYTHONPATH", "src"),
        "TICKMARK_HOME": str(home),
    }
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=kept | environment,
        capture_output=True,
        text=True,
        cwd=settings.BASE if hasattr(settings, "BASE") else Path(__file__).resolve().parents[2],
    )
    import json

    return json.loads(done.stdout) if done.returncode == 0 else {"error": done.stderr}


def test_over_https_a_cookie_belongs_to_this_host_alone(tmp_path):
    found = told(tmp_path, TICKMARK_ADDRESS="https://soc2.northlight.example", PYTHONPATH="src")
    assert found["SESSION_COOKIE_NAME"] == "__Host-tickmark_8000"
    assert found["CSRF_COOKIE_NAME"] == "__Host-tickmark_csrf_8000"
    assert (
        found["SESSION_COOKIE_SECURE"]
        == found["CSRF_COOKIE_SECURE"]
        == found["SESSION_COOKIE_HTTPONLY"]
        == "True"
    )


def test_over_https_the_browser_is_told_to_stay_there(cast, settings):
    settings.HTTPS = True
    for address in ("/account/login/", "/static/tickmark.css", "/no/such/page", "/api/me"):
        assert Client().get(address)["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"


def test_a_provider_needs_https_and_its_secret(tmp_path):
    issuer = {"TICKMARK_OIDC": "https://login.northlight.example/realm", "PYTHONPATH": "src"}
    assert "secret is missing" in told(tmp_path, **issuer, TICKMARK_OIDC_CLIENT="x")["error"]
    assert (
        "https://"
        in told(tmp_path, TICKMARK_OIDC="http://login.northlight.example", PYTHONPATH="src")["error"]
    )
    (tmp_path / "secrets").mkdir(exist_ok=True)
    secret = tmp_path / "secrets" / "oidc"
    secret.write_text("s3cret\n")
    secret.chmod(0o644)
    assert "read by others" in told(tmp_path, **issuer, TICKMARK_OIDC_CLIENT="x")["error"]
    secret.chmod(0o600)
    assert "https://login.northlight.example" in told(tmp_path, **issuer, TICKMARK_OIDC_CLIENT="x")["form"]


def test_proxies_are_a_number(tmp_path):
    assert "TICKMARK_PROXIES" in told(tmp_path, TICKMARK_PROXIES="nginx", PYTHONPATH="src")["error"]


def test_an_address_that_the_visitor_made_up_is_not_believed(cast, settings):
    """Without a proxy the header is the visitor's own word."""
    from tickmark.people.models import SignIn

    Client(headers={"X-Forwarded-For": "203.0.113.9"}).post(
        "/account/login/", {"login": "a@b.example", "password": "not the password"}
    )
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    Client(headers={"X-Forwarded-For": "203.0.113.9, 198.51.100.7"}).post(
        "/account/login/", {"login": "a@b.example", "password": "not the password"}
    )
    assert list(SignIn.objects.order_by("pk").values_list("address", flat=True)) == [
        "127.0.0.1",
        "198.51.100.7",
    ]


def test_secrets_are_for_their_owner_alone(cast, settings, tmp_path):
    from tickmark.kernel import secrets

    secrets.keep("django", tmp_path / "home")
    folder = tmp_path / "home" / "secrets"
    assert [oct(path.stat().st_mode & 0o777) for path in (folder, folder / "django")] == ["0o700", "0o600"]


@pytest.mark.parametrize(
    "address",
    [
        "/.git/config",
        "/static/.git/config",
        "/static/",
        "/static/fonts/",
        "/static/../settings.py",
        "/secrets/django",
    ],
)
def test_no_folder_and_no_repository_is_served(cast, address):
    browser = Client()
    browser.force_login(cast.founder)
    answer = browser.get(address)
    assert answer.status_code == 404 and "[core]" not in answer.text and "SECRET" not in answer.text


@pytest.mark.parametrize("address", ["/join/no-such-link", "/copies/no-such-link"])
def test_links_cannot_be_tried_without_end(cast, address):
    with time_machine.travel(clock.system_now(), tick=False):  # all in one window
        said = [Client().get(address).status_code for _ in range(62)]
        answer = Client().get(address)
    assert (said[0], said[-1]) == (404, 429)
    assert int(answer["Retry-After"]) > 0 and "Too many attempts" in answer.text


def test_a_token_cannot_call_without_end(cast, monkeypatch):
    from tickmark.api import auth
    from tickmark.kernel.limits import Lots
    from tickmark.people import actions

    monkeypatch.setattr(auth, "_calls", Lots("api", 4, 60, lot=2))
    secret = actions.make_token(cast.actor("lead"), "ci", ["read"]).secret
    answers = [Client().get("/api/me", headers={"Authorization": f"Bearer {secret}"}) for _ in range(5)]
    assert [one.status_code for one in answers] == [200] * 4 + [429]
    assert answers[-1].json()["error"] == "Refused" and int(answers[-1]["Retry-After"]) > 0


def test_a_tokens_use_and_its_use_after_the_end_are_noted(cast):
    from tickmark.people import actions, queries
    from tickmark.people.models import SignIn

    lead = cast.actor("lead")
    token = actions.make_token(lead, "ci", ["read"])
    bearer = {"Authorization": f"Bearer {token.secret}"}
    assert queries.tokens(lead).get().last_used is None
    for _ in range(3):
        assert Client().get("/api/me", headers=bearer).status_code == 200
    assert queries.tokens(lead).get().last_used is not None
    actions.end_token(lead, token)
    for _ in range(3):
        assert Client().get("/api/me", headers=bearer).status_code == 401
    rows = SignIn.objects.order_by("pk").values_list("kind", "user", "token")
    assert list(rows) == [(kind, cast.lead.pk, token.pk) for kind in ("token_used", "token_refused")]
