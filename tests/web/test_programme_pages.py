"""Every page of people, scope and controls as each character: what the table of permissions says, and nothing more."""

from __future__ import annotations

from types import SimpleNamespace

from tests.web.pages import HOSTILE, client, fill, seen

ALL = dict.fromkeys(("founder", "lead", "owner", "employee", "auditor", "stranger"), 200)
PROGRAMME = {**ALL, "employee": 404, "stranger": 404}
COMPANY = {**ALL, "auditor": 404, "stranger": 404}
LEADERS = {**dict.fromkeys(ALL, 404), "founder": 200, "lead": 200}
PAGES = [
    ("/people/", ALL),
    ("/people/list.csv", ALL),
    ("/people/invite", LEADERS),
    ("/people/persons", PROGRAMME),
    ("/people/persons.csv", PROGRAMME),
    ("/people/persons/new", LEADERS),
    ("/people/persons/{spell.person.ref}", PROGRAMME),
    ("/account/tokens", ALL),
    ("/scope/", PROGRAMME),
    ("/scope/?day=2020-01-01", PROGRAMME),
    ("/scope/?system=none", dict.fromkeys(ALL, 404)),
    ("/controls/coverage?system=none", dict.fromkeys(ALL, 404)),
    ("/scope/history", PROGRAMME),
    ("/scope/description", PROGRAMME),
    ("/scope/description?day=2020-01-01", PROGRAMME),
    ("/scope/describe", LEADERS),
    ("/scope/period", LEADERS),
    *[
        (f"/scope/{part}/{end}", PROGRAMME)
        for part in (
            "commitments",
            "components",
            "vendors",
            "complements",
            "set-aside",
            "exclusions",
            "events",
        )
        for end in ("", "list.csv")
    ],
    *[
        (f"/scope/{part}/new", LEADERS)
        for part in (
            "commitments",
            "components",
            "vendors",
            "complements",
            "set-aside",
            "exclusions",
            "events",
        )
    ],
    ("/scope/commitments/{commitment.ref}", LEADERS),
    ("/scope/components/{component.ref}", LEADERS),
    ("/scope/vendors/{vendor.ref}", LEADERS),
    ("/scope/complements/{csoc.ref}", LEADERS),
    ("/scope/set-aside/{aside.ref}", LEADERS),
    ("/scope/exclusions/{exclusion.ref}", dict.fromkeys(ALL, 404)),
    ("/controls/", PROGRAMME),
    ("/controls/list.csv", PROGRAMME),
    ("/controls/?category=security&area=AC&frequency=quarterly&q=access&sort=-owner", PROGRAMME),
    ("/controls/AC-06/", PROGRAMME),
    ("/controls/CHG-02/?day=2025-01-01", PROGRAMME),
    ("/controls/XX-99/", dict.fromkeys(ALL, 404)),
    ("/controls/new", LEADERS),
    ("/controls/AC-06/change", LEADERS),
    ("/controls/library", PROGRAMME),
    ("/controls/library/AC-04", PROGRAMME),
    ("/controls/library/AC-06", PROGRAMME),
    ("/controls/coverage", PROGRAMME),
    ("/controls/coverage.csv", PROGRAMME),
    ("/controls/criteria/CC6.1", PROGRAMME),
    ("/controls/criteria/P1.1", PROGRAMME),
    ("/controls/criteria/CC9.9", dict.fromkeys(ALL, 404)),
    ("/policies/", {**ALL, "stranger": 404}),
    ("/policies/list.csv", {**ALL, "stranger": 404}),
    ("/policies/POL-04/", {**ALL, "stranger": 404}),
    ("/policies/POL-04/read", {**ALL, "stranger": 404}),
    ("/policies/POL-04/acknowledgements", PROGRAMME),
    ("/policies/POL-04/acknowledgements.csv", PROGRAMME),
    ("/policies/POL-99/", PROGRAMME),
    ("/policies/POL-99/read", dict.fromkeys(ALL, 404)),
    ("/policies/new", {**LEADERS, "owner": 200}),
    ("/policies/POL-04/change", {**LEADERS, "owner": 200}),
    ("/policies/library", PROGRAMME),
    ("/policies/library/POL-13", PROGRAMME),
    ("/policies/adopt", LEADERS),
]


def test_who_sees_which_page(program):
    made = vars(fill(program))
    found = {address: seen(program, address.format(**made)) for address, _ in PAGES}
    strangers = {str(row.pop("visitor")).split("=")[0] for row in found.values()}
    assert strangers == {"/account/login/?next"}
    assert found == dict(PAGES)


FIRST_PAGES = ("/people/", "/people/persons", "/account/tokens", "/scope/", "/controls/", "/controls/library",
               "/controls/coverage", "/controls/criteria/CC6.1", "/policies/", "/policies/library",
               "/policies/adopt")  # fmt: skip


def test_empty_books_say_what_belongs_there(cast):
    browser = client(SimpleNamespace(cast=cast), "founder")
    assert {page: browser.get(page).status_code for page in FIRST_PAGES} == dict.fromkeys(FIRST_PAGES, 200)
    assert browser.get("/scope/commitments/").status_code == 404


def test_hostile_text_is_shown_as_it_was_typed(program):
    made = fill(program)
    browser = client(program, "founder")
    pages = ("/scope/", "/scope/components/", "/scope/exclusions/", "/scope/events/", "/people/persons",
             f"/people/persons/{made.spell.person.ref}", "/policies/POL-99/", "/policies/")  # fmt: skip
    for page in pages:
        body = browser.get(page).content.decode()
        assert "<script>alert" not in body, page
    assert (
        HOSTILE.replace("<", "&lt;").replace(">", "&gt;").replace("'", "&#x27;")
        in browser.get(pages[2]).content.decode()
    )


def test_a_day_that_is_none_is_refused_with_a_remedy(program):
    for page in ("/scope/", "/controls/", "/policies/", "/people/"):
        found = client(program, "founder").get(f"{page}?day=2026-02-30")
        assert found.status_code == 422
        assert b"is not a day" in found.content
