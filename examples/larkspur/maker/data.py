"""The data files of the example, read once."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


@cache
def _toml(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def catalog() -> dict[str, Any]:
    """`catalog.toml`: areas of the repository, words for titles, programs with an account."""
    return _toml(HERE / "catalog.toml")


def tickets() -> list[dict[str, Any]]:
    """`tracker.toml`: the issues of the incident project."""
    found: list[dict[str, Any]] = _toml(HERE / "tracker.toml")["ticket"]
    return found


def findings() -> list[dict[str, Any]]:
    """`scanner.toml`: what the vulnerability scanner found."""
    found: list[dict[str, Any]] = _toml(HERE / "scanner.toml")["finding"]
    return found


def planted() -> dict[str, Any]:
    """`planted.toml`: what is planted by hand in each list, and the five surprises."""
    return _toml(HERE / "planted.toml")


def story() -> dict[str, Any]:
    """`story.toml`: the year that the demo lives."""
    return _toml(HERE.parent / "story.toml")
