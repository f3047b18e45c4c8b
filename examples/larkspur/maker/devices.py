"""Device management: laptops of people at work, in stock, lost and retired."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path

from .days import Draw, at, business_day_up_to, export_moment, is_business_day, zulu
from .out import csv_text, manifest, put
from .roster import ON_LEAVE_SINCE, Spell, spells

HEADER = (
    "Device ID,Serial Number,Asset Tag,Assigned User,User Email,Model Type,Ownership,Status,OS,OS Version,Enrolled,"
    "Retired,Last Check-in,Disk Encryption,Screen Lock,Malware Protection,Auto Update"
).split(",")
BEGAN = date(2021, 3, 1)
"""Device management's first day."""
SYSTEMS = ("macOS 15", "macOS 15", "Windows 11", "Ubuntu 24.04")
DAY = timedelta(days=1)

# What became of single devices, by holder: encryption switched off, or not reported any more, from a day on.
ENCRYPTION = {"LL-1061": ("Off", date(2026, 9, 22)), "LL-1042": ("Unknown", date(2026, 8, 5))}
REPLACED = {"LL-1047": date(2026, 5, 20)}
UNMANAGED = {"C-0006"}
"""At work on a device that nobody enrolled."""


@dataclass(frozen=True)
class Device:
    """One device over its whole life; `back` is when it was given back, `end` why it is used no more."""

    tag: str
    spell: Spell | None
    enrolled: date
    back: date | None = None
    end: str = ""
    ended: date | None = None
    encryption: str = "On"
    since: date = BEGAN

    @property
    def id(self) -> str:
        """The stable identifier in device management."""
        return hashlib.sha256(f"device|{self.tag}".encode()).hexdigest()[:16]


def given_back(spell: Spell) -> date | None:
    """When a leaver's device came back: by the checklist of the last day."""
    if spell.left_entered is None:
        return None
    day = (spell.left or spell.left_entered.date()) + DAY * Draw("device", spell.key).between(0, 9)
    while not is_business_day(day):
        day += DAY
    return day


def _laptop(place: int, spell: Spell) -> Device:
    encryption, since = ENCRYPTION.get(spell.key, ("On", BEGAN))
    enrolled = REPLACED.get(spell.key, max(spell.hire, BEGAN))
    return Device(
        f"LT-{2001 + place}", spell, enrolled, given_back(spell), encryption=encryption, since=since
    )


@cache
def devices() -> tuple[Device, ...]:
    """Every device that was ever enrolled, by tag."""
    held = [s for s in spells() if s.idp_disabled != "none" and s.key not in UNMANAGED]
    laptops = [_laptop(place, spell) for place, spell in enumerate(held)]
    careless = next(spell for spell in held if spell.key == "LL-1047")
    others = (
        Device("LT-1902", None, BEGAN, end="Retired", ended=date(2025, 6, 11)),
        Device("LT-1987", None, date(2021, 9, 6), end="Retired", ended=date(2026, 2, 3), encryption="Off", since=date(2026, 2, 3)),
        Device("LT-1990", None, date(2022, 2, 14)),
        Device("LT-1993", careless, careless.hire, end="Lost", ended=date(2026, 5, 19)),
    )  # fmt: skip
    return tuple(sorted([*others, *laptops], key=lambda device: device.tag))


def _seen(device: Device, moment: datetime) -> datetime | None:
    """The last check-in before a moment: in use on business days, never after it was left, lost or retired."""
    spell, leave = device.spell, ON_LEAVE_SINCE.get(device.spell.key) if device.spell else None
    day = business_day_up_to(moment.date() - DAY * Draw("laptop", device.tag).between(1, 6))
    last = [spell.left or spell.left_entered.date()] if spell and spell.left_entered else []
    last += [leave.date() - DAY] if leave else []
    last += [device.ended] if device.ended else []
    day = min([day, *(one for one in last if one < day)])
    draw = Draw("check-in", device.tag, day)
    return at(day, f"{draw.between(9, 17):02}:{draw.below(60):02}") if day >= device.enrolled else None


def _status(device: Device, day: date) -> str:
    if device.ended and device.ended < day:
        return device.end
    return "In stock" if device.back and device.back < day else "Managed"


def state(device: Device, day: date) -> dict[str, object]:
    """What device management says of a device on a morning."""
    moment = export_moment(day)
    status, spell = _status(device, day), device.spell
    holder = spell if spell and status in ("Managed", "Lost") else None
    draw = Draw("laptop", spell.key if spell else device.tag)
    draw.between(1, 6)
    system, version = draw.one_of(SYSTEMS).rsplit(" ", 1)
    seen = _seen(device, moment)
    switched = seen is not None and seen.date() >= device.since and device.encryption != "On"
    return {
        "Device ID": device.id,
        "Serial Number": f"LK{device.id[:8].upper()}",
        "Asset Tag": device.tag,
        "Assigned User": holder.key if holder else "",
        "User Email": holder.email if holder else "",
        "Model Type": "Laptop",
        "Ownership": "Personal" if spell and spell.type == "Contractor" else "Corporate",
        "Status": status,
        "OS": system,
        "OS Version": version,
        "Enrolled": device.enrolled.isoformat(),
        "Retired": device.ended.isoformat() if status == "Retired" and device.ended else "",
        "Last Check-in": zulu(seen) or "",
        "Disk Encryption": device.encryption if switched else "On",
        "Screen Lock": "On",
        "Malware Protection": "On",
        "Auto Update": "On",
    }


def known(day: date) -> list[dict[str, object]]:
    """All devices that device management knew on a morning."""
    return [state(device, day) for device in devices() if device.enrolled < day]


def write(target: Path, day: date) -> None:
    """`mdm/devices.csv` with its manifest."""
    rows = [tuple(row[name] for name in HEADER) for row in known(day)]
    put(target / "mdm" / "devices.csv", csv_text(HEADER, rows))
    manifest(
        target / "mdm" / "devices.manifest.json", day, len(rows), file="devices.csv",
        system="Device management, production tenant", report="All devices",
        filters={"status": ["Managed", "In stock", "Lost", "Retired"], "ownership": "any"},
    )  # fmt: skip
