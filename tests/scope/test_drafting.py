"""What the interview's answers come to: parts, open points, categories; nothing guessed in silence."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickmark.kernel.errors import Invalid, TickmarkError
from tickmark.scope import interview
from tickmark.scope.drafting import Draft, code_of, codes

TODAY = date(2026, 11, 29)
PROMISE = {"text": "Up.", "source": "SLA 2", "target": "99.9 %"}
FULL: dict[str, Any] = {
    "name": "Harbour Ledger",
    "does": "It keeps books.",
    "company": "Harbour Books, Inc.",
    "zone": "Europe/Berlin",
    "role": "processor",
    "security": [{"text": "Safe.", "source": "Terms 8"}],
    "availability": [PROMISE, {"text": "Back.", "source": "SLA 3", "target": "8 hours"}],
    "confidentiality": [],
    "data": [{"name": "Customers' books", "class": "Confidential"}, {"name": "Invoices", "class": ""}],
    "software": [
        {"name": "App", "purpose": "Serves", "data": "customers' books; INVOICES, Photos", "sends": "Database, Nowhere"}
    ],
    "infrastructure": [
        {"name": "Database", "purpose": "Keeps", "location": "eu-1", "vendor": "cloudport ag"},
        {"name": "Edge", "purpose": "Serves", "location": "", "vendor": "Edge Co"},
    ],
    "teams": [{"name": "Engineering", "does": "Builds"}],
    "procedures": ["access", "change"],
    "vendors": [
        {"name": "Cloudport AG", "service": "Hosting", "data": True, "needed": True},
        {"name": "Helpdesk GmbH", "service": "Answers customers", "data": True, "needed": True},
        {"name": "Payslips", "service": "Payroll", "data": False, "needed": False},
    ],
    "customers_must": [
        {"text": "Remove leavers.", "criteria": "cc6.2, CC6.3"},
        {"text": "Be good.", "criteria": "CC99"},
    ],
    "left_out": [{"what": "Pilot", "reason": "No promise"}],
}  # fmt: skip


WIDE = (
    "In the draft Cloudport AG and Helpdesk GmbH may reach every kind of data, and every promise may rest on "
    "Cloudport AG and Helpdesk GmbH. Where it is less, say so on the vendor's page."
)


def draft(**changed: Any) -> Draft:
    return Draft("harbour-ledger", {**FULL, **changed}, TODAY)


def said(of: Draft) -> dict[str, dict[str, Any]]:
    return {item.code: dict(item.fields) for item in of.items}


def test_a_name_alone_is_a_first_scope_of_security() -> None:
    (only,) = Draft("x", {"name": "X"}, TODAY).items
    assert (only.kind, only.code, only.fields["categories"], only.since) == (
        "system",
        "x",
        ["security"],
        TODAY,
    )
    assert Draft("x", {}, TODAY).items == []


def test_what_is_told_of_a_kind_of_data_becomes_its_details_and_the_role_only_of_personal_data() -> None:
    rows = [
        {"name": "Books", "class": "", "personal": "yes", "kept": "the contract"},
        {"name": "Logs", "class": "", "personal": "no", "kept": ""},
        {"name": "Samples", "class": ""},
    ]

    def details(role: str) -> list[Any]:
        found = said(draft(data=rows, role=role))
        return [found[f"harbour-ledger/{code}"].get("details") for code in ("books", "logs", "samples")]

    full = {"retention": "the contract", "personal": "yes"}
    assert details("processor") == [{**full, "role": "processor"}, {"personal": "no"}, None]
    assert details("none") == [full, {"personal": "no"}, None]


def test_the_parts_of_a_full_interview() -> None:
    found = said(draft())
    assert found["harbour-ledger"] == {
        "name": "Harbour Ledger",
        "company": "Harbour Books, Inc.",
        "services": "It keeps books.",
        "categories": ["security", "availability"],
        "time_zone": "Europe/Berlin",
    }
    assert found["harbour-ledger/A-2"] == {
        "kind": "commitment", "category": "availability", "text": "Back.", "source": "SLA 3", "target": "8 hours",
    }  # fmt: skip
    assert found["harbour-ledger/app"] == {
        "kind": "software", "name": "App", "description": "Serves", "data": ["customers-books", "invoices"],
        "flows": [{"to": "database", "what": "customers' books; INVOICES, Photos"}],
    }  # fmt: skip
    assert found["harbour-ledger/database"]["supplier"] == "cloudport-ag"
    assert "supplier" not in found["harbour-ledger/edge"]
    assert [code for code in found if code.startswith("harbour-ledger/how-")] == [
        "harbour-ledger/how-access",
        "harbour-ledger/how-change",
    ]


def test_who_supplies_the_infrastructure_and_is_needed_is_proposed_as_subservice_organisation() -> None:
    found = said(draft())
    assert found["cloudport-ag"]["criteria"] == ["CC6.4", "A1.2"]
    assert found["harbour-ledger/CSOC-1-2"]["criteria"] == ["A1.2"]
    assert "subservice" not in found["helpdesk-gmbh"]
    assert said(draft(availability=[]))["cloudport-ag"]["criteria"] == ["CC6.4"]


def test_what_is_not_known_is_told_as_open_and_never_guessed() -> None:
    assert [one.what for one in draft().open] == [
        "“What does a customer ask you for?” is not answered yet.",
        "App holds “Photos”, which is not among your kinds of data.",
        "App passes data to “Nowhere”, which is named nowhere.",
        "Edge Co supplies Edge and is not among your vendors.",
        "Helpdesk GmbH: promises fail without it. Decide whether it is a subservice organisation, and for which criteria.",
        WIDE,
        "“Be good.” names CC99, which is none.",
    ]
    assert "harbour-ledger/CUEC-2" not in said(draft())


@pytest.mark.parametrize(
    ("role", "chosen"), [("processor", False), ("none", False), ("controller", True), ("both", True)]
)
def test_privacy_is_for_those_who_decide_about_the_data(role: str, chosen: bool) -> None:
    found = draft(role=role, privacy=[{"text": "Notice.", "source": "Notice"}])
    assert ("privacy" in found.categories) is chosen
    assert ("harbour-ledger/P-1" in said(found)) is chosen
    assert any(one.question == "privacy" for one in found.open) is not chosen


def test_a_draft_holds_from_the_day_on_which_controls_were_in_place_if_that_lies_behind() -> None:
    assert draft(in_place="2026-01-15").since == date(2026, 1, 15)
    assert draft(in_place="2027-01-15").since == TODAY


@given(st.lists(st.tuples(st.sampled_from(["data", "teams"]), st.text(max_size=80)), max_size=30))
def test_codes_are_short_plain_and_all_different(given: list[tuple[str, str]]) -> None:
    found = codes(given)
    assert set(found) == set(given)
    assert len(set(found.values())) == len(set(given))
    assert all(len(code) <= 40 and code.isascii() and code == code.lower() for code in found.values())


def test_a_code_reads_like_its_name() -> None:
    assert (code_of("Ledger Database (EU)"), code_of("Bücher"), code_of("数据")) == (
        "ledger-database-eu",
        "bucher",
        "part",
    )


def test_taking_one_row_away_never_makes_another_mean_something_else() -> None:
    first, second = ({**row, "key": number} for number, row in enumerate(FULL["availability"], 1))
    assert said(draft(availability=[second]))["harbour-ledger/A-2"]["text"] == "Back."
    assert "harbour-ledger/A-1" not in said(draft(availability=[second]))
    assert interview.keyed([second, {**PROMISE, "text": "New."}], 2)[1]["key"] == 3
    assert interview.keyed([dict(PROMISE)], 2, [first, second]) == [first]
    assert [row["key"] for row in interview.keyed([first, dict(first)], 1)] == [1, 2]


def test_one_name_in_two_lists_is_two_things_and_twice_in_one_list_is_told() -> None:
    found = draft(
        teams=[{"name": "Database", "does": "Runs it"}],
        data=[*FULL["data"], {"name": "invoices", "class": ""}],
    )
    kinds = {item.fields["kind"] for item in found.items if item.fields.get("name") == "Database"}
    assert kinds == {"infrastructure", "people"}
    assert len({item.key for item in found.items}) == len(found.items)
    assert "“Invoices” stands twice in one list. The first one is taken." in [one.what for one in found.open]


# -- answers ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("name", 7, "It is no text."),
        ("name", "x" * 4001, "A text has 4000 letters at most"),
        ("name", "a\x00b", "A text has 4000 letters at most"),
        ("asked_for", "gold", "It is none of nothing, soon, type_2, renewal."),
        ("procedures", ["access", "magic"], "magic is none of"),
        ("needed_by", "soon", "soon is no day."),
        ("needed_by", "1066-10-14", "1066-10-14 lies out of all bounds."),
        ("vendors", "one", "It takes up to 200 rows."),
        (
            "zone",
            "PST",
            "There is no time zone “PST”: zones are named by a place, such as America/Los_Angeles.",
        ),
        ("zone", "localtime", "There is no time zone “localtime”"),
        ("vendors", [{"colour": "red"}], "A row has the columns name, service, data, needed."),
        ("vendors", [{"name": "a", "service": "b"}] * 201, "It takes up to 200 rows."),
    ],
)
def test_answers_that_cannot_be_taken(name: str, value: Any, words: str) -> None:
    with pytest.raises(Invalid) as error:
        interview.question(name).read(value)
    assert error.value.why.startswith(words)
    assert error.value.field == f"answers.{name}"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


@given(st.sampled_from(sorted(interview.questions())), JSON)
def test_any_value_is_an_answer_in_plain_form_or_refused_in_words(name: str, value: Any) -> None:
    asked = interview.question(name)
    try:
        plain = asked.read(value)
    except TickmarkError as error:
        assert error.what
        return
    assert asked.read(plain) == plain
    assert Draft("x", {"name": "X", name: plain}, TODAY).open is not None


def test_a_row_that_is_empty_is_no_row() -> None:
    rows = [
        {"name": " ", "service": "", "data": "", "needed": False},
        {"name": "A", "service": "b", "data": "on"},
    ]
    assert interview.question("vendors").read(rows) == [
        {"name": "A", "service": "b", "data": True, "needed": False}
    ]


# -- nothing said may vanish ----------------------------------------------------------------------------------------


def words(of: Draft) -> list[str]:
    return [one.what for one in of.open]


def test_what_is_ticked_of_a_vendor_is_drafted_as_what_it_reaches_and_keeps() -> None:
    found = said(draft())
    for code in ("cloudport-ag", "helpdesk-gmbh"):
        assert found[code]["data"] == ["customers-books", "invoices"]
        assert found[code]["commitments"] == ["S-1", "A-1", "A-2"]
    assert found["payslips"] == {"name": "Payslips", "service": "Payroll"}
    bare = words(draft(data=[], security=[], availability=[]))
    assert "No kind of data is named yet that Cloudport AG and Helpdesk GmbH could reach." in bare
    assert "No promise is named yet that rests on Cloudport AG and Helpdesk GmbH." in bare


def test_a_row_half_said_is_kept_told_and_drafted_into_nothing() -> None:
    rows = [{"name": "App", "purpose": "Serves"}, {"name": "Queue"}, {"purpose": "Keeps", "name": ""}]
    kept = interview.question("software").read(rows)
    assert len(kept) == 3
    found = draft(
        software=kept, vendors=[{"name": "Cloudport AG", "service": "", "data": True, "needed": True}]
    )
    told = words(found)
    ask = interview.question("software").ask
    assert f"“What it is for” is empty in row 2 of “{ask}”." in told
    assert f"“Name” is empty in row 3 of “{ask}”." in told
    assert not any("cloudport ag supplies" in one for one in told)
    names = {item.fields.get("name") for item in found.items}
    assert "App" in names
    assert not {"Queue", "", "Cloudport AG"} & names
    both = interview.question("security").halves([{"key": 4, "text": "", "source": ""}])
    assert both[0].startswith("“Promise” and “Where it stands” are empty in row 1 of “")


def test_names_are_compared_without_case_punctuation_and_legal_form() -> None:
    aws = {"name": "Amazon Web Services, Inc.", "service": "Hosting", "data": True, "needed": True}
    edge = {"name": "Edge", "purpose": "Serves", "location": "", "vendor": "amazon web services"}
    app = {
        "name": "App",
        "purpose": "Serves",
        "data": "customers books",
        "sends": "Edge; Amazon Web Services, Inc.",
    }
    found = said(draft(vendors=[aws], infrastructure=[edge], software=[app]))
    assert found["harbour-ledger/edge"]["supplier"] == "amazon-web-services-inc"
    assert found["amazon-web-services-inc"]["subservice"] is True
    assert found["harbour-ledger/app"]["data"] == ["customers-books"]
    assert [one["to"] for one in found["harbour-ledger/app"]["flows"]] == ["edge", "amazon-web-services-inc"]


def test_a_name_that_could_be_two_is_neither() -> None:
    two = [{"name": f"Edge {form}", "service": "x", "data": False, "needed": False} for form in ("AG", "Ltd")]
    edge = {"name": "Front", "purpose": "Serves", "location": "", "vendor": "Edge"}
    found = draft(vendors=two, infrastructure=[edge])
    assert "supplier" not in said(found)["harbour-ledger/front"]
    assert "“Edge” could be Edge AG or Edge Ltd: write it as it stands there." in words(found)
    exact = draft(vendors=two, infrastructure=[{**edge, "vendor": "edge ltd"}])
    assert said(exact)["harbour-ledger/front"]["supplier"] == "edge-ltd"


@pytest.mark.parametrize(
    ("role", "privacy", "out", "told"),
    [
        ("controller", False, "", True),
        ("both", False, "Pilot", True),
        ("both", False, "Privacy of visitors", False),
        ("both", True, "", False),
        ("processor", False, "", False),
    ],
)
def test_who_decides_about_personal_data_chooses_privacy_or_says_why_not(
    role: str, privacy: bool, out: str, told: bool
) -> None:
    promises = [{"text": "Notice.", "source": "Notice"}] if privacy else []
    found = draft(
        role=role, privacy=promises, left_out=[{"what": out, "reason": "No promise"}] if out else []
    )
    assert any("Privacy is not chosen" in one for one in words(found)) is told


def test_a_zone_that_is_none_and_was_kept_before_is_told() -> None:
    assert "“PST” is no time zone. Choose one, such as Europe/Berlin." in words(draft(zone="PST"))
