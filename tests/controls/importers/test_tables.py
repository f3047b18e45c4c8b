"""Tables of other people as items: every field, every fault by row and column, nothing guessed in silence."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from tests.hostile import files
from tickmark.controls.importers import (
    KINDS,
    Column,
    Given,
    LeftOut,
    Names,
    Problem,
    Reading,
    read,
    sheet_of,
    values,
)
from tickmark.controls.importers.kinds import DETAIL, PRESETS, SINCE, guessed, kind_of
from tickmark.controls.importers.tables import proposed
from tickmark.kernel.errors import Invalid
from tickmark.scope import details
from tickmark.scope.details import DETAILS
from tickmark.scope.programme import PARTS, Item

ADA = "ada@larch.example"
KNOWS = Given(
    system="main",
    people={ADA: ADA, "ada lovelace": ADA, "bo": ""},
    names=Names([("vendor", "aws", "Amazon Web Services")]),
)
REGISTER = """Control register, spring 2026
Control ID;Name;Control text;TSC;Type;How often;Automation;Owner;Team
AC-01;Access review;Each quarter the owner reviews access.;TSC CC 6.1, CC6.2;Detective;Quarterly;Manual;Ada Lovelace;IT
AC-02;Second factor;Everybody has one.;cc6.1.3;Preventative;Real time;Automated;Ada <ADA@larch.example>;IT
"""


def of(
    text: str | bytes, kind: str = "", given: Given = KNOWS, name: str = "list.csv", **mapping: str
) -> Reading:
    content = text if isinstance(text, bytes) else text.encode()
    return read([(name, content)], kind, mapping or None, given)


def test_a_register_of_controls_is_read_by_the_words_that_people_use() -> None:
    found = of(REGISTER)
    assert found.items == [
        Item(
            "control",
            "AC-01",
            {
                "title": "Access review",
                "statement": "Each quarter the owner reviews access.",
                "criteria": ["CC6.1", "CC6.2"],
                "purpose": "D",
                "frequency": "quarterly",
                "nature": "M",
                "owner": ADA,
            },
        ),
        Item(
            "control",
            "AC-02",
            {
                "title": "Second factor",
                "statement": "Everybody has one.",
                "criteria": ["CC6.1"],
                "purpose": "P",
                "frequency": "continuous",
                "nature": "A",
                "owner": ADA,
            },
        ),
    ]
    assert [one.where for one in found.items] == ["list.csv, row 3", "list.csv, row 4"]
    assert (found.format, found.kind, found.problems) == ("CSV, split by semicolons", "control", [])
    assert found.left_out == [
        LeftOut("Row 1 of list.csv", "It stands above the table: Control register, spring 2026."),
        LeftOut("Column Team", "It goes into no field."),
    ]
    assert found.columns[3] == Column(
        "TSC",
        "criteria",
        ("TSC CC 6.1, CC6.2", "cc6.1.3"),
        (("TSC CC 6.1, CC6.2", "CC6.1, CC6.2"), ("cc6.1.3", "CC6.1")),
    )
    assert found.columns[8] == Column("Team", "", ("IT",))


SHEET = """Ctrl #,Control Activity Description,TSC Ref.,Freq,Control Owner,Status,Last tested,Risk Owner
AC-01,Access is reviewed.,CC6.1,Qtrly,Ada Lovelace,Live,2026-01-05,Bo
"""


def test_a_sheet_of_controls_is_known_by_the_headings_that_spreadsheets_have() -> None:
    found = of(SHEET)
    assert [(one.name, one.field) for one in found.columns] == [
        ("Ctrl #", "code"),
        ("Control Activity Description", "statement"),
        ("TSC Ref.", "criteria"),
        ("Freq", "frequency"),
        ("Control Owner", "owner"),
        ("Status", ""),
        ("Last tested", ""),
        ("Risk Owner", ""),
    ]
    [item] = found.items
    assert (found.kind, item.code) == ("control", "AC-01")
    assert (item.fields["frequency"], item.fields["owner"]) == ("quarterly", ADA)


@pytest.mark.parametrize(
    ("kind", "heading", "field"),
    [
        ("control", "Control #", "code"),
        ("control", "Ctrl ID", "code"),
        ("control", "#", "code"),
        ("control", "Control", "statement"),
        ("control", "Process owner", "owner"),
        ("control", "Risk owner", ""),
        ("control", "Vendor owner", ""),
        ("control", "Manual / Automated", "nature"),
        ("vendor", "Vendor Owner", "owner"),
        ("vendor", "Supplier owner", "owner"),
        ("component", "Asset Owner", "owner"),
        ("component", "Vendor Owner", ""),
        ("policy", "Policy Owner", "owner"),
        ("complement", "CUEC #", "code"),
    ],
)
def test_a_heading_may_say_the_kind_before_the_field(kind: str, heading: str, field: str) -> None:
    assert guessed(KINDS[kind], [heading]).get(heading, "") == field


def test_of_two_headings_of_one_field_the_plainer_is_taken() -> None:
    assert guessed(KINDS["control"], ["Process owner", "Control Owner"]) == {"Control Owner": "owner"}
    assert guessed(KINDS["control"], ["Control Owner", "Owner"]) == {"Owner": "owner"}


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_no_heading_stands_for_two_fields(kind: Any) -> None:
    every = [name for called in kind.headings.values() for name in called]
    assert sorted(every) == sorted(set(every))


@pytest.mark.parametrize(
    ("said", "frequency"),
    [
        ("Qtrly", "quarterly"),
        ("Qrtly", "quarterly"),
        ("Annual", "annual"),
        ("Upon hire", "event"),
        ("On hire", "event"),
        ("At onboarding", "event"),
        ("As it occurs", "event"),
        ("Per change", "event"),
    ],
)
def test_how_often_is_read_in_the_words_of_spreadsheets(said: str, frequency: str) -> None:
    assert values.frequency(said, KNOWS) == frequency


@pytest.mark.parametrize("said", ["Bi-annual", "Biannually", "bi-weekly", "Bimonthly"])
def test_how_often_is_not_read_where_it_means_two_things(said: str) -> None:
    with pytest.raises(values.Unreadable, match=f"'{said}' can mean twice a"):
        values.frequency(said, KNOWS)


@pytest.mark.parametrize(
    ("kind", "called"),
    [
        ("infrastructure", "Database, Server, VM, Bucket, Endpoint, Laptop, Laptops, Laptop(s), Firewall"),
        ("software", "SaaS, Tool, Application, Web application, API"),
        ("data", "Data set"),
        ("people", "Team, Role"),
    ],
)
def test_kinds_of_components_are_read_in_the_words_of_inventories(kind: str, called: str) -> None:
    assert {values.component(one, KNOWS) for one in called.split(", ")} == {kind}


def test_a_component_without_a_name_is_asked_for_its_name() -> None:
    found = of("Asset Name,Type,Region\n,Server,eu-1\n東京,Server,eu-1\n", "component")
    assert [(one.what, one.remedy) for one in found.problems] == [
        ("This component has no name.", "Give it one."),
        ("No code can be made of '東京'.", "Give the component a code."),
    ]


def test_an_address_that_has_no_account_is_invited_first() -> None:
    with pytest.raises(values.Unreadable) as refused:
        values.owner("Eve <eve@larch.example>", KNOWS)
    assert refused.value.remedy == "Invite them first, or write somebody who has an account."


EACH: list[tuple[str, str, Item]] = [
    (
        "component",
        """Asset ID,Asset Name,Type,In scope,Owner,Data,Provider,Region,Effective from
db,Main store,Server,yes,ada lovelace,customers; logs,Amazon Web Services,eu-1,05.01.2026
""",
        Item(
            "component",
            "main/db",
            {"name": "Main store", "kind": "infrastructure", "inside": True, "owner": ADA,
             "data": ["customers", "logs"], "supplier": "aws", "location": "eu-1"},
            date(2026, 1, 5),
        ),
    ),
    (
        "vendor",
        """Vendor ID,Vendor,Services provided,Subservice organization,Method,Criteria,SOC report,Report end
aws,AWS,Cloud,Y,Carve out,CC6.4,SOC 2 Type 2,2026-09-30
""",
        Item(
            "vendor",
            "aws",
            {"name": "AWS", "service": "Cloud", "subservice": True, "method": "carve-out", "criteria": ["CC6.4"],
             "report": "SOC 2 Type 2", "report_end": "2026-09-30"},
        ),
    ),
    (
        "commitment",
        "Commitment ID,Type,Category,Commitment,Source,SLA\nC-1,Promise,Availability,We are up.,Contract 4,99.9 %\n",
        Item(
            "commitment",
            "main/C-1",
            {"kind": "commitment", "category": "availability", "text": "We are up.", "source": "Contract 4",
             "target": "99.9 %"},
        ),
    ),
    (
        "complement",
        "CUEC ID,Type,Responsibility,Criteria,Why\nCUEC-1,Customer,Customers remove users.,CC6.2,They know first.\n",
        Item(
            "complement",
            "main/CUEC-1",
            {"kind": "cuec", "text": "Customers remove users.", "criteria": ["CC6.2"], "why": "They know first."},
        ),
    ),
    (
        "policy",
        "Policy ID,Policy name,Version,Text,Owner\nPOL-60,Access,2,Access is by role.,Ada Lovelace\n",
        Item("policy", "POL-60", {"title": "Access", "label": "2", "text": "Access is by role.", "owner": ADA}),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "text", "item"), EACH, ids=[kind for kind, _, _ in EACH])
def test_each_kind_is_found_out_and_read(kind: str, text: str, item: Item) -> None:
    found = of(text)
    assert (found.kind, found.items, found.problems) == (kind, [item], [])


def test_details_are_gathered_kept_and_left_out_where_the_kind_has_none() -> None:
    stood = {"kind": "data", "details": {"retention": "a year", "access": "support"}}
    given = Given(system="main", held=frozenset({("component", "main/records")}),
                  components={("component", "main/records"): stood})  # fmt: skip
    text = "Code,Name,Type,Encryption,Retention period,Contains PII,Data role\n"
    text += "records,Records,,AES-256,two years,Y,Data Processor\nlogs,Logs,data,,90 days,no,\n"
    text += "db,Database,database,AES-256,,,\n"
    found = of(text, "component", given)
    assert [one.fields.get("details") for one in found.items] == [
        {
            "retention": "two years",
            "access": "support",
            "encryption": "AES-256",
            "personal": "yes",
            "role": "processor",
        },
        {"retention": "90 days", "personal": "no"},
        None,
    ]
    assert not found.problems
    told = {one.what: one.why for one in found.left_out}
    assert told == {"Encryption of 1 row": "Only a component of kind data has it here."}


def test_a_change_of_kind_takes_the_details_of_the_old_one_away() -> None:
    stood = {"kind": "data", "details": {"retention": "a year"}}
    given = Given(system="main", held=frozenset({("component", "main/records")}),
                  components={("component", "main/records"): stood})  # fmt: skip
    (item,) = of("Code,Name,Type\nrecords,Records,software\n", "component", given).items
    assert item.fields["details"] == {}
    (item,) = of("Code,Name,Type\nrecords,Records,data\n", "component", given).items
    assert "details" not in item.fields


@pytest.mark.parametrize(
    ("headings", "kind"),
    [
        ("Vendor,Service,Data,Access,Role", "vendor"),
        ("Vendor Name,Description,Personal data,Encryption,Retention", "vendor"),
        ("Code,Title,Policy,How often,Owner,Automated or manual", "control"),
        ("Name,Role,Access,Owner", ""),
    ],
)
def test_details_do_not_decide_what_a_table_lists(headings: str, kind: str) -> None:
    found = kind_of(headings.split(","))
    assert (found.name if found else "") == kind


def test_the_words_that_the_list_writes_are_read_again() -> None:
    for one in details.every().values():
        for value, label in one.choices.items():
            assert KINDS["component"].by_name[f"{DETAIL}{one.name}"].read(label, Given()) == value


def test_a_detail_that_is_no_answer_is_told_by_row_and_column() -> None:
    found = of("Code,Name,Type,Contains PII\nlogs,Logs,data,perhaps\n", "component")
    assert [one.where for one in found.problems] == ["list.csv, row 2, Contains PII"]


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_the_fields_of_a_kind_are_those_of_its_part(kind: Any) -> None:
    from tickmark.kernel.action import ACTIONS

    part = PARTS[kind.name]
    more = {one.name for one in kind.fields if one.name.startswith(DETAIL)}
    assert {one.name for one in kind.fields} - {"code", SINCE} - more <= set(part.fields)
    told = {f"{DETAIL}{one.name}" for several in DETAILS.values() for one in several}
    assert more == (told if kind.name == "component" else set())
    given = ACTIONS[part.action].signature.parameters
    asked = {name for name in part.fields if given[name].default is given[name].empty}
    assert (set(kind.needed), kind.scoped) == (asked, part.scoped)


def test_the_words_are_the_values_of_the_models() -> None:
    from tickmark.controls.models import Frequency, Nature, Purpose
    from tickmark.scope.models import Commitment, Complement, ComponentKind, Method

    pairs = [
        (values.FREQUENCIES, Frequency),
        (values.NATURES, Nature),
        (values.PURPOSES, Purpose),
        (values.COMPONENTS, ComponentKind),
        (values.COMMITMENTS, Commitment.Kind),
        (values.COMPLEMENTS, Complement.Kind),
        (values.METHODS, Method),
    ]
    assert [set(words.values()) for words, _ in pairs] == [set(model.values) for _, model in pairs]


def test_faults_are_told_by_row_and_column_with_the_remedy() -> None:
    found = of(
        "Control ID,Title,Statement,Criteria,Frequency,Nature,Purpose,Owner,In force from\n"
        "AC-01,One,x,CC9.9,often,M,P,Bo,01/02/2026\n"
        "AC-02,Two,y,,quarterly,M,P,Eve,\n"
    )
    assert found.items == []
    assert found.problems == [
        Problem(
            "list.csv, row 2, Criteria",
            "No such criterion: CC9.9. The set tsc-2017-2022 has 61 criteria, from CC1.1 to P8.1.",
            "",
            "Did you mean CC9.2 or CC9.1?",
        ),
        Problem(
            "list.csv, row 2, Frequency",
            "'often' is none of the words that are known.",
            "",
            "Write one of: continuous, event, event+annual, daily, weekly, monthly, quarterly, semi-annual, annual.",
        ),
        Problem("list.csv, row 2, Owner", "Several people are called 'Bo'.", "", "Write the address."),
        Problem(
            "list.csv, row 2, In force from",
            "'01/02/2026' can be read as two different days.",
            "",
            "Write it as 2026-01-31.",
        ),
        Problem(
            "list.csv, row 3, Owner",
            "'Eve' is nobody who has an account here.",
            "",
            "Write their address, or invite them first.",
        ),
    ]


def test_two_of_one_id_are_named_with_both_rows_even_if_the_first_has_another_fault() -> None:
    head = "Control ID,Title,Statement,Criteria,Frequency,Nature,Purpose,Owner\n"
    row = "AC-01,One,x,{},daily,M,P,Ada Lovelace\n"
    twice = Problem(
        "list.csv, row 3", "AC-01 stands twice.", "First in list.csv, row 2.", "Keep one of them."
    )
    assert of(head + row.format("CC6.1") * 2).problems == [twice]
    assert of(head + row.format("CC0.0") + row.format("CC6.1")).problems[1:] == [twice]


def test_what_only_the_company_can_say_is_told_once_and_can_be_said_in_the_form() -> None:
    text = "Control ID,Title,Description,Criteria\nAC-01,One,x,CC6.1\nAC-02,Two,y,CC6.1\n"
    found = of(text)
    asked = "Choose it in the form for all of them, or add it to the file."
    assert found.problems == [
        Problem(f"list.csv, row 2 and {1} more", f"It says no {what}.", "Only the company can say it.", asked)
        for what in ("nature", "purpose", "frequency", "owner")
    ]
    said = {"nature": "M", "purpose": "P", "frequency": "daily", "owner": ADA}
    assert of(text, given=Given(defaults=said)).problems == []
    stands = Given(defaults=said, held=frozenset({("control", "AC-01")}))
    kept, new = of(text, given=stands).items
    assert (set(kept.fields), set(new.fields)) == ({"title", "statement", "criteria"}, {*kept.fields, *said})


def test_columns_go_where_a_person_puts_them_or_nowhere() -> None:
    text = "Control ID,Title,Our words,Description\nAC-01,One,We review.,Their words\n"
    found = of(text, "control", **{"Our words": "statement", "Description": ""})
    assert found.items[0].fields == {"title": "One", "statement": "We review."}
    assert LeftOut("Column Description", "It goes into no field.") in found.left_out
    with pytest.raises(Invalid, match="Two columns go into Statement: Our words and Description"):
        of(text, "control", **{"Our words": "statement"})


def test_a_list_that_nobody_can_tell_is_not_guessed() -> None:
    with pytest.raises(Invalid, match=r"Nobody can tell what 'list.csv' lists. Its columns are foo, bar"):
        of("foo,bar\n1,2\n")
    with pytest.raises(
        Invalid, match="Nobody says which system this is about. Components belong to a system"
    ):
        of(EACH[0][1], given=Given(people=KNOWS.people))


def test_codes_for_thousands_of_rows_are_searched_for_once() -> None:
    """The work grows with the rows and not with their square: each number is asked for once."""
    asked: list[str] = []

    class Taken(set[str]):
        def __contains__(self, code: object) -> bool:
            asked.append(str(code))
            return super().__contains__(code)

    taken, numbers = Taken(), dict[str, int]()
    for _ in range(2000):
        taken.add(proposed(KINDS["control"], "no code", taken, numbers))
    assert len(taken) == 2000
    assert len(asked) <= 4000


def test_a_code_is_proposed_beside_the_one_it_stands_for_and_found_again() -> None:
    text = "Control ID,Title,Description\nacc.review,One,x\n,Two,y\n"
    found = of(text)
    assert [one.code for one in found.items] == ["IMP-01", "IMP-02"]
    assert [one.fields["foreign_ids"] for one in found.items] == [["file:acc.review"], ["file:Two"]]
    assert found.proposed == {("control", "IMP-01"): "acc.review", ("control", "IMP-02"): "Two"}
    again = Given(
        foreign={("control", "file:acc.review"): "AC-77", ("control", "file:Two"): "AC-78"},
        held=frozenset({("control", "AC-77"), ("control", "AC-78")}),
    )
    assert [one.code for one in of(text, given=again).items] == ["AC-77", "AC-78"]


HELD = Names(
    [
        ("component", "SOFT-7", "Support tool"),
        ("component", "A", "Twins"),
        ("component", "B", "twins"),
        ("component", "wiki", "Docs"),
        ("component", "SOFT-9", "Wiki"),
        *((kind, code, name) for kind in ("data", "any data") for code, name in (
            ("DATA-1", "Customer records"), ("X", "Twice"), ("Y", "Twice"), ("d-1", "Beta"), ("D-1", "Alpha"),
            ("DATA-2", "Names, addresses"),
        )),
    ]
)  # fmt: skip


def test_what_the_books_hold_is_known_by_its_name() -> None:
    """No second component beside the one of that name, and data that is named as people name it."""
    found = of(
        "Asset name,Type,What it is for,Data\n"
        'support tool,software,Tickets,"Customer  Records, Scans, scans"\n'
        "Scans,data,Pictures of receipts,\n"
        "Twins,software,Which?,\n"
        "Notes,software,Notes,Twice\n"
        'Wiki,software,Pages,"names, addresses"\n',
        given=Given(system="main", names=HELD, held=frozenset({("component", "main/SOFT-7")})),
    )
    assert [(one.code, one.fields.get("data")) for one in found.items] == [
        ("main/SOFT-7", ["DATA-1", "scans"]),
        ("main/scans", None),
        ("main/SOFT-9", ["DATA-2"]),
    ]
    assert found.items[0].fields["description"] == "Tickets"
    assert [(one.where, one.what, one.remedy) for one in found.problems] == [
        ("list.csv, row 4", "Several are called 'Twins'.", "Write the code."),
        ("list.csv, row 5, Data", "Several are called 'Twice'.", "Write the code."),
    ]


def test_a_code_is_never_taken_for_a_name_or_another_code() -> None:
    found = of(
        "Code,Name,Type,Data\n"
        "W,Warehouse,software,D-1\n"
        "V,Vault,software,D-8\n"
        "D-8,D-9,data,\n"
        "D-9,D-8,data,\n"
        "U,Unclear,software,Customer records\n"
        "D-7,Customer records,data,\n",
        given=Given(system="main", names=HELD),
    )
    assert {one.code: one.fields.get("data") for one in found.items} == {
        "main/W": ["D-1"], "main/V": ["D-8"], "main/D-8": None, "main/D-9": None, "main/D-7": None,
    }  # fmt: skip
    assert [one.where for one in found.problems] == ["list.csv, row 6, Data"], (
        "The books hold one of that name, too."
    )


def test_a_vendor_reaches_data_of_any_system_by_its_name() -> None:
    found = of("Supplier,Used for,Data\nNordic,Tickets,customer records\n", given=Given(names=HELD))
    assert (found.kind, [one.fields["data"] for one in found.items]) == ("vendor", [["DATA-1"]])


def test_components_take_their_code_from_their_name_and_commitments_must_have_one() -> None:
    assert of("Component name,Type\nMain Store (EU),Data\n").items[0].code == "main/main-store-eu"
    found = of("Commitment,Category,Source\nWe are up.,Availability,Contract\n", "commitment")
    assert found.problems == [
        Problem(
            "list.csv, row 2",
            "This commitment has no code.",
            "It would be recorded anew each time.",
            "Give it one.",
        )
    ]


MADE = [
    ("Hyperproof", "ID,Name,Description,Domain,Owner\nAC-01,One,x,IT,Ada (ada@larch.example)\n"),
    ("6clicks", "Control ID,Control Title,Control Description,Control Domain\nAC-01,One,x,IT\n"),
    ("Vanta", json.dumps({"results": {"data": [{"id": "v1", "externalId": "AC-01", "name": "One", "description": "x",
        "domains": ["IT"], "owner": {"id": "u", "emailAddress": ADA}}], "pageInfo": {"endCursor": "x"}}})),
    ("Drata", json.dumps([{"id": 7, "code": "AC-01", "name": "One", "description": "x", "question": "?", "activity": "-"}])),
]  # fmt: skip


@pytest.mark.parametrize(("maker", "text"), MADE, ids=[maker for maker, _ in MADE])
def test_lists_of_other_programs_are_known_by_the_headings_that_their_makers_publish(
    maker: str, text: str
) -> None:
    [preset] = [one for one in PRESETS if one.name == maker]
    found = of(text)
    assert found.format.endswith(f"as {maker} has it")
    [item] = found.items
    assert (item.code, item.fields["title"], item.fields["statement"]) == ("AC-01", "One", "x")
    assert set(item.fields["foreign_ids"]) <= {f"{preset.source}:{one}" for one in ("AC-01", "v1", "7")}
    assert set(preset.fields.values()) <= set(KINDS[preset.kind].by_name)


def test_ids_of_other_programs_stay_beside_new_ones() -> None:
    known = Given(foreign={("control", "oscal:ac-1"): "AC-01"}, held=frozenset({("control", "AC-01")}))
    assert of(MADE[0][1], given=Given(foreign=known.foreign, held=known.held, people={ADA: ADA})).items[
        0
    ].fields["foreign_ids"] == ["oscal:ac-1", "hyperproof:AC-01"]


def test_what_is_taken_as_a_table_can_be_brought_in_again() -> None:
    found = of(REGISTER)
    kind, rows = sheet_of(found)
    body = "\n".join(",".join(f'"{cell}"' for cell in row) for row in rows)
    again = of(body, kind)
    assert (again.items, again.problems) == (found.items, [])


# -- spreadsheets ---------------------------------------------------------------------------------------------------


def sheet(*rows: list[str], **parts: str) -> bytes:
    cells = "".join(
        f'<row r="{at}">{"".join(_cell(f"{chr(65 + column)}{at}", cell) for column, cell in enumerate(row))}</row>'
        for at, row in enumerate(rows, 1)
    )
    return files.workbook(cells, **parts)


def _cell(place: str, text: str) -> str:
    if text.startswith("="):
        formula, _, saved = text[1:].partition("|")
        return f'<c r="{place}" t="str"><f>{formula}</f>{f"<v>{saved}</v>" if saved else ""}</c>'
    return files.inline(place, text) if text else ""


HEADINGS = ["Vendor ID", "Vendor", "Service"]


def test_a_spreadsheet_is_read_and_formulas_are_told() -> None:
    found = of(sheet(HEADINGS, ["aws", '=UPPER("aws")|AWS', "Cloud"], ["gh", "GitHub", "=A1"]), name="v.xlsx")
    assert found.items == [Item("vendor", "aws", {"name": "AWS", "service": "Cloud"})]
    assert found.left_out == [LeftOut("The formulas of 2 cells", "Their saved values were read.")]
    where = "v.xlsx, row 3, Service"
    assert found.problems == [
        Problem(where, "It is a formula that was saved without a value.", "", "Write the value itself.")
    ]


def test_hidden_sheets_are_not_read_and_further_ones_are_told() -> None:
    rel = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    rows = f'<row r="1">{files.inline("A1", "Vendor")}{files.inline("B1", "Service")}</row>'
    data = f'<row r="2">{files.inline("A2", "AWS")}{files.inline("B2", "Cloud")}</row>'
    names = (("Secret", 'state="hidden"'), ("Vendors", ""), ("More", ""))
    listed = "".join(
        f'<sheet name="{name}" sheetId="{at}" {state} r:id="r{at}"/>'
        for at, (name, state) in enumerate(names, 1)
    )
    linked = "".join(
        f'<Relationship Id="r{at}" Type="{rel}/worksheet" Target="worksheets/sheet{at}.xml"/>'
        for at in (1, 2, 3)
    )
    space = "http://schemas.openxmlformats.org/package/2006/relationships"
    content = files.workbook(
        rows + data,
        **{
            "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{rel}"><sheets>{listed}</sheets></workbook>',
            "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{space}">{linked}</Relationships>',
            "xl/worksheets/sheet2.xml": files.SHEET.format(rows + data),
            "xl/worksheets/sheet3.xml": files.SHEET.format(rows + data),
        },
    )
    found = of(content, name="v.xlsx")
    assert (found.format, [one.code for one in found.items]) == ("spreadsheet, sheet Vendors", ["aws"])
    assert found.left_out == [
        LeftOut("Sheet Secret", "It is hidden."),
        LeftOut("Sheet More", "One sheet is read at a time."),
    ]


def test_a_merged_heading_leaves_columns_that_are_told_by_their_letter() -> None:
    merged = [["Vendor", "", "Service"], ["AWS", "Inc.", "Cloud"]]
    found = of(sheet(*merged), name="v.xlsx")
    assert found.items == [Item("vendor", "aws", {"name": "AWS", "service": "Cloud"})]
    assert found.left_out == [LeftOut("Column (column B)", "It goes into no field.")]
    twice = of("Vendor,Service,Service\nAWS,Cloud,Other\n")
    assert (twice.columns[2].name, twice.items[0].fields["service"]) == ("Service (column C)", "Cloud")


def test_a_row_that_is_too_long_has_slipped() -> None:
    found = of("Vendor,Service\nAWS,Cloud\nAcme, Inc.,Paper\n")
    why = "It has more cells than there are headings, so some have slipped."
    assert found.problems == [
        Problem("list.csv, row 3", "The row is too long.", why, "Give each column a heading.")
    ]


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ("Vendor\tService\nÄrzte GmbH\tLabor\n".encode("utf-16"), "utf-16"),
        ("\ufeffVendor|Service\nÄrzte GmbH|Labor\n".encode(), "utf-8 with its mark"),
        ('Vendor,Service\r\n"Ärzte\nGmbH",Labor\r\n'.encode("cp1252"), "windows"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_any_usual_encoding_and_delimiter_is_read(content: bytes, name: str) -> None:
    found = of(content)
    assert [one.fields for one in found.items] == [{"name": "Ärzte GmbH", "service": "Labor"}]
    guessed = LeftOut("The encoding of list.csv", "It is not UTF-8 and was read as Windows-1252.")
    assert found.left_out == ([guessed] if name == "windows" else [])
