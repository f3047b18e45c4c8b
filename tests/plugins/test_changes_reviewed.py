"""The reviewed-changes check, case by case, and what becomes of it when something cannot be seen."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.plugins.given import causes, judge
from tickmark.kernel.tables import read

Row = Mapping[str, Any]


def change(number: int = 1, **other: Any) -> dict[str, Any]:
    return {
        "repository": "firm/app",
        "change": f"c{number}",
        "position": number,
        "kind": "squash",
        "reached_at": "2026-03-10T12:00:00Z",
        "author": "ann@firm.example",
    } | other


def review(reviewer: str | None = "bob", **other: Any) -> dict[str, Any]:
    return {
        "reviewer": reviewer,
        "reviewer_bot": False,
        "state": "APPROVED",
        "given_at": "2026-03-10T11:00:00Z",
        "head": "h1",
    } | other


def pull(number: int = 1, **other: Any) -> dict[str, Any]:
    return {
        "repository": "firm/app",
        "pull": number,
        "state": "closed",
        "author": "ann",
        "author_bot": False,
        "merged_at": "2026-03-10T12:00:00Z",
        "merged_by": "bob",
        "merge_commit": f"c{number}",
        "head": f"h{number}",
        "commits": 1,
        "reviews": [review()],
    } | other


LATER, EARLY, AFTER = "2026-03-10T11:30:00Z", "2026-03-10T09:00:00Z", "2026-03-10T12:05:00Z"

ONE_CHANGE_ONE_PULL = {
    # a good approval, in all its forms
    "approved": ({}, {}, "reviewed"),
    "approved by one, changes asked by another": ({}, {"reviews": [review("cyd", state="CHANGES_REQUESTED"), review()]}, "reviewed"),
    "a later comment takes nothing back": ({}, {"reviews": [review(), review(state="COMMENTED", given_at=LATER)]}, "reviewed"),
    "changes asked, then approved": ({}, {"reviews": [review(state="CHANGES_REQUESTED", given_at=EARLY), review()]}, "reviewed"),
    "dismissed, then approved again": ({}, {"reviews": [review(state="DISMISSED", given_at=EARLY), review()]}, "reviewed"),
    "stale, then approved again": ({}, {"reviews": [review(head="h0", given_at=EARLY), review()]}, "reviewed"),
    "dismissed after the merge": ({}, {"reviews": [review(state="DISMISSED", dismissed_at="2026-03-11T12:00:00Z")]}, "reviewed"),
    "taken back after the merge": ({}, {"reviews": [review(), review(state="CHANGES_REQUESTED", given_at="2026-03-11T00:00:00Z")]}, "reviewed"),
    "within the skew of the clocks": ({}, {"reviews": [review(given_at="2026-03-10T12:00:59Z")]}, "reviewed"),
    "merged by a queue": ({}, {"merged_by": "merge-queue[bot]"}, "reviewed"),
    "written by a program, approved by a person": ({}, {"author": "dependabot[bot]", "author_bot": True}, "reviewed"),
    "a merge commit by its second parent": ({"head": "h1", "kind": "merge"}, {"merge_commit": None, "state": "open"}, "reviewed"),
    # no good approval
    "no review": ({}, {"reviews": []}, "no_approval"),
    "a comment only": ({}, {"reviews": [review(state="COMMENTED")]}, "no_approval"),
    "changes asked": ({}, {"reviews": [review(state="CHANGES_REQUESTED")]}, "changes_requested"),
    "approved, then changes asked": ({}, {"reviews": [review(given_at=EARLY), review(state="CHANGES_REQUESTED")]}, "changes_requested"),
    "approved by the author": ({}, {"reviews": [review("Ann")]}, "self_approved"),
    "approved by a program": ({}, {"reviews": [review("checker", reviewer_bot=True)]}, "bot_approved"),
    "approved by a program by its name": ({}, {"reviews": [review("checker[bot]", reviewer_bot=None)]}, "bot_approved"),
    "dismissed": ({}, {"reviews": [review(state="DISMISSED")]}, "dismissed"),
    "approved, then dismissed": ({}, {"reviews": [review(given_at=EARLY), review(state="DISMISSED")]}, "dismissed"),
    "after the merge": ({}, {"reviews": [review(given_at=AFTER)]}, "after_merge"),
    "one second beyond the skew": ({}, {"reviews": [review(given_at="2026-03-10T12:01:01Z")]}, "after_merge"),
    "pushed after the approval": ({}, {"reviews": [review(head="h0")]}, "stale"),
    "another head was merged than approved": ({"head": "h9", "kind": "merge"}, {}, "stale"),
    # something unknown
    "merged by nobody knows whom": ({}, {"merged_by": None}, "merger_unknown"),
    "author deleted": ({}, {"author": None}, "author_unknown"),
    "reviewer deleted": ({}, {"reviews": [review(None)]}, "reviewer_unknown"),
    "reviewer perhaps a program": ({}, {"reviews": [review(reviewer_bot=None)]}, "reviewer_kind_unknown"),
    "review without a time": ({}, {"reviews": [review(given_at=None)]}, "review_time_unknown"),
    "review without a head": ({}, {"reviews": [review(head=None)]}, "review_head_unknown"),
    "review without a state": ({}, {"reviews": [review(state=None)]}, "review_state_unknown"),
    "merge without a time": ({}, {"merged_at": None}, "merge_time_unknown"),
    "pull request without a head": ({}, {"head": None}, "head_unknown"),
    "reviews not seen": ({}, {"reviews": None}, "reviews_unknown"),
    # a fact weighs more than an unknown beside it
    "no review, and nobody knows who merged": ({}, {"reviews": [], "merged_by": None}, "no_approval"),
    "no review, and the author was deleted": ({}, {"reviews": [], "author": None}, "no_approval"),
    "one unknown reviewer and a good one": ({}, {"reviews": [review(None), review()]}, "reviewed"),
    # which pull request was it?
    "no pull request at all": ({}, {"merge_commit": "c9"}, "direct_push"),
    "names one that is not on the list": ({"pull": 7}, {"merge_commit": "c9"}, "pull_unknown"),
    "names one that became another commit": ({"pull": 1}, {"merge_commit": "c9"}, "pull_disagrees"),
    "names one that does not tell what it became": ({"pull": 1}, {"merge_commit": None}, "pull_unproven"),
    "may be one that does not tell what it became": ({}, {"merge_commit": None}, "pull_unmatched"),
    "a repository that the list does not know": ({}, {"repository": "firm/web"}, "repository_unseen"),
}  # fmt: skip


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The cause of each case, all judged in one run: each case has a repository of its own."""
    changes, pulls = [], []
    for case, (of_change, of_pull, _) in ONE_CHANGE_ONE_PULL.items():
        changes.append(change(repository=case) | of_change)
        pulls.append(pull(repository=case) | of_pull)
    result = judge(tmp_path_factory.mktemp("cases"), "changes_reviewed", {"changes": changes, "pulls": pulls})
    rows = read(result.path, limit=len(changes))
    return {row["item"].rpartition("/")[0]: row["cause"] for row in rows}


@pytest.mark.parametrize("case", ONE_CHANGE_ONE_PULL)
def test_one_change_and_one_pull_request(case: str, found: dict[str, str]) -> None:
    assert found[case] == ONE_CHANGE_ONE_PULL[case][2]


def test_two_accounts_of_one_person_are_one_person(tmp_path: Path) -> None:
    accounts = [
        {"system": "github", "account": login, "person": person, "kind": kind}
        for login, person, kind in (
            ("ann", "P1", "person"),
            ("ann-at-home", "P1", "person"),
            ("bob", "P2", "person"),
            ("ops", "P3", "shared"),
            ("runner", None, "service"),
        )
    ]
    reviewers = ("ann-at-home", "bob", "ops", "runner")
    lists = {
        "changes": [change(number) for number in range(1, 5)],
        "pulls": [pull(n, reviews=[review(who, head=f"h{n}")]) for n, who in enumerate(reviewers, 1)],
        "accounts": accounts,
    }
    found = judge(tmp_path, "changes_reviewed", lists)
    assert causes(found) == {
        "firm/app/c1": "self_approved",
        "firm/app/c3": "shared_account",
        "firm/app/c4": "bot_approved",
    }
    assert found.counts == {"pass": 1, "fail": 2, "not_applicable": 0, "undetermined": 1}


def test_who_wrote_a_part_of_it_is_no_second_person(tmp_path: Path) -> None:
    authors = {
        1: ["ann@firm.example", "7+bob@users.noreply.github.com"],
        2: ["ann@firm.example", "Bob@home.example"],
        3: ["ann@firm.example", "cyd@firm.example"],
        4: None,
    }
    reviews = {number: [review(head=f"h{number}")] for number in authors}
    reviews[2].append(review("cyd", head="h2"))
    lists = {
        "changes": [change(number, authors=names) for number, names in authors.items()],
        "pulls": [pull(number, reviews=reviews[number]) for number in authors],
        "accounts": [
            {"system": "github", "account": "bob", "person": "P2", "kind": "person"},
            {"system": "mail", "account": "bob", "person": "P2", "email": "bob@home.example"},
        ],
    }
    assert causes(judge(tmp_path / "two", "changes_reviewed", lists)) == {"firm/app/c1": "joint_author"}
    reviews[2].pop()
    assert causes(judge(tmp_path / "one", "changes_reviewed", lists)) == dict.fromkeys(
        ["firm/app/c1", "firm/app/c2"], "joint_author"
    )


def test_the_commits_of_a_rebase_belong_to_the_pull_request_that_the_last_of_them_became(
    tmp_path: Path,
) -> None:
    moments = {1: "2026-03-09T12:00:00Z", 2: "2026-03-10T11:59:58Z", 3: "2026-03-10T11:59:59Z"}
    changes = [change(n, reached_at=at, kind="direct") for n, at in moments.items()] + [
        change(4, kind="direct")
    ]
    good, shy = (
        pull(4, commits=3, reviews=[review(head="h4")]),
        pull(4, commits=None, reviews=[review(head="h4")]),
    )
    told = judge(tmp_path / "told", "changes_reviewed", {"changes": changes, "pulls": [good]})
    assert dict(told.causes) == {"direct_push": 1, "reviewed": 3}
    untold = judge(tmp_path / "untold", "changes_reviewed", {"changes": changes, "pulls": [shy]})
    assert dict(untold.causes) == {"direct_push": 1, "maybe_rebased": 2, "reviewed": 1}


def test_the_period_has_both_ends_in_the_named_zone_and_undated_changes_stay(tmp_path: Path) -> None:
    moments = {
        1: "2025-11-01T02:10:00Z",  # 22:10 on the eve
        2: "2025-11-01T04:00:00Z",  # midnight of the first day
        3: "2026-11-01T03:40:00Z",  # 23:40 of the last day
        4: "2026-11-01T04:00:00Z",  # the day after
        5: None,
    }
    changes = [change(number, reached_at=at) for number, at in moments.items()]
    result = judge(
        tmp_path, "changes_reviewed", {"changes": changes, "pulls": [pull(99)]},
        start=date(2025, 11, 1), end=date(2026, 10, 31), zone="America/New_York",
    )  # fmt: skip
    assert sorted(causes(result)) == ["firm/app/c2", "firm/app/c3", "firm/app/c5"]
    assert (result.items, result.driven) == (3, 3)


MIXED = {
    "changes": [change(number) for number in range(1, 6)],
    "pulls": [
        pull(1),
        pull(2, reviews=[]),
        pull(3, reviews=[review("ann", head="h3")]),
        pull(4, reviews=[review(head="h4")]),
    ],
}


def test_an_incomplete_record_takes_passes_and_absences_away_but_no_facts(tmp_path: Path) -> None:
    whole = judge(tmp_path / "whole", "changes_reviewed", MIXED)
    assert dict(whole.causes) == {"reviewed": 2, "no_approval": 1, "self_approved": 1, "direct_push": 1}
    cut = judge(tmp_path / "cut", "changes_reviewed", MIXED, incomplete={"pulls": "page 3 is missing"})
    assert causes(cut) == {
        "firm/app/c1": "incomplete",
        "firm/app/c2": "no_approval",
        "firm/app/c3": "self_approved",
        "firm/app/c4": "incomplete",
        "firm/app/c5": "incomplete",
    }
    assert cut.counts["pass"] == 0 and cut.verdict == "fail"
    assert cut.exceptions[0].sentence == (
        "The list of pulls is incomplete: page 3 is missing. Otherwise: Approved by another person,"
        " before the merge, on the head that was merged."
    )


def test_a_record_that_was_never_collected_leaves_nothing_decided(tmp_path: Path) -> None:
    result = judge(tmp_path, "changes_reviewed", MIXED | {"pulls": None})
    assert result.counts == {"pass": 0, "fail": 0, "not_applicable": 0, "undetermined": 5}


@pytest.mark.parametrize("hidden", range(4))
def test_hiding_a_pull_request_never_makes_a_pass(hidden: int, tmp_path: Path) -> None:
    pulls = [row for number, row in enumerate(MIXED["pulls"]) if number != hidden]
    result = judge(tmp_path, "changes_reviewed", MIXED | {"pulls": pulls}, incomplete={"pulls": "cut"})
    assert result.counts["pass"] == 0 and result.items == 5


COLUMNS = ("author", "merged_at", "merged_by", "head", "merge_commit", "reviews")


@pytest.mark.parametrize("column", COLUMNS)
def test_dropping_a_column_of_the_record_never_makes_a_pass(column: str, tmp_path: Path) -> None:
    pulls = [{name: value for name, value in row.items() if name != column} for row in MIXED["pulls"]]
    result = judge(tmp_path, "changes_reviewed", MIXED | {"pulls": pulls})
    assert (result.counts["pass"], result.items) == (0, 5)
    assert result.counts["undetermined"] >= 2


FIELDS = ("reviewer", "reviewer_bot", "state", "given_at", "head")


@pytest.mark.parametrize("part", FIELDS)
def test_dropping_a_field_of_the_reviews_never_makes_a_pass(part: str, tmp_path: Path) -> None:
    pulls = [
        row | {"reviews": [{k: v for k, v in one.items() if k != part} for one in row["reviews"]]}
        for row in MIXED["pulls"]
    ]
    result = judge(tmp_path, "changes_reviewed", MIXED | {"pulls": pulls})
    assert (result.counts["pass"], result.counts["undetermined"] >= 2) == (0, True)
