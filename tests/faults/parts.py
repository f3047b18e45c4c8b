"""The parts of a Tickmark that faults are tried on, as processes of their own: `python -m tests.faults.parts PART`.

They are the program's own but for two things: what happens each minute happens each half second, and the clock starts
on the day of the tests' world and goes on from there, over all restarts.
"""

from __future__ import annotations

import json
import os
import sys
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import time_machine

NOW = datetime(2026, 12, 11, 9, tzinfo=UTC)
SINCE, SHIFT = "FAULTS_SINCE", "FAULTS_SHIFT"
"""Environment: the monotonic second at which the clock stood at NOW, and seconds by which it was set since."""
QUICK = {"SILENCE": timedelta(seconds=3), "PAUSE": timedelta(milliseconds=300)}
EXPORT = (
    "id,login,email,userType,employeeNumber,accountOwner,status,created,deactivated,lastLogin\n"
    "1,ann@x.example,ann@x.example,Employee,P1,,ACTIVE,2020-01-01T00:00:00Z,,2026-08-01T00:00:00Z\n"
    "2,bob@x.example,bob@x.example,Employee,P2,,DEPROVISIONED,2020-01-01T00:00:00Z,2026-04-01T09:00:00Z,\n"
)
PEOPLE = (
    "Employee ID,Employment No,Last Name,Work Email,Employment Type,Department,Manager ID,Location,Hire Date,"
    "Termination Date,Termination Type,Status,Termination Entered At\n"
    "P1,1,Ann,ann@x.example,Full-Time,IT,,Lyon,2020-01-06,,,Active,\n"
    "P2,1,Bob,bob@x.example,Full-Time,IT,P1,Lyon,2020-02-03,2026-03-31,Voluntary,Inactive,2026-03-02T23:30:00+01:00\n"
)


def prepare() -> None:
    """The clock of the world, and short periods."""
    elapsed = time.monotonic() - float(os.environ[SINCE]) + float(os.environ.get(SHIFT) or 0)
    time_machine.travel(NOW + timedelta(seconds=elapsed), tick=True).start()
    from tickmark.cli import serving

    serving.TICK, serving.REST, serving.STAY = 0.5, 0.1, 0.5


def hasten() -> None:
    """The periods of slots; for when the settings are read."""
    from tickmark.kernel import jobs

    for name, span in QUICK.items():
        setattr(jobs, name, span)


def worker() -> None:
    """The program's worker."""
    from tickmark.cli import serving

    begin = serving.prepare

    def prepared() -> None:
        begin()
        hasten()

    serving.prepare = prepared
    serving.work_for_ever()


def build(kind: str) -> None:
    """Make the world `intake` or `issue` in the home and say its tokens and references in `world.json` of the home."""
    from tickmark.cli import serving

    serving.prepare()
    from django.conf import settings

    found = {"intake": _intake, "issue": _issue}[kind](Path(settings.HOME))
    from tickmark.kernel.ledger.seal import seal

    seal()
    (Path(settings.HOME) / "world.json").write_text(json.dumps(found))


def _program() -> Any:
    from tests import conftest

    return conftest.program.__wrapped__(conftest.cast.__wrapped__(None))


def _intake(home: Path) -> dict[str, Any]:
    """A control that a check reads for, two exports, a person who files."""
    from tests.api.calling import token
    from tickmark.controls import actions as controls
    from tickmark.controls.models import Frequency, Nature, Purpose
    from tickmark.evidence import actions

    world, start = _program(), date(2026, 1, 1)
    controls.write(
        world.actor("lead"), "AC-04", "Leavers", "Accounts of leavers are disabled in a day.", ["CC6.2"],
        Nature.MANUAL, Purpose.PREVENTIVE, Frequency.EVENT, world.cast.owner, start, parameters={"days": 1},
    )  # fmt: skip
    found = {}
    for code, collector, recipe, text in (
        ("hr", "files.people", "people-hris-csv", PEOPLE),
        ("idp", "files.accounts", "accounts-idp-csv", EXPORT),
    ):
        path = home / "exports" / code / "export.csv"
        path.parent.mkdir(parents=True)
        path.write_text(text)
        path.with_name("export.manifest.json").write_text('{"rows": 2}')
        given = {"path": str(path), "recipe": recipe}
        version = actions.connect(
            world.actor("lead"), code, code, collector, f"{code}.x.example", given, start
        )
        found[code] = version.connection.ref
    return {"owner": token(world, "owner"), "lead": token(world, "lead"), "connections": found}


def _issue(home: Path) -> dict[str, Any]:
    """An examination whose report was issued once; it is issued anew again and again."""
    from tests.api.calling import token
    from tests.report.build import issued

    world, report = issued(_program())
    return {
        "partner": token(world, "partner"),
        "engagement": world.engagement.ref,
        "report": report.ref,
        "dated": report.dated.isoformat(),
    }


def verify() -> None:
    """Write the newest bundle of the newest report and check it with the stand-alone verifier; its exit code is ours."""
    from tickmark.cli import serving

    serving.prepare()
    from tickmark.kernel.ledger import verify as verifier
    from tickmark.people.models import User
    from tickmark.people.queries import actor_for
    from tickmark.report import actions, bundle
    from tickmark.report.models import Report

    partner = actor_for(User.objects.get(email="partner@northlight.example"))
    made = actions.bundle(partner, Report.objects.order_by("-pk")[0])
    sys.exit(verifier.main([str(bundle.write(made))]))


def judge() -> None:
    """Leaves, tiles, checkpoints and published file tell one story; said as a line of JSON."""
    from tickmark.cli import serving

    serving.prepare()
    from tests.kernel.test_seal import agrees
    from tickmark.kernel.ledger.entry import Entry
    from tickmark.kernel.ledger.seal import seal

    seal()
    print(json.dumps({"sealed": agrees(), "entries": Entry.objects.count()}))


PARTS: dict[str, Any] = {"worker": worker, "build": build, "verify": verify, "judge": judge}

if __name__ == "__main__":
    prepare()
    PARTS[sys.argv[1]](*sys.argv[2:])
