"""The forms of components and vendors: what was typed as lines, ticks and people is what the books hold."""

from __future__ import annotations

from datetime import date

import pytest

from tests.web.pages import client
from tickmark.scope import actions
from tickmark.scope.models import Component, VendorVersion

DAY = date(2025, 11, 1)
HTMX = {"HX-Request": "true"}


@pytest.fixture
def made(program):
    lead, system = program.actor("lead"), program.system
    actions.add_vendor(lead, "host", "Host, Inc.", "Cloud", DAY)
    actions.commit(lead, system, "C-1", "commitment", "security", "Safe", "Terms", DAY)
    actions.place(lead, system, "records", "data", "Records", DAY)
    program.db = actions.place(lead, system, "db", "infrastructure", "Database", DAY)
    return program


def given(program, **more):
    return {"system": program.system.ref, "code": "app", "kind": "software", "name": "Ledger", "effective_from": "2026-11-01",
            "inside": "true", "next": "/scope/components/", **more}  # fmt: skip


def test_a_component_with_everything_it_has_to_do_with(made):
    owner, backup = made.cast.owner, made.cast.lead
    posted = given(
        made, data=["records"], commitments=["C-1"], flows="Database: entries, each signed\nhost : volumes\n\n",
        supplier="host", location="two zones", owner=owner.ref, backup_owner=backup.ref,
    )  # fmt: skip
    found = client(made, "lead").post("/scope/components/new", posted)
    assert found.headers["Location"] == "/scope/components/"
    row = Component.objects.get(code="app")
    assert (row.data, row.commitments, row.supplier, row.location) == (
        ["records"],
        ["C-1"],
        "host",
        "two zones",
    )
    assert row.flows == [{"to": "db", "what": "entries, each signed"}, {"to": "host", "what": "volumes"}]
    assert (row.owner, row.backup_owner) == (owner, backup)


def test_its_form_shows_what_stands_and_a_new_version_keeps_it(made):
    browser = client(made, "lead")
    browser.post(
        "/scope/components/new", given(made, data=["records"], flows="db: entries", owner=made.cast.owner.ref)
    )
    row = Component.objects.get(code="app")
    page = browser.get(f"/scope/components/{row.ref}").content.decode()
    assert ">\nDatabase: entries</textarea>" in page
    assert 'value="records" checked' in page
    again = given(made, data=["records"], flows="db: entries", name="The ledger", base=row.ref)
    assert browser.post(f"/scope/components/{row.ref}", again).status_code == 302
    assert Component.objects.as_of(date(2026, 11, 1)).get(code="app").name == "The ledger"


def test_a_line_that_says_half_is_refused_at_its_field(made):
    for typed in ("entries", ": entries", "db:"):
        found = client(made, "lead").post("/scope/components/new", given(made, flows=typed), headers=HTMX)
        assert found.status_code == 422
        assert b"says only half" in found.content
    assert not Component.objects.filter(code="app").exists()


def test_what_was_withdrawn_stays_ticked_so_that_nothing_is_dropped_unseen(made):
    lead = made.actor("lead")
    row = actions.place(lead, made.system, "app", "software", "Ledger", DAY, data=["records"])
    actions.place(lead, made.system, "records", "data", "Records", date(2026, 1, 1), withdrawn=True)
    page = client(made, "lead").get(f"/scope/components/{row.ref}").content.decode()
    assert "records (no longer in force)" in page


def test_a_vendor_with_its_owners_and_what_rests_on_it(made):
    posted = {"code": "host", "name": "Host, Inc.", "service": "Cloud", "effective_from": "2026-11-01", "next": "/scope/vendors/",
              "data": ["records"], "commitments": ["C-1"], "owner": made.cast.owner.ref, "backup_owner": made.cast.lead.ref}  # fmt: skip
    assert client(made, "lead").post("/do/scope.add_vendor", posted).status_code == 302
    row = VendorVersion.objects.as_of(date(2026, 11, 1)).get(vendor__code="host")
    assert (row.data, row.commitments) == (["records"], ["C-1"])
    assert (row.owner, row.backup_owner) == (made.cast.owner, made.cast.lead)


def test_lists_show_owners_and_what_each_has_to_do_with_others(made):
    lead = made.actor("lead")
    flows = [actions.parts.Flow(to="db", what="entries")]
    actions.place(lead, made.system, "app", "software", "Ledger", DAY, owner=made.cast.owner, backup_owner=made.cast.lead,
                  data=["records"], commitments=["C-1"], flows=flows, supplier="host")  # fmt: skip
    browser = client(made, "auditor")
    page = browser.get("/scope/components/").content.decode()
    for words in (
        "Holds Records",
        "For C-1",
        "Passes on entries to Database",
        "Supplied by Host, Inc.",
        "then Lead",
    ):
        assert words in page
    nobody = browser.get("/scope/components/?owned=no").content.decode()
    assert "Database" in nobody
    assert "Passes on" not in nobody
    rows = browser.get("/scope/components/list.csv").content.decode()
    assert "db: entries" in rows


def test_who_may_not_place_may_not_post_either(made):
    for who in ("owner", "employee", "auditor", "stranger"):
        assert client(made, who).post("/scope/components/new", given(made), headers=HTMX).status_code in (
            403,
            404,
        )
    assert not Component.objects.filter(code="app").exists()


def test_the_form_of_a_component_takes_what_dc_3_asks_of_its_kind_and_of_no_other(made):
    browser = client(made, "lead")
    posted = given(made, code="logs", kind="data", name="Logs", **{"detail-retention": "90 days", "detail-personal": "no",
                   "detail-headcount": "left over from another kind"})  # fmt: skip
    assert browser.post("/scope/components/new", posted).headers["Location"] == "/scope/components/"
    row = Component.objects.get(code="logs")
    assert row.details == {"retention": "90 days", "personal": "no"}
    page = browser.get(f"/scope/components/{row.ref}").content.decode()
    assert 'name="detail-retention" value="90 days"' in page
    assert '<option value="no" selected>' in page
    shown = browser.get("/scope/components/?kind=data").content.decode()
    assert "Kept for: 90 days" in shown and "Personal data: no" in shown
    sheet = browser.get("/scope/components/list.csv?kind=data").content.decode()
    assert "Kept for" in sheet.splitlines()[0] and "90 days" in sheet


def test_a_role_without_personal_data_is_refused_and_nothing_is_recorded(made):
    posted = given(made, code="logs", kind="data", name="Logs", **{"detail-role": "processor"})
    found = client(made, "lead").post("/scope/components/new", posted, headers=HTMX)
    assert "A role is named for what is no personal data." in found.content.decode()
    assert not Component.objects.filter(code="logs").exists()


def test_two_days_side_by_side_tell_which_detail_changed(made):
    lead = made.actor("lead")
    actions.place(
        lead, made.system, "records", "data", "Records", date(2026, 2, 1), details={"retention": "90 days"}
    )
    page = client(made, "lead").get("/scope/history?from=2025-11-01&to=2026-03-01").content.decode()
    assert "More about it" in page and "Kept for: 90 days" in page
