"""One honest bundle for all tests of the verifiers."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.kernel.ledger import bundles
from tests.kernel.ledger.attacks import Honest


@pytest.fixture(scope="session")
def honest_bundle(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, bundles.Log]:
    """The zip and its log; not to be written to."""
    path = tmp_path_factory.mktemp("bundle") / "honest.zip"
    return path, bundles.build(path)


@pytest.fixture
def honest(honest_bundle: tuple[Path, bundles.Log], tmp_path: Path) -> Honest:
    """An honest bundle and a folder of one's own."""
    return Honest(*honest_bundle, tmp_path)
