"""A disk that fills up at every moment: whoever writes is told, and what was acknowledged is there when space is back.

A small file system of its own (tmpfs, mounted as root) holds home, books, files, log and temporary files. It is filled
up to a few bytes, then to more and more, so that each write of an upload and of a collection meets the end of it.
"""

from __future__ import annotations

import errno
import os
import random
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import servers
from tests.faults.killing import Campaign
from tests.faults.running import Installation, installed

SIZE = 64 << 20
LEFT = [0, 4 << 10, 12 << 10, 40 << 10, 90 << 10, 160 << 10, 260 << 10, 400 << 10]
"""Free bytes that are left, from none to enough for some of the writes of an upload of 100 KB."""


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A file system of SIZE bytes; skipped loudly where none may be mounted."""
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(place)], capture_output=True, text=True
    ) if os.geteuid() == 0 and shutil.which("mount") else None  # fmt: skip
    if mounted is None or mounted.returncode:
        why = mounted.stderr.strip() if mounted else "only root may"
        servers.missing(f"A small file system cannot be mounted here ({why}): run this as root.")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def fill(place: Path, left: int) -> None:
    """Leave so many bytes free; the worker may take some between the look and the filling, so it is tried again."""
    for _ in range(100):
        free = shutil.disk_usage(place).free - left
        try:
            with (place / "ballast").open("wb") as ballast:
                return os.posix_fallocate(ballast.fileno(), 0, max(1, free))
        except OSError as error:
            (place / "ballast").unlink()
            if error.errno != errno.ENOSPC:
                raise
    raise RuntimeError("The worker takes space faster than it is filled.")


@pytest.mark.slow
@pytest.mark.campaign
def test_a_full_disk_loses_nothing_and_says_so(small: Path) -> None:
    with installed(small / "home") as one:
        world = one.build("intake")
        one.start("web")
        one.start("worker")
        one.answering_at_all()
        campaign = Campaign(one, world, random.Random(3))
        for left in LEFT:
            fill(small, left)
            _send(one, campaign)
            (small / "ballast").unlink()
            campaign.file()
            campaign.settles("disk")
            campaign.judge()
        assert len(campaign.acknowledged) >= len(LEFT)
        assert campaign.tally["refused"] >= len(LEFT), "the disk was never full"
        page = one.get("/healthz", headers={"Accept": "text/html"})
        assert page is not None and "Free some space before it is full" in page.text
    one.run("judge")


def _send(one: Installation, campaign: Campaign) -> None:
    """Two uploads of 100 KB and a collection, each answered: done, or refused in words."""
    before = len(campaign.acknowledged)
    for _ in range(2):
        campaign.file(100_000)
    campaign.collect()
    campaign.tally["refused"] += 2 - (len(campaign.acknowledged) - before)
    answer: Any = one.get("/healthz")
    assert answer is not None and answer.status_code == 503
