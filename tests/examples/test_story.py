"""The story is whole: everybody and everything it names exists, and nothing happens before it can."""

from __future__ import annotations

import csv
import io
import re
import struct
import tomllib
import zlib
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.examples import oracle

LIBRARY = Path(__file__).parents[2] / "library"
COMPANY_ROLES = {"sponsor", "lead", "owner", "reviewer", "contributor", "adviser"}
AUDITOR_ROLES = {"staff", "lead", "partner", "quality", "specialist"}


@pytest.fixture(scope="session")
def story(larkspur: Path) -> dict[str, Any]:
    return tomllib.loads((larkspur / "story.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def documents(larkspur: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = tomllib.loads(
        (larkspur / "documents" / "plan.toml").read_text(encoding="utf-8")
    )["document"]
    return found


@pytest.fixture(scope="session")
def acknowledgements(larkspur: Path) -> list[dict[str, Any]]:
    text = (larkspur / "acknowledgements" / "plan.toml").read_text(encoding="utf-8")
    found: list[dict[str, Any]] = tomllib.loads(text)["acknowledgement"]
    return found


def controls(story: dict[str, Any]) -> dict[str, str]:
    return {control: row["owner"] for row in story["control"] for control in row["ids"]}


def test_every_role_is_played_and_nobody_stands_on_both_sides(story: dict[str, Any]) -> None:
    cast = story["character"]
    sides = {
        side: {role for c in cast if c["side"] == side for role in c["roles"]}
        for side in ("company", "auditor")
    }
    assert sides == {"company": COMPANY_ROLES, "auditor": AUDITOR_ROLES}
    assert len({c["email"] for c in cast}) == len({c["key"] for c in cast}) == len(cast)
    assert {c["email"].rpartition("@")[2] for c in cast if c["side"] == "auditor"} == {
        story["firm"]["domain"]
    }


def test_company_characters_are_the_people_of_the_hr_export(story: dict[str, Any], home: Path) -> None:
    people = {r["Employee ID"]: r for r in oracle.rows(home / "hris" / "people.csv")}
    for character in story["character"]:
        if character["person"]:
            row = people[character["person"]]
            assert (character["name"], character["email"]) == (
                f"{row['First Name']} {row['Last Name']}",
                row["Work Email"],
            )


def test_every_name_in_the_story_is_a_character(
    story: dict[str, Any], documents: list[dict[str, Any]]
) -> None:
    cast = {c["key"]: c for c in story["character"]}
    rows = [row for value in story.values() if isinstance(value, list) for row in value]
    rows += documents + [answer for request in story["request"] for answer in request["answers"]]
    for row in rows:
        for key in ("by", "owner", "to"):
            assert row.get(key, "founder") in cast
        if "by" in row and isinstance(row.get("on"), date):
            who = cast[row["by"]]
            assert who.get("from", date.min) <= row["on"] <= who.get("until", date.max), row


def test_controls_are_in_the_library_and_cover_every_criterion_in_scope(story: dict[str, Any]) -> None:
    criteria: set[str] = set()
    for control in controls(story):
        front = (LIBRARY / "controls" / f"{control}.md").read_text(encoding="utf-8").split("+++")[1]
        criteria |= set(tomllib.loads(front)["criteria"])
    series = {
        "CC1": 5,
        "CC2": 3,
        "CC3": 4,
        "CC4": 2,
        "CC5": 3,
        "CC6": 8,
        "CC7": 5,
        "CC8": 1,
        "CC9": 2,
        "A1": 3,
        "C1": 2,
    }
    scope = {f"{name}.{number}" for name, count in series.items() for number in range(1, count + 1)}
    assert len(scope) == 38
    assert scope <= criteria


def test_every_control_but_the_measured_ones_has_a_document(
    story: dict[str, Any], documents: list[dict[str, Any]]
) -> None:
    shown = {control for document in documents for control in document["controls"]}
    assert shown <= set(controls(story))
    assert set(controls(story)) - shown == {"AC-04", "CHG-01", "GOV-01", "GOV-05"}


def test_documents_exist_are_uploaded_after_the_event_and_by_a_present_owner(
    larkspur: Path, story: dict[str, Any], documents: list[dict[str, Any]]
) -> None:
    folder = larkspur / "documents"
    assert {d["file"] for d in documents} == {p.name for p in folder.iterdir()} - {"plan.toml"}
    for document in documents:
        assert document["covers"][0] <= document["covers"][1]
        assert document["observed"] <= document["on"] <= story["period"]["demo_day"]
        assert document["on"] - document["observed"] <= timedelta(days=8)


def test_documents_are_dated_before_they_speak_of_the_future(
    larkspur: Path, documents: list[dict[str, Any]]
) -> None:
    for document in documents:
        path = larkspur / "documents" / document["file"]
        if path.name.startswith("access-review"):
            assert {r["Reviewed on"] for r in oracle.rows(path)} == {document["on"].isoformat()}


def test_quarterly_documents_cover_each_quarter_that_ends_in_the_period_and_one_is_late(
    documents: list[dict[str, Any]],
) -> None:
    ends = [date(2025, 12, 31), date(2026, 3, 31), date(2026, 6, 30), date(2026, 9, 30)]
    for control in ("AC-06", "GOV-06", "BCP-06"):
        found = [d for d in documents if d["controls"] == [control]]
        assert [d["covers"][1] for d in found] == ends
        late = [d["key"] for d in found if d["observed"] > d["covers"][1] + timedelta(days=15)]
        assert late == (["access-review-2026-q2"] if control == "AC-06" else [])


def test_access_reviews_list_exactly_the_open_accounts_of_that_morning(
    larkspur: Path, generator: Any, tmp_path: Path
) -> None:
    for quarter, day in {"2025-q4": date(2026, 1, 8), "2026-q2": date(2026, 7, 29)}.items():
        generator.exports(tmp_path / quarter, day)
        users = oracle.rows(tmp_path / quarter / "idp" / "accounts.csv")
        accounts = {user["login"] for user in users if user["status"] != "DEPROVISIONED"}
        accounts |= {agent["email"] for agent in oracle.agents(tmp_path / quarter) if agent["active"]}
        reviewed = oracle.rows(larkspur / "documents" / f"access-review-{quarter}.csv")
        assert {r["Account"] for r in reviewed} == accounts
        assert all(r["Reviewer"] != r["Employee ID"] for r in reviewed)


def test_the_backup_log_has_each_store_each_day_of_the_period(larkspur: Path) -> None:
    jobs = [r for p in sorted((larkspur / "documents").glob("backup-log-*.csv")) for r in oracle.rows(p)]
    days = (oracle.END - oracle.START).days + 1
    assert len({(r["Store"], r["Started"][:10]) for r in jobs}) == len(jobs) == 2 * days
    assert [r["Job"] for r in jobs if r["Status"] != "succeeded"] == ["bk-20260210-2"]


def test_pictures_are_sound(larkspur: Path) -> None:
    pictures = sorted((larkspur / "documents").glob("*.png"))
    assert len(pictures) == 6
    for path in pictures:
        data, at, body = path.read_bytes(), 8, b""
        assert data[:8] == b"\x89PNG\r\n\x1a\n"
        while at < len(data):
            size, kind = struct.unpack(">I4s", data[at : at + 8])
            chunk = data[at + 8 : at + 8 + size]
            assert struct.unpack(">I", data[at + 8 + size : at + 12 + size])[0] == zlib.crc32(kind + chunk)
            body += chunk if kind == b"IDAT" else b""
            at += 12 + size
        assert len(zlib.decompress(body)) == 400 * (760 // 4 + 1)


def test_policies_are_approved_before_they_are_published_and_acknowledged_after(
    story: dict[str, Any], acknowledgements: list[dict[str, Any]]
) -> None:
    published = {(p["id"], v["number"]): v["published"] for p in story["policy"] for v in p["version"]}
    assert all(v["approved"] < v["published"] for p in story["policy"] for v in p["version"])
    assert len(acknowledgements) == len(
        {tuple(a[k] for k in ("person", "policy", "version", "at")) for a in acknowledgements}
    )
    for given in acknowledgements:
        assert oracle.local_day(given["at"]) >= published[(given["policy"], given["version"])]
        assert oracle.local_day(given["at"]) < oracle.TODAY


def test_policies_are_those_of_the_library_and_answer_what_it_asks(story: dict[str, Any]) -> None:
    for policy in story["policy"]:
        front = (LIBRARY / "policies" / f"{policy['id']}.md").read_text(encoding="utf-8").split("+++")[1]
        assert policy["title"] == tomllib.loads(front)["title"]
    texts = [
        (LIBRARY / "policies" / f"{row['id']}.md").read_text(encoding="utf-8") for row in story["policy"]
    ]
    asked = {blank for text in texts for blank in re.findall(r"\{([A-Za-z][A-Za-z0-9_.-]*)\}", text)}
    stated = {blank for blank in asked if blank.split(".")[0] in controls(story)}
    assert set(story["policy_answers"]) == asked - stated
    needed = set()
    for control in controls(story):
        front = (LIBRARY / "controls" / f"{control}.md").read_text(encoding="utf-8").split("+++")[1]
        needed.add(tomllib.loads(front)["policy"])
    assert needed <= {policy["id"] for policy in story["policy"]}


def test_collections_name_recipes_of_the_library_and_exports_that_are_made(
    story: dict[str, Any], home: Path
) -> None:
    for collection in story["collection"]:
        assert (home / collection["path"]).exists()
        if collection["recipe"]:
            recipe = tomllib.loads(
                (LIBRARY / "recipes" / f"{collection['recipe']}.toml").read_text(encoding="utf-8")
            )
            assert recipe["shape"] == collection["shape"]


def test_only_people_present_acknowledge(home: Path, acknowledgements: list[dict[str, Any]]) -> None:
    spells = oracle.spells(home)
    for given in acknowledgements:
        day = oracle.local_day(given["at"])
        there = [s for s in spells if s.person == given["person"] and s.joined <= day <= (s.left or date.max)]
        assert len(there) == 1, given


def test_requests_are_answered_with_what_exists(
    story: dict[str, Any], documents: list[dict[str, Any]]
) -> None:
    on_file = {d["key"]: d["on"] for d in documents}
    collections = {c["key"] for c in story["collection"]}
    states = set()
    for request in story["request"]:
        assert request["control"] in controls(story)
        for answer in request["answers"]:
            assert answer["on"] >= request["on"]
            assert answer.get("collection") in collections or on_file[answer["document"]] <= answer["on"]
        states.add(
            "closed"
            if "closed" in request
            else "sent back"
            if "sent_back" in request
            else "answered"
            if request["answers"]
            else "open"
        )
    assert states == {"closed", "sent back", "answered", "open"}


def test_subservice_organisations_have_complements_and_a_monitoring_control(story: dict[str, Any]) -> None:
    for vendor in (v for v in story["vendor"] if v["subservice"]):
        promised = {c for x in story["complement"] if x["vendor"] == vendor["key"] for c in x["criteria"]}
        assert set(vendor["criteria"]) == promised
        assert vendor["monitored_by"] in controls(story)
    assert {c["kind"] for c in story["component"]} == {
        "infrastructure",
        "software",
        "people",
        "procedures",
        "data",
    }
    assert {c["category"] for c in story["commitment"]} == set(story["system"]["categories"])


def test_every_csv_document_is_rectangular(larkspur: Path) -> None:
    for path in (larkspur / "documents").glob("*.csv"):
        table = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8"))))
        assert {len(row) for row in table} == {len(table[0])}, path.name
