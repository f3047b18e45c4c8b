"""A plain-Python auditor: reads raw exports and git, knows nothing of the generator or of the product's SQL.

Rules, as the controls state them:
CHG-02  an approval counts when given by a person other than the author, before the merge, on the merged head;
AC-04   each account is disabled by the end of the first business day after the termination (Eastern, us-federal);
GOV-05  each published version is acknowledged within 14 days of joining or of publication.
"""

from __future__ import annotations

import csv
import json
import subprocess
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

EASTERN = ZoneInfo("America/New_York")
START, END, TODAY = date(2025, 11, 1), date(2026, 10, 31), date(2026, 11, 16)
CALENDAR = Path(__file__).parents[2] / "library" / "calendars" / "us-federal.toml"
Found = dict[tuple[object, ...], str]


def rows(path: Path) -> list[dict[str, str]]:
    """A CSV as dictionaries."""
    with path.open(encoding="utf-8", newline="") as source:
        return list(csv.DictReader(source))


def pulls(home: Path) -> list[dict[str, Any]]:
    """All pages of pull requests."""
    return [
        pull
        for page in sorted((home / "github").glob("pulls-0*.json"))
        for pull in json.loads(page.read_bytes())
    ]


def reviews(home: Path, number: int) -> list[dict[str, Any]]:
    """The reviews of one pull request."""
    found: list[dict[str, Any]] = json.loads((home / "github" / "reviews" / f"{number}.json").read_bytes())
    return found


def agents(home: Path) -> list[dict[str, Any]]:
    """Accounts of the support tool."""
    return [
        json.loads(line)
        for line in (home / "support" / "accounts.jsonl").read_text(encoding="utf-8").splitlines()
    ]


def local_day(text: str) -> date:
    """The Eastern day of an instant."""
    return datetime.fromisoformat(text).astimezone(EASTERN).date()


# --- changes ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Landed:
    """A commit on the first-parent line of main."""

    sha: str
    parents: tuple[str, ...]
    committer: str
    reached: datetime
    subject: str


def git(home: Path, *arguments: str) -> str:
    """The output of git on the example's repository."""
    command = ["git", "-C", str(home / "repo" / "ledger.git"), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def line(home: Path) -> list[Landed]:
    """The first-parent line of main, oldest first."""
    found = []
    for row in git(
        home, "log", "--first-parent", "--reverse", "--format=%H%x09%P%x09%ce%x09%cI%x09%s", "main"
    ).splitlines():
        sha, parents, committer, reached, subject = row.split("\t")
        found.append(Landed(sha, tuple(parents.split()), committer, datetime.fromisoformat(reached), subject))
    return found


def inside(landed: Landed) -> bool:
    """Whether a change reached main in the period, by Eastern days."""
    return START <= landed.reached.astimezone(EASTERN).date() <= END


def judge_change(home: Path, landed: Landed, by_commit: dict[str, dict[str, Any]]) -> str:
    """CHG-02 for one change."""
    pull = by_commit.get(landed.sha)
    if pull is None:
        return "undetermined" if landed.committer == "noreply@github.com" else "fail"
    if pull["user"] is None:
        return "undetermined"
    good = [
        review
        for review in reviews(home, pull["number"])
        if review["state"] == "APPROVED"
        and review["user"]["type"] == "User"
        and review["user"]["login"] != pull["user"]["login"]
        and review["submitted_at"] < pull["merged_at"]
        and review["commit_id"] == pull["head"]["sha"]
    ]
    return "pass" if good else "fail"


def judge_changes(home: Path) -> Found:
    """CHG-02 for every change of the period, by (commit,)."""
    by_commit = {
        p["merge_commit_sha"]: p for p in pulls(home) if p["merged_at"] and p["base"]["ref"] == "main"
    }
    return {(landed.sha,): judge_change(home, landed, by_commit) for landed in line(home) if inside(landed)}


# --- leavers ---------------------------------------------------------------------------------------------------


def holidays() -> set[date]:
    """The days of the us-federal calendar."""
    return {
        date.fromisoformat(day) for day in tomllib.loads(CALENDAR.read_text(encoding="utf-8"))["holidays"]
    }


def last_day_allowed(left: date) -> date:
    """The end of the first business day after a day."""
    day = left + timedelta(days=1)
    while day.weekday() >= 5 or day in holidays():
        day += timedelta(days=1)
    return day


@dataclass(frozen=True)
class Spell:
    """One employment or engagement."""

    person: str
    number: int
    joined: date
    left: date | None
    gone: bool


def spells(home: Path) -> list[Spell]:
    """Employees and contractors, one row for each spell."""
    found = [
        (
            r["Employee ID"],
            int(r["Employment No"]),
            r["Hire Date"],
            r["Termination Date"],
            r["Status"] == "Inactive",
        )
        for r in rows(home / "hris" / "people.csv")
    ] + [
        (r["Contractor ID"], 1, r["Contract Start"], r["Contract End"], r["Status"] == "Ended")
        for r in rows(home / "hris" / "contractors.csv")
    ]
    return [
        Spell(p, n, date.fromisoformat(a), date.fromisoformat(z) if z else None, gone)
        for p, n, a, z, gone in found
    ]


def accounts(home: Path) -> Iterator[tuple[str, str, str, date, date | None]]:
    """(system, account, person, created, disabled) of every account of both systems."""
    for r in rows(home / "idp" / "accounts.csv"):
        gone = r["status"] == "DEPROVISIONED"
        yield (
            "idp",
            r["id"],
            r["employeeNumber"],
            local_day(r["created"]),
            local_day(r["deactivated"]) if gone else None,
        )
    for a in agents(home):
        gone = local_day(a["deactivated_at"]) if not a["active"] else None
        yield "support", str(a["id"]), a["external_id"] or "", local_day(a["created_at"]), gone


def judge_leavers(home: Path) -> Found:
    """AC-04 for every account of every leaver of the period, by (person, spell, system, account)."""
    everybody, found = spells(home), Found()
    for spell in everybody:
        if not (spell.left and START <= spell.left <= END) and not (spell.gone and spell.left is None):
            continue
        later = [s.joined for s in everybody if s.person == spell.person and s.number > spell.number]
        own = [
            a
            for a in accounts(home)
            if a[2] == spell.person and (not later or a[3] < min(later) - timedelta(days=7))
        ]
        if not own:
            found[(spell.person, spell.number, "", "")] = "undetermined"
        for system, account, _, _, disabled in own:
            key = (spell.person, spell.number, system, account)
            if spell.left is None:
                found[key] = "undetermined"
            else:
                found[key] = "pass" if disabled and disabled <= last_day_allowed(spell.left) else "fail"
    return found


# --- acknowledgements ------------------------------------------------------------------------------------------


def published(example: Path) -> list[tuple[str, int, date, date]]:
    """(policy, version, published, superseded) of each text that everybody acknowledges, from the story."""
    story = tomllib.loads((example / "story.toml").read_text(encoding="utf-8"))
    found = []
    for policy in story["policy"]:
        days = [version["published"] for version in policy["version"]] + [date.max]
        for place, version in enumerate(policy["version"]):
            if policy["acknowledged_by"] == "everyone":
                found.append((policy["id"], version["number"], days[place], days[place + 1]))
    return found


def judge_acknowledgements(home: Path, example: Path) -> Found:
    """GOV-05 for every person present in the period and text in force, by (person, spell, policy, version)."""
    plan = tomllib.loads((example / "acknowledgements" / "plan.toml").read_text(encoding="utf-8"))[
        "acknowledgement"
    ]
    given = {(a["person"], a["policy"], a["version"], local_day(a["at"])) for a in plan}
    found: Found = {}
    for spell in spells(home):
        if spell.joined > END or (spell.left and spell.left < START):
            continue
        for policy, version, out, superseded in published(example):
            asked = max(spell.joined, out)
            if asked >= superseded or (spell.left and spell.left < asked):
                continue
            due = asked + timedelta(days=14)
            on = [
                day
                for who, what, number, day in given
                if (who, what, number) == (spell.person, policy, version)
            ]
            early_end = (spell.left and spell.left <= due) or superseded <= due
            key = (spell.person, spell.number, policy, version)
            if on and min(on) <= due:
                found[key] = "pass"
            else:
                found[key] = "not_applicable" if early_end or due > TODAY else "fail"
    return found


def problems(found: Found) -> Found:
    """The items that did not pass."""
    return {key: verdict for key, verdict in found.items() if verdict in ("fail", "undetermined")}


def tally(found: Found) -> dict[str, int]:
    """How many items have which verdict."""
    return dict(Counter(found.values()))
