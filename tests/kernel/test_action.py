"""An action is allowed, atomic, recorded; a refused call writes nothing."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import DatabaseError, connection, transaction

from tickmark.evidence.models import Evidence
from tickmark.kernel.access import visible
from tickmark.kernel.action import ACTIONS
from tickmark.kernel.arguments import call
from tickmark.kernel.errors import Conflict, Invalid, NotFound, Refused
from tickmark.kernel.ledger.entry import Entry, Leaf
from tickmark.kernel.ledger.seal import leaf_data, prove, seal, signer
from tickmark.kernel.ledger.tree import leaf_hash
from tickmark.people import actions as people
from tickmark.people.models import Role, RoleGrant


def test_entry_cites_what_was_written(cast):
    grant = people.grant(cast.actor("founder"), cast.lead, Role.REVIEWER)
    entry = Entry.objects.get(uid=grant.entry)
    assert (entry.verb, entry.actor, entry.side, entry.subject) == (
        "people.grant", cast.founder.ref, "company", cast.lead.ref,
    )
    assert entry.facts == [{"ref": grant.ref, "sha256": RoleGrant.objects.get(pk=grant.pk).digest()}]
    assert entry.arguments == {"user": cast.lead.ref, "role": "reviewer"}


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
    for sql in ("update people_rolegrant set role='lead'", "delete from people_rolegrant", "delete from kernel_entry"):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
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
            control=program.control, effective_from=date(2026, 5, 1), title="Peer review", statement="Two people review.",
            criteria=["CC8.1"], nature="I", purpose="P", frequency="event", owner=program.cast.owner,
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
        (first, date(2025, 11, 1), date(2026, 4, 30)), (second, date(2026, 5, 1), date(2026, 10, 31)),
    ]


def test_evidence_exists_for_the_auditor_only_when_shared(program):
    assert list(visible(program.actor("auditor"), Evidence)) == []
