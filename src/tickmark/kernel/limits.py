"""How often somebody may do a thing: counted in the books' database, so that several processes count together.

`Cached` is the table behind Django's cache, in which the login library counts its own attempts. Both are bookkeeping.
"""

from __future__ import annotations

import hashlib
import threading
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from django.db import models
from django.db.models import F

from tickmark.kernel import clock
from tickmark.kernel.errors import Refused


class TooMany(Refused):
    """The same was asked too often; it may be asked again after `wait` seconds."""

    status = 429

    def __init__(self, wait: int) -> None:
        super().__init__(
            "Too many attempts.",
            "The same was asked too often in a short time.",
            f"Wait {wait} seconds and try again.",
        )
        self.wait = wait


class Limit(models.Model):
    """How much was used of one allowance in the window that ends at an instant."""

    NOT_CARRIED = "counts of the last minutes"

    key = models.CharField(max_length=64, primary_key=True)
    ends_at = models.DateTimeField(db_index=True)
    used = models.IntegerField(default=0)

    objects: ClassVar[models.Manager[Any]] = models.Manager()

    def __str__(self) -> str:
        return f"{self.key[:8]} {self.used}"


class Cached(models.Model):
    """A row of Django's database cache: its columns are Django's."""

    NOT_CARRIED = "kept for a while only"

    cache_key = models.CharField(max_length=255, primary_key=True)
    value = models.TextField()
    expires = models.DateTimeField(db_index=True)

    objects: ClassVar[models.Manager[Any]] = models.Manager()

    class Meta:
        db_table = "kernel_cached"

    def __str__(self) -> str:
        return self.cache_key


def take(what: str, who: str, most: int, seconds: int, lot: int = 1) -> bool:
    """Use `lot` of an allowance of `most` per window of `seconds`; False when it is used up. One update counts."""
    key = hashlib.sha256(f"{what}\n{who}".encode()).hexdigest()
    ends_at = _end_of_window(seconds)
    rows = Limit.objects.filter(key=key)
    fits = rows.filter(ends_at=ends_at, used__lte=most - lot)
    if fits.update(used=F("used") + lot):
        return True
    if rows.filter(ends_at=ends_at).exists():
        return False
    if not rows.filter(ends_at__lt=ends_at).update(ends_at=ends_at, used=0):
        Limit.objects.bulk_create([Limit(key=key, ends_at=ends_at)], ignore_conflicts=True)
    return bool(fits.update(used=F("used") + lot))


def need(what: str, who: str, most: int, seconds: int) -> None:
    """Take one of an allowance. Raises TooMany when it is used up."""
    if not take(what, who, most, seconds):
        raise TooMany(wait(seconds))


def wait(seconds: int) -> int:
    """Seconds until the window ends."""
    return max(1, int((_end_of_window(seconds) - clock.system_now()).total_seconds()))


def _end_of_window(seconds: int) -> datetime:
    window = int(clock.system_now().timestamp()) // seconds
    return datetime.fromtimestamp((window + 1) * seconds, UTC)


class Lots:
    """An allowance that is asked for often: a process takes it in lots, so that most calls cost no write.

    No more than `most` are ever granted together; a process may leave a part of its last lot unused.
    """

    def __init__(self, what: str, most: int, seconds: int, lot: int) -> None:
        self.what, self.most, self.seconds, self.lot = what, most, seconds, lot
        self._left: dict[str, tuple[datetime, int]] = {}
        self._lock = threading.Lock()

    def need(self, who: str) -> None:
        """Take one. Raises TooMany when the allowance is used up."""
        with self._lock:
            ends_at = _end_of_window(self.seconds)
            window, left = self._left.get(who, (ends_at, 0))
            if window != ends_at or left < 1:
                if not take(self.what, who, self.most, self.seconds, self.lot):
                    raise TooMany(wait(self.seconds))
                left = self.lot
                self._left = {name: kept for name, kept in self._left.items() if kept[0] == ends_at}
            self._left[who] = (ends_at, left - 1)


def prune() -> int:
    """Remove windows that ended a day ago, and what the cache no longer needs; gives how many windows."""
    now = clock.system_now()
    Cached.objects.filter(expires__lt=now).delete()
    removed: int = Limit.objects.filter(ends_at__lt=now - timedelta(days=1)).delete()[0]
    return removed
