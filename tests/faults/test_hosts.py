"""Two hosts, each with a web and a worker and a home of its own, on one PostgreSQL and one bucket; one is cut off at random."""

from __future__ import annotations

import hashlib
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests import servers
from tests.faults import killing
from tests.faults.bucket import bucket, environment, read
from tests.faults.database import Cluster, cluster
from tests.faults.relay import BUSY, CUT, OPEN, SILENT, Relay, relay
from tests.faults.running import ROOT, Installation, installed
from tickmark.kernel import jobs
from tickmark.kernel.ledger.tree import root

ROUNDS = 4
SEED = 7


@dataclass
class Host:
    """An installation that reaches the database and the bucket each through a line of its own."""

    one: Installation
    lines: tuple[Relay, Relay]


@dataclass
class Hosts:
    """Both of them, what lies behind the lines, and the world."""

    both: list[Host]
    database: Cluster
    bucket: int
    world: dict[str, Any]


@pytest.fixture
def hosts(tmp_path: Path) -> Iterator[Hosts]:
    """Hosts that run; the second one was given the first one's secrets, as docs/operating.md says."""
    with servers.parts(), ExitStack() as stack:
        database, port = stack.enter_context(cluster()), stack.enter_context(bucket())
        both = [_host(stack, tmp_path / name, database, port) for name in ("a", "b")]
        first, second = both
        world = first.one.build("intake")
        shutil.copytree(first.one.home / "secrets", second.one.home / "secrets")
        for host in both:
            for part in ("web", "worker"):
                host.one.start(part)
        for host in both:
            host.one.answering()
        yield Hosts(both, database, port, world)


def _host(stack: ExitStack, home: Path, database: Cluster, port: int) -> Host:
    lines = stack.enter_context(relay(database.port)), stack.enter_context(relay(port))
    address = database.address.replace(f":{database.port}/", f":{lines[0].port}/")
    more = {**environment(lines[1].port), "TICKMARK_DATABASE": address}
    return Host(stack.enter_context(installed(home, database, **more)), lines)


@pytest.mark.slow
def test_one_of_two_hosts_is_cut_off_and_nothing_is_lost_doubled_or_forked(hosts: Hosts) -> None:
    chance, acknowledged, refused = random.Random(SEED), {}, 0  # type: ignore[var-annotated]
    for number in range(ROUNDS):
        cut = chance.choice(hosts.both)
        other = next(host for host in hosts.both if host is not cut)
        line = cut.lines[number % 2]
        for host in hosts.both:
            _collect(host.one, hosts.world)
        line.mode = chance.choice([CUT, SILENT, BUSY] if line is cut.lines[1] else [CUT])
        for host in (other, cut, other):
            content = f"{number} {len(acknowledged)} {chance.random()}".encode()
            answer = host.one.file(hosts.world["owner"], content)
            if answer is not None and answer.status_code == 201:
                acknowledged[hashlib.sha256(content).hexdigest()] = answer.json()["entry"]
            else:
                assert answer is None or (answer.status_code == 503 and answer.json()["what"])
                refused += 1
        assert other.one.get("/healthz/serving").status_code == 200  # type: ignore[union-attr]
        assert cut.one.get("/healthz/serving").status_code == 503  # type: ignore[union-attr]
        line.mode = OPEN
        _settled(hosts)
        _judged(hosts, acknowledged)
    assert (len(acknowledged), refused) == (2 * ROUNDS, ROUNDS)
    spoke = {row[0].partition(":")[2] for row in hosts.both[0].one.rows("select worker from kernel_beat")}
    assert spoke == {str(host.one.home) for host in hosts.both}


def _collect(one: Installation, world: dict[str, Any]) -> None:
    for connection in world["connections"].values():
        answer = one.post("/evidence/collect", world["lead"], json={"connection": connection})
        assert answer is not None and answer.status_code == 201


def _settled(hosts: Hosts) -> None:
    """All slots have ended, and the bucket holds a checkpoint of every entry."""
    one = hosts.both[0].one

    def sealed() -> bool:
        published = read(hosts.bucket, "log/checkpoint")
        size = int(published.splitlines()[1]) if published else 0
        return bool(size == one.one("select count(*) from kernel_entry"))

    one.until(lambda: one.one(killing.OPEN) == 0, "all slots end")
    one.until(sealed, "all is sealed")
    for host in hosts.both:
        host.one.answering()


def _judged(hosts: Hosts, acknowledged: dict[str, str]) -> None:
    one = hosts.both[0].one
    stored = [row[0] for row in one.rows("select sha256 from evidence_evidence where kind <> 'POP'")]
    entries = {row[0] for row in one.rows("select uid from kernel_entry")}
    assert len(stored) == len(set(stored)) and set(acknowledged) <= set(stored)
    assert {UUID(entry) for entry in acknowledged.values()} <= entries
    for sha256 in stored:
        content = read(hosts.bucket, f"{sha256[:2]}/{sha256}")
        assert content is not None and hashlib.sha256(content).hexdigest() == sha256
    slots = one.rows("select parts, error, tries from kernel_slot where what = 'collect'")
    assert one.one("select count(*) from evidence_collection") == sum(len(parts) for parts, *_ in slots)
    early = [(error, tries) for _, error, tries in slots if error and tries < jobs.TRIES]
    assert early == [], "a slot was given up before its third try"
    leaves = [bytes.fromhex(row[0]) for row in one.rows("select hash from kernel_leaf order by position")]
    assert one.one("select root from kernel_checkpoint order by size desc limit 1") == root(leaves).hex()
    assert not (hosts.both[1].one.home / "log").exists(), "the log lies in the bucket, in no home"


@pytest.mark.slow
def test_the_log_in_the_bucket_is_whole_and_a_host_with_other_secrets_is_refused(
    hosts: Hosts, tmp_path: Path
) -> None:
    _settled(hosts)
    told = hosts.both[1].one.run("judge")
    assert '"sealed"' in told
    with ExitStack() as stack:
        stranger = _host(stack, tmp_path / "c", hosts.database, hosts.bucket).one
        command = [sys.executable, "-m", "tests.faults.parts", "worker"]
        refused = subprocess.run(command, env=stranger.environment, cwd=ROOT, capture_output=True, text=True)
    assert refused.returncode != 0
    assert "This host has other secrets than the books' other hosts." in refused.stderr
