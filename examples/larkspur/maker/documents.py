"""Evidence files that follow from the roster and the accounts: reviews, logs, lists and pictures of settings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from .accounts import Account, idp_accounts, support_accounts
from .data import findings, tickets
from .days import PERIOD, Draw, at, business_day_up_to, export_moment, instant, is_business_day
from .devices import given_back, known
from .learning import AWARENESS, enrollments
from .out import csv_text
from .picture import settings_page
from .roster import spells

DAY = timedelta(days=1)
REVIEWS = {
    "2025-q4": date(2026, 1, 8),
    "2026-q1": date(2026, 4, 9),
    "2026-q2": date(2026, 7, 29),
    "2026-q3": date(2026, 10, 8),
}
CAPTURES = {
    "2025-11": (date(2025, 11, 4), "09:41"),
    "2026-05": (date(2026, 5, 5), "10:07"),
    "2026-10": (date(2026, 10, 29), "15:22"),
}
DUE = {"CRITICAL": 15, "HIGH": 30, "MEDIUM": 90}
BACKUPS = {
    "2025-11-to-2026-01": (date(2025, 11, 1), date(2026, 1, 31)),
    "2026-02-to-2026-04": (date(2026, 2, 1), date(2026, 4, 30)),
    "2026-05-to-2026-07": (date(2026, 5, 1), date(2026, 7, 31)),
    "2026-08-to-2026-10": (date(2026, 8, 1), date(2026, 10, 31)),
}


def _open(accounts: Sequence[Account], day: date) -> list[Account]:
    moment = export_moment(day)
    return [a for a in accounts if a.created <= moment and not (a.disabled and a.disabled <= moment)]


def access_review(day: date) -> str:
    """A review of all accounts open that morning; nobody decides on their own account."""
    it = "LL-1008" if day < date(2026, 8, 24) else "LL-1025"
    rows = []
    for system, owner, accounts in (
        ("identity provider", it, idp_accounts()),
        ("support tool", "LL-1009", support_accounts()),
    ):
        for account in _open(accounts, day):
            reviewer = "LL-1006" if account.person == owner else owner
            rows.append(
                (system, account.login, account.person, account.kind, "keep", reviewer, day.isoformat())
            )
    header = f"System,Account,Employee ID,Kind,Decision (list of {export_moment(day).isoformat()}),Reviewer,Reviewed on"
    return csv_text(header.split(","), rows)


def backup_log(first: date, last: date) -> str:
    """One row for each store and day; one failure in the year, followed up the same morning."""
    rows, day = [], first
    while day <= last:
        for place, store in enumerate(("ledger-database", "object-store")):
            draw = Draw("backup", store, day)
            failed = (store, day) == ("object-store", date(2026, 2, 10))
            start, end = at(day, f"02:{10 + 20 * place}"), at(day, f"02:{14 + 20 * place + draw.below(15)}")
            size = 0 if failed else 180 + 220 * place + (day - PERIOD[0]).days // 4
            note = "Quota raised and job repeated at 09:15, succeeded (ticket OPS-1187)" if failed else ""
            status = "failed" if failed else "succeeded"
            rows.append(
                (
                    f"bk-{day:%Y%m%d}-{place + 1}",
                    store,
                    start.isoformat(),
                    end.isoformat(),
                    status,
                    size,
                    "zone b",
                    note,
                )
            )
        day += DAY
    return csv_text("Job,Store,Started,Ended,Status,Size (GB),Copy in,Follow-up".split(","), rows)


def training(until: date) -> str:
    """Courses in security awareness that were assigned or completed in the period, as the platform holds them."""
    rows = []
    for one in enrollments():
        done = one.done.date() if one.done and one.passed and one.done.date() <= until else None
        if one.course != AWARENESS or one.assigned > until or (done or until) < PERIOD[0]:
            continue
        score = one.score if done else ""
        rows.append(
            (
                one.spell.key,
                one.spell.name,
                f"{one.course} {one.assigned.year}",
                one.assigned,
                one.due,
                done or "",
                score,
            )
        )
    return csv_text("Employee ID,Name,Course,Assigned,Due,Completed,Score".split(","), rows)


def _until(text: str | None, day: date) -> str:
    found = instant(text) if text else None
    return found.isoformat() if found and found.date() <= day else ""


def incidents(until: date) -> str:
    """The register of incidents, kept from the tracker: doubles and false alarms left out."""
    rows = []
    for row in tickets():
        detected = instant(row.get("detected", row["created"]))
        if (
            row["kind"] != "Incident"
            or row["status"] == "Dropped"
            or not PERIOD[0] <= detected.date() <= until
        ):
            continue
        times = (_until(row.get(name), until) for name in ("contained", "done"))
        cause, told = "yes" if row.get("cause") else "no", "yes" if row.get("told") else "no"
        rows.append(
            (
                f"INC-{row['number']}",
                row["title"],
                detected.isoformat(),
                row["by"],
                row["severity"],
                *times,
                cause,
                told,
            )
        )
    header = (
        "No,What,Detected at,Reported by,Severity,Contained at,Resolved at,Root cause known,Customers told"
    )
    return csv_text(header.split(","), rows)


def vulnerabilities(until: date) -> str:
    """Findings of the period with the day that the control sets for each."""
    rows = []
    for row in sorted(findings(), key=lambda row: (row["found"], row["id"])):
        if row["found"] > until or row.get("fixed", until) < PERIOD[0]:
            continue
        days = DUE.get(row["severity"])
        fixed = row.get("fixed", until + DAY)
        exception = row.get("exception", {}).get("until", "")
        rows.append((row["id"], row["asset"], row["severity"].lower(), row["found"], row["found"] + days * DAY if days else "",
                     fixed if fixed <= until else "", exception))  # fmt: skip
    return csv_text("Finding,Asset,Severity,First seen,Due,Fixed on,Exception until".split(","), rows)


def offboarding(until: date) -> str:
    """One checklist for each leaver of the period known to HR or the supplier portal."""
    rows = []
    for spell in spells():
        if spell.left_entered is None or not (
            PERIOD[0] <= (spell.left or spell.left_entered.date()) <= until
        ):
            continue
        opened = spell.left_entered.date()
        returned = given_back(spell) or opened
        device = (
            "none issued"
            if spell.idp_disabled == "none" or spell.type == "Contractor"
            else returned.isoformat()
        )
        rows.append((spell.key, spell.name, opened, spell.left or "", opened, device))
    return csv_text(
        "Employee ID,Name,Checklist opened,Last day,Access removal asked,Device returned".split(","), rows
    )


def endpoints(day: date) -> str:
    """Laptops in use that day with their settings, as device management shows them."""
    rows = [
        (
            row["Asset Tag"], row["Assigned User"], f"{row['OS']} {row['OS Version']}", str(row["Disk Encryption"]).lower(),
            "5 minutes", "on", "automatic", str(row["Last Check-in"])[:10],
        )
        for row in known(day)
        if row["Status"] == "Managed"
    ]  # fmt: skip
    return csv_text(
        "Device,Employee ID,System,Disk encryption,Screen lock,Anti-malware,Updates,Last seen".split(","),
        rows,
    )


def access_requests(first: date, last: date) -> str:
    """One ticket for each account of a joiner: asked by HR, approved by the manager before the grant."""
    rows = []
    joined = [
        a for a in (*idp_accounts(), *support_accounts()) if a.person and first <= a.created.date() <= last
    ]
    for number, account in enumerate(sorted(joined, key=lambda a: (a.created, a.login)), 1):
        system = "support tool" if account in support_accounts() else "identity provider"
        manager = next(s.manager for s in spells() if s.key == account.person)
        asked = business_day_up_to(account.created.date() - 3 * DAY)
        approved = at(asked + DAY if is_business_day(asked + DAY) else asked, "15:30")
        rows.append(
            (
                f"ACC-{400 + number}",
                account.person,
                system,
                "LL-1038",
                asked,
                manager,
                approved.isoformat(),
                account.created.isoformat(),
            )
        )
    return csv_text(
        "Ticket,Employee ID,System,Asked by,Asked on,Approved by,Approved at,Granted at".split(","), rows
    )


def _pictures() -> Iterator[tuple[str, bytes]]:
    for key, (day, clock) in CAPTURES.items():
        stamp = f"{day.isoformat()} {clock} Eastern"
        queue = "larkspur-merge-queue" if day >= date(2026, 3, 2) else "nobody"
        protection = [
            ("Require a pull request", "on"), ("Approvals required", "1"), ("Dismiss stale approvals", "off"),
            ("Require status checks", "on: test, lint, smoke"), ("Allow force pushes", "off"),
            ("May bypass", "admins (5)"), ("May merge for others", queue),
        ]  # fmt: skip
        address = "forge.larkspur.example/larkspur/ledger/settings/branches"
        yield (
            f"branch-protection-{key}.png",
            settings_page(address, stamp, "Branch protection: main", protection),
        )
        factor = [
            ("Policy", "All users"), ("Second factor", "required"), ("Text message", "off"), ("Session length", "12 h, admin idle 30 min"),
            ("Excluded accounts", "breakglass-01, -02"), ("Service accounts", "no interactive sign-in"),
        ]  # fmt: skip
        address = "id.larkspur.example/admin/policies/sign-in"
        yield f"second-factor-{key}.png", settings_page(address, stamp, "Sign-in policy: everyone", factor)


def files() -> dict[str, bytes]:
    """Name and content of every derived evidence file."""
    text = {f"access-review-{key}.csv": access_review(day) for key, day in REVIEWS.items()}
    text |= {f"backup-log-{key}.csv": backup_log(*span) for key, span in BACKUPS.items()}
    text |= {
        "training-2026.csv": training(PERIOD[1]),
        "incident-register-2026.csv": incidents(PERIOD[1]),
        "vulnerabilities-2026.csv": vulnerabilities(PERIOD[1]),
        "offboarding-2026.csv": offboarding(PERIOD[1]),
        "endpoints-2025-12.csv": endpoints(date(2025, 12, 2)),
        "endpoints-2026-06.csv": endpoints(date(2026, 6, 2)),
        "endpoints-2026-10.csv": endpoints(date(2026, 10, 27)),
        "access-requests-2026.csv": access_requests(*PERIOD),
    }
    return {name: content.encode() for name, content in text.items()} | dict(_pictures())
