"""Pages of evidence, readiness, home and the year: who sees them, what they offer, what they cost."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.web.pages import HOSTILE, client, seen
from tickmark.controls import actions as controls
from tickmark.evidence import actions
from tickmark.evidence.models import (
    CheckRun,
    Collection,
    Connection,
    Evidence,
    EvidenceKind,
    Population,
    Support,
)
from tickmark.kernel import clock, files, jobs
from tickmark.kernel.arguments import Upload
from tickmark.readiness import actions as readiness

NOW = datetime(2026, 8, 3, 15, tzinfo=UTC)
PROGRAMME = {"founder": 200, "lead": 200, "owner": 200, "employee": 404, "visitor": "/account/login/?next="}
LISTS = (
    "/evidence/",
    "/evidence/populations/",
    "/evidence/sources/",
    "/evidence/checks/",
    "/readiness/",
    "/upkeep/",
    "/tasks",
)


@pytest.fixture(autouse=True)
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock stands."""
    monkeypatch.setattr(clock, "now", lambda: NOW)


def file(program: SimpleNamespace, number: int, **given: Any) -> Evidence:
    """File a record as the owner."""
    kept = files.keep(f"record {number}\n".encode())
    upload = Upload(f"record-{number}.txt", "text/plain", kept.sha256, kept.size)
    return actions.file(
        program.actor("owner"),
        upload,
        EvidenceKind.REC,
        "ticket system",
        HOSTILE,
        control=program.control,
        **given,
    )


@pytest.fixture
def full(program: SimpleNamespace, tmp_path: Any) -> SimpleNamespace:
    """A piece of evidence, a source that was read, its list, a check that ran, a planned remedy."""
    file(program, 1, covers_from=date(2026, 1, 1), covers_to=date(2026, 1, 31))
    lead = program.actor("lead")
    actions.connect(
        lead,
        "idp",
        HOSTILE[:100],
        "files.changes",
        "forge",
        {"path": "/nowhere", "recipe": "accounts-idp-csv"},
        date(2026, 1, 1),
        "week",
    )
    actions.connect(
        lead, "acks", "Acknowledgements", "books.acknowledgements", "Tickmark", {}, date(2026, 1, 1), "day"
    )
    for row in Connection.objects.order_by("pk"):
        actions.collect(lead, row)
    jobs.work()
    readiness.plan_remedy(
        lead,
        "coverage:criterion-without-control:ledger:CC1.1",
        "Adopt GOV-01",
        program.cast.owner,
        date(2026, 9, 1),
    )
    return program


def addresses(program: SimpleNamespace) -> list[str]:
    """Every page of mine with a row behind it."""
    found = [
        *LISTS,
        "/evidence/sources/idp/",
        "/evidence/sources/acks/",
        "/evidence/file?control=CHG-02",
        "/evidence/sources/connect",
    ]
    found += [
        "/evidence/sources/connect?collector=git.changes",
        "/evidence/sources/connect?source=idp",
        "/readiness/assessment",
    ]
    found += [f"/evidence/collections/{row.ref}/" for row in Collection.objects.all()]
    found += [f"/evidence/populations/{row.ref}/" for row in Population.objects.all()]
    found += [f"/evidence/checks/{row.ref}/" for row in CheckRun.objects.all()]
    found += [
        "/readiness/gaps/coverage:criterion-without-control:ledger:CC1.1/",
        f"/evidence/{Evidence.objects.first().ref}",
    ]
    return found


def test_every_page_answers_empty_and_full_and_escapes_what_was_typed(full: SimpleNamespace) -> None:
    browser = client(full, "lead")
    for address in addresses(full):
        answer = browser.get(address)
        assert answer.status_code == 200, address
        text = answer.content.decode()
        assert "<script>alert" not in text, address
        assert len(re.findall(r"<h1", text)) == 1, address
        assert " style=" not in text, address


def test_empty_pages_say_what_belongs_there(program: SimpleNamespace) -> None:
    browser = client(program, "lead")
    for address in (*LISTS, "/", "/home/owed", "/readiness/assessment", "/evidence/file"):
        assert browser.get(address).status_code == 200, address
    assert "Connect the first one" in browser.get("/evidence/sources/").content.decode()
    assert "Lists will stand here" in browser.get("/evidence/populations/").content.decode()


def test_books_without_anything_begin_with_the_first_step(cast: SimpleNamespace) -> None:
    browser = client(SimpleNamespace(cast=cast), "founder")
    assert "Say what is to be examined" in browser.get("/").content.decode()
    for address in LISTS:
        assert browser.get(address).status_code == 200, address


@pytest.mark.parametrize(
    ("address", "auditor", "stranger"),
    [
        ("/evidence/", 200, 200),
        ("/evidence/sources/", 200, 200),
        ("/evidence/populations/", 200, 200),
        ("/evidence/checks/", 200, 200),
        ("/evidence/sources/idp/", 200, 404),
        ("/readiness/", 200, 200),
        ("/readiness/assessment", 404, 404),
        ("/evidence/file", 404, 404),
        ("/evidence/sources/connect", 404, 404),
    ],
)
def test_who_sees_a_page(full: SimpleNamespace, address: str, auditor: int, stranger: int) -> None:
    found = seen(full, address)
    expected = {
        **PROGRAMME,
        "auditor": auditor,
        "stranger": stranger,
        "visitor": f"/account/login/?next={quote(address, safe='')}",
    }
    if address == "/evidence/sources/connect":
        expected["owner"] = 404
    assert {who: answer for who, answer in found.items() if who != "stranger"} == {
        who: answer for who, answer in expected.items() if who != "stranger"
    }
    assert found["stranger"] in (stranger, 404)


def test_each_has_a_home_of_their_own(program: SimpleNamespace) -> None:
    assert seen(program, "/") == {
        "founder": 200, "lead": 200, "owner": 200, "employee": "/tasks", "auditor": "/audit/", "stranger": "/audit/",
        "visitor": "/account/login/?next=%2F",
    }  # fmt: skip
    assert {who: seen(program, "/tasks")[who] for who in ("lead", "employee", "auditor")} == {
        "lead": 200,
        "employee": 200,
        "auditor": 200,
    }


def test_an_auditor_sees_no_evidence_that_is_not_shared_but_every_run(full: SimpleNamespace) -> None:
    browser = client(full, "auditor")
    assert Evidence.objects.first().name not in browser.get("/evidence/").content.decode()
    assert browser.get(f"/evidence/{Evidence.objects.first().ref}").status_code == 404
    failed = Collection.objects.get(connection__code="idp")
    assert failed.outcome == "error"
    text = browser.get(f"/evidence/collections/{failed.ref}/").content.decode()
    assert "Nothing came." in text and "Collect now" not in text


# -- doing ------------------------------------------------------------------------------------------------------------


def test_filing_and_accepting_through_the_pages(program: SimpleNamespace) -> None:
    owner, reviewer = client(program, "owner"), client(program, "reviewer")
    upload = SimpleUploadedFile("..\\review.txt", b"reviewed\n", "text/plain")
    given = {
        "upload": upload, "kind": "REC", "source": "ticket 12", "control": "CHG-02", "observed_at": "2026-08-01T10:00",
        "covers_from": "2026-08-01", "covers_to": "2026-08-01", "next": "/evidence/{ref}",
    }  # fmt: skip
    answer = owner.post("/do/evidence.file", given)
    row = Evidence.objects.get()
    assert (answer.status_code, answer.headers["Location"], row.name) == (
        302,
        f"/evidence/{row.ref}",
        "review.txt",
    )
    assert row.observed_at == datetime(2026, 8, 1, 14, tzinfo=UTC)
    mine, theirs = (browser.get(f"/evidence/{row.ref}").content.decode() for browser in (owner, reviewer))
    assert "Is it sufficient" not in mine and "Is it sufficient" in theirs
    assert "Accept or reject" in reviewer.get("/tasks").content.decode()
    use = Support.objects.get()
    assert (
        reviewer.post("/do/evidence.accept", {"support": use.ref, "note": "read", "next": "/"}).status_code
        == 302
    )
    assert owner.get(f"/files/{row.ref}").getvalue() == b"reviewed\n"


@pytest.mark.parametrize(
    ("content", "name", "says"),
    [(b"", "a.txt", "The file is empty."), (b"GIF89a", "a.pdf", "is not what its name says.")],
)
def test_a_file_that_cannot_be_filed_comes_back_with_its_reason(
    program: SimpleNamespace, content: bytes, name: str, says: str
) -> None:
    given = {
        "upload": SimpleUploadedFile(name, content),
        "kind": "REC",
        "source": "typed and kept",
        "next": "/",
    }
    answer = client(program, "owner").post("/do/evidence.file", given)
    assert answer.status_code == 422
    assert says in answer.content.decode() and "typed and kept" in answer.content.decode()
    assert not Evidence.objects.exists()


def test_connecting_and_collecting_with_progress(program: SimpleNamespace) -> None:
    lead = client(program, "lead")
    given = {
        "collector": "git.changes", "code": "git", "title": "Repository", "source": "forge", "settings.path": "/nowhere",
        "settings.repository": "x/y", "settings.branch": "", "settings": "system = forge", "every": "week",
        "effective_from": "2026-08-01", "next": "/evidence/sources/",
    }  # fmt: skip
    assert lead.post("/evidence/sources/connect", given).status_code == 302
    row = Connection.objects.get()
    assert row.versions.get().settings == {"path": "/nowhere", "repository": "x/y", "system": "forge"}
    assert lead.post("/do/evidence.collect", {"connection": row.ref, "next": "/"}).status_code == 302
    page = lead.get("/evidence/sources/").content.decode()
    assert 'hx-get="/evidence/sources/git/progress"' in page
    waiting = lead.get("/evidence/sources/git/progress").content.decode()
    assert 'hx-trigger="every 1s"' in waiting and "<html" not in waiting
    jobs.work()
    ended = lead.get("/evidence/sources/git/progress").content.decode()
    assert "hx-get" not in ended and "does not exist" in ended


def test_a_change_of_settings_shows_what_it_changed(full: SimpleNamespace) -> None:
    lead = full.actor("lead")
    actions.connect(
        lead,
        "idp",
        "Forge",
        "files.changes",
        "forge",
        {"path": "/elsewhere", "recipe": "accounts-idp-csv"},
        date(2026, 8, 1),
        "week",
    )
    text = client(full, "lead").get("/evidence/sources/idp/").content.decode()
    assert "/nowhere" in text and "/elsewhere" in text and "What it changed" in text


# -- lists ------------------------------------------------------------------------------------------------------------


def names(program: SimpleNamespace, query: str) -> list[str]:
    """The names that the list of evidence shows, by its export."""
    text = client(program, "lead").get(f"/evidence/list.csv?{query}").content.decode("utf-8-sig")
    return sorted(re.findall(r"record-\d\.txt", text))


def test_a_window_never_drops_what_has_no_days(program: SimpleNamespace) -> None:
    file(program, 1, covers_from=date(2025, 12, 1), covers_to=date(2025, 12, 31))
    file(program, 2, covers_from=date(2026, 5, 1), covers_to=date(2026, 5, 31))
    file(program, 3)
    everything = ["record-1.txt", "record-2.txt", "record-3.txt"]
    assert names(program, "") == names(program, "window=2025-11-01..2026-10-31") == everything
    assert names(program, "window=2025-11-01..2026-01-31") == ["record-1.txt", "record-3.txt"]
    assert names(program, "window=undated") == ["record-3.txt"]
    assert names(program, "window=2025-11-01..2026-01-30") == []
    assert names(program, "control=CHG-02&state=filed&source=uploaded&kind=REC") == everything
    assert (
        names(program, "state=accepted")
        == names(program, "source=collected")
        == names(program, "state=unused")
        == []
    )


def test_older_lists_of_a_source_are_counted_and_one_link_away(full: SimpleNamespace) -> None:
    lead, browser = full.actor("lead"), client(full, "lead")
    old = Evidence.objects.get(collection__connection__code="acks")
    actions.collect(lead, Connection.objects.get(code="acks"))
    jobs.work()
    plain, every = (browser.get(f"/evidence/{query}").content.decode() for query in ("", "?source=collected"))
    assert f">{old.ref}<" not in plain and "1 older list" in plain
    assert f">{old.ref}<" in every and "older list" not in every


def test_rows_of_a_list_are_paged_and_found(full: SimpleNamespace) -> None:
    row = Population.objects.get()
    browser = client(full, "lead")
    for query in ("", "?q=%27%22%3B--", "?q=x&column=person", "?page=99999", "?page=-1", "?page=x"):
        assert browser.get(f"/evidence/populations/{row.ref}/{query}").status_code == 200, query
    assert browser.get(f"/evidence/populations/{row.ref}/?column=nothing&q=x").status_code == 422


def cost(program: SimpleNamespace, address: str) -> int:
    """How many queries a page asks the second time; what is remembered is asked anew."""
    browser = client(program, "lead")
    browser.get(address)
    with CaptureQueriesContext(
        connection,
    ) as found:
        assert browser.get(address).status_code == 200
    return len(found)


@pytest.mark.parametrize(
    "address",
    ["/evidence/", "/evidence/sources/", "/evidence/populations/", "/readiness/", "/tasks", "/upkeep/", "/"],
)
def test_a_page_costs_the_same_for_one_row_and_for_three(
    full: SimpleNamespace, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tickmark.kernel.remembered.SECONDS", -1.0)
    one = cost(full, address)
    lead = full.actor("lead")
    for number in (2, 3):
        file(full, number)
        actions.connect(
            lead, f"acks-{number}", "More", "books.acknowledgements", "x", {}, date(2026, 1, 1), "day"
        )
        actions.collect(lead, Connection.objects.get(code=f"acks-{number}"))
        controls.adopt(lead, {2: "AC-04", 3: "AC-06"}[number], full.cast.owner, date(2025, 11, 1))
    jobs.work()
    assert cost(full, address) <= one + 2, address


def test_the_tag_shows_a_control_its_evidence(full: SimpleNamespace) -> None:
    text = client(full, "owner").get("/controls/CHG-02/").content.decode()
    assert Evidence.objects.first().ref in text and "/evidence/file?control=CHG-02" in text


def test_the_map_shows_a_part_of_many_controls_and_leads_to_the_others(
    program: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tickmark.readiness.heat import line
    from tickmark.web.views import readiness as pages

    first, last = date(2025, 11, 1), date(2026, 10, 31)
    codes = [f"AC-{number:03}" for number in range(pages.MAPPED + 1)]
    lines = [line(code, "A control", first, last, []) for code in codes]
    monkeypatch.setattr(pages.queries, "heat_map", lambda day: (first, last, lines[: pages.MAPPED]))
    lead = client(program, "lead")
    assert "Parts of the map" not in lead.get("/readiness/").text
    monkeypatch.setattr(pages.queries, "heat_map", lambda day: (first, last, lines))
    seen, address = [], "/readiness/?severity=high"
    while address:
        page = lead.get(address).text
        part = page[page.index("figure-block heat") : page.index("The same as a table")]
        seen += re.findall(r'<a href="/controls/([^/]+)/">', part)
        found = re.search(r'rel="next" href="([^"]+)"[^>]*>Further controls', page)
        address = f"/readiness/{found[1].replace('&amp;', '&')}" if found else ""
        assert not found or found[1] == "?severity=high&amp;map=2#map"
    assert seen == codes and f"Controls {len(codes)}–{len(codes)} of {len(codes)}" in page
