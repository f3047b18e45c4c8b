"""Each rule of scope advice: a case that fires, and the nearest one that does not."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.urls import resolve

from tickmark.people import actions as people
from tickmark.scope import actions
from tickmark.scope.actions.parts import Flow
from tickmark.scope.advice import ADVICE, MOST_CUECS, advice, normal, some
from tickmark.scope.queries import Scope

DAY = date(2025, 11, 1)
LATER = date(2026, 12, 1)


@pytest.fixture
def system(program):
    """A system whose parts have owners, say what they hold, and give nothing to ask about."""
    lead = program.actor("lead")
    program.made = Maker(program, lead)
    program.made.vendor("host", "Host, Inc.", subservice=True, method="carve-out", criteria=["CC6.4"])
    program.made.commit("C-1")
    program.made.part("records", "data", "Records")
    program.made.part("db", "infrastructure", "Database", data=["records"], supplier="host")
    program.made.part("app", "software", "Ledger", commitments=["C-1"], flows=[Flow(to="db", what="entries")])
    return program


class Maker:
    """Records parts with an owner, so that each test says only what it is about."""

    def __init__(self, program, lead):
        self.program, self.lead, self.system = program, lead, program.system

    def part(self, code, kind, name, **more):
        more = {"owner": self.program.cast.owner, **more}
        return actions.place(self.lead, self.system, code, kind, name, more.pop("since", DAY), **more)

    def vendor(self, code, name, **more):
        more = {"owner": self.program.cast.owner, **more}
        return actions.add_vendor(self.lead, code, name, "Services", more.pop("since", DAY), **more)

    def commit(self, code):
        return actions.commit(self.lead, self.system, code, "commitment", "security", "Safe", "Terms", DAY)

    def describe(self, **more):
        given = {"services": "Book-keeping", "boundary": "Production", "categories": ["security"], **more}
        return actions.describe(
            self.lead, "ledger", "Ledger", "Northlight, Inc.", effective_from=LATER, **given
        )


def found(program, day=LATER, **told):
    return [(one.code, one.what) for one in advice(Scope(program.system, day), told)]


def test_a_scope_that_says_everything_gets_no_advice(system):
    assert found(system) == []


def test_before_the_system_is_described_there_is_no_advice(system):
    assert found(system, DAY - timedelta(days=1)) == []


def test_data_outside(system):
    system.made.part("lake", "software", "Data lake", inside=False, data=["records"])
    system.made.part("users", "people", "Customers", inside=False, data=["records"])
    system.made.part("vault", "software", "Vault", inside=False, data=["records"], supplier="host")
    system.made.part("site", "software", "Website", inside=False)
    assert found(system) == [("data-outside", "Data lake stands outside and handles Records.")]


def test_vendor_relied_on(system):
    system.made.vendor("desk", "Desk, Inc.", data=["records"])
    system.made.vendor("mail", "Mail, Inc.", commitments=["C-1"])
    system.made.vendor("chat", "Chat, Inc.", data=["elsewhere"], commitments=["X-9"])
    system.made.vendor("both", "Zip", data=["records"], commitments=["C-1"])
    system.made.vendor(
        "host", "Host, Inc.", subservice=True, method="carve-out", criteria=["CC6.4"], data=["records"]
    )
    assert found(system) == [
        ("vendor-relied-on", "Desk, Inc. reaches Records and is no subservice organisation."),
        ("vendor-relied-on", "Mail, Inc. is needed for C-1 and is no subservice organisation."),
        ("vendor-relied-on", "Zip reaches Records, is needed for C-1 and is no subservice organisation."),
    ]


def test_unknown_supplier(system):
    system.made.vendor("host", "Host, Inc.", since=LATER, withdrawn=True)
    assert found(system, LATER - timedelta(days=1)) == []
    assert found(system) == [
        ("unknown-supplier", "Database is supplied by host, which is no vendor on this day.")
    ]


def test_flow_to_nowhere(system):
    flows = [Flow(to="db", what="entries"), Flow(to="host", what="logs"), Flow(to="gone", what="mail")]
    system.made.part("app", "software", "Ledger", commitments=["C-1"], flows=flows)
    assert found(system) == [
        ("flow-to-nowhere", "Ledger passes mail on to gone, which stands nowhere in the scope.")
    ]


def test_privacy_of_a_processor(system):
    what = "Privacy is chosen, and the interview says that customers decide about the personal data."
    assert found(system, role="processor") == []
    system.made.describe(categories=["security", "privacy"])
    assert found(system, role="controller") == []
    assert found(system) == []
    assert found(system, role="processor") == [("privacy-of-a-processor", what)]


def test_idle_component(system):
    system.made.part("old", "software", "Old tool")
    system.made.part("team", "people", "Engineering")
    system.made.part("cold", "infrastructure", "Spare", inside=False)
    system.made.part("hosting", "infrastructure", "Hosting", supplier="host")
    system.made.part("queue", "infrastructure", "Queue")
    system.made.part("app", "software", "Ledger", flows=[Flow(to="queue", what="jobs")])
    assert found(system) == [
        ("idle-component", "Old tool holds no data, passes nothing on and serves no promise.")
    ]


def test_links_missing_is_told_once_where_nobody_has_said_anything(program):
    made = Maker(program, program.actor("lead"))
    assert found(program) == []
    made.part("db", "infrastructure", "Database")
    made.part("app", "software", "Ledger")
    what = "Nobody has said which data the components hold and which promises they help to keep."
    assert found(program) == [("links-missing", what)]


def test_duplicates(system):
    system.made.part("db-2", "infrastructure", " database", data=["records"])
    system.made.part("db-3", "data", "Database")
    system.made.vendor("host-2", "HOST Inc")
    assert found(system) == [
        ("duplicate", "Database stands in the scope 2 times: db, db-2."),
        ("duplicate", "Host, Inc. stands in the scope 2 times: host, host-2."),
    ]


def test_names_that_differ_are_no_duplicates():
    assert normal("Host, Inc.") == normal("HOST Inc") == "host"
    assert normal("Server (staging)") != normal("Server (production)")
    assert normal("Ltd.") == "ltd."
    assert normal("Amazon Web Services, Inc.") == normal("amazon web services")
    assert normal("Customers' books") == normal("customers books")
    assert normal("Handel B.V.") == normal("Handel GmbH & Co. KG") == "handel"
    assert normal("SA Tools") == "sa tools"


def test_many_cuecs(system):
    for number in range(MOST_CUECS):
        actions.assume(system.made.lead, system.system, f"U-{number}", "cuec", "Do it", ["CC6.1"], DAY)
    assert found(system) == []
    actions.assume(system.made.lead, system.system, "U-99", "cuec", "Do it", ["CC6.1"], DAY)
    assert found(system) == [("many-cuecs", "Customers must operate 13 controls of their own.")]


def test_advertising(system):
    system.made.describe(services="State-of-the-art books", boundary="A bank-grade platform")
    assert found(system) == [
        ("advertising", "The services read like advertising: “state-of-the-art”."),
        ("advertising", "The boundary reads like advertising: “bank-grade”."),
    ]
    system.made.describe(
        services="Keeps the books in the state of Ohio, leading zeros too", boundary="The most recent release"
    )
    assert found(system) == []


@pytest.mark.parametrize(
    "words",
    [
        "the best, most secure ledger in the world",
        "A leading ledger",
        "World leading",
        "an unrivalled ledger",
    ],
)
def test_superlatives_are_advertising(system, words):
    system.made.describe(services=words)
    assert [code for code, _ in found(system)] == ["advertising"]


def test_without_owner(system):
    system.made.part("app", "software", "Ledger", commitments=["C-1"], owner=None)
    system.made.part("users", "people", "Customers", inside=False, owner=None)
    system.made.vendor(
        "host", "Host, Inc.", subservice=True, method="carve-out", criteria=["CC6.4"], owner=None
    )
    assert found(system) == [
        ("component-without-owner", "Ledger has no owner."),
        ("vendor-without-owner", "Host, Inc. has no owner."),
    ]


def test_owner_gone(system):
    system.made.part("db", "infrastructure", "Database", data=["records"], owner=system.cast.employee,
                     backup_owner=system.cast.owner)  # fmt: skip
    assert found(system) == []
    people.end_account(system.actor("founder"), system.cast.employee, "Left")
    from tickmark.kernel import clock

    one = advice(Scope(system.system, clock.today()), {})[0]
    assert (one.code, one.what) == (
        "owner-gone",
        "The account of Employee is closed, and Database was theirs.",
    )
    assert one.why == "What is asked of the owner reaches nobody. Owner stands in for Database."
    assert found(system, clock.today() - timedelta(days=1)) == []


def test_every_rule_has_a_test():
    tested = {name.removeprefix("test_") for name in globals() if name.startswith("test_")}
    renamed = {"idle_components": "idle_component"}
    assert [one.__name__ for one in ADVICE if renamed.get(one.__name__, one.__name__) not in tested] == []


def test_each_piece_of_advice_has_a_reason_a_remedy_and_a_page(system):
    system.made.part(
        "lake", "software", "Data lake", inside=False, data=["records"], flows=[Flow(to="x", what="y")]
    )
    system.made.part("old", "software", "Old tool", owner=None)
    system.made.vendor("desk", "Desk, Inc.", data=["records"])
    rows = advice(Scope(system.system, LATER), {})
    assert {one.sort for one in rows} == {"narrow", "broad", "missing"}
    for one in rows:
        assert one.what.endswith(".")
        assert one.why.endswith((".", ")."))
        assert one.remedy.endswith(".")
        assert resolve(one.url.partition("?")[0])


def test_some_names_a_few_and_counts_the_others():
    assert some("ABC") == "A, B, C"
    assert some("ABCDE") == "A, B, C and 2 more"
