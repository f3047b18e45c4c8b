"""A Tickmark of its own for the journeys: `tickmark up` in a new home on a free port, ended by its own group alone."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import tickmark
from tests.servers import free_port

READY = "Tickmark is ready"
LIMIT = 900.0
"""Seconds that a demo home may take to live its year."""


@contextlib.contextmanager
def up(home: Path, *words: str) -> Iterator[str]:
    """`tickmark up` with further words; yields the address that it prints once it is ready.

    Raises RuntimeError with the program's own words where it ends or stays silent for LIMIT seconds.
    """
    port, log = free_port(), home.with_suffix(".log")
    known = {name: value for name, value in os.environ.items() if not name.startswith("TICKMARK_")}
    own = {"TICKMARK_HOME": str(home), "TICKMARK_PORT": str(port)}
    path = os.pathsep.join(
        filter(None, [str(Path(tickmark.__file__).parents[1]), os.environ.get("PYTHONPATH")])
    )
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "tickmark", "up", *words],
            env={**known, **own, "PYTHONPATH": path},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _wait(process, log)
        yield f"http://localhost:{port}"
    finally:
        _end(process)


def lived(home: Path, kept: Path) -> Path:
    """A demo home that has lived its year: a copy of `kept`, which whoever comes first has live it.

    TICKMARK_LIVED_HOME names one of an earlier run instead, to save its year while tests are written.
    """
    earlier = os.environ.get("TICKMARK_LIVED_HOME")
    if earlier:
        shutil.copytree(earlier, home)
        return home
    with kept.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            new = Path(tempfile.mkdtemp(dir=kept.parent)) / "home"
            with up(new, "--demo"):
                pass
            new.rename(kept)
    shutil.copytree(kept, home)
    return home


def _wait(process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + LIMIT
    while READY not in log.read_text():
        if process.poll() is not None or time.monotonic() > end:
            raise RuntimeError(f"Tickmark did not become ready. It said:\n{log.read_text()}")
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.2)


def _end(process: subprocess.Popen[bytes]) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(20)
            return
