"""Evidence files that follow from the roster and the accounts: reviews, logs, lists and pictures of settings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from .accounts import Account, idp_accounts, support_accounts
from .days import PERIOD, Draw, at, business_day_up_to, export_moment, is_business_day
from .out import csv_text
from .picture import settings_page
from .roster import Spell, spells

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


def _staff(until: date) -> Iterator[Spell]:
    """Spells with at least 30 days of work in the period."""
    for spell in spells():
        end = min(until, spell.left or (spell.left_entered.date() if spell.left_entered else until))
        if end >= PERIOD[0] and spell.hire <= until and end - max(spell.hire, PERIOD[0]) >= 30 * DAY:
            yield spell


def training(until: date) -> str:
    """Security awareness: within 30 days of joining, the others in the yearly round of January 2026."""
    rows = []
    for spell in _staff(until):
        draw = Draw("training", spell.key, spell.spell)
        if spell.left and spell.left < date(2026, 1, 31) and spell.hire < PERIOD[0]:
            continue
        assigned = max(spell.hire, date(2026, 1, 5) if spell.hire < date(2025, 12, 1) else spell.hire)
        done = business_day_up_to(assigned + DAY * draw.between(3, 26))
        rows.append(
            (
                spell.key,
                spell.name,
                "Security awareness 2026",
                assigned,
                assigned + 30 * DAY,
                done,
                draw.between(80, 100),
            )
        )
    return csv_text("Employee ID,Name,Course,Assigned,Due,Completed,Score".split(","), rows)


def offboarding(until: date) -> str:
    """One checklist for each leaver of the period known to HR or the supplier portal."""
    rows = []
    for spell in spells():
        if spell.left_entered is None or not (
            PERIOD[0] <= (spell.left or spell.left_entered.date()) <= until
        ):
            continue
        opened = spell.left_entered.date()
        returned = (spell.left or opened) + DAY * Draw("device", spell.key).between(0, 9)
        while not is_business_day(returned):
            returned += DAY
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
    """Laptops of everybody at work that day, with their settings."""
    rows = []
    for number, spell in enumerate(s for s in spells() if s.works_on(day) and s.idp_disabled != "none"):
        draw = Draw("laptop", spell.key)
        seen = business_day_up_to(day - DAY * draw.between(1, 6))
        system = draw.one_of(("macOS 15", "macOS 15", "Windows 11", "Ubuntu 24.04"))
        rows.append((f"LT-{2001 + number}", spell.key, system, "on", "5 minutes", "on", "automatic", seen))
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
        "offboarding-2026.csv": offboarding(PERIOD[1]),
        "endpoints-2025-12.csv": endpoints(date(2025, 12, 2)),
        "endpoints-2026-06.csv": endpoints(date(2026, 6, 2)),
        "endpoints-2026-10.csv": endpoints(date(2026, 10, 27)),
        "access-requests-2026.csv": access_requests(*PERIOD),
    }
    return {name: content.encode() for name, content in text.items()} | dict(_pictures())
