"""The example company's generator, loaded by path as the demo loads it, and its exports of the demo day."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

LARKSPUR = Path(__file__).parents[2] / "examples" / "larkspur"


@pytest.fixture(scope="session")
def larkspur() -> Path:
    """The example's folder."""
    return LARKSPUR


@pytest.fixture(scope="session")
def generator() -> ModuleType:
    """`examples/larkspur/make.py` as a module."""
    spec = importlib.util.spec_from_file_location("larkspur_make", LARKSPUR / "make.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["larkspur_make"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def home(generator: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everything the systems gave on the demo day, the repository included."""
    target = tmp_path_factory.mktemp("larkspur")
    generator.make(target, generator.DEMO_DAY)
    return target
