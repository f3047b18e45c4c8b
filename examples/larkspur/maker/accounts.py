"""User exports of the identity provider and of the support tool, which is not behind single sign-on."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path

from .days import Draw, after, at, business_day_up_to, export_moment, instant, zulu
from .out import csv_text, line, manifest, put
from .roster import DOMAIN, FORMER_NAMES, ON_LEAVE_SINCE, Spell, spells

IDP = (
    "id,login,email,firstName,lastName,userType,employeeNumber,accountOwner,status,created,activated,statusChanged,"
    "deactivated,lastLogin,mfaFactors,mfaExempt,githubLogin"
).split(",")

# name, user type, owner, created, deactivated
MACHINES = (
    ("svc-ci-deploy", "Service", "LL-1007", "2021-02-01T10:00", ""),
    ("svc-backup", "Service", "LL-1016", "2021-02-01T10:20", ""),
    ("status-page-sync", "", "LL-1033", "2026-03-17T11:00", ""),
    ("svc-export", "Service", "LL-1006", "2025-09-15T14:00", ""),
    ("breakglass-01", "Break glass", "LL-1006", "2022-05-04T16:00", ""),
    ("breakglass-02", "Break glass", "LL-1002", "2022-05-04T16:05", ""),
    ("sales-demo", "Shared", "LL-1010", "2021-06-07T11:30", "2025-06-30T12:00"),
)


# Second factors in the support tool, where not set: one never was, one the tool does not tell since it was moved.
FACTORS = {"C-0006": False, "LL-1051": None}


@dataclass(frozen=True)
class Account:
    """One account in one system, over its whole life."""

    id: str
    login: str
    first: str
    last: str
    kind: str
    person: str
    owner: str
    created: datetime
    activated: datetime
    suspended: datetime | None
    disabled: datetime | None
    left: date | None
    github: str = ""
    logs_in: bool = True

    def last_login(self, moment: datetime) -> datetime | None:
        """The latest morning log-in before a moment; nobody logs in after leaving."""
        if not self.logs_in:
            return None
        ends = [end.date() for end in (self.disabled, self.suspended) if end and end <= moment]
        day = min([moment.date() - timedelta(days=1), *ends, *([self.left] if self.left else [])])
        while (day := business_day_up_to(day)) >= self.activated.date():
            draw = Draw("login", self.login, day)
            found = at(day, f"08:{draw.below(60):02}:{draw.below(60):02}")
            if all(found < end for end in (self.disabled, self.suspended) if end and end <= moment):
                return max(found, after(self.activated, minutes=3))
            day -= timedelta(days=1)
        return None


def _identity(*parts: str) -> str:
    return "00u" + hashlib.sha256("|".join(parts).encode()).hexdigest()[:17]


def _created(spell: Spell) -> datetime:
    day = business_day_up_to(spell.hire - timedelta(days=1))
    return at(day, f"14:{Draw('created', spell.login).below(60):02}")


def _when(text: str) -> datetime | None:
    return instant(text) if text and text != "never" else None


def _account(spell: Spell, login: str, disabled: datetime | None) -> Account:
    start = at(spell.hire, f"09:{Draw('start', login).between(5, 40):02}")
    kind = "Contractor" if spell.type == "Contractor" else "Employee"
    return Account(
        _identity(login, str(spell.spell)), login, spell.first, spell.last, kind, spell.key, "", _created(spell),
        start, ON_LEAVE_SINCE.get(spell.key), disabled, spell.left, spell.github,
    )  # fmt: skip


def _machine(name: str, kind: str, owner: str, created: str, disabled: str) -> Account:
    begun = instant(created)
    return Account(
        _identity(name), f"{name}@{DOMAIN}", name, "", kind, "", owner, begun, begun, None, _when(disabled), None,
        logs_in=kind == "Service",
    )  # fmt: skip


@cache
def idp_accounts() -> tuple[Account, ...]:
    """Every account the identity provider ever held, by creation."""
    people = [_account(s, s.login, _when(s.idp_disabled)) for s in spells() if s.idp_disabled != "none"]
    return tuple(sorted([*people, *(_machine(*row) for row in MACHINES)], key=lambda a: (a.created, a.login)))


def agent_id(account: Account) -> str:
    """The support tool's number for an agent, in the order of creation."""
    return str(361_900_000_000 + 7 * (support_accounts().index(account) + 1))


@cache
def support_accounts() -> tuple[Account, ...]:
    """Every agent account of the support tool, by creation."""
    found = []
    for spell in (s for s in spells() if s.support):
        name = FORMER_NAMES.get(spell.key)
        login = f"{name}@{DOMAIN}" if name else spell.login
        found.append(_account(spell, login, _when(spell.support_disabled)))
    return tuple(sorted(found, key=lambda a: (a.created, a.login)))


def _status(account: Account, moment: datetime) -> tuple[str, datetime]:
    if account.disabled and account.disabled <= moment:
        return "DEPROVISIONED", account.disabled
    if account.suspended and account.suspended <= moment:
        return "SUSPENDED", account.suspended
    if account.activated <= moment:
        return "ACTIVE", account.activated
    return "STAGED", account.created


def _factors(account: Account) -> str:
    if account.kind != "Employee" and account.kind != "Contractor":
        return "webauthn" if account.kind == "Break glass" else ""
    return Draw("factor", account.login).one_of(("webauthn;push", "push;totp", "webauthn", "webauthn;totp"))


def _idp_row(account: Account, moment: datetime) -> tuple[object, ...]:
    status, changed = _status(account, moment)
    started = account.activated if account.activated <= moment else None
    return (
        account.id, account.login, account.login, account.first, account.last, account.kind, account.person,
        account.owner, status, zulu(account.created), zulu(started), zulu(changed),
        zulu(account.disabled) if status == "DEPROVISIONED" else None, zulu(account.last_login(moment)),
        _factors(account) if started else "", str(account.kind == "Break glass").lower(), account.github,
    )  # fmt: skip


def _agent(account: Account, moment: datetime) -> dict[str, object]:
    status, changed = _status(account, moment)
    gone = status == "DEPROVISIONED"
    return {
        "id": int(agent_id(account)),
        "external_id": account.person or None,
        "name": f"{account.first} {account.last}".strip(),
        "email": account.login,
        "role": "admin" if account.person in ("LL-1008", "LL-1009", "LL-1025") else "agent",
        "active": not gone,
        "created_at": zulu(account.created),
        "updated_at": zulu(changed),
        "deactivated_at": zulu(changed) if gone else None,
        "last_login_at": zulu(account.last_login(moment)),
        "two_factor_auth_enabled": FACTORS.get(account.person, True),
        "two_factor_exempt": False,
    }


def write(target: Path, day: date) -> None:
    """`idp/accounts.csv` and `support/accounts.jsonl`, each with its manifest."""
    moment = export_moment(day)
    rows = [_idp_row(a, moment) for a in idp_accounts() if a.created <= moment]
    put(target / "idp" / "accounts.csv", csv_text(IDP, rows))
    manifest(
        target / "idp" / "accounts.manifest.json", day, len(rows), file="accounts.csv",
        system="Identity provider, production organisation", report="All users",
        filters={"status": ["STAGED", "ACTIVE", "SUSPENDED", "DEPROVISIONED"], "user_type": "all"},
    )  # fmt: skip
    agents = [_agent(a, moment) for a in support_accounts() if a.created <= moment]
    put(target / "support" / "accounts.jsonl", "".join(line(agent) + "\n" for agent in agents))
    manifest(
        target / "support" / "accounts.manifest.json", day, len(agents), file="accounts.jsonl",
        system="Support tool", report="Users of role agent or admin",
        filters={"role": ["agent", "admin"], "active": "any"},
    )  # fmt: skip
