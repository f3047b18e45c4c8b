"""The leavers check, case by case (domain.md 10, cases 1 to 9, 16 to 18, 20, 66 to 69)."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.plugins.given import causes, judge
from tickmark.kernel.tables import read

INDEPENDENCE_DAY = date(2026, 7, 3)
LEFT = {"state": "left", "joined_on": "2020-01-06", "left_on": "2026-07-03"}


def person(key: str, spell: str = "1", **other: Any) -> dict[str, Any]:
    return {"person": key, "spell": spell, "kind": "employee"} | LEFT | other


def account(holder: str | None, **other: Any) -> dict[str, Any]:
    usual = {
        "system": "idp",
        "account": holder,
        "person": holder,
        "kind": "person",
        "created_on": "2020-01-06",
    }
    return usual | {"state": "disabled", "disabled_on": "2026-07-03"} | other


CASES: dict[str, tuple[list[dict[str, Any]], list[dict[str, Any]], str]] = {
    # Friday 3 July is a holiday: the business day after is Monday 6 July.
    "same-day": ([{}], [{}], "in_time"),
    "monday": ([{}], [{"disabled_on": "2026-07-06"}], "in_time"),
    "tuesday": ([{}], [{"disabled_on": "2026-07-07"}], "late"),
    "saturday": ([{"left_on": "2026-07-04"}], [{"disabled_on": "2026-07-06"}], "in_time"),
    "early": ([{}], [{"disabled_on": "2026-06-15"}], "in_time"),
    "deleted": ([{}], [{"state": "deleted"}], "in_time"),
    "late-evening": ([{}], [{"disabled_on": None, "disabled_at": "2026-07-07T02:30:00Z"}], "in_time"),
    "contractor": ([{"kind": "contractor"}], [{"kind": "external"}], "in_time"),
    "active": ([{}], [{"state": "active", "disabled_on": None}], "still_active"),
    "enabled-again": ([{}], [{"enabled_again_at": "2026-07-10T12:00:00Z"}], "enabled_again"),
    "active-though-disabled": ([{}], [{"state": "active"}], "enabled_again"),
    "enabled-before-leaving": ([{}], [{"enabled_again_at": "2026-06-10T12:00:00Z"}], "in_time"),
    "active-while-leaving-is-entered": ([{"state": "active"}], [{"state": "active", "disabled_on": None}], "still_active"),
    # Something unknown
    "no-end": ([{"left_on": None}], [{}], "end_unknown"),
    "no-state-of-person": ([{"left_on": None, "state": None}], [{}], "end_unknown"),
    "no-account": ([{}], [], "no_account"),
    "no-state": ([{}], [{"state": None}], "state_unknown"),
    "no-day": ([{}], [{"disabled_on": None}], "day_unknown"),
    "shared": ([{}], [{"kind": "shared", "state": "active"}], "shared"),
    # Time that lies ahead of the day of the lists
    "scheduled": ([{"left_on": "2026-12-01", "state": "active"}], [{"state": "active", "disabled_on": None}], "not_due"),
    "scheduled-and-closed": ([{"left_on": "2026-12-01", "state": "active"}], [{}], "in_time"),
    "today": ([{"left_on": "2026-11-16"}], [{"state": "active", "disabled_on": None}], "not_due"),
    # Spells of employment
    "hired-again": (
        [{}, {"spell": "2", "joined_on": "2026-09-01", "left_on": None, "state": "active"}],
        [{}, {"account": "again", "state": "active", "disabled_on": None, "created_on": "2026-08-31"}],
        "in_time later_account",
    ),
    "same-account-opened-again": (
        [{}, {"spell": "2", "joined_on": "2026-09-01", "left_on": None, "state": "active"}],
        [{"state": "active", "enabled_again_at": "2026-09-01T12:00:00Z"}],
        "in_time",
    ),
    "opened-before-the-second-spell": (
        [{}, {"spell": "2", "joined_on": "2026-09-01", "left_on": None, "state": "active"}],
        [{"state": "active", "enabled_again_at": "2026-08-01T12:00:00Z"}],
        "enabled_again",
    ),
    "history-unknown": (
        [{}, {"spell": "2", "joined_on": "2026-09-01", "left_on": None, "state": "active"}],
        [{"state": "active", "disabled_on": None}],
        "history_unknown",
    ),
    "stayed-as-a-contractor": (
        [{}, {"spell": "2", "joined_on": "2026-07-06", "left_on": None, "state": "active", "kind": "contractor"}],
        [{"state": "active", "disabled_on": None}],
        "no_break",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    people, accounts = [], []
    for case, (spells, held, _) in CASES.items():
        people += [person(case, **spell) for spell in spells]
        accounts += [account(case) | one for one in held]
    result = judge(
        tmp_path_factory.mktemp("cases"), "leavers_disabled", {"people": people, "accounts": accounts},
        holidays=[INDEPENDENCE_DAY], zone="America/New_York", day=date(2026, 11, 16),
    )  # fmt: skip
    rows = sorted(read(result.path, limit=1000), key=lambda row: row["cause"])
    case_of = {row["item"]: row["subject"].partition("/")[0] for row in rows}
    return {case: " ".join(row["cause"] for row in rows if case_of[row["item"]] == case) for case in CASES}


@pytest.mark.parametrize("case", CASES)
def test_one_leaver(case: str, found: dict[str, str]) -> None:
    assert found[case] == CASES[case][2]


def test_the_people_who_left_outside_of_the_period_are_no_items(tmp_path: Path) -> None:
    people = [
        person("before", left_on="2025-12-31"),
        person("first", left_on="2026-01-01"),
        person("last", left_on="2026-12-31"),
    ]
    people += [person("after", left_on="2027-01-01"), person("here", left_on=None, state="active")]
    result = judge(tmp_path, "leavers_disabled", {"people": people, "accounts": []}, zone="America/New_York")
    assert causes(result) == {"first/1": "no_account", "last/1": "no_account"}
    assert result.driven == 2


def test_each_system_is_an_item_and_a_log_in_after_leaving_is_told(tmp_path: Path) -> None:
    accounts = [account("p", system=system) for system in ("idp", "cloud")]
    accounts.append(
        account("p", system="support", state="active", disabled_on=None, last_login_at="2026-08-01T12:00:00Z")
    )
    result = judge(tmp_path, "leavers_disabled", {"people": [person("p")], "accounts": accounts})
    assert dict(result.causes) == {"in_time": 2, "still_active": 1}
    assert [(one.item, one.detail) for one in result.exceptions] == [
        ("p/1/support/p", "left 2026-07-03, last log-in 2026-08-01, after leaving")
    ]


def test_accounts_of_nobody_are_found_unless_they_are_of_no_concern(tmp_path: Path) -> None:
    accounts = [
        account(None, account="stray", state="active", disabled_on=None),
        account("stranger"),
        account(None, account="unknown-kind", kind=None),
        account(None, account="robot", kind="service", state="active"),
        account(None, account="long-gone", disabled_on="2025-06-01"),
        account(None, account="made-after", created_on="2027-01-04"),
    ]
    result = judge(tmp_path, "leavers_disabled", {"people": [], "accounts": accounts})
    assert causes(result) == dict.fromkeys(
        ["nobody/idp/stranger", "nobody/idp/stray", "nobody/idp/unknown-kind"], "no_person"
    )


@pytest.mark.parametrize("days", [0, 1, 5])
def test_the_days_are_the_ones_that_the_caller_names(days: int, tmp_path: Path) -> None:
    lists = {"people": [person("p")], "accounts": [account("p", disabled_on="2026-07-09")]}
    result = judge(tmp_path, "leavers_disabled", lists, {"days": days}, holidays=[INDEPENDENCE_DAY])
    assert dict(result.causes) == ({"in_time": 1} if days >= 4 else {"late": 1})


def test_an_incomplete_list_of_accounts_takes_passes_away_and_leaves_what_was_seen(tmp_path: Path) -> None:
    lists = {
        "people": [person("good"), person("open")],
        "accounts": [account("good"), account("open", state="active", disabled_on=None)],
    }
    result = judge(tmp_path, "leavers_disabled", lists, incomplete={"accounts": "the last page is missing"})
    assert causes(result) == {"good/1/idp/good": "incomplete", "open/1/idp/open": "still_active"}


@pytest.mark.parametrize("column", ["state", "disabled_on", "person"])
def test_dropping_a_column_of_the_accounts_never_makes_a_pass(column: str, tmp_path: Path) -> None:
    one = {name: value for name, value in account("p").items() if name != column}
    result = judge(tmp_path, "leavers_disabled", {"people": [person("p")], "accounts": [one]})
    assert result.counts["pass"] == 0 and result.counts["undetermined"] >= 1


@pytest.mark.parametrize("column", ["state", "left_on"])
def test_dropping_a_column_of_the_people_never_hides_a_leaver(column: str, tmp_path: Path) -> None:
    one = {name: value for name, value in person("p").items() if name != column}
    lists = {"people": [one], "accounts": [account("p", state="active", disabled_on=None)]}
    result = judge(tmp_path, "leavers_disabled", lists)
    assert (result.counts["pass"], result.items) == (0, 1)
