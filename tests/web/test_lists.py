"""Lists: narrowed, ordered and exported the same way on query sets and on Python lists."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import date

import pytest
from django.test import RequestFactory

from tickmark.people.models import User
from tickmark.web.lists import Column, Filter, Listing, export_of, list_paths, safe_cell


@dataclass
class Boat:
    name: str
    crew: int | None
    kinds: tuple[str, ...] = ()
    built: date | None = None


BOATS = [
    Boat("Zaza", 3, ("sail",), date(2020, 5, 1)),
    Boat("=cmd|' /C calc'!A0", None, ("motor",)),
    Boat("ada", 12, ("sail", "motor"), date(2019, 1, 2)),
]
COLUMNS = (
    Column("Name", "name"),
    Column("Crew", "crew", number=True),
    Column("Built", "built"),
    Column("", export=False),
)
KINDS = Filter("kind", "Kind", ["sail", "motor"], "kinds")


def ask(rows, query="", columns=COLUMNS, path="/boats/", **more):
    request = RequestFactory().get(path + query)
    return Listing(request, rows, columns, **more)


def names(listing):
    return [row.name for row in listing.page]


def rows_of(answer):
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["Zaza", "=cmd|' /C calc'!A0", "ada"]),
        ("?sort=name", ["=cmd|' /C calc'!A0", "ada", "Zaza"]),
        ("?sort=-crew", ["ada", "Zaza", "=cmd|' /C calc'!A0"]),
        ("?sort=crew", ["Zaza", "ada", "=cmd|' /C calc'!A0"]),
        ("?sort=__class__", ["Zaza", "=cmd|' /C calc'!A0", "ada"]),
        ("?kind=motor", ["=cmd|' /C calc'!A0", "ada"]),
        ("?kind=submarine", []),
        ("?q=ADA", ["ada"]),
        ("?q=2019-01", ["ada"]),
        ("?q=%00ada", ["ada"]),
        ("?kind=sail&q=z", ["Zaza"]),
        ("?page=999", ["Zaza", "=cmd|' /C calc'!A0", "ada"]),
        ("?page=x", ["Zaza", "=cmd|' /C calc'!A0", "ada"]),
    ],
)
def test_python_lists(query, expected):
    assert names(ask(BOATS, query, filters=[KINDS])) == expected


def test_what_is_not_known_stands_last_whichever_way_it_is_sorted():
    assert (
        names(ask(BOATS, "?sort=built"))[-1] == names(ask(BOATS, "?sort=-built"))[-1] == "=cmd|' /C calc'!A0"
    )


def test_export_holds_every_row_that_fits_and_runs_nothing():
    answer = ask(BOATS, "?sort=name&page=2", path="/boats/list.csv", size=1).csv("boats")
    assert rows_of(answer) == [
        ["Name", "Crew", "Built"],
        ["'=cmd|' /C calc'!A0", "", ""],
        ["ada", "12", "2019-01-02"],
        ["Zaza", "3", "2020-05-01"],
    ]
    assert answer["Content-Disposition"] == 'attachment; filename="boats.csv"'


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("=1+1", "'=1+1"), ("+1", "'+1"), ("-1", "'-1"), ("@A1", "'@A1"), ("\t=1", "'\t=1"), ("  =1", "'  =1"),
        ("\r=1", "'\r=1"), (-1, "-1"), (1.5, "1.5"), (True, "yes"), (None, ""), ("plain", "plain"),
        (["CC6.1", "CC6.2"], "CC6.1 CC6.2"), (["=1", "a"], "'=1 a"),
    ],
)  # fmt: skip
def test_cells(value, cell):
    assert safe_cell(value) == cell


def test_the_two_addresses_of_a_list():
    assert [str(p.pattern) for p in list_paths("boats/", lambda r: r, "boats")] == [
        "boats/",
        "boats/list.csv",
    ]
    assert [str(p.pattern) for p in list_paths("boats", lambda r: r, "boats")] == ["boats", "boats.csv"]
    asked = RequestFactory()
    assert export_of(asked.get("/boats/")) == export_of(asked.get("/boats/list.csv")) == "/boats/list.csv"
    assert export_of(asked.get("/boats")) == export_of(asked.get("/boats.csv")) == "/boats.csv"
    assert ask(BOATS, path="/boats/list.csv").wants_csv and not ask(BOATS).wants_csv


def test_prepare_sees_one_page_at_once():
    seen = []
    listing = ask(BOATS, size=2, prepare=lambda rows: seen.append(len(rows)) or rows)
    assert (names(listing), names(listing), seen) == (
        ["Zaza", "=cmd|' /C calc'!A0"],
        ["Zaza", "=cmd|' /C calc'!A0"],
        [2],
    )


PEOPLE = (
    Column("Name", "name", order="name"),
    Column("Side", "side", order=("side", "name")),
    Column("Where", "ref"),
)
SIDE = Filter("side", "Side", [("company", "Company"), ("auditor", "Auditor")])


def test_query_sets(cast):
    def found(query, **more):
        return names(
            ask(User.objects.order_by("pk"), query, PEOPLE, filters=[SIDE], search=("name", "email"), **more)
        )

    assert found("?side=auditor&sort=-name") == ["Stranger", "Staff", "Quality", "Partner", "Auditor"]
    assert found("?q=EMPLOY") == ["Employee"]
    assert found("?side=nobody") == []
    assert found("?sort=side", size=2) == ["Auditor", "Partner"]
    assert found("?sort=ref", size=2) == ["Founder", "Lead"]
    assert found("?side=auditor&sort=-name", prepare=lambda rows: rows[:1]) == ["Stranger"]


def test_a_page_costs_two_queries(cast, django_assert_num_queries):
    with django_assert_num_queries(2):
        names(ask(User.objects.order_by("pk"), "", PEOPLE, size=1))
    with django_assert_num_queries(2):
        names(ask(User.objects.order_by("pk"), "", PEOPLE, size=10))
