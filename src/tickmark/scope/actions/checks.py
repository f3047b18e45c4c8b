"""What every verb of the scope step looks at before it writes."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any
from zoneinfo import available_timezones

from django.db.models import QuerySet

from tickmark.kernel.action import need
from tickmark.people.models import Side, User
from tickmark.scope.criteria import Category
from tickmark.scope.models import Commitment, Component, ComponentKind, System, Vendor


def check_categories(categories: list[str]) -> list[str]:
    """The categories in official order, Security among them. Raises Invalid for a name that is none."""
    known = [category.value for category in Category]
    strange = [name for name in categories if name not in known]
    need(
        not strange,
        f"'{strange[0][:40] if strange else ''}' is no category.",
        f"Categories: {', '.join(known)}.",
        "Choose among them.",
        "categories",
    )
    need(
        "security" in categories,
        "Security is left out.",
        "The common criteria apply with every category.",
        "Choose Security.",
        "categories",
    )
    return [name for name in known if name in categories]


def check_zone(name: str) -> None:
    """Raise Invalid for a time zone that nobody knows."""
    need(
        name in available_timezones(),
        f"There is no time zone '{name[:40]}'.",
        "Names are like Europe/Berlin.",
        "Correct it.",
        "time_zone",
    )


def check_code(code: str) -> str:
    """A code that addresses and references can hold. Raises Invalid."""
    need(
        re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}", code),
        f"'{code[:40]}' is no code.",
        "A code has letters, figures and hyphens, 40 at most: people refer to it, addresses hold it.",
        "Write it like main-product.",
        "code",
    )
    return code


def not_before(versions: QuerySet[Any], effective_from: date) -> None:
    """Raise Invalid for a version that would slip in before the newest of its subject: the past stays as it was."""
    days = versions.order_by("-effective_from", "-pk").values_list("effective_from", flat=True)
    newest = days.first()
    need(
        newest is None or effective_from >= newest,
        "The day lies before the newest version.",
        f"That one holds from {newest}; what was in force before is not rewritten.",
        "Give a later day.",
        "effective_from",
    )


def said(text: str, field: str, why: str) -> None:
    """Raise Invalid for a text that is empty."""
    need(text.strip(), f"The {field.replace('_', ' ')} is empty.", why, "Write it.", field)


def check_owners(owner: User | None, backup_owner: User | None) -> None:
    """Raise Invalid for an owner who is not of the company, and for one who would stand in for themselves."""
    for field, user in (("owner", owner), ("backup_owner", backup_owner)):
        need(
            user is None or user.side == Side.COMPANY,
            f"{user} is not of the company.",
            "The auditor owns no part of the system.",
            "Choose somebody of the company.",
            field,
        )
    need(
        backup_owner is None or backup_owner != owner,
        f"{backup_owner} would stand in for themselves.",
        "A backup owner is asked when the owner is away or has left.",
        "Choose somebody else, or nobody.",
        "backup_owner",
    )
    need(
        backup_owner is None or owner is not None,
        "There is a backup owner and no owner.",
        "Nobody would be asked first.",
        "Name the owner.",
        "owner",
    )


def commitment_codes(system: System) -> set[str]:
    """The codes of every commitment and requirement that the system ever had."""
    return set(Commitment.objects.filter(system=system).values_list("code", flat=True))


def data_codes(system: System) -> set[str]:
    """The codes of every kind of data that the system ever had."""
    rows = Component.objects.filter(system=system, kind=ComponentKind.DATA)
    return set(rows.values_list("code", flat=True))


def vendor_codes() -> set[str]:
    """The codes of all vendors."""
    return set(Vendor.objects.values_list("code", flat=True))


def check_named(codes: list[str], known: Callable[[], set[str]], field: str) -> None:
    """Raise Invalid for a code that names nothing."""
    every = known() if codes else set()
    strange = next((code for code in codes if code not in every), "")
    need(
        not strange,
        f"There is no {NAMED[field]} {strange[:40]}.",
        "What is named must stand in the scope: a reader follows it.",
        f"Known are {', '.join(sorted(every)[:12]) or 'none'}.",
        field,
    )


NAMED = {"data": "data", "commitments": "commitment", "supplier": "vendor"}


def check_flows(flows: Sequence[tuple[str, str]]) -> None:
    """Raise Invalid for a flow (end, what) that does not say both."""
    half = next((f"{end}{what}" for end, what in flows if not (end.strip() and what.strip())), None)
    need(
        half is None,
        f"The flow '{(half or '')[:60]}' says only half.",
        "A flow says where to and what.",
        "Write it as code: what, such as ledger-db: customer records.",
        "flows",
    )
