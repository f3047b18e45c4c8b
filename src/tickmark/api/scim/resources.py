"""A person of the directory as a SCIM User, and back. Pure: it knows no books and no HTTP."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from tickmark.kernel.errors import Invalid

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
_PATH = re.compile(r"(?P<name>\w+)(\[(?P<choice>[^\]]*)\])?(\.(?P<sub>\w+))?")
_EMAILS = "emails"


@dataclass(frozen=True)
class Described:
    """What the directory says of one person; the names are those of `people.provision`."""

    user_name: str = ""
    name: str = ""
    email: str = ""
    title: str = ""
    external_id: str = ""
    active: bool = True

    def arguments(self) -> dict[str, Any]:
        """As arguments of the action."""
        return asdict(self)


PLAIN = {"username": "user_name", "displayname": "name", "title": "title", "externalid": "external_id"}
"""Attributes of one text each, in lower case: SCIM's names do not mind it."""


def read(body: Any) -> Described:
    """A whole User. What is not in our schema is left out of the answer, so that the sender sees it was not kept.

    Raises Invalid.
    """
    given = _lowered(body)
    texts: dict[str, Any] = {ours: _text(name, given.get(name)) for name, ours in PLAIN.items()}
    found = Described(**texts)
    found = replace(found, email=_email(given.get(_EMAILS)), active=_truth(given.get("active", True)))
    return found if found.name else replace(found, name=_composed(given.get("name")) or found.user_name)


def patched(before: Described, body: Any) -> Described:
    """The person after a PatchOp. Raises Invalid for what is no operation or no path."""
    given = _lowered(body)
    operations = given.get("operations")
    if not isinstance(operations, list) or PATCH not in (given.get("schemas") or []):
        raise _unfit("Operations", "A PATCH is a PatchOp message with a list of operations.")
    for operation in operations:
        before = _applied(before, _lowered(operation))
    return before


def _applied(before: Described, operation: Mapping[str, Any]) -> Described:
    op, path, value = str(operation.get("op", "")).lower(), operation.get("path"), operation.get("value")
    if op not in ("add", "replace", "remove"):
        raise _unfit("op", f"'{op[:20]}' is none of add, replace, remove.")
    if path is None:
        if op == "remove" or not isinstance(value, Mapping):
            raise _unfit("path", "Without a path, add and replace take an object.")
        for name, one in value.items():
            before = _set(before, str(name), one)
        return before
    return _set(before, str(path), None if op == "remove" else value)


def _set(before: Described, path: str, value: Any) -> Described:
    """One attribute changed; None takes it away."""
    match = _PATH.fullmatch(path.removeprefix(f"{USER}:"))
    if match is None:
        raise _unfit(path[:60], "It is no path of an attribute.", "invalidPath")
    name, sub = match["name"].lower(), (match["sub"] or "").lower()
    if name in PLAIN:
        changed: dict[str, Any] = {PLAIN[name]: _text(name, value)}
        return replace(before, **changed)
    if name == "active":
        return replace(before, active=_truth(True if value is None else value))
    if name == _EMAILS:
        return replace(before, email=_text(name, value) if sub == "value" else _email(value))
    if name == "name" and sub in ("", "formatted") and value is not None:
        return replace(before, name=_text(name, value) if sub else _composed(value) or before.name)
    return before


def _lowered(body: Any) -> dict[str, Any]:
    if not isinstance(body, Mapping):
        raise _unfit("body", "It is no JSON object.", "invalidSyntax")
    return {str(key).lower(): value for key, value in body.items()}


def _text(name: str, value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _unfit(name, "It is no text.")
    return value.strip()


def _truth(value: Any) -> bool:
    """Some directories send the words."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    raise _unfit("active", "It is neither true nor false.")


def _email(value: Any) -> str:
    """The primary address of a list, else the first: one is kept."""
    if value is None:
        return ""
    rows = [_lowered(one) for one in (value if isinstance(value, list) else [value])]
    chosen = next((one for one in rows if one.get("primary") is True), rows[0] if rows else {})
    return _text(_EMAILS, chosen.get("value"))


def _composed(name: Any) -> str:
    if not isinstance(name, Mapping):
        return ""
    given = _lowered(name)
    parts = (_text("name", given.get(key)) for key in ("givenname", "familyname"))
    return _text("name", given.get("formatted")) or " ".join(part for part in parts if part)


def _unfit(field: str, why: str, kind: str = "invalidValue") -> Invalid:
    error = Invalid(f"'{field}' cannot be taken.", why, "Correct it and send it again.", field)
    error.scim_type = kind  # type: ignore[attr-defined]
    return error


_FILTER = re.compile(r'\s*(?P<name>[\w:.]+)\s+eq\s+"(?P<value>(?:[^"\\]|\\.)*)"\s*', re.I)
FILTERS = {"username": "user_name__iexact", "externalid": "external_id", "id": "person"}


def lookup(text: str) -> tuple[str, str]:
    """A filter as column and value. Raises Invalid for any but `userName`, `externalId` or `id` `eq "…"`."""
    match = _FILTER.fullmatch(text)
    name = match["name"].removeprefix(f"{USER}:").lower() if match else ""
    if match is None or name not in FILTERS:
        raise _unfit(
            "filter", "It can be userName, externalId or id, eq, and a text in quotes.", "invalidFilter"
        )
    return FILTERS[name], re.sub(r"\\(.)", r"\1", match["value"])
