"""A PostgreSQL whose power can be cut: it syncs as a real one does, and is killed, stopped and started by a test."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests import servers

DURABLE = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on"}


class Cluster:
    """One private cluster on a port of its own; `address` stays the same over restarts."""

    def __init__(self, room: Path, folder: Path) -> None:
        self.room, self.folder, self.identity = room, folder, servers._identity()
        self.port, self.password = servers.free_port(), secrets.token_hex(12)
        if self.identity:
            shutil.chown(room, self.identity["user"], self.identity["group"])
        servers._make_cluster(folder, room, self.password, self.identity)
        self.address = f"postgresql://tickmark:{self.password}@127.0.0.1:{self.port}/postgres"
        self.server: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers; after a kill it recovers first."""
        settings = [
            part for item in {**servers.SETTINGS, **DURABLE}.items() for part in ("-c", "=".join(item))
        ]
        command = [
            str(self.folder / "postgres"),
            "-D",
            str(self.room / "data"),
            "-p",
            str(self.port),
            *settings,
        ]
        log = self.room / "log"
        with log.open("a") as output:
            self.server = subprocess.Popen(
                command,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=self.room,
                start_new_session=True,
                **self.identity,
            )
        servers._wait(self.server, self.address, log)

    def kill(self) -> None:
        """kill -9 of all its processes."""
        assert self.server is not None
        for pid in self._family():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.server.wait()

    def stop(self) -> None:
        """Fast shutdown, as an operator does it."""
        if self.server is not None and self.server.poll() is None:
            self.server.send_signal(signal.SIGINT)
            self.server.wait(timeout=30)

    def freeze(self, *, on: bool) -> None:
        """Let it hold its breath: connections stand, nothing answers."""
        for pid in self._family():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP if on else signal.SIGCONT)

    def _family(self) -> list[int]:
        """The server and its children; each child leads a session of its own, so no group holds them all."""
        assert self.server is not None
        children = Path(f"/proc/{self.server.pid}/task/{self.server.pid}/children")
        return (
            [self.server.pid, *map(int, children.read_text().split())]
            if children.exists()
            else [self.server.pid]
        )


@contextlib.contextmanager
def cluster() -> Iterator[Cluster]:
    """A running cluster, stopped and removed afterwards. Raises Missing where there is no PostgreSQL."""
    folder = servers.postgres_folder()
    if folder is None:
        raise servers.Missing("PostgreSQL was not found (Debian: apt-get install postgresql).")
    room = Path(tempfile.mkdtemp(prefix="tickmark-faults-"))
    found = Cluster(room, folder)
    try:
        found.start()
        yield found
    finally:
        with contextlib.suppress(ProcessLookupError):
            found.freeze(on=False)
        found.stop()
        shutil.rmtree(room, ignore_errors=True)
