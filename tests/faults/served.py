"""The web application in the world's time: what granian is given in place of `tickmark.wsgi`."""

from __future__ import annotations

from tests.faults import parts

parts.prepare()
from tickmark.wsgi import application  # noqa: E402 - the settings are read in the world's time

__all__ = ["application"]
