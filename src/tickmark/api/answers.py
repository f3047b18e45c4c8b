"""What a program asks beside nouns and verbs: who am I, what do I owe, the log's checkpoint and proofs, kept files."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django.http import FileResponse, HttpRequest
from ninja import Router, Schema
from ninja.params.functions import Query

from tickmark.api.auth import reader
from tickmark.api.calls import openapi_extra
from tickmark.api.lists import _check_day
from tickmark.api.problems import READING, Problem
from tickmark.api.schemas import Day, Instant, Uid
from tickmark.audit.models import Engagement, TeamRole
from tickmark.kernel import answers, clock, files
from tickmark.kernel.access import Actor, visible
from tickmark.kernel.arguments import LARGEST
from tickmark.kernel.errors import NotFound
from tickmark.kernel.ledger.disclosure import disclosed
from tickmark.kernel.ledger.seal import latest, leaf_data, prove
from tickmark.kernel.references import prefixes, reference, resolve
from tickmark.scope import folder
from tickmark.scope.programme import standing

routes = Router()
CONTENT = {"EV": ("sha256", "name"), "RP": ("pdf", "")}
"""Nouns with a file: the column of its digest, and of its name unless it is a PDF named by its reference."""


class Seat(Schema):
    """An engagement on whose team one is, and one's roles there."""

    ref: str
    code: str
    roles: list[str]


class Me(Schema):
    """The account that calls, and what its token is limited to; `scopes` is null for a session."""

    ref: str
    name: str
    email: str
    side: str
    roles: list[str]
    engagements: list[Seat]
    scopes: list[str] | None


class Task(Schema):
    """Something that one owes."""

    step: str
    title: str
    url: str
    due_on: Day | None
    why: str
    overdue: bool


class Checkpoint(Schema):
    """A signed statement of the log's size and root: keep it elsewhere."""

    size: int
    root: str
    note: str
    sealed_at: Instant


class Disclosed(Schema):
    """An entry: SHA-256(salt ‖ canonical entry) is its leaf, `proof` (C2SP tlog-proof) the way to a signed root."""

    uid: Uid
    entry: dict[str, Any]
    salt: str
    leaf: str
    proof: str


class Programme(Schema):
    """Scope, controls and policies as they stood on a day: the texts of a folder, by path."""

    day: Day
    files: dict[str, str]


READS = openapi_extra(READING)
BYTES = {"*/*": {"schema": {"type": "string", "format": "binary"}}}


@routes.get(
    "/me",
    response={200: Me, READING: Problem},
    operation_id="me",
    tags=["you"],
    summary="Who you are.",
    openapi_extra=READS,
)
def me(request: HttpRequest) -> dict[str, Any]:
    """The account behind the token or session, its roles now, and the scopes of the token."""
    actor = reader(request)
    return {
        "ref": actor.ref,
        "name": actor.user.name,
        "email": actor.user.email,
        "side": actor.side,
        "roles": sorted(actor.roles),
        "engagements": _seats(actor),
        "scopes": sorted(actor.scopes) if actor.scopes is not None else None,
    }


def _seats(actor: Actor) -> list[dict[str, Any]]:
    held = actor.holds("engagement")
    rows = visible(actor, Engagement).filter(pk__in=held).order_by("pk") if held else []
    return [
        {
            "ref": row.ref,
            "code": row.code,
            "roles": [r.value for r in TeamRole if row.pk in actor.holds("engagement", r)],
        }
        for row in rows
    ]


@routes.get(
    "/tasks",
    response={200: list[Task], READING: Problem},
    operation_id="tasks",
    tags=["you"],
    summary="What you owe.",
    openapi_extra=READS,
)
def tasks(
    request: HttpRequest, day: date | None = Query(None, description="As of this day; today if left out.")
) -> Any:
    """Everything that you owe on a day, soonest first. Computed, never stored."""
    actor, on = reader(request), day or clock.today()
    _check_day(on)
    return [
        {**vars(task), "due_on": str(task.due_on) if task.due_on else None, "overdue": task.overdue(on)}
        for task in answers.due(actor, on)
    ]


@routes.get(
    "/programme", response={200: Programme, READING: Problem}, operation_id="programme", tags=["scope"],
    summary="Scope, controls and policies as files.", openapi_extra=READS,
)  # fmt: skip
def programme(
    request: HttpRequest,
    day: date | None = Query(None, description="As of this day; today if left out."),
    known: int | None = Query(None, ge=0, lt=LARGEST, description="Only what the log held at this size."),
) -> dict[str, Any]:
    """What you may see of the programme, as the texts of a folder that `tickmark apply` takes."""
    actor, on = reader(request), day or clock.today()
    _check_day(on)
    return {"day": str(on), "files": folder.write(standing(on, known, actor).values())}


@routes.get(
    "/ledger/checkpoint", response={200: Checkpoint, READING: Problem}, operation_id="ledger.checkpoint",
    tags=["ledger"], summary="The newest signed checkpoint.", openapi_extra=READS,
)  # fmt: skip
def checkpoint(request: HttpRequest) -> dict[str, Any]:
    """The newest checkpoint, as a C2SP signed note. Whoever keeps one can show later whether the log was rewritten."""
    reader(request)
    newest = latest()
    if newest is None:
        raise NotFound("There is no checkpoint yet.", "Nothing was sealed so far.", "Wait a minute.")
    return {
        "size": newest.size,
        "root": newest.root,
        "note": newest.note,
        "sealed_at": newest.sealed_at.isoformat(),
    }


@routes.get(
    "/ledger/entries/{uid}/proof", response={200: Disclosed, READING | {409}: Problem}, operation_id="ledger.proof",
    tags=["ledger"], summary="An entry, its salt, and the proof that the log holds it.",
    openapi_extra=openapi_extra(READING | {409}),
)  # fmt: skip
def proof(request: HttpRequest, uid: UUID) -> dict[str, Any]:
    """For entries that you wrote, and those of which you may see everything that they wrote."""
    entry = disclosed(reader(request), uid)
    return {
        "uid": str(entry.uid),
        "entry": entry.body(),
        "salt": entry.salt,
        "leaf": leaf_data(entry).hex(),
        "proof": prove(entry).text().decode(),
    }


@routes.get(
    "/files/{ref}", response={200: bytes, READING: Problem}, operation_id="files.show", tags=["files"],
    summary="The file behind a piece of evidence or a report.",
    openapi_extra={"responses": {
        **openapi_extra(READING)["responses"],
        200: {"description": "The bytes as they were kept.", "content": BYTES},
    }},
)  # fmt: skip
def content(request: HttpRequest, ref: str) -> FileResponse:
    """The bytes as they were kept, always as an attachment."""
    model = prefixes().get(ref[:2])
    row = resolve(visible(reader(request), model), ref) if ref[:2] in CONTENT and model else None
    if row is None:
        raise NotFound(f"There is no file {ref[:20]}.", "", "Check the reference.")
    digest, name = CONTENT[ref[:2]]
    with files.local(getattr(row, digest)) as path:
        stream = path.open("rb")
    label = getattr(row, name) if name else f"{reference(row)}.pdf"
    kind = "application/octet-stream" if name else "application/pdf"
    answer = FileResponse(stream, as_attachment=True, filename=label, content_type=kind)
    answer["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return answer
