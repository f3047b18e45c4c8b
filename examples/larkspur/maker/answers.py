"""`answers.toml`: what a right reading of the records must find, and what it must not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .accounts import agent_id, idp_accounts, support_accounts
from .data import planted
from .days import PERIOD, zulu
from .devices import devices
from .forge import NAME, OWNER
from .history import repository
from .learning import enrollments, numbers
from .roster import Spell, spells
from .scanner import SCANNER
from .tracker import PROJECT

HEAD = """\
# What a right reading of the exports of the demo day must find, and what looks odd but must not be found.
# Made by maker/answers.py from maker/planted.toml; a test derives the same from the raw exports in plain Python.
# All of it is fictional.
#
# exception          an item whose verdict is fail or undetermined, complete for the checks
# not_an_exception   an item that passes or does not apply, although a hasty reading would say otherwise
#                    (inside = false: it lies outside of the period and is no item of it at all)
# item               what the check calls it; the keys it is made of stand below it
"""

Row = dict[str, Any]


def _changes() -> Iterator[Row]:
    landed = {found.change.planted: found for found in repository().landed if found.change.planted}
    for row in planted()["change"]:
        found = landed[row["id"]]
        yield {
            "check": "changes_reviewed",
            "control": "CHG-02",
            "item": f"{OWNER}/{NAME}/{found.commit}",
            "change": found.commit,
            "pull": found.change.number,
            "reached_at": zulu(found.change.merged),
            **_verdict(row),
        }


def _verdict(row: Row) -> Row:
    return {
        "id": row["id"],
        "verdict": row["verdict"],
        "inside": row.get("inside", True),
        "reason": row["reason"],
    }


def _spell(row: Row) -> Spell:
    return [s for s in spells() if s.key == row["person"] and s.spell == row.get("spell", s.spell)][-1]


def _held(system: str, spell: Spell) -> tuple[str, str]:
    """Identifier and login of the account of a spell in a system; empty where there is none."""
    accounts = {"idp": idp_accounts(), "support": support_accounts(), "": ()}[system]
    held = [account for account in accounts if account.person == spell.key]
    if not held:
        return "", ""
    account = held[spell.spell - 1]
    return account.id if system == "idp" else agent_id(account), account.login


def _leavers() -> Iterator[Row]:
    for row in planted()["leaver"]:
        spell, system = _spell(row), row["system"]
        account, login = _held(system, spell)
        item = f"{spell.key}/{spell.spell}" + (f"/{system}/{account}" if account else "")
        yield {
            "check": "leavers_disabled",
            "control": "AC-04",
            "item": item,
            "person": spell.key,
            "spell": spell.spell,
            "system": system,
            "account": account,
            "login": login,
            **_verdict(row),
        }


def _acknowledgements() -> Iterator[Row]:
    for row in planted()["acknowledgement"]:
        spell = _spell(row)
        yield {
            "check": "policies_acknowledged",
            "control": "GOV-05",
            "item": f"{spell.key}/{spell.spell}/{row['policy']}/{row['version']}",
            "person": spell.key,
            "spell": spell.spell,
            "policy": row["policy"],
            "version": row["version"],
            **_verdict(row),
        }


def _trainings() -> Iterator[Row]:
    for row in planted()["training"]:
        common = {"check": "joiners_trained", "control": "HR-06"}
        if "enrollment_of" in row:
            record = next(numbers()[one] for one in enrollments() if one.spell.key == row["enrollment_of"])
            yield common | {
                "item": f"nobody/{record}",
                "person": "",
                "spell": 0,
                "record": record,
                **_verdict(row),
            }
            continue
        spell = _spell(row)
        item = f"{spell.key}/{spell.spell}"
        yield common | {
            "item": item,
            "person": spell.key,
            "spell": spell.spell,
            "record": "",
            **_verdict(row),
        }


def _factors() -> Iterator[Row]:
    held = {"idp": idp_accounts(), "support": support_accounts()}
    for row in planted()["factor"]:
        found = next(
            a
            for a in held[row["system"]]
            if row.get("login", a.login) == a.login and row.get("person", a.person) == a.person
        )
        account = found.id if row["system"] == "idp" else agent_id(found)
        yield {
            "check": "second_factor",
            "control": "AC-02",
            "item": f"{row['system']}/{account}",
            "system": row["system"],
            "account": account,
            "login": found.login,
            **_verdict(row),
        }


def _incidents() -> Iterator[Row]:
    for row in planted()["incident"]:
        number = row.get("number", row.get("missing"))
        missing = "missing" in row
        yield {
            "check": "incidents_closed",
            "control": "INC-02",
            "item": f"missing/{PROJECT}/{number}" if missing else f"{PROJECT}/{PROJECT}-{number}",
            "number": number,
            **_verdict(row),
        }


def _findings() -> Iterator[Row]:
    for row in planted()["finding"]:
        item = f"{SCANNER}/{row['finding']}"
        yield {
            "check": "findings_fixed",
            "control": "OPS-02",
            "item": item,
            "finding": row["finding"],
            **_verdict(row),
        }


def _devices() -> Iterator[Row]:
    for row in planted()["device"]:
        common = {"check": "devices_encrypted", "control": "AST-02"}
        if "without" in row:
            item = f"person/{row['without']}"
            yield common | {"item": item, "device": "", "tag": "", "without": row["without"], **_verdict(row)}
            continue
        found = next(
            device
            for device in reversed(devices())
            if row.get("tag", device.tag) == device.tag
            and ("person" not in row or (device.spell and device.spell.key == row["person"]))
        )
        yield common | {
            "item": f"mdm/{found.id}",
            "device": found.id,
            "tag": found.tag,
            "without": "",
            **_verdict(row),
        }


def _value(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int) else '"' + str(value).replace('"', '\\"') + '"'


def _table(name: str, row: Row) -> str:
    return "\n".join([f"[[{name}]]", *(f"{key} = {_value(value)}" for key, value in row.items()), ""])


def counts() -> Row:
    """How many changes reached main in the period, by the way they took."""
    inside = [
        f.change
        for f in repository().landed
        if f.change.merged and PERIOD[0] <= f.change.merged.date() <= PERIOD[1]
    ]
    return {how: sum(c.how == how for c in inside) for how in ("merge", "squash", "direct")} | {
        "changes": len(inside)
    }


def text() -> str:
    """`answers.toml`."""
    rows = [
        *_changes(),
        *_leavers(),
        *_acknowledgements(),
        *_trainings(),
        *_factors(),
        *_incidents(),
        *_findings(),
        *_devices(),
    ]
    found = [row for row in rows if row["inside"] and row["verdict"] in ("fail", "undetermined")]
    odd = [row for row in rows if row not in found]
    numbers = "\n".join(["[changes_in_period]", *(f"{key} = {value}" for key, value in counts().items()), ""])
    return "\n".join(
        [
            HEAD,
            numbers,
            *(_table("exception", {k: v for k, v in row.items() if k != "inside"}) for row in found),
            *(_table("not_an_exception", row) for row in odd),
            *(_table("surprise", row) for row in planted()["surprise"]),
            *(_table("remark", row) for row in planted()["remark"]),
        ]
    )
