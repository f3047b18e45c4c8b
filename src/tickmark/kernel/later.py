"""Large libraries that few requests need, imported when they are first used: most processes of most days never do.

A module says `if TYPE_CHECKING: import duckdb` and, for the run, `duckdb = Later("duckdb")`.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any


class Later:
    """Stands for a module and imports it at the first use of anything in it; safe for threads, as an import is."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Any:
        """What the module has under this name."""
        return getattr(import_module(self._name), name)
