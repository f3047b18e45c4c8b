"""A private home for the test run and the cast of characters; the database is rolled back after each test."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as properties

properties.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
if not os.environ.get("CI"):  # there Hypothesis has a profile of its own, which draws the same each time
    properties.load_profile("any machine")


@pytest.fixture(autouse=True)
def own_home(settings: Any, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[None]:
    """Each test has a file store and a log of its own."""
    settings.HOME = tmp_path / "home"
    settings.FILES_URL = (tmp_path / "home" / "files").as_uri()
    yield


CAST = {
    "founder": ("company", ("sponsor", "admin")),
    "lead": ("company", ("lead",)),
    "owner": ("company", ("owner",)),
    "reviewer": ("company", ("reviewer",)),
    "employee": ("company", ()),
    "former": ("company", ()),
    "auditor": ("auditor", ("lead",)),
    "staff": ("auditor", ("staff",)),
    "partner": ("auditor", ("partner",)),
    "quality": ("auditor", ("quality",)),
    "stranger": ("auditor", ()),
}


def with_second_factor(user: Any) -> None:
    """Give an account an authenticator app: auditors come to nothing without one."""
    from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret

    TOTP.activate(user, generate_totp_secret())


@pytest.fixture
def cast(db: None) -> SimpleNamespace:
    """The characters as accounts; `cast.founder` is a user, `cast.actor("founder")` an actor."""
    from tests.deeds import writing
    from tickmark.people.actions import make_account
    from tickmark.people.models import RoleGrant

    people = SimpleNamespace()
    with writing():
        for name, (side, roles) in CAST.items():
            user = make_account(f"{name}@northlight.example", name.title(), side, None)
            setattr(people, name, user)
            if side == "auditor":
                with_second_factor(user)
            if side == "company":
                for role in roles:
                    RoleGrant(user=user, role=role).save()
    people.former.is_active = False
    people.former.save()

    def actor(name: str) -> Any:
        from tickmark.people.queries import actor_for

        return actor_for(getattr(people, name))

    people.actor = actor
    return people


@pytest.fixture
def program(cast: SimpleNamespace) -> SimpleNamespace:
    """A small programme: one system, one control with an owner, one engagement with its team."""
    from tests.deeds import writing
    from tickmark.audit.models import Engagement, TeamMember
    from tickmark.controls.models import Control, ControlVersion
    from tickmark.scope.models import Period, System, SystemVersion

    start, end = date(2025, 11, 1), date(2026, 10, 31)
    with writing(cast.founder):
        system = System(code="ledger")
        system.save()
        version = SystemVersion(
            system=system,
            effective_from=start,
            name="Ledger",
            company="Northlight, Inc.",
            services="Book-keeping as a service",
            boundary="Production",
            categories=["security"],
            time_zone="America/New_York",
            calendar="us-federal",
        )
        version.save()
        period = Period(system=system, type=2, start=start, end=end, time_zone="America/New_York")
        period.save()
        control = Control(code="CHG-02")
        control.save()
        control_version = ControlVersion(
            control=control,
            effective_from=start,
            title="Peer review",
            statement="Changes are reviewed before merge.",
            criteria=["CC8.1"],
            nature="I",
            purpose="P",
            frequency="event",
            owner=cast.owner,
        )
        control_version.save()
        engagement = Engagement(
            code="2026",
            system=system,
            period=period,
            firm="Fennimore & Oake LLP",
            categories=["security"],
            criteria_set="tsc-2017-2022",
            method="default-2026",
        )
        engagement.save()
        for name, (side, roles) in CAST.items():
            for role in roles if side == "auditor" else ():
                TeamMember(engagement=engagement, user=getattr(cast, name), role=role).save()
    return SimpleNamespace(
        cast=cast,
        actor=cast.actor,
        system=system,
        system_version=version,
        period=period,
        control=control,
        control_version=control_version,
        engagement=engagement,
    )
