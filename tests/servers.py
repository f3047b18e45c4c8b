"""Real parts the tests talk to, each on loopback, each ended by whoever started it.

`postgres()` runs a private PostgreSQL; `chromium_path()` and `chromium_options()` find the browser.
A part that is missing is `None` or `Missing`, never a crash: the caller decides whether that may be skipped.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

UNPRIVILEGED = ("postgres", "nobody")
"""Who runs PostgreSQL when the tests run as root, which `initdb` refuses."""

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "max_connections": "60",
}
"""For tests alone: a power cut may cost this cluster everything, and nothing is lost by that."""


class Missing(Exception):
    """A part that this machine does not have; the text says which, and what installs it."""


def required() -> bool:
    """Whether a missing part is a failure here: on CI, and where TICKMARK_REQUIRE_ALL is set."""
    return any(os.environ.get(name, "").lower() in {"1", "true"} for name in ("CI", "TICKMARK_REQUIRE_ALL"))


def missing(reason: str) -> None:
    """Skip the running test because a part is missing; fail it where nothing may be missing."""
    if required():
        pytest.fail(
            f"{reason} Nothing may be missing here (CI or TICKMARK_REQUIRE_ALL is set).", pytrace=False
        )
    pytest.skip(reason)


@contextlib.contextmanager
def parts() -> Iterator[None]:
    """For what is done with real parts: where one is missing, the test is skipped or fails, as `missing` decides."""
    try:
        yield
    except Missing as reason:
        missing(str(reason))


def chromium_path() -> str | None:
    """Where Chromium is, or None. TICKMARK_CHROMIUM names another one."""
    named = os.environ.get("TICKMARK_CHROMIUM")
    if named:
        return shutil.which(named)
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def chromium_options() -> dict[str, Any]:
    """What `playwright.chromium.launch(**…)` needs; skips or fails the test where there is no browser."""
    path = chromium_path()
    if path is None:
        missing("chromium was not found (Debian: apt-get install chromium).")
    quiet = [
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
    ]
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    return {"executable_path": path, "headless": True, "args": [*sandbox, *quiet]}


def postgres_folder() -> Path | None:
    """The folder with `initdb` and `postgres`, or None. Debian keeps it off the PATH."""
    found = shutil.which("initdb")
    folders = [Path(found).resolve().parent] if found else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_version, reverse=True)
    return next((f for f in folders if (f / "initdb").exists() and (f / "postgres").exists()), None)


@contextlib.contextmanager
def postgres() -> Iterator[str]:
    """A private cluster on a free port of 127.0.0.1; yields its `postgresql://…` address.

    Raises Missing where PostgreSQL is not installed or no user but root can run it. On leaving, the
    server that was started here is stopped and its folder removed; no other server is touched.
    """
    folder = postgres_folder()
    if folder is None:
        raise Missing("PostgreSQL was not found (Debian: apt-get install postgresql).")
    identity = _identity()
    room = Path(tempfile.mkdtemp(prefix="tickmark-postgres-"))
    try:
        if identity:
            shutil.chown(room, identity["user"], identity["group"])
        password = secrets.token_hex(12)
        _make_cluster(folder, room, password, identity)
        with _running(folder, room, password, identity) as address:
            yield address
    finally:
        shutil.rmtree(room, ignore_errors=True)


def _version(folder: Path) -> int:
    return int(folder.parent.name) if folder.parent.name.isdigit() else 0


def _identity() -> dict[str, Any]:
    """Popen's arguments that change to an unprivileged user; empty where we are one already."""
    if os.geteuid() != 0:
        return {}
    for name in UNPRIVILEGED:
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    raise Missing(f"PostgreSQL does not run as root, and there is no user {' or '.join(UNPRIVILEGED)}.")


def _make_cluster(folder: Path, room: Path, password: str, identity: dict[str, Any]) -> None:
    secret = room / "password"
    secret.write_text(password)
    if identity:
        shutil.chown(secret, identity["user"], identity["group"])
    command = [str(folder / "initdb"), "-D", str(room / "data"), "-U", "tickmark", "-E", "UTF8", "--locale=C"]
    command += ["--auth=scram-sha-256", f"--pwfile={secret}", "--no-sync"]
    made = subprocess.run(command, capture_output=True, text=True, cwd=room, **identity)
    if made.returncode:
        raise RuntimeError(f"initdb failed:\n{made.stdout}{made.stderr}")


@contextlib.contextmanager
def _running(folder: Path, room: Path, password: str, identity: dict[str, Any]) -> Iterator[str]:
    port = free_port()
    settings = [part for name, value in SETTINGS.items() for part in ("-c", f"{name}={value}")]
    command = [str(folder / "postgres"), "-D", str(room / "data"), "-p", str(port), *settings]
    log = room / "log"
    with log.open("w") as output:
        server = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, cwd=room, **identity)
    address = f"postgresql://tickmark:{password}@127.0.0.1:{port}/postgres"
    try:
        _wait(server, address, log)
        yield address
    finally:
        server.send_signal(signal.SIGINT)  # PostgreSQL's fast shutdown: sessions are ended, not waited for
        server.wait(timeout=30)


def _wait(server: subprocess.Popen[bytes], address: str, log: Path, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end and server.poll() is None:
        try:
            psycopg.connect(address, connect_timeout=2).close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"PostgreSQL did not answer within {seconds:.0f} s. Its log:\n{log.read_text()}")


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
