"""Who may call: tokens of least right, sessions with their proof, nobody else."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from tests.api.calling import token, written
from tickmark.kernel import clock
from tickmark.people import actions as people

EXCLUDE = {"system": "ledger", "what": "Pilot", "reason": "Three customers"}


def post(client: Client, **more: Any) -> Any:
    """A call that writes."""
    return client.post("/api/scope/exclude", json.dumps(EXCLUDE), content_type="application/json", **more)


def bearer(secret: str) -> dict[str, Any]:
    """The header of a token."""
    return {"headers": {"Authorization": f"Bearer {secret}"}}


def test_nobody_is_told_to_sign_in(world: Any) -> None:
    before = written()
    for answer in (Client().get("/api/me"), post(Client()), Client().get("/api/controls/controls")):
        assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Bearer")
        assert answer.json() == {
            "error": "Refused",
            "what": "You are not signed in.",
            "why": "There is no session and no token that works.",
            "remedy": "Send `Authorization: Bearer …` with a token from your account page.",
            "field": "",
        }
    assert written() == before


def test_a_token_without_the_scope_is_refused(world: Any) -> None:
    secret = token(world, "lead", ["read", "scope.describe"])
    before = written()
    answer = post(Client(), **bearer(secret))
    assert (answer.status_code, answer.json()["what"]) == (403, "This token may not do scope.exclude.")
    assert written() == before


def test_a_token_with_the_scope_does_that_and_reads_nothing(world: Any) -> None:
    secret = token(world, "lead", ["scope.exclude"])
    assert post(Client(), **bearer(secret)).status_code == 201
    for path in (
        "/api/me",
        "/api/tasks",
        "/api/scope/exclusions",
        "/api/files/EV-1",
        "/api/ledger/checkpoint",
    ):
        assert Client().get(path, **bearer(secret)).status_code == 403, path


def test_a_token_that_reads_cannot_write(world: Any) -> None:
    secret = token(world, "lead", ["read"])
    assert Client().get("/api/me", **bearer(secret)).json()["scopes"] == ["read"]
    assert post(Client(), **bearer(secret)).status_code == 403


def test_no_token_makes_tokens(world: Any) -> None:
    """A token of one scope would make itself one of all."""
    secret = token(world, "lead", ["people.make_token"])
    body = json.dumps({"name": "more", "scopes": ["people.grant"], "days": "90"})
    before = written()
    answer = Client().post("/api/people/make_token", body, content_type="application/json", **bearer(secret))
    assert (answer.status_code, answer.json()["what"]) == (403, "No token does people.make_token.")
    assert written() == before


def test_a_token_does_no_more_than_its_account(world: Any) -> None:
    assert post(Client(), **bearer(token(world, "employee", ["scope.exclude"]))).status_code in (403, 404)


def test_a_token_that_ended_or_expired_or_whose_account_was_closed_is_none(world: Any) -> None:
    kept = people.make_token(world.actor("lead"), "mine", ["read"], "7")
    secret = str(getattr(kept.secret, "get_secret_value", lambda: kept.secret)())
    assert Client().get("/api/me", **bearer(secret)).status_code == 200
    with time_machine.travel(clock.system_now() + timedelta(days=7, seconds=1)):
        assert Client().get("/api/me", **bearer(secret)).status_code == 401
    people.end_token(world.actor("lead"), kept)
    assert Client().get("/api/me", **bearer(secret)).status_code == 401
    people.end_account(world.actor("founder"), world.cast.staff, "Left")
    assert Client().get("/api/me", **bearer(token(world, "staff"))).status_code == 401


def test_a_session_reads_and_writes_only_with_its_proof(world: Any) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(world.cast.lead)
    assert client.get("/api/me").json()["scopes"] is None
    before = written()
    answer = post(client)
    assert (answer.status_code, answer.json()["error"]) == (403, "Refused")
    assert written() == before
    from django.conf import settings
    from django.middleware.csrf import _get_new_csrf_string

    proof = _get_new_csrf_string()
    client.cookies[settings.CSRF_COOKIE_NAME] = proof
    assert post(client, headers={"X-CSRFToken": proof}).status_code == 201


@pytest.mark.parametrize("header", ["Bearer wrong", "Bearer ", "Basic bGVhZDpsZWFk", "tm_lead_all"])
def test_a_bad_token_is_not_answered_by_the_session_instead(world: Any, header: str) -> None:
    client = Client()
    client.force_login(world.cast.lead)
    assert client.get("/api/me", headers={"Authorization": header}).status_code == 401


def test_me_tells_who_calls(world: Any) -> None:
    found = Client().get("/api/me", **bearer(token(world, "auditor", ["read"]))).json()
    assert found == {
        "ref": world.cast.auditor.ref,
        "name": "Auditor",
        "email": "auditor@northlight.example",
        "side": "auditor",
        "roles": ["auditor"],
        "engagements": [
            {"ref": row.ref, "code": row.code, "roles": ["lead"]}
            for row in (world.engagement, world.running, world.fresh, world.repeating)
        ],
        "scopes": ["read"],
    }
