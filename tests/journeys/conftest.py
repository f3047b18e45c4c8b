"""The processes and the browser of the journeys; both end with their file, as its event loop must."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.journeys.running import lived, up
from tests.servers import chromium_options


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, or a skip that says what is missing."""
    options = chromium_options()
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(**options)


@pytest.fixture(scope="module")
def demo_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a demo home that has lived its year, which all workers of a run have of one."""
    own = tmp_path_factory.getbasetemp()
    run = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    return lived(tmp_path_factory.mktemp("journey") / "demo", run / "lived")


@pytest.fixture(scope="module")
def demo(browser: Browser, demo_home: Path) -> Iterator[str]:
    """The address of a demo home that `up` started."""
    with up(demo_home, "--demo") as address:
        yield address


@pytest.fixture(scope="module")
def empty(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a home in which nothing has happened yet."""
    with up(tmp_path_factory.mktemp("journey") / "empty") as address:
        yield address
