"""What the ledger holds: entries as they are written, leaves once they are sealed, checkpoints.

An entry is written inside the business transaction, with no global lock; its place in the log comes later (seal.py).
"""

from __future__ import annotations

import secrets
import uuid
from typing import Any, ClassVar

from django.db import models

from tickmark.kernel import canonical
from tickmark.kernel.dated import AppendOnly, AppendOnlyQuery


def _salt() -> str:
    return secrets.token_hex(32)


class Entry(AppendOnly):
    """One action in the ledger. Its leaf is SHA-256(salt ‖ canonical JSON of all fields): it discloses nothing."""

    uid = models.UUIDField(unique=True, default=uuid.uuid4)
    verb = models.CharField(max_length=80, db_index=True)
    actor = models.CharField(max_length=80, db_index=True)
    actor_kind = models.CharField(max_length=20)
    side = models.CharField(max_length=20)
    subject = models.CharField(max_length=80, db_index=True)
    arguments = models.JSONField()
    facts = models.JSONField()
    files = models.JSONField()
    recorded_at = models.DateTimeField(db_index=True)
    request = models.CharField(max_length=40, blank=True)
    salt = models.CharField(max_length=64, default=_salt)

    objects: ClassVar[models.Manager[Any]] = AppendOnlyQuery.as_manager()

    class Meta:
        ordering = ["pk"]
        verbose_name_plural = "entries"

    def __str__(self) -> str:
        return f"{self.verb} {self.subject}"

    def body(self) -> dict[str, Any]:
        """Every field but the salt, as the leaf covers it."""
        return {
            "uid": str(self.uid),
            "verb": self.verb,
            "actor": self.actor,
            "actor_kind": self.actor_kind,
            "side": self.side,
            "subject": self.subject,
            "arguments": self.arguments,
            "facts": self.facts,
            "files": self.files,
            "recorded_at": self.recorded_at.isoformat(),
            "request": self.request,
        }

    def canonical(self) -> bytes:
        """RFC 8785 JSON of `body()`."""
        return canonical.dumps(self.body())


def written() -> int:
    """How many entries there are, sealed or not."""
    return int(Entry.objects.count())


def newest_uid() -> uuid.UUID | None:
    """The entry that was written last: while it stays, nothing was recorded."""
    found: uuid.UUID | None = Entry.objects.order_by("-pk").values_list("uid", flat=True).first()
    return found


class Leaf(AppendOnly):
    """The place of an entry in the log, given when it was sealed."""

    position = models.BigIntegerField(primary_key=True)
    entry = models.OneToOneField(Entry, models.PROTECT, to_field="uid", related_name="leaf")
    hash = models.CharField(max_length=64)

    objects: ClassVar[models.Manager[Any]] = AppendOnlyQuery.as_manager()

    class Meta:
        ordering = ["position"]
        verbose_name_plural = "leaves"

    def __str__(self) -> str:
        return str(self.position)


def sealed() -> int:
    """How many entries have their place in the log."""
    newest: int | None = Leaf.objects.order_by("-position").values_list("position", flat=True).first()
    return 0 if newest is None else newest + 1


def after_size(size: int) -> Any:
    """A condition on facts: their entry is not among the first `size` of the log. It goes by no clock, misses none."""
    return ~models.Exists(Leaf.objects.filter(entry=models.OuterRef("entry"), position__lt=size))


class Checkpoint(AppendOnly):
    """A signed statement of the log's size and root, as a C2SP signed note."""

    size = models.BigIntegerField(unique=True)
    root = models.CharField(max_length=64)
    note = models.TextField()
    sealed_at = models.DateTimeField()

    objects: ClassVar[models.Manager[Any]] = AppendOnlyQuery.as_manager()

    class Meta:
        ordering = ["size"]

    def __str__(self) -> str:
        return f"{self.size} {self.root[:8]}"


class LogLock(models.Model):
    """The one row that a sealer locks; it carries nothing else."""

    NOT_CARRIED = "a lock, it holds nothing"

    id = models.SmallIntegerField(primary_key=True, default=1)

    def __str__(self) -> str:
        return "log"
