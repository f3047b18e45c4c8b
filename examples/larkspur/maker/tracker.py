"""The issue tracker's incident project, as its search API gives it."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

from .data import tickets
from .days import export_moment, instant
from .out import line, manifest, put

PROJECT = "INC"
CLOSED = ("Closed", "Resolved", "Dropped")


def _stamp(moment: datetime | None) -> str | None:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000%z") if moment else None


def _seen(row: dict[str, Any], name: str, moment: datetime) -> datetime | None:
    """A time of the issue, where it was known by then."""
    found = instant(row[name]) if row.get(name) else None
    return found if found and found <= moment else None


def _issue(row: dict[str, Any], moment: datetime) -> dict[str, Any]:
    done = _seen(row, "done", moment)
    settled = done is not None
    severity = {"value": row["severity"]} if row["severity"] else None
    return {
        "id": str(88_000 + 11 * row["number"]),
        "key": f"{PROJECT}-{row['number']}",
        "fields": {
            "project": {"key": PROJECT},
            "issuetype": {"name": row["kind"]},
            "summary": row["title"],
            "status": {"name": row["status"] if settled or row["status"] not in CLOSED else "In Progress"},
            "resolution": {"name": "Done" if row["status"] == "Closed" else "Won't Do"} if settled else None,
            "created": _stamp(instant(row["created"])),
            "resolutiondate": _stamp(done),
            "reporter": {"name": row["by"]},
            "assignee": {"name": row["owner"]},
            "customfield_10051": severity,
            "customfield_10060": _stamp(_seen(row, "detected", moment)),
            "customfield_10061": _stamp(_seen(row, "contained", moment)),
            "customfield_10071": row.get("cause") if settled else None,
            "customfield_10072": row.get("lessons") if settled else None,
            "customfield_10075": row.get("of") if settled else None,
            "customfield_10080": _stamp(_seen(row, "told", moment)),
        },
    }


def write(target: Path, day: date) -> None:
    """`tracker/incidents.json` with its manifest."""
    moment = export_moment(day)
    issues = [_issue(row, moment) for row in tickets() if instant(row["created"]) <= moment]
    body = ",\n".join(line(issue) for issue in issues)
    text = f'{{"startAt":0,"maxResults":1000,"total":{len(issues)},"issues":[\n{body}\n]}}\n'
    put(target / "tracker" / "incidents.json", text)
    manifest(
        target / "tracker" / "incidents.manifest.json", day, len(issues), file="incidents.json",
        system="Issue tracker", report=f"project = {PROJECT} ORDER BY key",
        filters={"issue type": "any", "status": "any", "resolution": "any"},
    )  # fmt: skip
