"""What holds for every test of a page."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _nothing_grows_old(monkeypatch):
    """What a page costs does not hang on the moment at which it is asked: an answer lasts until something is written."""
    monkeypatch.setattr("tickmark.kernel.remembered.SECONDS", float("inf"))
