"""The SCIM door: judged by an independent suite of checks, and what its calls become in the books."""

from __future__ import annotations

import json
from typing import Any

import pytest
import scim2_tester
from django.test import Client
from scim2_client.engines.wsgi import WSGISCIMClient

from tests.api.calling import application
from tickmark.kernel import clock
from tickmark.kernel.ledger.entry import Entry
from tickmark.people import actions, queries
from tickmark.people.models import AccountEnd, Departure, DirectoryEntry, Employment, Person

PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
ZOE = {
    "schemas": [USER],
    "userName": "zoe@northlight.example",
    "displayName": "Zoe Quill",
    "title": "Engineer",
}


@pytest.fixture
def secret(cast):
    """A directory's token, made by the founder."""
    return actions.make_token(cast.actor("founder"), "directory", ["scim"], "90").secret


@pytest.fixture
def scim(secret):
    """Calls of the directory: method, path, body; gives the answer."""

    def send(method: str, path: str, body: Any = None, token: str = secret) -> Any:
        return Client().generic(
            method,
            f"/scim/v2{path}",
            json.dumps(body) if body is not None else "",
            content_type="application/scim+json",
            headers={"Authorization": f"Bearer {token}"},
        )

    return send


def test_the_independent_suite_finds_nothing_wrong(secret):
    client = WSGISCIMClient(
        application(),
        base_url="http://localhost/scim/v2",
        headers={"Authorization": f"Bearer {secret}"},
        environ={"REMOTE_ADDR": "127.0.0.1"},
    )
    results = scim2_tester.check_server(client)
    good = {"SUCCESS", "SKIPPED", "ACCEPTABLE"}
    bad = [f"{one.status.name} {one.title}: {one.reason}" for one in results if one.status.name not in good]
    assert not bad, "\n".join(bad)
    assert sum(one.status.name == "SUCCESS" for one in results) > 20


def test_a_person_begins_changes_and_leaves_as_facts(scim, cast):
    made = scim(
        "POST", "/Users", {**ZOE, "externalId": "P-017", "emails": [{"value": "zoe@northlight.example"}]}
    )
    assert (made.status_code, made["Content-Type"]) == (201, "application/scim+json")
    ref = made.json()["id"]
    assert made["Location"].endswith(f"/scim/v2/Users/{ref}")
    person = Person.objects.get()
    assert (person.ref, person.key, person.name) == (ref, "P-017", "Zoe Quill")
    assert Employment.objects.get().starts_on == clock.today()
    changed = scim("PATCH", f"/Users/{ref}", _patch("replace", "title", "Lead engineer"))
    assert changed.json()["title"] == "Lead engineer"
    left = scim("PATCH", f"/Users/{ref}", _patch("Replace", "active", "False"))
    assert (left.status_code, left.json()["active"]) == (200, False)
    assert Departure.objects.get().ends_on == clock.today()
    assert [row.title for row in DirectoryEntry.objects.order_by("pk")] == [
        "Engineer",
        *["Lead engineer"] * 2,
    ]
    verbs = Entry.objects.filter(verb="people.provision")
    assert {(row.actor, row.actor_kind) for row in verbs} == {(cast.founder.ref, "token")}
    assert verbs.count() == 3


def _patch(op: str, path: str, value: Any) -> dict[str, Any]:
    return {"schemas": [PATCH], "Operations": [{"op": op, "path": path, "value": value}]}


def test_the_same_again_writes_nothing(scim):
    ref = scim("POST", "/Users", ZOE).json()["id"]
    before = Entry.objects.count()
    assert scim("PUT", f"/Users/{ref}", ZOE).status_code == 200
    assert scim("PATCH", f"/Users/{ref}", _patch("replace", "active", True)).status_code == 200
    assert Entry.objects.count() == before


def test_who_leaves_loses_the_account_its_sessions_and_its_tokens_at_once(scim, cast):
    token = actions.make_token(cast.actor("owner"), "ci", ["read"]).secret
    browser = Client()
    browser.force_login(cast.owner)
    assert browser.get("/ledger").status_code == 200
    body = {**ZOE, "userName": "owner", "emails": [{"value": cast.owner.email}]}
    ref = scim("POST", "/Users", body).json()["id"]
    assert Person.objects.get().user == cast.owner
    scim("PUT", f"/Users/{ref}", {**body, "active": False})
    assert browser.get("/ledger").status_code == 302
    assert Client().get("/api/me", headers={"Authorization": f"Bearer {token}"}).status_code == 401
    assert "directory" in AccountEnd.objects.get().reason


def test_the_account_behind_the_token_stays(scim, cast):
    body = {**ZOE, "userName": "founder", "emails": [{"value": cast.founder.email}]}
    ref = scim("POST", "/Users", body).json()["id"]
    answer = scim("DELETE", f"/Users/{ref}")
    assert (answer.status_code, scim("GET", f"/Users/{ref}").status_code) == (409, 200)


def test_an_auditors_account_is_no_person_of_the_company(scim, cast):
    scim("POST", "/Users", {**ZOE, "emails": [{"value": cast.auditor.email}]})
    assert Person.objects.get().user is None


def test_who_was_taken_off_comes_back_as_the_same_person_with_a_spell_of_its_own(scim):
    ref = scim("POST", "/Users", ZOE).json()["id"]
    assert scim("DELETE", f"/Users/{ref}").status_code == 204
    assert scim("GET", f"/Users/{ref}").status_code == 404
    again = scim("POST", "/Users", ZOE)
    assert (again.status_code, again.json()["id"]) == (201, ref)
    first, second = Employment.objects.order_by("pk")
    assert second.starts_on > queries.ends_on(first)


def test_a_user_name_is_taken_once_in_any_case(scim):
    scim("POST", "/Users", ZOE)
    answer = scim("POST", "/Users", {**ZOE, "userName": ZOE["userName"].upper()})
    assert (answer.status_code, answer.json()["scimType"]) == (409, "uniqueness")


@pytest.mark.parametrize(
    ("filter", "found"),
    [
        ('userName eq "ZOE@northlight.example"', 1),
        ('externalId eq "x"', 0),
        ('userName eq "a\\"b"', 0),
        ('id eq "PE-999"', 0),
    ],
)
def test_a_filter_finds_what_is_equal(scim, filter, found):
    scim("POST", "/Users", ZOE)
    assert scim("GET", f"/Users?filter={filter}").json()["totalResults"] == found


@pytest.mark.parametrize(
    "filter", ['userName co "z"', "userName eq zoe", 'password eq "x"', 'userName eq "a" or id eq "b"']
)
def test_another_filter_is_refused_and_never_answered_with_everybody(scim, filter):
    answer = scim("GET", f"/Users?filter={filter}")
    assert (answer.status_code, answer.json()["scimType"]) == (400, "invalidFilter")


BAD = [
    ("POST", "/Users", []),
    ("POST", "/Users", {**ZOE, "userName": 7}),
    ("POST", "/Users", {"schemas": [USER]}),
    ("POST", "/Users", {**ZOE, "active": "perhaps"}),
    ("POST", "/Users", {**ZOE, "displayName": "x" * 201}),
    ("POST", "/Users", {**ZOE, "displayName": "Ada\u202egnp"}),
    ("POST", "/Users", {**ZOE, "emails": [{"value": "nobody"}]}),
    ("POST", "/Users", {**ZOE, "emails": "zoe"}),
    ("GET", "/Users?count=x", None),
]


@pytest.mark.parametrize(("method", "path", "body"), BAD)
def test_bad_input_is_refused_and_leaves_nothing(scim, method, path, body):
    before = Entry.objects.count()
    answer = scim(method, path, body)
    assert (answer.status_code, answer.json()["status"]) == (400, "400")
    assert Entry.objects.count() == before


@pytest.mark.parametrize("scopes", [["read"], ["people.provision"], ["read", "people.add"]])
def test_a_token_without_the_scope_is_nobody_at_this_door(scim, cast, scopes):
    token = actions.make_token(cast.actor("founder"), "other", scopes).secret
    assert scim("GET", "/Users", token=token).status_code == 401


def test_a_directorys_token_is_nobody_at_every_other_door(secret, cast):
    bearer = {"Authorization": f"Bearer {secret}"}
    assert Client().get("/api/me", headers=bearer).status_code == 401
    body = json.dumps({"user": cast.employee.ref, "role": "admin"})
    answer = Client().post("/api/people/grant", body, content_type="application/json", headers=bearer)
    assert answer.status_code == 401


def test_only_who_administers_accounts_provisions(scim, cast):
    token = actions.make_token(cast.actor("lead"), "mine", ["scim"]).secret
    assert scim("POST", "/Users", ZOE, token=token).status_code == 403


def test_a_session_opens_no_scim(cast):
    browser = Client()
    browser.force_login(cast.founder)
    assert browser.get("/scim/v2/Users").status_code == 401
