"""The day on which the report is written."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine


@pytest.fixture
def world(program: SimpleNamespace) -> Iterator[Any]:
    """The small programme, on 11 December 2026."""
    from tests.report.build import NOW

    with time_machine.travel(NOW):
        yield program
