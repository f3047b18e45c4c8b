"""The pages of the audit by role: what is shown, what is not, and at which cost."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.audit import world as w
from tickmark.audit import actions as audit
from tickmark.audit.actions.marking import MarkIn
from tickmark.audit.models import (
    RequestKind,
    Result,
    SampleItem,
    SampleMethod,
    SignOffStage,
    Stance,
    Visibility,
)
from tickmark.kernel import clock
from tickmark.kernel.ledger.seal import seal
from tickmark.people.actions import note_sign_in


@pytest.fixture
def full(program):
    """An examination of one control: drawn, marked, one deviation told and answered, concluded, signed."""
    program.one = w.locked(program)
    staff, lead = program.actor("staff"), program.actor("auditor")
    procedure = program.one.procedure
    audit.publish(lead, procedure)
    program.sample = audit.draw(staff, procedure, SampleMethod.RANDOM, w.NONCE)
    items = list(SampleItem.objects.filter(sample=program.sample))
    letters = {one.letter: one for one in procedure.attributes.all()}
    audit.mark(staff, items[0], letters["B"], "deviation", "Nobody approved it.")
    cells = [MarkIn(item=one.key, letter=letter, verdict="met") for one in items for letter in "BC"]
    audit.mark_many(
        staff, procedure, [cell for cell in cells if (cell.item, cell.letter) != (items[0].key, "B")]
    )
    program.deviation = audit.deviate(
        staff, procedure, ["B"], "For 1 of 8 changes nobody approved.", items[0]
    )
    audit.publish_deviation(lead, program.deviation)
    audit.respond(program.actor("lead"), program.deviation, Stance.CONFIRM, "A slip. Fixed on 3 Nov.")
    audit.conclude(staff, procedure, Result.EXCEPTIONS, "One deviation of eight.")
    audit.sign_off(staff, procedure, SignOffStage.PREPARED)
    audit.say(
        staff,
        audit.ask(staff, program.engagement, "R-52", RequestKind.CONFIGURATION, "Branch protection", w.DUE),
        "Own words",
        Visibility.OWN,
    )
    return program


def addresses(program):
    base = f"/audit/{program.engagement.code}"
    tests = f"{base}/tests/{program.one.procedure.ref}"
    return [
        "/audit/", f"{base}/", f"{base}/requests", f"{base}/requests/R-50", f"{base}/requests.csv", f"{base}/tests", f"{base}/tests.csv",
        f"{base}/tests/new", f"{base}/tests/new?control_version={program.control_version.ref}", f"{base}/criteria", tests, f"{tests}/grid",
        f"{tests}/grid?tick=B&only=open", f"{tests}/grid.csv", f"{tests}/{SampleItem.objects.first().ref}", "/follow-up/", "/follow-up/list.csv",
        f"/follow-up/{program.deviation.ref}",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["auditor", "staff", "partner", "quality"])
def test_every_page_opens_for_the_firm(full, client, name):
    for address in addresses(full):
        status = 403 if name == "quality" and "/tests/new" in address else 200
        w.page(client, getattr(full.cast, name), address, status)


@pytest.mark.parametrize("name", ["founder", "lead", "owner", "reviewer"])
def test_the_company_reads_requests_and_items_never_marks_notes_or_conclusions(full, client, name):
    for address in addresses(full):
        refused = "/criteria" in address or "/tests/new" in address or "/SI-" in address
        if not refused:
            text = w.page(client, getattr(full.cast, name), address)
            assert "Nobody approved it." not in text
            assert "One deviation of eight." not in text
            assert w.NONCE not in text
    paper = w.page(client, getattr(full.cast, name), addresses(full)[10])
    assert "app/CHG-" in paper
    for address in (addresses(full)[8], addresses(full)[9]):
        client.force_login(getattr(full.cast, name))
        assert client.get(address).status_code in (403, 404)


@pytest.mark.parametrize("name", ["stranger", "employee"])
def test_strangers_find_nothing(full, client, name):
    client.force_login(getattr(full.cast, name))
    for address in addresses(full)[1:4] + addresses(full)[9:12]:
        assert client.get(address).status_code == 404, address
    assert "Fennimore" not in client.get("/audit/").content.decode()


def test_own_side_messages_stay_there(full, client):
    address = f"/audit/{full.engagement.code}/requests/R-52"
    assert "Own words" in w.page(client, full.cast.auditor, address)
    assert "Own words" not in w.page(client, full.cast.lead, address)


def test_empty_pages_say_what_comes_first(cast, client):
    for name, word in (
        ("founder", "An audit needs a period first."),
        ("auditor", "The engagement you work on"),
    ):
        assert word in w.page(client, getattr(cast, name), "/audit/")
        assert "There is no engagement yet." in w.page(client, getattr(cast, name), "/follow-up/")


def test_what_others_did_since_the_last_visit_is_counted_and_marked(program, client, monkeypatch):
    monkeypatch.setattr(
        clock, "now", lambda: datetime(2026, 11, 16, 23, 59, 59, tzinfo=UTC)
    )  # a demo's, when it stands
    seal()
    note_sign_in("entered", program.cast.auditor)
    asked = audit.ask(
        program.actor("auditor"), program.engagement, "R-60", RequestKind.POLICY, "Policy", w.DUE,
        controls=[program.control],
    )  # fmt: skip
    assert "Since your last visit" not in w.page(client, program.cast.auditor, "/audit/")
    audit.answer(program.actor("owner"), asked, "Here.")
    audit.say(program.actor("lead"), asked, "Among us", Visibility.OWN)
    seal()
    note_sign_in("entered", program.cast.auditor)
    text = w.page(client, program.cast.auditor, "/audit/")
    assert "Since your last visit" in text
    assert '</span>: <b class="figure">1</b> answer.</p>' in text, (
        "not the own request, not what the others keep"
    )
    assert text.count('<span class="badge-word">New</span>') == 1
    note_sign_in("entered", program.cast.auditor)
    assert "nothing new" in w.page(client, program.cast.auditor, "/audit/")
    audit.say(program.actor("owner"), asked, "One word more.", Visibility.SHARED)
    for _ in range(2):  # what was not sealed when a visit began is told again rather than never
        note_sign_in("entered", program.cast.auditor)
        assert '<b class="figure">1</b> message.' in w.page(client, program.cast.auditor, "/audit/")


def test_what_is_planned_is_bound_in_the_browser_or_elsewhere(program, client):
    text = w.page(client, program.cast.auditor, f"/audit/{program.engagement.code}/")
    assert "nonce.js" in text and "openssl rand" in text
    assert "nonce.js" not in w.page(client, program.cast.lead, f"/audit/{program.engagement.code}/")


def queries_of(client, user, address):
    """Queries to the audit's own tables: the shell's other answers are other tests' concern."""
    client.force_login(user)
    client.get(address)
    with CaptureQueriesContext(connection) as caught:
        assert client.get(address).status_code == 200
    return sum('"audit_' in one["sql"] for one in caught.captured_queries)


def more_of_everything(program, numbers):
    """Further requests, tests, notes, deviations and items."""
    staff, lead = program.actor("staff"), program.actor("auditor")
    for number in numbers:
        asked = audit.ask(
            staff,
            program.engagement,
            f"Q-{number}",
            RequestKind.POLICY,
            "More",
            w.DUE,
            controls=[program.control],
        )
        audit.answer(program.actor("owner"), asked, "Here.")
        audit.send_back(staff, asked, "Not this.")
        procedure = w.prepared(program)
        audit.publish(lead, procedure)
        audit.note(staff, procedure, "Look again")
        audit.publish_deviation(lead, audit.deviate(staff, procedure, ["B"], f"Finding {number}"))
        program.sample = audit.extend(staff, program.sample, 2, "plan")


def test_the_cost_of_a_list_does_not_grow(full, client):
    base = f"/audit/{full.engagement.code}"
    pages = ("/audit/", f"{base}/", f"{base}/requests", f"{base}/tests", f"{base}/criteria", f"{base}/tests/{full.one.procedure.ref}",
             f"{base}/tests/{full.one.procedure.ref}/grid", "/follow-up/")  # fmt: skip

    def cost():
        seen = [(page, user) for page in pages for user in (full.cast.auditor, full.cast.lead)]
        return {
            (page, user.name): queries_of(client, user, page)
            for page, user in seen
            if "criteria" not in page or user.side == "auditor"
        }

    more_of_everything(full, [0])
    cost()  # what is held of tables that only grow is read once
    before = cost()
    more_of_everything(full, [1, 2, 3])
    assert cost() == before
    assert max(before.values()) < 90, before


def test_a_cell_is_marked_by_form_and_many_by_ticks(program, client):
    program.one = w.locked(program)
    procedure = program.one.procedure
    audit.draw(program.actor("staff"), procedure, SampleMethod.RANDOM, w.NONCE)
    items = list(SampleItem.objects.all())
    client.force_login(program.cast.staff)
    address = f"/audit/{program.engagement.code}/tests/{procedure.ref}/grid"
    letter = procedure.attributes.get(letter="B")
    one = client.post(
        "/do/audit.mark", {"item": items[0].ref, "attribute": letter.ref, "verdict": "met", "next": address}
    )
    assert (one.status_code, one["Location"]) == (302, address)
    values = ["", *(f"B:met:{item.key.replace('/', '%2F')}" for item in items[1:2])]
    many = client.post("/do/audit.mark_many", {"procedure": procedure.ref, "marks": values, "next": address})
    assert many.status_code == 302, many.content.decode()
    from tickmark.audit import queries

    assert [queries.grid(procedure).verdict(item.key, "B") for item in items[:3]] == ["met", "met", "pending"]


def test_a_test_is_prepared_from_lines(program, client):
    client.force_login(program.cast.staff)
    lines = [
        "B: Someone else approved, before the merge [changes_reviewed]",
        "F: It was urgent (fact only)",
        "",
        "",
    ]
    done = client.post(
        "/do/audit.prepare",
        {
            "engagement": program.engagement.code, "control_version": program.control_version.ref, "kind": "inspection",
            "text": "Inspected, all of them", "shape": "changes", "items_of": "changes_reviewed", "risk": "default",
            "attributes": lines, "next": "/audit/2026/tests/{ref}",
        },
    )  # fmt: skip
    from tickmark.audit.models import Attribute, Procedure

    row = Procedure.objects.get()
    assert done["Location"] == f"/audit/2026/tests/{row.ref}"
    assert list(
        Attribute.objects.values_list("letter", "text", "check_name", "counts").order_by("letter")
    ) == [
        ("B", "Someone else approved, before the merge", "changes_reviewed", True),
        ("F", "It was urgent", "", False),
    ]


def test_the_owner_is_offered_what_is_filed_with_a_warning_for_what_falls_short(program, client):
    found = w.population(w.connect(program), [w.change(key) for key in w.KEYS], agrees=None)
    staff = program.actor("staff")
    audit.ask(
        staff,
        program.engagement,
        "R-50",
        RequestKind.POPULATION,
        "All changes",
        w.DUE,
        controls=[program.control],
    )
    text = w.page(client, program.cast.owner, f"/audit/{program.engagement.code}/requests/R-50")
    assert found.evidence.ref in text
    assert "Warning: It was never held against a second source." in text
    assert "send_back" not in text and "audit.answer" in text
    assert "audit.answer" not in w.page(
        client, program.cast.auditor, f"/audit/{program.engagement.code}/requests/R-50"
    )


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        (None, None, "Warning: nobody stated which days it covers."),
        (date(2025, 11, 1), date(2026, 10, 31), "Covers 2025-11-01 to 2026-10-31."),
        (date(2026, 1, 1), date(2026, 3, 31), "Covers 2026-01-01 to 2026-03-31. Warning: nothing before 2026-01-01, nothing after 2026-03-31."),
        (date(2026, 11, 3), date(2026, 11, 3), "Covers 2026-11-03 to 2026-11-03. Warning: wholly outside of the period."),
    ],
)  # fmt: skip
def test_what_a_file_covers_is_said_and_what_it_lacks(first, last, words):
    from tickmark.evidence.models import Evidence
    from tickmark.web.views.audit.requests import reach

    assert reach(Evidence(covers_from=first, covers_to=last), date(2025, 11, 1), date(2026, 10, 31)) == words


def test_a_test_that_is_not_published_is_told_to_the_company_without_an_address(program, client):
    one = w.locked(program)
    text = w.page(client, program.cast.lead, "/audit/")
    assert "Population of CHG-02 locked: 40 items" in text
    assert f"tests/{one.procedure.ref}" not in text
    assert f"tests/{one.procedure.ref}" in w.page(client, program.cast.auditor, "/audit/")
