"""`tickmark up`: makes the home, brings the books up to date, starts pages and worker, and lives the demo's year."""

from __future__ import annotations

import logging
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

from tickmark.kernel.errors import Conflict, TickmarkError, Unavailable

WAIT = 60.0
TICK = 60.0
REST = 1.0
STAY = 10.0
"""Seconds between two words of a worker that it still holds its slot; `jobs.SILENCE` is several of them."""
GRACE = 10.0
DEMO_HOME = "~/.tickmark-demo"
log = logging.getLogger("tickmark.serving")

Process = subprocess.Popen[bytes]


class Part:
    """A child process that is started again when it dies, a little later each time it dies young.

    Each has a process group of its own: Ctrl-C reaches `up` alone, which ends the parts one by one. A web server that
    gets the interrupt and our request to stop at once leaves its own children behind, and with them the port.
    """

    def __init__(self, name: str, words: Sequence[str]) -> None:
        self.name, self.words = name, words
        self.deaths, self.not_before = 0, 0.0
        self.process: Process = self._start()

    def _start(self) -> Process:
        self.since = time.monotonic()
        return subprocess.Popen([sys.executable, "-m", *self.words], start_new_session=True)

    def keep_alive(self) -> None:
        """Look after it once: say that it died, and start it again when its pause is over."""
        code = self.process.poll()
        if code is None:
            return
        if not self.not_before:
            self.deaths = 1 if time.monotonic() - self.since > TICK else self.deaths + 1
            pause = min(2.0**self.deaths, TICK)
            self.not_before = time.monotonic() + pause
            say(f"The {self.name} ended with code {code}; it is started again in {pause:.0f} s.")
        elif time.monotonic() >= self.not_before:
            self.not_before = 0.0
            self.process = self._start()
            say(f"The {self.name} runs again.")

    def end(self) -> None:
        """Ask it to stop; it is awaited in `stopped`."""
        if self.process.poll() is None:
            self.process.terminate()

    def stopped(self) -> None:
        """Wait until it stopped; whatever of its group does not stop is killed."""
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(GRACE)
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def serve(*, demo: bool) -> int:
    """Run pages and worker until interrupted."""
    if demo:
        _demo_home()
    prepare()
    refuse_busy_port()
    _allow_many_files()
    try:
        with _interruptible(), _parts() as parts:
            parts.append(Part("web server", _web()))
            _answering(parts[0])
            if demo:
                from tickmark.cli.demo import live

                live()  # before the worker starts: whoever lives the year does its jobs at their moments
            parts.append(Part("worker", ["tickmark", "worker"]))
            _say_ready(demo)
            _watch(parts)
    except KeyboardInterrupt:
        say("Tickmark has stopped.")
    return 0


def say(text: str) -> None:
    """Tell whoever watches the terminal."""
    print(text, file=sys.stderr, flush=True)


def serve_pages() -> int:
    """Run the pages and the API alone, until interrupted: for hosts that have no worker, or keep it apart."""
    prepare()
    refuse_busy_port()
    try:
        with _interruptible(), _parts() as parts:
            parts.append(Part("web server", _web()))
            _answering(parts[0])
            _say_ready(demo=False)
            _watch(parts)
    except KeyboardInterrupt:
        say("Tickmark has stopped.")
    return 0


def work_for_ever() -> None:
    """The worker: open slots at once; beside that it asks what is due, seals, indexes, and keeps what it holds."""
    prepare()
    with _interruptible():
        from tickmark.kernel import jobs
        from tickmark.kernel.search import work

        # what is recorded is found a second later, however long other work takes
        for rounds, pause in ((_tick, TICK), (jobs.stay, STAY), (work.whole, REST)):
            threading.Thread(target=_for_ever, args=(rounds, pause), daemon=True).start()
        try:
            while True:
                done, _ = _survived(jobs.work_one)
                if not done:
                    time.sleep(REST)
        except KeyboardInterrupt:
            return


def _for_ever(rounds: Callable[[], object], pause: float) -> None:
    while True:
        _survived(rounds)
        time.sleep(pause)


def _tick() -> None:
    """One round: however long a piece of work takes, entries are sealed within a minute; how it went is told."""
    from tickmark.kernel.beats import beat
    from tickmark.upkeep.tick import tick

    _, problem = _survived(tick)
    beat(problem)


def _survived(work: Callable[[], object]) -> tuple[bool, str]:
    """Do the work; gives what it gave and what went wrong in words. It is logged, and the next round tries again."""
    from django.db import close_old_connections

    from tickmark.kernel import faults

    close_old_connections()
    try:
        return bool(work()), ""
    except Exception as error:
        found = error if isinstance(error, TickmarkError) else faults.told(error)
        if found is None:
            log.exception("a round of the worker failed")
            return False, "The program failed."
        log.warning("%s", found)
        return False, found.what


def _demo_home() -> None:
    from tickmark.cli.demo import begins

    home = Path(os.environ.setdefault("TICKMARK_HOME", str(Path(DEMO_HOME).expanduser())))
    if (home / "demo.json").exists():
        return
    if (home / "books.sqlite3").exists():
        raise Conflict(
            f"{home} holds real books.",
            "A simulated clock would make their dates worthless.",
            "Give the demo a home of its own: TICKMARK_HOME=/some/empty/folder ./tickmark up --demo",
        )
    if os.environ.get("TICKMARK_DATABASE"):
        raise Conflict(
            "A demo keeps its books in its own home.",
            "TICKMARK_DATABASE names a database, and real books may stand in it.",
            "Unset TICKMARK_DATABASE and try again.",
        )
    begins(home)


def set_up() -> None:
    """Set Django up; the books stay as they are."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tickmark.settings")
    import django

    try:
        django.setup()
    except (PermissionError, NotADirectoryError, FileExistsError) as error:
        why = f"{error.filename}: {error.strerror}."
        raise Unavailable(
            "The home cannot be written.", why, "Choose a folder of yours: TICKMARK_HOME."
        ) from error


def prepare() -> None:
    """Set Django up, migrate the books, and see that this host has the secrets of the others.

    Raises Unavailable if the home cannot be written or the books do not answer, Conflict if the secrets differ or the
    books were moved elsewhere.
    """
    set_up()
    from django.db import InterfaceError, OperationalError

    from tickmark.kernel import faults
    from tickmark.kernel.beats import agree

    try:
        _migrate()
        agree()
        _refuse_moved()
    except (OperationalError, InterfaceError) as error:
        raise faults.told(error) or error from error


def _refuse_moved() -> None:
    from tickmark.kernel.ledger import epoch

    if epoch.moved():
        raise Conflict(
            "The books of this home were moved.",
            "The last entry here says so; to go on in both places would fork the log.",
            "Start the new home. If the move was given up: tickmark epoch --reason 'the move was given up'",
        )


def _migrate() -> None:
    """Bring the books up to date; hosts that start together take turns."""
    from django.core.management import call_command

    from tickmark.kernel.turns import turn

    with turn():
        call_command("migrate", verbosity=0, interactive=False)


def _allow_many_files() -> None:
    """A bulk intake holds each file open while it arrives: raise our own limit to what the system allows us."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def refuse_busy_port() -> None:
    """Raise Conflict if something listens on the port already: a second Tickmark, or another program."""
    from django.conf import settings

    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.LISTEN, settings.PORT))
        except OSError:
            raise Conflict(
                f"Port {settings.PORT} is in use.",
                "Tickmark may be running already, or another program has the port.",
                f"Open {settings.ADDRESS}, or choose another port: TICKMARK_PORT={settings.PORT + 1} ./tickmark up",
            ) from None


@contextmanager
def _parts() -> Iterator[list[Part]]:
    """An empty list for parts; all in it have ended when this is left, however it is left."""
    parts: list[Part] = []
    try:
        yield parts
    finally:
        for part in parts:
            part.end()
        for part in parts:
            part.stopped()


def _web() -> list[str]:
    from django.conf import settings

    words = ["granian", "--interface", "wsgi", "--host", settings.LISTEN, "--port", str(settings.PORT)]
    words += ["--workers", "1", "--blocking-threads", "4", "--log-level", "warning", "--no-access-log"]
    return [*words, "tickmark.wsgi:application"]


@contextmanager
def _interruptible() -> Iterator[None]:
    """SIGTERM, and a terminal that is closed, end what runs in here as Ctrl-C does."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _answering(web: Part) -> None:
    """Wait until the pages answer."""
    import httpx
    from django.conf import settings

    host = "127.0.0.1" if settings.LISTEN in ("0.0.0.0", "::") else settings.LISTEN
    end = time.monotonic() + WAIT
    while time.monotonic() < end and web.process.poll() is None:
        try:
            httpx.get(f"http://{host}:{settings.PORT}/healthz/serving", timeout=5)
            return
        except httpx.HTTPError:
            time.sleep(0.1)
    raise Unavailable(
        "The pages do not answer.",
        f"Port {settings.PORT} stayed silent.",
        "The lines above say what went wrong; TICKMARK_PORT chooses another port.",
    )


def _say_ready(demo: bool) -> None:
    from django.conf import settings

    print(f"Tickmark is ready at {settings.ADDRESS}", flush=True)
    if demo:
        from tickmark.cli.demo import how_to_enter

        print(how_to_enter(), flush=True)


def _watch(parts: list[Part]) -> None:
    while True:
        for part in parts:
            part.keep_alive()
        time.sleep(0.5)
