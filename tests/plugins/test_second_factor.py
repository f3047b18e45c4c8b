"""The second-factor check, case by case (domain.md AC-02 and 10, cases 65, 66, 70, 73)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.plugins.given import END, START, causes, judge, registers
from tickmark.kernel.checking import run_check
from tickmark.kernel.shapes import parse_shape
from tickmark.kernel.tables import read, write_rows

OPEN = {"kind": "person", "state": "active", "mfa": True, "mfa_exempt": False}

CASES: dict[str, tuple[dict[str, Any], str]] = {
    "employee": ({}, "second_factor"),
    "guest": ({"kind": "external"}, "second_factor"),
    "employee-without": ({"mfa": False}, "no_second_factor"),
    "guest-without": ({"kind": "external", "mfa": False}, "no_second_factor"),
    "in-the-exclusion-group": ({"mfa_exempt": True}, "exempt"),
    "in-the-group-and-factor-unseen": ({"mfa": None, "mfa_exempt": True}, "exempt"),
    "shared-mailbox": ({"kind": "shared"}, "shared"),
    "shared-without": ({"kind": "shared", "mfa": False}, "shared"),
    "deploys": ({"kind": "service", "mfa": False}, "service"),
    "dependency-bot": ({"kind": "bot", "mfa": None}, "service"),
    "in-an-emergency": ({"kind": "breakglass", "mfa_exempt": True}, "breakglass"),
    "closed": ({"state": "disabled", "mfa": False}, "closed"),
    "deleted": ({"state": "deleted", "mfa": None}, "closed"),
    "starts-on-monday": ({"state": "staged", "mfa": False}, "not_opened"),
    "staged-but-used": (
        {"state": "staged", "mfa": False, "last_login_at": "2026-03-01T09:00:00Z"},
        "no_second_factor",
    ),
    "kind-unknown": ({"kind": None}, "kind_unknown"),
    "kind-unknown-and-without": ({"kind": None, "mfa": False}, "kind_unknown"),
    "state-unknown": ({"state": None}, "state_unknown"),
    "factor-unknown": ({"mfa": None}, "factor_unknown"),
    "exclusions-unseen": ({"mfa_exempt": None}, "exempt_unknown"),
}


def account(name: str, **other: Any) -> dict[str, Any]:
    return {"system": "idp", "account": name, "login": name, **OPEN, **other}


def test_one_account_at_a_time(tmp_path: Path) -> None:
    rows = [account(case, **about) for case, (about, _) in CASES.items()]
    result = judge(tmp_path, "second_factor", {"accounts": rows})
    found = {row["item"].removeprefix("idp/"): row["cause"] for row in read(result.path)}
    assert found == {case: cause for case, (_, cause) in CASES.items()}
    assert set(result.counts) == {"pass", "fail", "not_applicable", "undetermined"} and all(
        result.counts.values()
    )
    assert (result.driven, result.items) == (len(CASES), len(CASES))


def test_a_list_of_the_older_version_is_read_and_never_a_pass(tmp_path: Path) -> None:
    """What version 1 of the shape did not ask for is unknown."""
    text = (Path(__file__).parents[2] / "library" / "shapes" / "accounts.toml").read_text()
    newer = ("mfa_exempt", "version = 2")
    kept = [line for line in text.splitlines() if not line.startswith(newer)]
    older = parse_shape("\n".join(["version = 1", *kept]))
    assert "mfa_exempt" not in older.names and registers().shapes["accounts"].version == 2
    rows = [account("ann"), account("bob", mfa=False)]
    for row in rows:
        del row["mfa_exempt"]
    path = write_rows(rows, older, tmp_path / "older.parquet").path
    result = run_check(
        registers().checks["second_factor"], {"accounts": path}, {}, START, END,
        shapes=registers().shapes.things(), target=tmp_path / "verdicts.parquet",
    )  # fmt: skip
    assert causes(result) == {"idp/ann": "exempt_unknown", "idp/bob": "no_second_factor"}
