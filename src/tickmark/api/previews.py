"""What an action on many things would do, asked before it is done. Nothing is written, and no file is kept."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.http import HttpRequest
from ninja import Schema

from tickmark.api.auth import writer
from tickmark.api.calls import incoming
from tickmark.evidence.preview import VERB, preview
from tickmark.evidence.queries import Planned
from tickmark.kernel.action import ACTIONS
from tickmark.kernel.arguments import base
from tickmark.scope import folder
from tickmark.scope.actions import ItemIn
from tickmark.scope.actions import preview as tried
from tickmark.scope.programme import fingerprint


def file_many(request: HttpRequest) -> dict[str, Any]:
    """Each file of an intake with whether it would be filed, and why not; takes what `evidence.file_many` takes."""
    sent: dict[str, Any] = {name: request.POST[name] for name in request.POST}
    sent |= {name: _files(name, request.FILES.getlist(name)) for name in request.FILES}
    planned = preview(writer(request), sent)
    return {"items": [told(one) for one in planned]}


def _files(name: str, uploads: list[Any]) -> Any:
    """The files of one argument: a list where the action takes several."""
    given = [incoming(one) for one in uploads]
    return given if base(ACTIONS[VERB].types.get(name)) is list else given[-1]


class ProgrammeIn(Schema):
    """A programme as the texts of a folder by path, or as items; the rest is as `scope.apply` takes it."""

    files: dict[str, str] = {}
    items: list[ItemIn] = []
    effective_from: date | None = None
    whole: bool = False
    withdraw: bool = False
    reason: str = ""


def programme(request: HttpRequest, given: ProgrammeIn) -> dict[str, Any]:
    """What `scope.apply` would record of a programme, and the items and the fingerprint to call it with."""
    items = [*given.items, *map(ItemIn.of, folder.read(given.files))]
    changes = tried(writer(request), items, given.effective_from, given.whole, given.withdraw, given.reason)
    return {
        "items": [item.model_dump(mode="json") for item in items],
        "changes": [change.as_dict() for change in changes],
        "seen": fingerprint(changes, given.effective_from),
    }


def told(one: Planned) -> dict[str, Any]:
    """One planned file as JSON."""
    return {
        "name": one.name,
        "filed": one.refused is None,
        "kind": one.filing.kind if one.filing else None,
        "control": one.control.code if one.control else None,
        "refused": one.refused.as_dict() if one.refused else None,
    }
