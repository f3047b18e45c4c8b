"""The vulnerability scanner's console: every finding it keeps, with its first detection."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

from .data import findings
from .days import at, business_day_up_to, export_moment, zulu
from .out import line, manifest, put

SCANNER = "images"
SCANNED_AT = "03:15"


def _scan(day: date | None) -> datetime | None:
    return at(day, SCANNED_AT) if day else None


def _finding(row: dict[str, Any], moment: datetime) -> dict[str, Any]:
    fixed, granted, dropped = _scan(row.get("fixed")), row.get("exception"), row.get("dismissed")
    fixed = fixed if fixed and fixed <= moment else None
    granted = granted if granted and granted["approved"] < moment.date() else None
    dropped = dropped if dropped and dropped["on"] < moment.date() else None
    last = fixed or at(business_day_up_to(moment.date()), SCANNED_AT)
    package, version = row["package"].rsplit(" ", 1)
    state = "fixed" if fixed else "dismissed" if dropped else "accepted" if granted else "open"
    return {
        "Scanner": SCANNER,
        "ID": row["id"],
        "Target": row["asset"],
        "VulnerabilityID": f"FICT-{row['found'].year}-{row['id'].removeprefix('V-')}",
        "PkgName": package,
        "InstalledVersion": version,
        "Title": f"Weakness in {package} (fictional)",
        "Severity": row["severity"],
        "Status": state,
        "FirstSeen": zulu(_scan(row["found"])),
        "LastSeen": zulu(min(last, moment)),
        "FixedAt": zulu(fixed),
        "Exception": granted
        and {
            "ID": granted["id"],
            "ApprovedOn": granted["approved"].isoformat(),
            "ApprovedBy": granted["by"],
            "Until": granted["until"].isoformat(),
            "Reason": granted["reason"],
        },
        "DismissedBy": dropped and dropped["by"],
        "DismissedReason": dropped and dropped["reason"],
        "Ticket": f"OPS-{1100 + int(row['id'].removeprefix('V-'))}",
    }


def write(target: Path, day: date) -> None:
    """`scanner/findings.json` with its manifest."""
    moment = export_moment(day)
    rows = [_finding(row, moment) for row in findings() if at(row["found"], SCANNED_AT) <= moment]
    body = ",\n".join(line(row) for row in rows)
    put(target / "scanner" / "findings.json", f'{{"SchemaVersion":2,"Findings":[\n{body}\n]}}\n')
    manifest(
        target / "scanner" / "findings.manifest.json", day, len(rows), file="findings.json",
        system="Vulnerability scanner, console", report="All findings",
        filters={"status": ["open", "fixed", "accepted", "dismissed"], "severity": "any", "asset": "any"},
    )  # fmt: skip
