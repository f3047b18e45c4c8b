"""A clock that a test moves by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tickmark.kernel import clock


class Moments:
    """The system clock of `tickmark.kernel.clock`, standing until it is moved."""

    def __init__(
        self, monkeypatch: pytest.MonkeyPatch, at: datetime = datetime(2026, 3, 2, 9, tzinfo=UTC)
    ) -> None:
        self.at = at
        monkeypatch.setattr(clock, "system_now", lambda: self.at)

    def pass_by(self, **time: float) -> None:
        """Let some time pass: `pass_by(minutes=3)`."""
        self.at += timedelta(**time)
