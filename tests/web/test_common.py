"""The ledger's page, downloads and health; what the frame turns away says what, why and what to do."""

from __future__ import annotations

import csv
import io

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.deeds import writing
from tickmark.evidence.models import Evidence
from tickmark.kernel import clock, files
from tickmark.kernel.ledger.seal import origin, seal
from tickmark.people import actions as people
from tickmark.people.models import Role
from tickmark.web.errors import broken


def evidence(cast):
    kept = files.keep(b"quarter,reviewer\nQ2,ada\n")
    with writing(cast.lead):
        row = Evidence(
            sha256=kept.sha256, size=kept.size, name="review.csv", media_type="text/csv", kind="DOC",
            source="the owner", collected_at=clock.now(),
        )  # fmt: skip
        row.save()
    return row


@pytest.fixture
def entries(cast):
    """One entry of a leader of the company, one of an auditor, one of another auditor."""
    people.grant(cast.actor("founder"), cast.owner, Role.REVIEWER)
    for who in ("auditor", "staff"):
        people.make_token(cast.actor(who), name=f"of {who}", scopes=["audit.mark"], days=30)
    seal()


def verbs(client, user):
    client.force_login(user)
    page = client.get("/ledger.csv")
    assert page.status_code == 200, page.text[:300]
    found = [row["What"] for row in csv.DictReader(io.StringIO(page.text.lstrip("\ufeff")))]
    return [verb for verb in found if verb != "tests.write"]


def test_each_side_reads_its_own_entries(client, cast, entries):
    assert verbs(client, cast.lead) == ["people.grant"]
    assert verbs(client, cast.staff) == ["people.make_token"]
    assert verbs(client, cast.stranger) == []
    assert verbs(client, cast.employee) == []


def test_the_ledger_page_names_checkpoint_key_and_people(client, cast, entries):
    client.force_login(cast.founder)
    page = client.get("/ledger").text
    assert f'data-copy="{seal().root}"' in page
    assert "Founder" in page and "people.grant" in page and "people.make_token" not in page


def test_the_ledger_page_says_that_the_log_was_set_back(client, cast, entries):
    from tickmark.kernel.recovery.known import begin_epoch

    client.force_login(cast.founder)
    assert "This log was set back" not in client.get("/ledger").text
    seal()
    begin_epoch("the disk died")
    page = " ".join(client.get("/ledger").text.split())
    assert "This log was set back." in page and "Epoch 2 began on" in page and ": the disk died." in page
    assert client.get("/ledger/checkpoint").content.decode().split("\n")[0] == origin()


def test_the_ledger_page_costs_the_same_for_one_and_for_many(client, cast, django_assert_num_queries):
    client.force_login(cast.founder)
    client.get("/ledger")  # the first page of a program costs more: some things are asked for once
    people.grant(cast.actor("founder"), cast.owner, Role.REVIEWER)
    with CaptureQueriesContext(connection) as one:
        client.get("/ledger")
    for role in (Role.CONTRIBUTOR, Role.ADVISER, Role.ADMIN):
        people.grant(cast.actor("founder"), cast.owner, role)
    with django_assert_num_queries(len(one)):
        client.get("/ledger")


def test_the_checkpoint_is_a_file_to_keep(client, cast, entries):
    answer = client.get("/ledger/checkpoint")
    assert answer.text == seal().note
    assert answer["Content-Disposition"] == f'attachment; filename="checkpoint-{seal().size}.txt"'


def test_a_kept_file_comes_as_an_attachment(client, cast):
    row = evidence(cast)
    client.force_login(cast.lead)
    answer = client.get(f"/files/{row.ref}")
    assert b"".join(answer.streaming_content) == b"quarter,reviewer\nQ2,ada\n"
    assert answer["Content-Disposition"] == 'attachment; filename="review.csv"'
    assert answer["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("who", ["auditor", "employee"])
def test_a_file_that_one_may_not_see_is_not_there(client, cast, who):
    row = evidence(cast)
    client.force_login(getattr(cast, who))
    assert client.get(f"/files/{row.ref}").status_code == 404


@pytest.mark.parametrize("reference", ["EV-999999", "US-1", "..", "EV-1%00", "XX-1"])
def test_what_is_no_file_is_not_there(client, cast, reference):
    client.force_login(cast.lead)
    assert client.get(f"/files/{reference}").status_code == 404


def test_a_file_that_was_changed_on_disk_is_not_given_out(client, cast, settings):
    row = evidence(cast)
    path = settings.HOME / "files" / row.sha256[:2] / row.sha256
    path.chmod(0o640)
    path.write_bytes(b"quarter,reviewer\nQ2,bob\n")
    client.force_login(cast.lead)
    answer = client.get(f"/files/{row.ref}")
    assert answer.status_code == 409 and "was changed on disk" in answer.text


# -- what the frame turns away --------------------------------------------------------------------------------------


def test_an_old_form_says_that_nothing_was_recorded(cast):
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.founder)
    answer = client.post("/do/people.grant", {"user": cast.owner.ref, "role": "lead"})
    assert answer.status_code == 403 and "The form expired before it was sent." in answer.text
    scripted = client.post("/do/people.grant", {}, headers={"HX-Request": "true"})
    assert scripted.status_code == 403 and scripted.text.lstrip().startswith("<div")


def test_too_much_text_says_how_much_may_be(client, cast, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    client.force_login(cast.founder)
    answer = client.post("/do/people.grant", {"user": "x" * 2000})
    assert answer.status_code == 413 and "1000" in answer.text.replace("\xa0", " ")


def test_too_many_fields_are_too_many(client, cast, settings):
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 5
    client.force_login(cast.founder)
    answer = client.post("/do/people.grant", {f"f{n}": "x" for n in range(9)})
    assert answer.status_code == 413 and "too many parts" in answer.text


def test_another_host_is_not_answered(client, cast):
    answer = client.get("/ledger", headers={"host": "elsewhere.example"})
    assert answer.status_code == 400 and "was not understood" in answer.text


def test_the_page_for_a_mistake_of_the_program_needs_no_books(rf):
    answer = broken(rf.get("/"))
    assert answer.status_code == 500 and "The program failed." in answer.text


def test_an_unknown_address_is_a_page(client, cast):
    client.force_login(cast.founder)
    answer = client.get("/nowhere")
    assert answer.status_code == 404 and "There is no such page." in answer.text
