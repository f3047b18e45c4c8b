"""The one door through which pages write: what was typed is never lost, a refused call writes nothing at all."""

from __future__ import annotations

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tickmark.evidence.models import Evidence
from tickmark.kernel.ledger.entry import Entry
from tickmark.people.models import Role, RoleGrant

SCRIPT = {"HX-Request": "true"}


def kept(settings):
    """The files in the store."""
    return sorted(path.name for path in (settings.HOME / "files").rglob("*") if path.is_file())


def upload(content=b"quarter,reviewer\nQ2,ada\n", name="review.csv"):
    return SimpleUploadedFile(name, content, "text/csv")


def document(program, **more):
    return {
        "upload": upload(), "kind": "REC", "source": "the owner", "control": program.control.ref,
        "covers_from": "2026-04-01", "covers_to": "2026-06-30", "observed_at": "2026-07-02T09:00:00Z", **more,
    }  # fmt: skip


def test_a_form_becomes_an_action_and_goes_to_next(client, cast):
    client.force_login(cast.founder)
    answer = client.post(
        "/do/people.grant",
        {"user": cast.owner.ref, "role": "reviewer", "next": "/people/{ref}", "say": "Granted."},
        follow=False,
    )
    grant = RoleGrant.objects.get(user=cast.owner, role=Role.REVIEWER)
    assert (answer.status_code, answer["Location"]) == (302, f"/people/{grant.ref}")


def test_the_script_is_told_where_to_go(client, cast):
    client.force_login(cast.founder)
    form = {"user": cast.owner.ref, "role": "reviewer", "next": "/people/"}
    answer = client.post("/do/people.grant", form, headers=SCRIPT)
    assert (answer.status_code, answer["HX-Redirect"]) == (200, "/people/")


def test_a_place_of_the_page_that_is_shown_is_loaded_anew(client, cast):
    """A browser that is sent to a place of its own page only scrolls there: what was recorded would not be seen."""
    client.force_login(cast.founder)
    shown = {"reviewer": "/people/?page=2", "lead": "/people/?page=2#a", "owner": "/people/", "admin": ""}
    for role, path in shown.items():
        form = {"user": cast.employee.ref, "role": role, "next": "/people/?page=2#roles"}
        headers = {**SCRIPT, "HX-Current-URL": f"http://testserver{path}"} if path else SCRIPT
        answer = client.post("/do/people.grant", form, headers=headers)
        assert answer["HX-Redirect"] == form["next"]
        assert answer.get("HX-Refresh") == ("true" if "page=2" in path else None), role
    form |= {"user": cast.employee.ref, "role": "sponsor"}
    proxied = {**SCRIPT, "HX-Current-URL": "https://tickmark.example:8443/people/?page=2"}
    assert client.post("/do/people.grant", form, headers=proxied).get("HX-Refresh") == "true"


@pytest.mark.parametrize(
    "target", ["https://elsewhere.example/", "//elsewhere.example", "javascript:alert(1)", "people"]
)
def test_next_never_leads_away(client, cast, target):
    client.force_login(cast.founder)
    form = {"user": cast.owner.ref, "role": "reviewer", "next": target}
    assert client.post("/do/people.grant", form)["Location"] == "/"


def test_what_was_typed_comes_back_with_the_error_at_its_field(client, cast):
    client.force_login(cast.founder)
    form = {"key": "P-1", "name": "Ada <b>Lovelace</b>", "starts_on": "31 March", "next": "/people/"}
    answer = client.post("/do/people.add", form)
    assert answer.status_code == 422
    assert "Ada &lt;b&gt;Lovelace&lt;/b&gt;" in answer.text and 'value="31 March"' in answer.text
    assert "starts_on" in answer.text


def test_the_script_gets_the_error_alone(client, cast):
    client.force_login(cast.founder)
    answer = client.post("/do/people.add", {"key": "P-1", "name": "Ada"}, headers=SCRIPT)
    assert answer.status_code == 422 and answer.text.lstrip().startswith('<div class="callout')
    assert 'data-field="starts_on"' in answer.text


def test_a_password_is_never_sent_back(client, db):
    form = {"name": "Ada", "email": "no address", "password": "correct horse battery"}
    answer = client.post("/do/people.set_up", form)
    assert answer.status_code == 422 and "correct horse" not in answer.text


def test_only_posts_write_and_only_known_verbs(client, cast):
    client.force_login(cast.founder)
    assert client.get("/do/people.grant").status_code == 405
    assert client.post("/do/people.explode").status_code == 404


def test_a_form_writes_as_of_now_from_whatever_day_it_was_sent(client, cast):
    client.force_login(cast.founder)
    client.post("/do/people.grant?day=2020-01-01&known=1", {"user": cast.owner.ref, "role": "reviewer"})
    assert RoleGrant.objects.get(user=cast.owner, role=Role.REVIEWER).recorded_at.year > 2020


def test_an_upload_is_kept_and_cited(client, program, settings):
    client.force_login(program.cast.owner)
    answer = client.post("/do/evidence.file", document(program))
    assert answer.status_code == 302, answer.text
    row = Evidence.objects.get()
    assert kept(settings) == [row.sha256]
    assert Entry.objects.get(uid=row.entry).files == [row.sha256]


@pytest.mark.parametrize("who", ["employee", "auditor", "stranger"])
def test_a_refused_upload_leaves_no_file(client, program, settings, who):
    client.force_login(getattr(program.cast, who))
    before = Entry.objects.count()
    assert client.post("/do/evidence.file", document(program)).status_code in (403, 404)
    assert (kept(settings), Entry.objects.count()) == ([], before)


@pytest.mark.parametrize(
    "wrong", [{"kind": "XYZ"}, {"covers_from": "soon"}, {"control": "CO-999"}, {"observed_at": "x"}]
)
def test_an_upload_with_a_wrong_field_leaves_no_file(client, program, settings, wrong):
    client.force_login(program.cast.owner)
    assert client.post("/do/evidence.file", document(program, **wrong)).status_code in (404, 422)
    assert kept(settings) == []


def test_an_empty_file_is_refused(client, program, settings):
    client.force_login(program.cast.owner)
    answer = client.post("/do/evidence.file", document(program, upload=upload(b"")))
    assert answer.status_code == 422 and "The file is empty." in answer.text
    assert (kept(settings), Evidence.objects.count()) == ([], 0)


def test_a_name_of_a_file_is_only_a_label(client, program):
    client.force_login(program.cast.owner)
    client.post("/do/evidence.file", document(program, upload=upload(name="..\\..\\secret\\review.csv")))
    assert Evidence.objects.get().name == "review.csv"


def test_structures_travel_as_json(client, program):
    client.force_login(program.cast.lead)
    form = {
        "code": "CHG-02", "title": "Peer review", "statement": "Two people review.", "criteria": ["CC8.1", "CC7.1"],
        "nature": "I", "purpose": "P", "frequency": "event", "owner": program.cast.owner.ref,
        "effective_from": "2026-06-01", "parameters": json.dumps({"reviewers": 2}), "reason": "More eyes.",
    }  # fmt: skip
    answer = client.post("/do/controls.write", form)
    assert answer.status_code == 302, answer.text
    version = program.control.versions.latest("pk")
    assert (version.criteria, version.parameters) == (["CC8.1", "CC7.1"], {"reviewers": 2})
