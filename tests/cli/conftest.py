"""The client is tried on the rich world of the API's tests; the server answers in process."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api.calling import application, token
from tests.api.conftest import rich_world, world
from tickmark.cli import calling

__all__ = ["rich_world", "world"]


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A person's own folder, with nothing kept and nothing set."""
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    for name in ("TICKMARK_ADDRESS", "TICKMARK_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def server(world: Any, home: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The world's server, called as the lead."""
    served = application()
    monkeypatch.setattr(calling, "transport", lambda: httpx.WSGITransport(app=served))
    monkeypatch.setenv("TICKMARK_TOKEN", token(world, "lead"))
    monkeypatch.setattr(logging.getLogger("django.request"), "disabled", True)
    return world
