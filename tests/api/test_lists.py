"""Lists: pages, filters, days; rows only through `visible`; as many queries for one row as for many."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.api.calling import call, get
from tickmark.api import auth, lists
from tickmark.api.door import api
from tickmark.api.schemas import columns
from tickmark.controls.models import ControlVersion
from tickmark.evidence.models import Support
from tickmark.kernel.access import visible


def refs(answer: Any) -> list[str]:
    """The references of a page."""
    assert answer.status_code == 200, answer.content
    return [row["ref"] for row in answer.json()["items"]]


@pytest.mark.parametrize("who", ["lead", "employee", "auditor", "stranger"])
@pytest.mark.parametrize("model", lists.nouns(), ids=lists.address)
def test_a_list_holds_what_the_character_may_see_and_nothing_else(world: Any, model: Any, who: str) -> None:
    wanted = [
        f"{model.PREFIX}-{pk}"
        for pk in visible(world.actor(who), model).order_by("pk").values_list("pk", flat=True)
    ]
    assert refs(get(world, who, f"/{lists.address(model)}?limit=200")) == wanted[:200]


def test_every_noun_has_an_address_of_its_own() -> None:
    names = [lists.address(model) for model in lists.nouns()]
    assert len(names) == len(set(names))
    assert {"controls/policies", "report/copies", "readiness/remedies", "evidence/evidence"} <= set(names)


def test_the_document_tells_each_noun_by_its_columns() -> None:
    known = api.get_openapi_schema()["components"]["schemas"]
    for model in lists.nouns():
        assert list(known[model.__name__]["properties"]) == [column.name for column in columns(model)]


def test_pages_follow_each_other_without_a_gap_and_without_a_double(world: Any) -> None:
    whole = refs(get(world, "auditor", "/audit/sample-items?limit=200"))
    found: list[str] = []
    after = ""
    while True:
        page = get(world, "auditor", f"/audit/sample-items?limit=30{after}").json()
        found += [row["ref"] for row in page["items"]]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert found[:200] == whole
    assert len(found) == len(set(found)) > 100


def test_a_row_is_its_reference_its_entry_and_its_fact(world: Any) -> None:
    row = get(world, "lead", f"/scope/exclusions/{world.exclusion.ref}").json()
    assert row == {
        "ref": world.exclusion.ref,
        "entry": str(world.exclusion.entry),
        "fact": world.exclusion.body(),
    }


def test_an_account_is_told_without_its_password(world: Any) -> None:
    row = get(world, "auditor", f"/people/users/{world.cast.lead.email}").json()
    assert row["fact"] == {
        "email": "lead@northlight.example",
        "name": "Lead",
        "side": "company",
        "is_active": True,
    }


def test_a_code_names_a_row_and_a_reference_wins(world: Any) -> None:
    for name in ("CHG-02", world.control.ref):
        assert get(world, "lead", f"/controls/controls/{name}").json()["fact"]["code"] == "CHG-02"
    call(world, "lead", "controls.write", {
        "code": world.control.ref, "title": "Poses", "statement": "As another.", "criteria": ["CC8.1"], "nature": "M",
        "purpose": "P", "frequency": "annual", "owner": world.cast.owner.ref, "effective_from": "2026-01-01",
    })  # fmt: skip
    assert get(world, "lead", f"/controls/controls/{world.control.ref}").json()["fact"]["code"] == "CHG-02"


def test_filters(world: Any) -> None:
    assert refs(get(world, "lead", "/controls/controls?code=chg")) == [world.control.ref]
    of_control = Support.objects.filter(control=world.control).order_by("pk")
    assert refs(get(world, "lead", "/evidence/supports?control=CHG-02")) == [row.ref for row in of_control]
    entry = world.exclusion.entry
    assert refs(get(world, "lead", f"/scope/exclusions?entry={entry}")) == [world.exclusion.ref]
    moves = refs(
        get(world, "staff", f"/audit/request-moves?request={world.returned_request.ref}&move=returned")
    )
    assert len(moves) == 1


def test_versions_answer_for_a_day_and_for_what_was_known(world: Any) -> None:
    query = f"?control={world.control.ref}&day="
    assert refs(get(world, "lead", f"/controls/control-versions{query}2025-10-31")) == []
    assert refs(get(world, "lead", f"/controls/control-versions{query}2026-01-01")) == [
        world.control_version.ref
    ]
    assert refs(get(world, "lead", f"/controls/control-versions{query}2026-01-01&known=0")) == []
    every = [row.ref for row in ControlVersion.objects.order_by("pk")]
    assert refs(get(world, "lead", "/controls/control-versions")) == every
    assert refs(get(world, "lead", "/controls/control-versions?known=0")) == []


@pytest.mark.parametrize(
    ("query", "status", "field"),
    [
        ("limit=201", 422, "limit"),
        ("limit=0", 422, "limit"),
        ("after=EV-1", 422, "after"),
        ("after=nothing", 422, "after"),
        ("day=yesterday", 422, "day"),
        ("day=0001-01-01", 422, "day"),
        ("known=-1", 422, "known"),
        ("colour=red", 422, "colour"),
        ("control=CT-999", 404, "control"),
        ("code=%00", 422, "code"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(world: Any, query: str, status: int, field: str) -> None:
    noun = "controls/controls" if query.startswith("code") else "controls/control-versions"
    answer = get(world, "lead", f"/{noun}?{query}")
    assert (answer.status_code, answer.json()["field"]) == (status, field), answer.content


def test_one_may_not_filter_by_what_one_does_not_see(world: Any) -> None:
    assert get(world, "lead", f"/audit/attributes?procedure={world.bare.ref}").status_code == 404
    assert get(world, "auditor", f"/audit/attributes?procedure={world.foreign_test.ref}").status_code == 404


@pytest.mark.parametrize("model", lists.nouns(), ids=lists.address)
def test_a_list_asks_as_often_for_one_row_as_for_many(
    world: Any, model: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        auth._calls, "need", lambda who: None
    )  # calls are counted in lots, each twentieth one
    who = "auditor" if visible(world.actor("auditor"), model).exists() else "lead"
    assert get(world, who, "/me").status_code == 200  # that a token is used is noted once an hour
    counts = []
    for limit in (1, 200):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert get(world, who, f"/{lists.address(model)}?limit={limit}").status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_the_proof_of_an_entry_goes_to_its_writer_and_to_whoever_sees_all_it_wrote(world: Any) -> None:
    def proof(who: str, row: Any) -> int:
        return int(get(world, who, f"/ledger/entries/{row.entry}/proof").status_code)

    conclusion = world.concluded.conclusions.first()
    assert proof("staff", conclusion) == 200
    assert proof("auditor", conclusion) == 200
    assert (proof("lead", conclusion), proof("founder", conclusion), proof("stranger", conclusion)) == (
        404,
        404,
        404,
    )
    assert (proof("lead", world.exclusion), proof("auditor", world.exclusion)) == (200, 200)
    assert (proof("employee", world.exclusion), proof("stranger", world.exclusion)) == (404, 404)
    assert proof("lead", world.published_deviation) == 200
    assert proof("lead", world.unpublished_deviation) == 404


def test_a_proof_leads_from_the_entry_to_the_signed_root(world: Any) -> None:
    import hashlib

    import rfc8785

    from tickmark.kernel.ledger.proof import Proof
    from tickmark.kernel.ledger.seal import signer
    from tickmark.kernel.ledger.tree import leaf_hash

    found = get(world, "lead", f"/ledger/entries/{world.exclusion.entry}/proof").json()
    leaf = hashlib.sha256(bytes.fromhex(found["salt"]) + rfc8785.dumps(found["entry"])).digest()
    assert found["leaf"] == leaf.hex()
    assert Proof.parse(found["proof"].encode()).proves(leaf_hash(leaf), signer().verifier)


def test_a_file_goes_to_those_who_see_its_row(world: Any) -> None:
    path = f"/files/{world.unshared.ref}"
    answer = get(world, "lead", path)
    assert b"".join(answer.streaming_content) == b"note 2"
    assert answer["Content-Disposition"] == 'attachment; filename="note 2.txt"'
    assert answer["Content-Type"] == "application/octet-stream"
    for who in ("auditor", "employee", "stranger"):
        assert get(world, who, path).status_code == 404
    assert get(world, "auditor", f"/files/{world.evidence.ref}").status_code == 200
    assert get(world, "lead", f"/files/{world.population.ref}").status_code == 404


def test_the_page_for_people_shows_every_operation_without_foreign_script(world: Any, client: Any) -> None:
    page = client.get("/api/docs").content.decode()
    for path in api.get_openapi_schema()["paths"]:
        name = path.removeprefix("/api").removesuffix("/{ref}")
        assert name in page, path
    assert "cdn" not in page and "http://" not in page.replace("http://testserver", "").replace(
        "http://www.w3.org", ""
    )
    assert client.get("/api/openapi.json").json()["info"]["title"] == "Tickmark"
