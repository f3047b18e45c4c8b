"""A store that speaks S3 and enforces its object lock: Debian's `radosgw` on a monitor and one disk, all in memory.

`gateway()` starts it on loopback and ends it; everything it writes lies in a folder of its own.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import httpx

from tests.servers import Missing, free_port

PROGRAMS = ("ceph", "ceph-authtool", "ceph-mon", "ceph-osd", "monmaptool", "radosgw", "radosgw-admin")
PACKAGES = "radosgw ceph-mon ceph-osd"
NAME, SECRET = "tickmark", "not-a-secret"
"""Who may use the gateway: the access key and its secret."""

_SETTINGS = """\
[global]
fsid = {fsid}
mon host = v2:127.0.0.1:{monitor}
public addr = 127.0.0.1
cluster addr = 127.0.0.1
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
osd objectstore = memstore
mon allow pool size one = true
run dir = {room}
admin socket = {room}/$name.asok
log file = {room}/$name.log
mon data = {room}/mon
osd data = {room}/osd
rgw data = {room}/rgw
keyring = {room}/keyring
rgw frontends = beast endpoint=127.0.0.1:{gateway}
"""


@contextlib.contextmanager
def gateway(seconds: float = 120) -> Iterator[str]:
    """The address of an empty store. Raises Missing where Ceph is not installed."""
    absent = [name for name in PROGRAMS if shutil.which(name) is None]
    if absent:
        raise Missing(f"{', '.join(absent)} was not found (Debian: apt-get install {PACKAGES}).")
    room = Path(tempfile.mkdtemp(prefix="tickmark-ceph-"))
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, room, ignore_errors=True)
        yield _Cluster(room, stack, time.monotonic() + seconds).up()


class _Cluster:
    """A monitor, a disk in memory and the gateway; `stack` ends what was started, the last first."""

    def __init__(self, room: Path, stack: contextlib.ExitStack, end: float) -> None:
        self.room, self.stack, self.end = room, stack, end
        self.fsid, self.monitor, self.port = str(uuid.uuid4()), free_port(), free_port()
        self.environment = {**os.environ, "CEPH_CONF": str(room / "ceph.conf")}

    def up(self) -> str:
        settings = _SETTINGS.format(fsid=self.fsid, monitor=self.monitor, gateway=self.port, room=self.room)
        (self.room / "ceph.conf").write_text(settings)
        for folder in ("mon", "osd", "rgw"):
            (self.room / folder).mkdir()
        self._keys()
        self._mon()
        self._osd()
        self._start("radosgw", "-f", "-n", "client.admin")
        self._run("radosgw-admin", "user", "create", f"--uid={NAME}", f"--display-name={NAME}",
                  f"--access-key={NAME}", f"--secret={SECRET}")  # fmt: skip
        return self._answering(f"http://127.0.0.1:{self.port}")

    def _keys(self) -> None:
        made = ["--create-keyring"]
        for name, caps in (
            ("mon.", {"mon": "allow *"}),
            ("client.admin", {"mon": "allow *", "osd": "allow *"}),
            ("osd.0", {"mon": "allow profile osd", "osd": "allow *"}),
        ):
            may = [word for part, what in caps.items() for word in ("--cap", part, what)]
            self._run("ceph-authtool", *made, "keyring", "--gen-key", "-n", name, *may)
            made = []

    def _mon(self) -> None:
        place = f"[v2:127.0.0.1:{self.monitor}]"
        self._run("monmaptool", "--create", "--fsid", self.fsid, "--addv", "a", place, "monmap")
        self._run("ceph-mon", "--mkfs", "-i", "a", "--monmap", "monmap", "--keyring", "keyring")
        self._start("ceph-mon", "-f", "-i", "a")

    def _osd(self) -> None:
        disk = str(uuid.uuid4())
        self._run("ceph", "osd", "new", disk, "0")
        self._run("ceph", "auth", "add", "osd.0", "-i", "keyring")
        self._run("ceph-osd", "--mkfs", "-i", "0", "--osd-uuid", disk)
        self._start("ceph-osd", "-f", "-i", "0")

    def _run(self, *command: str) -> None:
        left = max(1.0, self.end - time.monotonic())
        done = subprocess.run(
            command, cwd=self.room, env=self.environment, capture_output=True, text=True, timeout=left
        )
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")

    def _start(self, *command: str) -> None:
        with (self.room / f"{command[0]}.out").open("w") as output:
            process = subprocess.Popen(
                command, cwd=self.room, env=self.environment, stdout=output, stderr=subprocess.STDOUT
            )
        self.stack.callback(_stop, process)

    def _answering(self, address: str) -> str:
        while time.monotonic() < self.end:
            try:
                httpx.get(address, timeout=2)
            except httpx.HTTPError:
                continue
            return address
        raise RuntimeError(f"radosgw did not answer:\n{(self.room / 'radosgw.out').read_text()}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(timeout=10)
