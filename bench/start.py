"""How long `tickmark up` takes to the first page on books that exist, and what it imports meanwhile.

    python bench/start.py [TIMES]        (default 5)

The home is made once and warm; each run is measured to the moment the first page is answered. Aim: median at most 3 s
on an idle machine. CPU seconds are printed beside, because the clock of a busy machine says little.
"""

from __future__ import annotations

import os
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from tests.servers import free_port  # noqa: E402

MOST = 3.0


def main(times: int) -> int:
    """Measure, print, and say by the exit code whether the aim is met."""
    with tempfile.TemporaryDirectory(prefix="tickmark-start-") as home:
        _start(Path(home))  # makes the books
        found = [_start(Path(home)) for _ in range(times)]
    for name, values in (("first page", [one for one, _ in found]), ("CPU", [one for _, one in found])):
        print(
            f"{name}: median {statistics.median(values):.2f} s, from {min(values):.2f} to {max(values):.2f} s"
        )
    print(f"aim: first page in at most {MOST:g} s; load of this machine {os.getloadavg()[0]:.1f}")
    return 0 if statistics.median(one for one, _ in found) <= MOST else 1


def _start(home: Path) -> tuple[float, float]:
    """Seconds to the first page, and CPU seconds of all processes until they have ended."""
    port, before = free_port(), resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = {
        **os.environ,
        "TICKMARK_HOME": str(home),
        "TICKMARK_PORT": str(port),
        "PYTHONPATH": str(ROOT / "src"),
    }
    began = time.monotonic()
    up = subprocess.Popen(
        [sys.executable, "-m", "tickmark", "up"],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while not _answers(port):
            if up.poll() is not None:
                raise RuntimeError(f"tickmark up ended with {up.returncode}")
            threading.Event().wait(0.02)
        took = time.monotonic() - began
    finally:
        up.send_signal(signal.SIGTERM)
        up.wait()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return took, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/welcome", timeout=10).status_code == 200
    except httpx.HTTPError:
        return False


if __name__ == "__main__":
    raise SystemExit(main(int(next((word for word in sys.argv[1:] if word.isdigit()), "5"))))
