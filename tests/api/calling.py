"""Calls to the door as a character, in process."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from django.test import Client

from tests.deeds import writing
from tickmark.kernel.action import ACTIONS
from tickmark.kernel.ledger.entry import Entry
from tickmark.people.models import Token
from tickmark.people.queries import digest_of

IN_PERSON = {"people.make_token", "upkeep.make_feed"}
"""What no token does, whatever its scopes."""


def application() -> Any:
    """The server as a WSGI application that leaves the one connection open, on which the world stands unwritten."""
    server = get_wsgi_application()

    def run(environ: dict[str, Any], start: Any) -> list[bytes]:
        signals = (request_started, request_finished)
        for signal in signals:
            signal.disconnect(close_old_connections)
        try:
            answer = server(environ, start)
            body = b"".join(answer)
            answer.close()
            return [body]
        finally:
            for signal in signals:
                signal.connect(close_old_connections)

    return run


def token(world: Any, who: str, scopes: list[str] | None = None) -> str:
    """A token of a character, with every scope unless some are named."""
    secret = "_".join(["tm", who, *(scopes or ["all"])])
    if not Token.objects.filter(digest=digest_of(secret)).exists():
        user = getattr(world.cast, who)
        with writing(user, user.side):
            Token(
                user=user, name="test", digest=digest_of(secret), scopes=scopes or ["read", *ACTIONS],
                expires_at=datetime(2099, 1, 1, tzinfo=UTC),
            ).save()  # fmt: skip
    return secret


def call(world: Any, who: str, name: str, arguments: dict[str, Any]) -> Any:
    """POST an action as a character, with a token unless it is done in person; `bytes` are sent as files."""
    step, verb = name.split(".")
    if name in IN_PERSON:
        client = Client()
        client.force_login(getattr(world.cast, who))
        return client.post(f"/api/{step}/{verb}", json.dumps(arguments), content_type="application/json")
    given: dict[str, Any] = {"headers": {"Authorization": f"Bearer {token(world, who)}"}}
    streams = {key: found for key, value in arguments.items() if (found := _streams(key, value))}
    if streams:
        return Client().post(f"/api/{step}/{verb}", {**arguments, **streams}, **given)
    return Client().post(
        f"/api/{step}/{verb}", json.dumps(arguments), content_type="application/json", **given
    )


def _streams(name: str, value: Any) -> Any:
    """A file, or several of them, from `bytes`; None for what is no file."""
    if isinstance(value, list) and value and all(isinstance(item, bytes) for item in value):
        return [_stream(f"{name}-{number}", item) for number, item in enumerate(value)]
    return _stream(name, value) if isinstance(value, bytes) else None


def _stream(name: str, content: bytes) -> io.BytesIO:
    stream = io.BytesIO(content)
    stream.name = f"{name}.txt"
    return stream


def get(world: Any, who: str, path: str) -> Any:
    """GET as a character."""
    return Client().get(f"/api{path}", headers={"Authorization": f"Bearer {token(world, who)}"})


def written() -> tuple[int, int]:
    """How many entries the ledger has, and the newest one."""
    newest = Entry.objects.order_by("-pk").first()
    return Entry.objects.count(), newest.pk if newest else 0


def entry(answer: Any) -> Entry:
    """The entry that an answer names."""
    return Entry.objects.get(uid=UUID(answer.json()["entry"]))
