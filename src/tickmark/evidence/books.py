"""Tickmark's own records as a source like any other: rows of the shapes people, policies, acknowledgements."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from tickmark.controls.models import Acknowledgement, PolicyVersion
from tickmark.evidence.queries import place
from tickmark.kernel import clock
from tickmark.people.models import Person

Row = dict[str, Any]


def rows() -> dict[str, Iterable[Row]]:
    """What the books hold, by the name under which the `books` collectors ask for it."""
    return {
        "policies": policies(),
        "policies:count": [{"count": PolicyVersion.objects.exclude(publication=None).count()}],
        "acknowledgements": acknowledgements(),
        "acknowledgements:count": [{"count": Acknowledgement.objects.count()}],
    }


def policies() -> Iterator[Row]:
    """Published policy versions with the day on which the next published one took their place."""
    published = PolicyVersion.objects.exclude(publication=None).select_related(
        "policy", "publication", "approval"
    )
    where = place(clock.today())
    by_policy: dict[int, list[Any]] = {}
    for version in published.order_by("policy", "publication__published_on", "pk"):
        by_policy.setdefault(version.policy_id, []).append(version)
    for versions in by_policy.values():
        for index, version in enumerate(versions):
            later = versions[index + 1] if index + 1 < len(versions) else None
            yield {
                "policy": version.policy.code,
                "version": version.label,
                "digest": version.digest,
                "title": version.title,
                "published_on": version.publication.published_on,
                "superseded_on": later.publication.published_on if later else None,
                "approved_on": where.local_day(version.approval.recorded_at),
                "must_acknowledge": version.publication.must_acknowledge,
            }


def acknowledgements() -> Iterator[Row]:
    """Who acknowledged which text when; an account that is no person of the company goes by its reference."""
    people = dict(Person.objects.exclude(user=None).values_list("user", "key"))
    read = Acknowledgement.objects.select_related("version__policy").order_by("pk")
    for row in read:
        yield {
            "person": people.get(row.user_id, f"US-{row.user_id}"),
            "policy": row.version.policy.code,
            "version": row.version.label,
            "digest": row.digest,
            "acknowledged_at": row.recorded_at,
            "acknowledged_on": None,
        }
