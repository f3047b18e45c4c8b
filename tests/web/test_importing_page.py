"""Bringing in a list on its page: seen before it is recorded, nothing else recorded than what was seen, no half import."""

from __future__ import annotations

import re
from datetime import date
from html import unescape
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.web.pages import WHO, client, seen
from tickmark.controls import actions as controls
from tickmark.controls.bringing import Asked, reading
from tickmark.controls.models import Control, ControlVersion, PolicyVersion
from tickmark.kernel.ledger.entry import Entry
from tickmark.scope.models import Component, ProgrammeImport, VendorVersion

HEAD = "Asset ID,Name,Type,Description,Owner,Shoe size\n"
LIST = (
    HEAD
    + "cache,Cache,Infrastructure,Holds sessions.,Owner,44\nbilling,Billing,Software,Sends invoices.,,45\n"
)
DAY = {"first_day": "2026-01-05", "kind": "any", "system": "ledger"}


@pytest.fixture
def lead(program: SimpleNamespace) -> Any:
    return client(program, "lead")


def sent(text: str | bytes, name: str = "list.csv", **more: Any) -> dict[str, Any]:
    content = text if isinstance(text, bytes) else text.encode()
    return {"files": SimpleUploadedFile(name, content), **DAY, **more}


def words(answer: Any) -> str:
    """The text of a page or fragment."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())).split())


def fingerprint(answer: Any) -> str:
    [found] = re.findall(r'name="seen" value="([0-9a-f]{64})"', answer.content.decode())
    return str(found)


def recorded(lead: Any, text: str, **more: Any) -> Any:
    """Bring in a list whose preview was looked at."""
    shown = lead.post("/scope/import/preview", sent(text, **more))
    return lead.post("/scope/import/", sent(text, **more, seen=fingerprint(shown)))


def counted() -> tuple[int, ...]:
    return tuple(one.objects.count() for one in (Component, Control, ControlVersion, ProgrammeImport, Entry))


def test_the_page_is_for_those_who_lead_the_programme(program: SimpleNamespace) -> None:
    found = seen(program, "/scope/import/")
    assert {who: found[who] for who in WHO} == {
        "founder": 200, "lead": 200, "owner": 404, "employee": 404, "auditor": 404, "stranger": 404,
        "visitor": "/account/login/?next=%2Fscope%2Fimport%2F",
    }  # fmt: skip
    for address in ("/scope/import/preview", "/scope/import/table.csv", "/scope/import/"):
        assert client(program, "owner").post(address, sent(LIST)).status_code == 404


def test_a_list_is_shown_then_recorded_then_changes_nothing(program: SimpleNamespace, lead: Any) -> None:
    before = counted()
    shown = lead.post("/scope/import/preview", sent(LIST), headers={"HX-Request": "true"})
    told = words(shown)
    assert "Read as CSV, split by commas: components." in told
    assert "2 new 0 changed 0 the same 0 refused" in told
    assert "Column Shoe size It goes into no field." in told
    assert counted() == before
    done = lead.post("/scope/import/", sent(LIST, seen=fingerprint(shown)))
    assert done.headers["Location"] == "/scope/components/"
    assert counted() == tuple(a + b for a, b in zip(before, (2, 0, 0, 1, 1), strict=True))
    [cache, billing] = Component.objects.order_by("pk")
    assert (cache.code, cache.name, cache.kind, cache.owner, str(cache.effective_from)) == (
        "cache", "Cache", "infrastructure", program.cast.owner, "2026-01-05",
    )  # fmt: skip
    assert billing.owner is None
    made = ProgrammeImport.objects.get()
    assert (made.source, made.new, made.changed) == ("list.csv (CSV, split by commas)", 2, 0)
    again = lead.post("/scope/import/preview", sent(LIST), headers={"HX-Request": "true"})
    assert "Nothing would change. The books say all of it already." in words(again)
    assert b'name="seen"' not in again.content
    sent_twice = sent(LIST, seen=fingerprint(shown))
    refused = lead.post("/scope/import/", sent_twice, headers={"HX-Request": "true"})
    assert (refused.status_code, "Nothing would change." in words(refused)) == (422, True)


def test_a_list_without_codes_means_what_stands_by_its_names(lead: Any) -> None:
    recorded(lead, "Asset ID,Name,Type\nD-1,Customer records,data\nS-1,Support tool,software\n")
    other = "Name,Type,What it is for,Data\nsupport tool,software,Tickets,Customer records\n"
    shown = lead.post("/scope/import/preview", sent(other, kind="component", first_day="2026-02-01"))
    assert "0 new 1 changed 0 the same 0 refused" in words(shown)
    lead.post(
        "/scope/import/",
        sent(other, kind="component", first_day="2026-02-01", seen=fingerprint(shown)),
    )
    newest = Component.objects.latest("pk")
    assert (newest.code, newest.description, newest.data) == ("S-1", "Tickets", ["D-1"])
    planned = "Asset ID,Name,Type\nS-7,Ticket desk,software\n"
    recorded(lead, planned, first_day="2027-06-01")
    again = lead.post(
        "/scope/import/preview",
        sent("Name,Type,Description\nTicket desk,software,New\n", kind="component", first_day="2027-07-01"),
    )
    assert "0 new 1 changed" in words(again), "What is planned for a later day is known by its name, too."


def test_a_change_is_shown_field_by_field(lead: Any) -> None:
    recorded(lead, LIST)
    other = (
        HEAD
        + "cache,Cache,Infrastructure,Holds sessions for an hour.,Owner,44\nbilling,Billing,Software,,,\n"
    )
    shown = lead.post("/scope/import/preview", sent(other, first_day="2026-02-01"))
    told = words(shown)
    assert "0 new 1 changed 1 the same 0 refused" in told
    assert "Description Holds sessions. Holds sessions for an hour." in told
    assert "choose the same one above again, then record it" in told
    lead.post("/scope/import/", sent(other, first_day="2026-02-01", seen=fingerprint(shown)))
    newest = Component.objects.filter(code="cache").latest("pk")
    assert (newest.description, str(newest.effective_from)) == ("Holds sessions for an hour.", "2026-02-01")


def test_without_a_preview_nothing_is_recorded(lead: Any) -> None:
    before = counted()
    for more in ({}, {"seen": ""}):
        refused = lead.post("/scope/import/", sent(LIST, **more))
        assert (refused.status_code, counted()) == (422, before)
        assert "Nothing was recorded: the preview was not looked at." in words(refused)


def test_another_file_than_the_one_that_was_seen_is_not_recorded(lead: Any) -> None:
    shown = lead.post("/scope/import/preview", sent(LIST))
    before = counted()
    other = lead.post("/scope/import/", sent(LIST.replace("Billing", "Payroll"), seen=fingerprint(shown)))
    assert (other.status_code, counted()) == (409, before)
    assert "Look at the preview again." in words(other)


def test_where_hardly_a_column_is_known_the_columns_come_before_what_is_refused(lead: Any) -> None:
    text = "Key,Our heading,Their words\nAC-01,Review,Access is reviewed.\n"
    html = lead.post("/scope/import/preview", sent(text, kind="control")).content.decode()
    assert "Few of the columns were known." in html
    assert html.count('id="import-columns"') == 1
    assert html.index('id="import-columns" open') < html.index('id="import-refused"')
    known = "Control ID,Title,Statement,Criteria\nAC-01,Review,Access is reviewed.,CC9.9\n"
    html = lead.post("/scope/import/preview", sent(known, kind="control")).content.decode()
    assert "Few of the columns were known." not in html
    assert html.count('id="import-columns"') == 1
    assert html.index('id="import-refused"') < html.index('id="import-columns" open')


THEIRS = "Control ID,Title,Description,Criteria\n{0},One,Somebody does it.,CC6.1\n"
SAYS = {"owner": "owner@northlight.example", "nature": "M", "purpose": "P", "frequency": "daily"}


def test_a_withdrawn_control_is_known_by_what_others_call_it(program: SimpleNamespace, lead: Any) -> None:
    def proposed(name: str) -> str:
        text = THEIRS.format(name)
        [item] = reading(program.actor("lead"), [("list.csv", text.encode())], Asked("control")).items
        return item.code

    code = proposed("7 access")
    recorded(lead, THEIRS.format("7 access"), **SAYS)
    controls.retire(program.actor("lead"), Control.objects.get(code=code), date(2026, 2, 1), "Gone")
    assert proposed("7 access") == code
    assert proposed("8 access") != code


def test_if_one_row_is_refused_nothing_is_recorded(lead: Any) -> None:
    bad = LIST + "x y,Odd,Software,,,\nqueue,Queue,Machine,,Nobody,\n"
    before = counted()
    told = words(lead.post("/scope/import/preview", sent(bad)))
    assert "Nothing can be recorded yet. All of it is recorded or nothing. 2 places must be corrected" in told
    assert "list.csv, row 5, Type 'Machine' is none of the words that are known." in told
    assert "list.csv, row 5, Owner 'Nobody' is nobody who has an account here." in told
    refused = lead.post("/scope/import/", sent(bad))
    assert (refused.status_code, counted()) == (422, before)
    assert "Nothing was recorded: something cannot be read." in words(refused)


def test_what_an_action_refuses_is_told_by_its_row(lead: Any) -> None:
    text = "Asset ID,Name,Type,Provider\ncache,Cache,Infrastructure,Nobody Inc.\n"
    told = words(lead.post("/scope/import/preview", sent(text)))
    assert "list.csv, row 2 There is no vendor Nobody Inc.." in told
    assert "0 new 0 changed 0 the same 1 refused" in told


def test_columns_that_a_person_moves_are_read_so(lead: Any) -> None:
    text = "Control ID,Title,Description,Criteria,Our words\nAC-71,One,Theirs,CC6.1,Ours\n"
    said = {"owner": "owner@northlight.example", "nature": "M", "purpose": "P", "frequency": "daily"}
    columns = {
        "heading": ["Control ID", "Title", "Description", "Criteria", "Our words"],
        "into": ["code", "title", "", "criteria", "statement"],
        "mapped": "control",
    }
    shown = lead.post("/scope/import/preview", sent(text, **said, **columns))
    assert "Statement Ours" in words(shown)
    lead.post("/scope/import/", sent(text, **said, **columns, seen=fingerprint(shown)))
    version = ControlVersion.objects.get(control__code="AC-71")
    assert (version.statement, version.nature, version.frequency) == ("Ours", "M", "daily")
    other = words(lead.post("/scope/import/preview", sent(text, **columns, kind="policy")))
    assert "Version" in other and "Read as CSV, split by commas: policies." in other


def test_a_second_import_finds_what_the_first_named(lead: Any, program: SimpleNamespace) -> None:
    text = "Control ID,Title,Description,Criteria\nacc.review,One,Words,CC6.1\n"
    said = {"owner": "owner@northlight.example", "nature": "M", "purpose": "P", "frequency": "daily"}
    recorded(lead, text, **said)
    version = ControlVersion.objects.get(control__code="IMP-01")
    assert version.foreign_ids == ["file:acc.review"]
    told = words(lead.post("/scope/import/preview", sent(text.replace("Words", "Other words"), **said)))
    assert "0 new 1 changed 0 the same 0 refused" in told


def test_documents_become_policies(lead: Any) -> None:
    def given(**more: Any) -> dict[str, Any]:
        texts = {"POL-61 Access.md": b"# Access\n\nBy role.\n", "Leaving.txt": b"Keys are returned.\n"}
        files = [SimpleUploadedFile(name, content) for name, content in texts.items()]
        return {**DAY, "owner": "owner@northlight.example", "files": files, **more}

    shown = lead.post("/scope/import/preview", given())
    done = lead.post("/scope/import/", given(seen=fingerprint(shown)))
    assert done.headers["Location"] == "/policies/"
    rows = PolicyVersion.objects.order_by("policy__code").values_list(
        "policy__code", "title", "label", "text"
    )
    assert list(rows) == [
        ("POL-51", "Leaving", "1", "Keys are returned.\n"),
        ("POL-61", "Access", "1", "# Access\n\nBy role.\n"),
    ]


def test_a_library_is_taken_as_a_table_to_fill_in(lead: Any) -> None:
    library = b"urn: u\nobjects:\n  reference_controls:\n    - {urn: a, ref_id: AC-81, name: '=One', description: Words}\n"
    told = words(lead.post("/scope/import/preview", sent(library, "own.yaml")))
    assert "It says no criteria. Only the company can say it. Take it as a table" in told
    answer = lead.post("/scope/import/table.csv", sent(library, "own.yaml"))
    assert answer.headers["Content-Disposition"] == 'attachment; filename="controls-to-fill-in.csv"'
    head, row = answer.content.decode("utf-8-sig").splitlines()
    assert head == (
        "Code,Title,Statement,Criteria,Nature,Purpose,Frequency,Owner,Backup owner,Policy,Evidence wanted,"
        "Performed by,Reviewed by,Id elsewhere,In force from"
    )
    assert row == "AC-81,'=One,Words,,,,,,,,,,,ciso-assistant:a,"
    filled = f"{head}\n" + row.replace("Words,,,,,", "Words,CC6.1,manual,preventive,daily,Owner")
    recorded(lead, filled)
    version = ControlVersion.objects.get(control__code="AC-81")
    assert (version.title, version.criteria, version.foreign_ids) == ("=One", ["CC6.1"], ["ciso-assistant:a"])


def test_what_cannot_be_read_at_all_is_said_in_place(lead: Any) -> None:
    for text, name, why in (
        (b"%PDF-1.4", "list.pdf", "It is a PDF."),
        (b"foo,bar\n1,2\n", "list.csv", "Nobody can tell what 'list.csv' lists."),
    ):
        answer = lead.post("/scope/import/preview", sent(text, name), headers={"HX-Request": "true"})
        assert (answer.status_code, why in words(answer)) == (422, True)
        page = lead.post("/scope/import/", sent(text, name))
        assert (page.status_code, why in words(page), "Bring in what you have" in words(page)) == (
            422,
            True,
            True,
        )
    nothing = lead.post("/scope/import/", dict(DAY))
    assert (nothing.status_code, "No file is chosen." in words(nothing)) == (422, True)


def test_hostile_words_stay_words(lead: Any) -> None:
    text = HEAD.replace("Shoe size", "<b>x</b>") + "evil,<script>alert(1)</script>,Software,,,<i>y</i>\n"
    shown = lead.post("/scope/import/preview", sent(text)).content.decode()
    assert "<script>alert" not in shown and "<i>y" not in shown and "<b>x" not in shown


def test_lists_lead_to_it_for_those_who_may(program: SimpleNamespace, lead: Any) -> None:
    for address, target in (
        ("/controls/", "/scope/import/?kind=control"),
        ("/scope/components/", "/scope/import/?kind=component"),
        ("/scope/vendors/", "/scope/import/?kind=vendor"),
        ("/policies/", "/scope/import/"),
    ):
        assert f'href="{target}"' in lead.get(address).content.decode()
        assert target not in client(program, "owner").get(address).content.decode()
    assert '<option value="control" selected>' in lead.get("/scope/import/?kind=control").content.decode()


def test_three_rows_ask_the_books_no_more_often_to_be_shown_than_one(lead: Any) -> None:
    def asked(rows: int) -> int:
        text = HEAD + "".join(f"c-{n},C,Software,,Owner,\n" for n in range(rows))
        with CaptureQueriesContext(connection) as caught:
            assert lead.post("/scope/import/preview", sent(text)).status_code == 200
        return len(caught)

    asked(1)
    each = 4  # savepoint, the newest version, the row, release: by each part's own action
    assert asked(3) - asked(1) == 2 * each


def test_vendors_keep_what_the_list_does_not_say(lead: Any) -> None:
    recorded(lead, "Vendor,Service,Owner\nAcme,Paper,Owner\n")
    recorded(lead, "Vendor,Service,Owner\nAcme,Paper and ink,\n")
    newest = VendorVersion.objects.latest("pk")
    assert (newest.vendor.code, newest.service, newest.owner.name) == ("acme", "Paper and ink", "Owner")
