"""An action is allowed, atomic, recorded; a refused call writes nothing."""

from __future__ import annotations

import hashlib
from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, DataError, IntegrityError, OperationalError, connection, transaction
from django.db.models import Q
from django.test.utils import CaptureQueriesContext

from tickmark.evidence.models import Evidence
from tickmark.kernel.access import visible
from tickmark.kernel.action import ACTIONS
from tickmark.kernel.arguments import call
from tickmark.kernel.errors import Conflict, Invalid, NotFound, Refused, Unavailable
from tickmark.kernel.ledger.entry import Entry, Leaf
from tickmark.kernel.ledger.seal import leaf_data, prove, seal, signer
from tickmark.kernel.ledger.tree import leaf_hash
from tickmark.people import actions as people
from tickmark.people.models import Role, RoleGrant, User


def test_entry_cites_what_was_written(cast):
    grant = people.grant(cast.actor("founder"), cast.lead, Role.REVIEWER)
    entry = Entry.objects.get(uid=grant.entry)
    assert (entry.verb, entry.actor, entry.side, entry.subject) == (
        "people.grant",
        cast.founder.ref,
        "company",
        cast.lead.ref,
    )
    assert entry.facts == [{"ref": grant.ref, "sha256": RoleGrant.objects.get(pk=grant.pk).digest()}]
    assert entry.arguments == {"user": cast.lead.ref, "role": "reviewer"}


def test_a_refusal_is_logged_with_who_tried_what(cast, caplog, client):
    """By whichever door: who may not do it, and who names what they may not see."""
    secret = people.make_token(cast.actor("employee"), "here", ["people.grant"]).secret
    client.force_login(cast.employee)
    for user in ("US-99999", cast.lead.ref):
        given = {"user": user, "role": "admin"}
        client.post("/do/people.grant", given)
        client.post(
            "/api/people/grant", given, "application/json", headers={"authorization": f"Bearer {secret}"}
        )
    said = [line for line in caplog.messages if line.startswith("people.grant")]
    assert said == [
        f"people.grant by {cast.employee.ref}: {kind}" for kind in ["NotFound"] * 2 + ["Refused"] * 2
    ]


def test_refused_call_writes_nothing(cast):
    before = (Entry.objects.count(), RoleGrant.objects.count())
    with pytest.raises(Refused) as refused:
        people.grant(cast.actor("employee"), cast.lead, Role.ADMIN)
    assert refused.value.why == "It is for admin or sponsor on the company side."
    assert (Entry.objects.count(), RoleGrant.objects.count()) == before


def test_a_failure_in_the_body_leaves_nothing(cast):
    people.add(cast.actor("founder"), "P-1", "Ada", date(2026, 1, 1))
    with pytest.raises(Invalid):
        people.add(cast.actor("founder"), "P-1", "Ada", date(2026, 2, 1))
    assert Entry.objects.filter(verb="people.add").count() == 1


def test_what_the_actor_may_not_see_reads_as_not_found(program):
    stranger = program.actor("stranger")
    with pytest.raises(NotFound) as missing:
        call(ACTIONS["people.grant"], stranger, {"user": "US-99999", "role": "lead"})
    assert missing.value.what == "There is no user US-99999."


def test_facts_are_append_only_in_python_and_in_the_database(cast):
    grant = people.grant(cast.actor("founder"), cast.lead, Role.REVIEWER)
    with pytest.raises(Refused):
        grant.save()
    with pytest.raises(Refused):
        RoleGrant.objects.filter(pk=grant.pk).update(role="lead")
    for sql in (
        "update people_rolegrant set role='lead'",
        "delete from people_rolegrant",
        "delete from kernel_entry",
    ):
        with (
            pytest.raises(DatabaseError, match="append-only"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(sql)


def test_seal_numbers_every_entry_and_proves_it(cast):
    grant = people.grant(cast.actor("founder"), cast.lead, Role.REVIEWER)
    entry = Entry.objects.get(uid=grant.entry)
    with pytest.raises(Conflict):
        prove(entry)
    checkpoint = seal()
    assert checkpoint is not None and checkpoint.size == Entry.objects.count() == Leaf.objects.count()
    assert prove(entry).proves(leaf_hash(leaf_data(entry)), signer().verifier)
    assert seal().size == checkpoint.size


def test_as_of_answers_for_a_day_and_for_what_was_known(program):
    from tests.deeds import writing
    from tickmark.controls.models import ControlVersion

    size = seal().size
    first = program.control_version
    with writing(program.cast.founder):
        second = ControlVersion(
            control=program.control,
            effective_from=date(2026, 5, 1),
            title="Peer review",
            statement="Two people review.",
            criteria=["CC8.1"],
            nature="I",
            purpose="P",
            frequency="event",
            owner=program.cast.owner,
        )
        second.save()
    seal()
    rows = ControlVersion.objects
    assert list(rows.as_of(date(2026, 4, 30))) == [first]
    assert list(rows.as_of(date(2026, 5, 1))) == [second]
    assert list(rows.as_of(date(2026, 5, 1), known=size)) == [first]
    assert list(rows.as_of(date(2025, 10, 31))) == []
    spans = rows.all().over(date(2025, 11, 1), date(2026, 10, 31))
    assert [(s.version, s.start, s.end) for s in spans] == [
        (first, date(2025, 11, 1), date(2026, 4, 30)),
        (second, date(2026, 5, 1), date(2026, 10, 31)),
    ]


def test_evidence_exists_for_the_auditor_only_when_shared(program):
    assert list(visible(program.actor("auditor"), Evidence)) == []


# -- what an action is handed, and what its entry says -----------------------------------------------------------


@pytest.fixture
def made(monkeypatch):
    """Make an action for one test, which everybody of the company may do."""
    from tickmark.kernel import access
    from tickmark.kernel import action as kernel

    names = []

    def make(function, **rules):
        name = f"tests.{function.__name__}"
        names.append(name)
        monkeypatch.setitem(access.table().MAY, name, access.Grant("company", rules=rules))
        return kernel.action(name)(function)

    yield make
    for name in names:
        kernel.ACTIONS.pop(name)


def test_no_rule_is_passed_by_leaving_out_its_row(program, made):
    from tickmark.controls.models import Control
    from tickmark.kernel.access import Actor, Rule

    def guarded(actor: Actor, control: Control, other: Control | None = None) -> None:
        """Need a control."""

    guarded.__annotations__ = {"actor": Actor, "control": Control, "other": Control | None, "return": None}
    do = made(guarded, control=Rule("nobody", lambda actor: ~Q(pk__gt=0)))
    with pytest.raises(Refused):
        do(program.actor("lead"), program.control)
    with pytest.raises(Invalid, match="'control' is missing"):
        do(program.actor("lead"), None)


def test_the_entry_never_holds_what_opens_a_door(program, made):
    from tickmark.kernel.access import Actor

    def opens(actor, password, link, secret, note):
        """Take what nobody may read later."""

    opens.__annotations__ = {"actor": Actor, **dict.fromkeys(("password", "link", "secret", "note"), str)}
    done = made(opens).perform(program.actor("lead"), "hunter2", "tm_x", "s", "kept")
    assert Entry.objects.get(uid=done.entry).arguments == {"note": "kept"}


def test_long_texts_stand_in_the_entry_by_digest(program, made):
    from tickmark.kernel.access import Actor

    def says(actor, text, words):
        """Say it."""

    says.__annotations__ = {"actor": Actor, "text": str, "words": dict}
    done = made(says).perform(program.actor("lead"), "x" * 41, {"a": "y" * 40, "b": ["z" * 41]})
    digest = [hashlib.sha256(letter.encode() * 41).hexdigest() for letter in "xz"]
    assert Entry.objects.get(uid=done.entry).arguments == {
        "text": f"sha256:{digest[0]}",
        "words": {"a": "y" * 40, "b": [f"sha256:{digest[1]}"]},
    }


def test_perform_names_the_entry_of_this_action_and_not_of_the_row_it_gives(program):
    from tickmark.evidence import actions as evidence

    row = evidence.connect(
        program.actor("lead"), "git", "Git", "git.changes", "forge", {"path": "/srv/x"}, date(2025, 11, 1)
    ).connection
    done = evidence.collect.perform(program.actor("lead"), row)
    assert done.result == row and done.entry != row.entry
    assert Entry.objects.get(uid=done.entry).verb == "evidence.collect"


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (IntegrityError("UNIQUE constraint failed: x.code"), Conflict),
        (IntegrityError('duplicate key value violates unique constraint "x"'), Conflict),
        (DataError("value too long for type character varying(20)"), Invalid),
        (OperationalError("database is locked"), Unavailable),
        (ValidationError({"code": ["Enter a valid slug."]}), Invalid),
        (ValidationError("It does not fit."), Invalid),
    ],
)
def test_what_the_books_refuse_is_told_as_one_of_the_four(program, made, fault, kind):
    from tickmark.kernel.access import Actor

    def fails(actor):
        """Fail."""
        raise fault

    fails.__annotations__ = {"actor": Actor}
    before = Entry.objects.count()
    with pytest.raises(kind) as told:
        made(fails)(program.actor("lead"))
    assert told.value.what and told.value.why and told.value.remedy
    assert "constraint" not in str(told.value)
    assert Entry.objects.count() == before


@pytest.mark.parametrize(
    "fault", [IntegrityError("NOT NULL constraint failed: x.y"), OperationalError("no such table")]
)
def test_a_mistake_in_the_program_is_not_dressed_up(program, made, fault):
    from tickmark.kernel.access import Actor

    def breaks(actor):
        """Break."""
        raise fault

    breaks.__annotations__ = {"actor": Actor}
    with pytest.raises(type(fault)):
        made(breaks)(program.actor("lead"))


def test_a_list_of_rows_is_seen_with_one_question(program, made):
    from tickmark.kernel.access import Actor

    def many(actor, users):
        """Take many."""

    many.__annotations__ = {"actor": Actor, "users": list[User]}
    do, counts = made(many), []
    for count in (1, 5):
        with CaptureQueriesContext(connection) as queries:
            do(program.actor("lead"), list(User.objects.order_by("pk")[:count]))
        counts.append(len(queries))
    assert counts[0] == counts[1]
