"""A Tickmark under fault: its home, its processes, and how each is started, killed and asked."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psycopg

from tests.faults import parts
from tests.faults.database import Cluster
from tests.servers import free_port

ROOT = Path(__file__).resolve().parents[2]
LIMIT = 300.0
"""Seconds for anything that must happen by itself. The parts need two; a busy machine needs more."""
GRANIAN = [
    "-m",
    "granian",
    "--interface",
    "wsgi",
    "--host",
    "127.0.0.1",
    "--workers",
    "1",
    "--blocking-threads",
    "4",
]


class Installation:
    """One home with a database; `web` and `worker` are its processes."""

    def __init__(self, home: Path, cluster: Cluster | None = None, **more: str) -> None:
        self.home, self.cluster, self.port = home, cluster, free_port()
        home.mkdir(parents=True, exist_ok=True)
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("TICKMARK_", "AWS_"))
        }
        self.environment = {
            **kept, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}", "TICKMARK_HOME": str(home),
            "TICKMARK_PORT": str(self.port), parts.SINCE: str(time.monotonic()),
            "DJANGO_SETTINGS_MODULE": "tickmark.settings", "TMPDIR": str(self._folder("tmp")), **more,
        }  # fmt: skip
        if cluster is not None:
            self.environment.setdefault("TICKMARK_DATABASE", cluster.address)

    def _folder(self, name: str) -> Path:
        (self.home / name).mkdir(exist_ok=True)
        return self.home / name

    # -- processes ------------------------------------------------------------------------------------------------

    def run(self, *words: str) -> str:
        """Run a part to its end and give what it printed."""
        command = [sys.executable, "-m", "tests.faults.parts", *words]
        made = subprocess.run(command, env=self.environment, cwd=ROOT, capture_output=True, text=True)
        assert made.returncode == 0, f"{words}: {made.stdout}\n{made.stderr}"
        return made.stdout

    def build(self, kind: str) -> dict[str, Any]:
        """Make a world; gives its tokens and references."""
        self.run("build", kind)
        found: dict[str, Any] = json.loads((self.home / "world.json").read_text())
        return found

    def start(self, name: str) -> None:
        """Start `web` or `worker`."""
        words = ["-m", "tests.faults.parts", "worker"]
        if name == "web":
            words = [*GRANIAN, "--port", str(self.port), "--no-access-log", "tests.faults.served:application"]
        self._launch(name, words)

    def tickmark(self, name: str, *words: str) -> int:
        """Run a command of this program to its end, killable by a name; gives its exit code."""
        return self._launch(name, ["-m", "tickmark", *words]).wait()

    def _launch(self, name: str, words: list[str]) -> subprocess.Popen[bytes]:
        with (self.home / f"{name}.log").open("a") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, *words],
                env=self.environment,
                cwd=ROOT,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        return self.processes[name]

    def kill(self, name: str, number: int = signal.SIGKILL) -> None:
        """Send a signal to a part and all its children; a killed part is waited for."""
        process = self.processes[name]
        os.killpg(process.pid, number)
        if number == signal.SIGKILL:
            process.wait()

    def family(self, name: str) -> list[int]:
        """The process ids of a part and of all its children."""

        def those(pid: int) -> list[int]:
            children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
            return [pid, *(one for child in children for one in those(int(child)))]

        return those(self.processes[name].pid)

    def answering(self) -> None:
        """Wait until the pages answer."""
        self.until(self._serving, "the pages answer")

    def _serving(self) -> bool:
        answer = self.get("/healthz/serving")
        return answer is not None and all(
            part["ok"] or part["name"] == "disk" for part in answer.json()["parts"]
        )

    def answering_at_all(self) -> None:
        """Wait until something answers, well or not."""
        self.until(lambda: self.get("/healthz") is not None, "the pages answer")

    def end(self) -> None:
        """Kill what is left."""
        for process in self.processes.values():
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def until(self, holds: Callable[[], object], what: str, seconds: float = LIMIT) -> None:
        """Wait for a condition; says what did not come, with the parts' last lines."""
        end = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > end:
                raise AssertionError(f"It did not happen that {what}.\n{self.last_words()}")
            pause()

    def last_words(self) -> str:
        """The ends of the logs."""
        return "\n".join(
            f"== {log.name}\n{log.read_text()[-3000:]}" for log in sorted(self.home.glob("*.log"))
        )

    # -- asking ---------------------------------------------------------------------------------------------------

    def get(self, path: str, **more: Any) -> httpx.Response | None:
        """GET; None where nothing answers."""
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}{path}", timeout=60, **more)
        except httpx.HTTPError:
            return None

    def post(self, path: str, token: str, **given: Any) -> httpx.Response | None:
        """POST to the API; None where the connection broke, and nobody knows what was done."""
        headers = {"Authorization": f"Bearer {token}"}
        try:
            return httpx.post(f"http://127.0.0.1:{self.port}/api{path}", headers=headers, timeout=60, **given)
        except httpx.HTTPError:
            return None

    def file(self, token: str, content: bytes, name: str = "note.txt") -> httpx.Response | None:
        """File a document."""
        given = {"kind": "DOC", "source": "a test"}
        return self.post("/evidence/file", token, data=given, files={"upload": (name, content, "text/plain")})

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Read the books past the program."""
        if self.cluster is not None:
            with psycopg.connect(self.cluster.address) as connection:
                return list(connection.execute(sql).fetchall())  # type: ignore[arg-type]
        books = sqlite3.connect(f"file:{self.home / 'books.sqlite3'}?mode=ro", uri=True, timeout=30)
        try:
            return books.execute(sql).fetchall()
        finally:
            books.close()

    def one(self, sql: str) -> Any:
        """The one value of a query."""
        return self.rows(sql)[0][0]


def pause(seconds: float = 0.05) -> None:
    """Give way between two looks; no verdict depends on how long."""
    import threading

    threading.Event().wait(seconds)


@contextmanager
def installed(home: Path, cluster: Cluster | None = None, **more: str) -> Iterator[Installation]:
    """An installation whose processes are gone afterwards."""
    found = Installation(home, cluster, **more)
    try:
        yield found
    finally:
        found.end()
