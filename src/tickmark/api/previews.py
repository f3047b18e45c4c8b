"""What an action on many things would do, asked before it is done. Nothing is written, and no file is kept."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from tickmark.api.auth import writer
from tickmark.api.calls import incoming
from tickmark.evidence.preview import VERB, preview
from tickmark.evidence.queries import Planned
from tickmark.kernel.action import ACTIONS
from tickmark.kernel.arguments import base


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


def told(one: Planned) -> dict[str, Any]:
    """One planned file as JSON."""
    return {
        "name": one.name,
        "filed": one.refused is None,
        "kind": one.filing.kind if one.filing else None,
        "control": one.control.code if one.control else None,
        "refused": one.refused.as_dict() if one.refused else None,
    }
