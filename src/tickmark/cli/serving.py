"""`tickmark up`: makes the home, brings the books up to date, starts pages and worker, and lives the demo's year."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType

from tickmark.kernel.errors import Conflict, Unavailable

WAIT = 60.0
DEMO_HOME = "~/.tickmark-demo"


def serve(*, demo: bool) -> int:
    """Run until interrupted; the exit code of whichever part ended first."""
    if demo:
        _demo_home()
    _prepare()
    parts = [_web(), _worker()]
    _stop_with(parts)
    try:
        _answering()
        if demo:
            from tickmark.cli.demo import live

            live()
        _say_ready(demo)
        return _watch(parts)
    except KeyboardInterrupt:
        return 0
    finally:
        _end(parts)


def work_for_ever() -> None:
    """The worker: open slots at once, what is due each minute."""
    _prepare()
    from tickmark.kernel import jobs
    from tickmark.upkeep.tick import tick

    last = 0.0
    while True:
        if time.monotonic() - last >= 60:
            last = time.monotonic()
            tick()
        if not jobs.work():
            time.sleep(1)


def _demo_home() -> None:
    from tickmark.cli.demo import begins

    home = Path(os.environ.setdefault("TICKMARK_HOME", str(Path(DEMO_HOME).expanduser())))
    if not (home / "demo.json").exists():
        if (home / "books.sqlite3").exists():
            raise Conflict(
                f"{home} holds real books.",
                "A simulated clock would make their dates worthless.",
                "Give the demo a home of its own: TICKMARK_HOME=/some/empty/folder ./tickmark up --demo",
            )
        begins(home)


def _prepare() -> None:
    """Set Django up and migrate the books."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tickmark.settings")
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0, interactive=False)


def _web() -> subprocess.Popen[bytes]:
    from django.conf import settings

    words = ["granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(settings.PORT), "--workers", "1"]
    words += ["--blocking-threads", "8", "--log-level", "warning", "--no-access-log", "tickmark.wsgi:application"]
    return subprocess.Popen([sys.executable, "-m", *words])


def _worker() -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "tickmark", "worker"])


def _stop_with(parts: list[subprocess.Popen[bytes]]) -> None:
    def stop(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)


def _answering() -> None:
    """Wait until the pages answer."""
    import httpx
    from django.conf import settings

    for _ in range(int(WAIT / 0.1)):
        try:
            httpx.get(f"http://127.0.0.1:{settings.PORT}/healthz", timeout=2)
            return
        except httpx.HTTPError:
            time.sleep(0.1)
    raise Unavailable(
        "The pages do not answer.", f"Port {settings.PORT} stayed silent.", "Choose another with TICKMARK_PORT."
    )


def _say_ready(demo: bool) -> None:
    from django.conf import settings

    print(f"Tickmark is ready at {settings.ADDRESS}", flush=True)
    if demo:
        from tickmark.cli.demo import how_to_enter

        print(how_to_enter(), flush=True)


def _watch(parts: list[subprocess.Popen[bytes]]) -> int:
    while True:
        for part in parts:
            if (code := part.poll()) is not None:
                return code
        time.sleep(0.5)


def _end(parts: list[subprocess.Popen[bytes]]) -> None:
    for part in parts:
        part.terminate()
    for part in parts:
        try:
            part.wait(10)
        except subprocess.TimeoutExpired:
            part.kill()
