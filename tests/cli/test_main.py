"""The command line: errors say what, why and the remedy; `up` starts, mends and ends its parts."""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.servers import free_port
from tickmark import __version__
from tickmark.cli import main as command
from tickmark.cli import serving
from tickmark.kernel.errors import Conflict, Unavailable

SOURCE = str(Path(serving.__file__).parents[2])


def run(monkeypatch, capsys, *words):
    """Exit code, output and errors of `tickmark words`."""
    monkeypatch.setattr(sys, "argv", ["tickmark", *words])
    with pytest.raises(SystemExit) as left:
        command.main()
    said = capsys.readouterr()
    return left.value.code, said.out, said.err


def test_it_says_its_version_and_its_verbs(monkeypatch, capsys):
    assert run(monkeypatch, capsys, "--version")[1].strip() == __version__
    helped = run(monkeypatch, capsys, "--help")[1]
    assert all(verb in helped for verb in ("up", "worker", "test", "verify", "look"))


def test_an_error_ends_it_with_what_why_and_the_remedy(monkeypatch, capsys):
    def fail(*, demo):
        raise Conflict("Port 8000 is in use.", "Something has it.", "Choose another.")

    monkeypatch.setattr(serving, "serve", fail)
    code, out, err = run(monkeypatch, capsys, "up")
    assert (code, out, err.splitlines()) == (
        1,
        "",
        ["Port 8000 is in use.", "Something has it.", "Choose another."],
    )


def test_verify_hands_its_words_to_the_verifier_of_the_bundle(monkeypatch, capsys):
    seen = []
    monkeypatch.setattr("tickmark.kernel.ledger.verify.main", lambda words: seen.append(words) or 3)
    code, *_ = run(monkeypatch, capsys, "verify", "a.zip", "--checkpoint", "kept.txt", "--key", "k", "--json")
    assert (code, seen) == (3, [["a.zip", "--checkpoint", "kept.txt", "--key", "k", "--json"]])


def test_a_busy_port_is_named_with_a_way_out(settings):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        settings.PORT = other.getsockname()[1]
        settings.ADDRESS = f"http://localhost:{settings.PORT}"
        with pytest.raises(Conflict) as busy:
            serving.refuse_busy_port()
    assert busy.value.what == f"Port {settings.PORT} is in use."
    assert f"TICKMARK_PORT={settings.PORT + 1} ./tickmark up" in busy.value.remedy
    serving.refuse_busy_port()


@pytest.mark.parametrize("given", ["http", "0", "70000", "-1"])
def test_a_port_that_is_none_is_named(tmp_path, given):
    environment = {"PYTHONPATH": SOURCE, "TICKMARK_HOME": str(tmp_path), "TICKMARK_PORT": given}
    done = subprocess.run(
        [sys.executable, "-c", "import tickmark.settings"], env=environment, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr.strip()) == (
        1,
        f"TICKMARK_PORT is '{given}', which is no port: give a number from 1 to 65535.",
    )


def test_a_home_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").touch()  # a folder cannot lie in a file, for root neither
    environment = {"PYTHONPATH": SOURCE, "TICKMARK_HOME": str(tmp_path / "file" / "home")}
    done = subprocess.run(
        [sys.executable, "-m", "tickmark", "worker"], env=environment, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr.splitlines()[0]) == (1, "The home cannot be written.")


@pytest.mark.parametrize("what", ["books.sqlite3", "TICKMARK_DATABASE"])
def test_a_demo_never_enters_real_books(tmp_path, monkeypatch, what):
    monkeypatch.setenv("TICKMARK_HOME", str(tmp_path))
    if what == "TICKMARK_DATABASE":
        monkeypatch.setenv(what, "postgresql://somewhere/books")
    else:
        (tmp_path / what).touch()
    with pytest.raises(Conflict):
        serving._demo_home()
    assert not (tmp_path / "demo.json").exists()


# -- parts ----------------------------------------------------------------------------------------------------------


class Fake:
    """A child process without a process."""

    def __init__(self):
        self.code: int | None = None

    def poll(self):
        return self.code


@pytest.fixture
def part(monkeypatch):
    """A part with its starts and a clock of seconds moved by hand."""
    seconds, started = [0.0], []

    def start(*_, **__):
        started.append(Fake())
        return started[-1]

    monkeypatch.setattr(serving.subprocess, "Popen", start)
    monkeypatch.setattr(serving.time, "monotonic", lambda: seconds[0])
    return serving.Part("worker", ["x"]), started, seconds


def test_a_part_that_dies_is_started_again_later_each_time(part, capsys):
    worker, started, seconds = part
    for pause in (2, 4, 8, 16, 32, 60, 60):
        started[-1].code = -9
        worker.keep_alive()
        seconds[0] += pause - 0.1
        worker.keep_alive()
        assert worker.process.code == -9
        seconds[0] += 0.2
        worker.keep_alive()
        assert worker.process.code is None
    assert len(started) == 8
    assert capsys.readouterr().err.splitlines()[:2] == [
        "The worker ended with code -9; it is started again in 2 s.",
        "The worker runs again.",
    ]


def test_a_part_that_lived_for_a_while_is_started_again_soon(part):
    worker, started, seconds = part
    for _ in range(5):
        seconds[0] += 3600
        started[-1].code = 1
        worker.keep_alive()
        seconds[0] += 2
        worker.keep_alive()
        assert worker.process.code is None


def test_what_goes_wrong_in_a_round_ends_no_worker(db, caplog):
    def fail(error):
        def work():
            raise error

        return work

    assert serving._survived(lambda: True) == (True, "")
    assert serving._survived(fail(Unavailable("No answer.", "", ""))) == (False, "No answer.")
    assert serving._survived(fail(ValueError("odd"))) == (False, "The program failed.")
    assert [record.message for record in caplog.records] == ["No answer.", "a round of the worker failed"]


# -- the whole ------------------------------------------------------------------------------------------------------


@pytest.fixture
def running(tmp_path) -> Iterator[tuple[subprocess.Popen[str], dict[str, str]]]:
    """`tickmark up` in an empty home on a free port, ready; ended afterwards if the test has not."""
    environment = {
        "PYTHONPATH": SOURCE, "TICKMARK_HOME": str(tmp_path / "home"), "TICKMARK_PORT": str(free_port()),
        "PATH": os.environ["PATH"], "PYTHONUNBUFFERED": "1",
    }  # fmt: skip
    up = subprocess.Popen(
        [sys.executable, "-m", "tickmark", "up"], env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
    )  # fmt: skip
    guard = threading.Timer(180, up.terminate)
    guard.start()
    try:
        until(up, "Tickmark is ready at")
        yield up, environment
    finally:
        guard.cancel()
        if up.poll() is None:
            up.terminate()
            up.wait(30)


def until(up, words):
    """Read what it says up to the line that begins so."""
    said = []
    for line in up.stdout:
        said.append(line)
        if line.startswith(words):
            return line
    raise AssertionError("".join(said))


def children(pid):
    return {int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}


def words_of(pid):
    return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")


def ends(pid, seconds=20):
    """Whether the process has ended, or does so soon."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([handle], [], [], seconds)[0])
    finally:
        os.close(handle)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks at /proc")
def test_up_answers_refuses_a_second_mends_its_worker_and_ends_all(running):
    up, environment = running
    address = f"http://127.0.0.1:{environment['TICKMARK_PORT']}"
    assert httpx.get(f"{address}/healthz/serving").json()["ok"] is True
    assert httpx.get(f"{address}/").headers["location"] == "/welcome"

    second = subprocess.run(
        [sys.executable, "-m", "tickmark", "up"], env=environment, capture_output=True, text=True
    )
    assert (second.returncode, second.stderr.splitlines()[0]) == (
        1,
        f"Port {environment['TICKMARK_PORT']} is in use.",
    )

    worker = next(pid for pid in children(up.pid) if "tickmark worker" in words_of(pid))
    os.kill(worker, signal.SIGKILL)
    assert until(up, "The worker ended with code -9")
    assert until(up, "The worker runs again.")

    family = children(up.pid)
    family |= {grandchild for pid in family for grandchild in children(pid)}
    assert len(family) >= 2
    os.killpg(up.pid, signal.SIGINT)  # as Ctrl-C in a terminal: the whole group gets it
    assert until(up, "Tickmark has stopped.") and up.wait(30) == 0
    assert [pid for pid in family if not ends(pid)] == []
