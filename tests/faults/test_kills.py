"""kill -9 of web, worker and database at random moments: nothing acknowledged is lost, nothing doubled, work goes on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import servers
from tests.faults.database import Cluster, cluster
from tests.faults.killing import killed
from tests.faults.running import installed

pytestmark = pytest.mark.slow
KILLS = {"intake": 15, "backup": 4, "issue": 5}
LEAST = {"intake": 15, "backup": 4, "issue": 2}
"""What must have been acknowledged for it to prove anything; before and after all kills a report is issued unharmed."""
SEED = 20261211


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest) -> Iterator[Cluster | None]:
    """No cluster for SQLite, else one that syncs."""
    if request.param == "sqlite":
        yield None
        return
    with servers.parts(), cluster() as found:
        yield found


@pytest.mark.parametrize("kind", KILLS)
def test_kills_lose_nothing(kind: str, engine: Cluster | None, tmp_path: Path) -> None:
    with installed(tmp_path / "home", engine) as one:
        done = killed(one, kind, KILLS[kind], SEED)
    assert sum(done.tally[victim] for victim in [*done.victims(), "backup"]) == KILLS[kind]
    assert len(done.acknowledged) >= LEAST[kind], "too little was acknowledged to prove anything"
