"""The Type 1 of the example company is whole: every control is followed, every request answered, in order of time."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest

LIBRARY = Path(__file__).parents[2] / "library"


def read(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def story(larkspur: Path) -> dict[str, Any]:
    return read(larkspur / "story.toml")


@pytest.fixture(scope="session")
def first(larkspur: Path) -> dict[str, Any]:
    return read(larkspur / "type-1" / "story.toml")


def adopted(story: dict[str, Any]) -> dict[str, str]:
    return {control: row["owner"] for row in story["control"] for control in row["ids"]}


def test_every_control_in_force_on_the_day_is_followed_once(
    story: dict[str, Any], first: dict[str, Any]
) -> None:
    assert all(row["from"] <= first["engagement"]["as_of"] for row in story["control"])
    assert set(first["walkthroughs"]) == set(adopted(story))
    assert all(text.endswith(".") for text in first["walkthroughs"].values())


def test_the_documents_are_the_folder_and_were_filed_before_they_answer(
    larkspur: Path, story: dict[str, Any], first: dict[str, Any]
) -> None:
    folder = larkspur / "type-1"
    assert {row["file"] for row in first["document"]} == {path.name for path in folder.glob("*.md")}
    filed = {row["key"]: row["on"] for row in first["document"]}
    filed |= {row["key"]: row["on"] for row in read(larkspur / "documents/plan.toml")["document"]}
    cast = {row["key"]: row for row in story["character"]}
    for answer in first["answer"]:
        assert all(filed[key] <= answer["on"] for key in answer["documents"]), answer
        assert cast[answer["by"]]["side"] == "company"
        assert "from" not in cast[answer["by"]]


def test_every_request_that_is_asked_is_answered(story: dict[str, Any], first: dict[str, Any]) -> None:
    rows = read(LIBRARY / "requests" / f"{first['engagement']['list']}.toml")["requests"]
    here = set(adopted(story))
    asked = [row["id"] for row in rows if not row.get("controls") or here & set(row["controls"])]
    assert [row["request"] for row in first["answer"]] == asked
    covered = {control for row in rows for control in row.get("controls", [])}
    assert here <= covered
    assert {row["kind"] for row in rows} <= {"policy", "configuration", "narrative"}


def test_the_days_of_the_examination_are_in_order(story: dict[str, Any], first: dict[str, Any]) -> None:
    plan = first["engagement"]
    days = (
        "period_on",
        "opened",
        "planned",
        "asked",
        "as_of",
        "tests_from",
        "reviewed_on",
        "concluded_on",
        "dated",
    )
    given: list[date] = [plan[day] for day in days]
    assert given == sorted(given)
    assert plan["as_of"].isoformat() == "2025-10-31" < story["period"]["start"].isoformat()
    assert max(row["on"] for row in first["answer"]) < plan["dated"]


def test_the_words_speak_of_a_day_and_never_of_operation_over_time(first: dict[str, Any]) -> None:
    written = [first["opinion"]["text"], first["letters"]["assertion"]]
    assert all("as of 31 October 2025" in " ".join(text.split()) for text in written)
    assert not any("throughout the period" in text for text in written)
    assert "operation" not in first["opinion"]


def test_a_vendors_report_was_read_after_it_ended_and_before_the_day(
    story: dict[str, Any], first: dict[str, Any]
) -> None:
    for vendor in story["vendor"]:
        before, *later = vendor["report"]
        assert before["end"] < before["read"] <= story["system"]["on"] <= first["engagement"]["as_of"]
        assert all(row["end"] < row["read"] for row in later)
