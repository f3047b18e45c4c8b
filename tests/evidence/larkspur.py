"""The example company in the books: its controls, policies and acknowledgements as facts, its sources connected."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from tickmark.controls.models import (
    Acknowledgement,
    Control,
    ControlVersion,
    Policy,
    PolicyApproval,
    PolicyVersion,
    Publication,
)
from tickmark.evidence import actions, queries
from tickmark.evidence.models import CheckRun, Collection, Connection
from tickmark.kernel import files, jobs
from tickmark.kernel.access import Actor
from tickmark.kernel.action import Deed, _under_way
from tickmark.people.models import Person, User
from tickmark.scope.models import Period, System, SystemVersion

NOW = datetime(2026, 11, 16, 11, tzinfo=UTC)
ZONE = ZoneInfo("America/New_York")
START, END = date(2025, 11, 1), date(2026, 10, 31)
SOURCES = {
    "changes": (
        "git.changes",
        {"path": "repo/ledger.git", "branch": "main", "repository": "larkspur/ledger"},
    ),
    "pulls": ("files.pulls", {"path": "github", "recipe": "pulls-github", "repository": "larkspur/ledger"}),
    "people": ("files.people", {"path": "hris/people.csv", "recipe": "people-hris-csv"}),
    "contractors": ("files.people", {"path": "hris/contractors.csv", "recipe": "people-contractors-csv"}),
    "idp": ("files.accounts", {"path": "idp/accounts.csv", "recipe": "accounts-idp-factors-csv"}),
    "support": (
        "files.accounts",
        {"path": "support/accounts.jsonl", "recipe": "accounts-factors-json-lines"},
    ),
    "trainings": ("files.trainings", {"path": "lms/enrollments.csv", "recipe": "trainings-lms-csv"}),
    "tickets": ("files.tickets", {"path": "tracker/incidents.json", "recipe": "tickets-jira-json"}),
    "findings": ("files.findings", {"path": "scanner/findings.json", "recipe": "findings-scanner-json"}),
    "devices": ("files.devices", {"path": "mdm/devices.csv", "recipe": "devices-mdm-csv"}),
    "policies": ("books.policies", {}),
    "acknowledgements": ("books.acknowledgements", {}),
}
NUMBERS: dict[str, dict[str, int]] = {
    "CHG-02": {},
    "AC-02": {},
    "AC-04": {"days": 1},
    "GOV-05": {"days": 14},
    "HR-06": {"days": 30},
    "INC-02": {},
    "OPS-02": {"critical_days": 15, "high_days": 30, "medium_days": 90},
    "AST-02": {"silent_days": 30},
}


@contextmanager
def written(at: datetime, user: User | None = None) -> Iterator[None]:
    """Facts within are stamped with this moment: the company's past, as it was recorded then."""
    actor = Actor(user=user, side="company", roles=frozenset(), kind="fixture", name="fixture")
    with _under_way(Deed("tests.write", actor, at)):
        yield


def settle(larkspur: Path, exports: Path, founder: User) -> None:
    """System, period, controls, people, policies with their versions, acknowledgements."""
    story = tomllib.loads((larkspur / "story.toml").read_text())
    with written(datetime(2025, 10, 1, tzinfo=UTC), founder):
        _programme(founder)
        accounts = _people(exports)
    for row in story["policy"]:
        _policy(row, founder)
    _acknowledge(larkspur, accounts)


def _programme(owner: User) -> None:
    system = System(code="ledger")
    system.save()
    SystemVersion(
        system=system, effective_from=date(2025, 10, 1), name="Ledger", company="Larkspur Ledger, Inc.", services="Books",
        categories=["security"], time_zone="America/New_York", calendar="us-federal",
    ).save()  # fmt: skip
    Period(system=system, type=2, start=START, end=END, time_zone="America/New_York").save()
    for code, numbers in NUMBERS.items():
        control = Control(code=code)
        control.save()
        ControlVersion(
            control=control, effective_from=date(2025, 10, 1), title=code, statement=code, criteria=["CC6.1"], nature="I",
            purpose="P", frequency="event", owner=owner, parameters=numbers, evidence_wanted="POP",
        ).save()  # fmt: skip


def _people(exports: Path) -> dict[str, User]:
    found: dict[str, User] = {}
    for name, key, person in (
        ("people", "Employee ID", "Work Email"),
        ("contractors", "Contractor ID", "Company Email"),
    ):
        with (exports / f"hris/{name}.csv").open(encoding="utf-8-sig", newline="") as stream:
            for row in csv.DictReader(stream):
                if row[key] not in found:
                    user = User(email=row[person].lower(), name=row[key], side="company", created_at=NOW)
                    user.set_unusable_password()
                    user.save()
                    Person(key=row[key], name=row[key], email=row[person], user=user).save()
                    found[row[key]] = user
    return found


def _policy(row: dict[str, Any], owner: User) -> None:
    policy = Policy.objects.filter(code=row["id"]).first() or Policy(code=row["id"])
    for version in row["version"]:
        text = f"{row['title']}, version {version['number']}"
        with written(datetime.combine(version["approved"], datetime.min.time(), ZONE), owner):
            if policy.pk is None:
                policy.save()
            made = PolicyVersion(
                policy=policy, title=row["title"], label=str(version["number"]), text=text,
                digest=files.keep(text.encode()).sha256, owner=owner, effective_from=version["published"],
            )  # fmt: skip
            made.save()
            PolicyApproval(version=made).save()
        with written(datetime.combine(version["published"], datetime.min.time(), ZONE), owner):
            asked = row["acknowledged_by"] == "everyone"
            Publication(version=made, published_on=version["published"], must_acknowledge=asked).save()


def _acknowledge(larkspur: Path, accounts: dict[str, User]) -> None:
    plan = tomllib.loads((larkspur / "acknowledgements/plan.toml").read_text())["acknowledgement"]
    versions = {(row.policy.code, row.label): row for row in PolicyVersion.objects.select_related("policy")}
    for row in plan:
        version = versions[row["policy"], str(row["version"])]
        user = accounts[row["person"]]
        with written(datetime.fromisoformat(row["at"]), user):
            Acknowledgement(version=version, user=user, digest=version.digest).save()


def connect(lead: Actor, exports: Path) -> None:
    """Connect every source, in force since the first day of the story."""
    for code, (collector, settings) in SOURCES.items():
        given = {**settings, "path": str(exports / str(settings["path"]))} if "path" in settings else settings
        actions.connect(lead, code, code, collector, code, given, date(2025, 10, 1))


def collect(lead: Actor, *codes: str) -> None:
    """Collect the sources named (all, if none is) and do all work that follows."""
    for row in Connection.objects.filter(code__in=codes or SOURCES).order_by("pk"):
        actions.collect(lead, row)
    jobs.work()
    assert not jobs.Slot.objects.exclude(error="").exists(), jobs.Slot.objects.exclude(error="").first().error


def newest(code: str) -> Collection:
    """The newest run of a source."""
    found = Collection.objects.filter(connection__code=code).order_by("-pk").first()
    assert found is not None
    return found


def runs() -> dict[str, CheckRun]:
    """What the checks say now, by check."""
    return {run.check_name: run for run in queries.standing_runs(START, END)}


def verdicts(run: CheckRun) -> dict[str, str]:
    """Item and verdict of everything that a run judged."""
    return {str(row["item"]): str(row["verdict"]) for row in queries.verdicts(run)}


def driven(run: CheckRun) -> set[str]:
    """The rows that the run had to judge."""
    rule = queries.registers().checks[run.check_name]
    return set(queries.days_driven(rule, run.populations.all(), run.start, run.end, "America/New_York"))


def subjects(run: CheckRun) -> set[str]:
    """The rows that the run did judge."""
    return {str(row["subject"] or row["item"]) for row in queries.verdicts(run)}
