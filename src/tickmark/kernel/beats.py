"""What runs where: each worker says every minute that it lives, on which host, and with which secrets.

Bookkeeping, not facts. Hosts that serve one set of books need the same secrets (docs/decisions/020); a host whose
secrets differ from those of a living worker is refused at its start.
"""

from __future__ import annotations

import hashlib
import socket
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import models

from tickmark.kernel import clock
from tickmark.kernel.errors import Conflict

LIVING = timedelta(minutes=5)
"""A worker that said nothing for longer than this counts as gone."""
SHARED = ("django", "log-key", "origin")
"""What must be the same on every host: sessions and what is derived for mail and webhooks, the log's key, its name."""


class Beat(models.Model):
    """A worker as it last spoke: when by its host's clock, with which secrets, and what went wrong in its round."""

    NOT_CARRIED = "workers of the old hosts do not live here"

    worker = models.CharField(max_length=200, unique=True)
    at = models.DateTimeField()
    secrets = models.CharField(max_length=64)
    problem = models.TextField(blank=True)

    def __str__(self) -> str:
        return self.worker


def beat(problem: str = "") -> None:
    """Say that the worker of this home on this host lives, and what its last round failed with."""
    said = {"at": clock.system_now(), "secrets": fingerprint(), "problem": problem[:2000]}
    Beat.objects.update_or_create(worker=me(), defaults=said)


def me() -> str:
    """The worker of this home on this host."""
    return f"{socket.gethostname()}:{settings.HOME}"[:200]


def fingerprint() -> str:
    """A digest of the secrets that hosts share. It discloses none of them: each has 256 random bits or more."""
    folder = Path(settings.HOME) / "secrets"
    hasher = hashlib.sha256(b"tickmark-secrets")
    for name in SHARED:
        content = (folder / name).read_bytes() if (folder / name).exists() else b""
        hasher.update(hashlib.sha256(content).digest())
    return hasher.hexdigest()


def newest() -> Beat | None:
    """The worker that spoke last."""
    return Beat.objects.order_by("-at").first()


def strangers(now: datetime) -> list[Beat]:
    """Living workers of other homes whose secrets are not ours."""
    living = Beat.objects.filter(at__gt=now - LIVING).exclude(worker=me())
    return list(living.exclude(secrets=fingerprint()).order_by("worker"))


def agree() -> None:
    """Raise Conflict if this home's secrets are not those of the workers that serve the same books."""
    others = strangers(clock.system_now())
    if others:
        raise Conflict(
            "This host has other secrets than the books' other hosts.",
            f"{others[0].worker} serves the same books and has a log key or session key of its own.",
            f"Stop, and copy the folder secrets of its home to {Path(settings.HOME) / 'secrets'}.",
        )
