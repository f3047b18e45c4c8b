"""A line that can be cut: a part is reached through it, and the test decides what becomes of the bytes."""

from __future__ import annotations

import contextlib
import select
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

OPEN, CUT, SILENT, BUSY = "open", "cut", "silent", "busy"
"""Forward; end every connection; keep connections and forward nothing; answer 503 as a bucket that is overloaded."""
SLOW_DOWN = (
    b"HTTP/1.1 503 Slow Down\r\nContent-Type: application/xml\r\nConnection: close\r\nContent-Length: 48\r\n\r\n"
    b"<Error><Code>SlowDown</Code><X></X><Y></Y></Error>"[:48]
)


class Relay:
    """Listens on a port of 127.0.0.1 and forwards to another one, as `mode` says at each moment."""

    def __init__(self, target: int) -> None:
        self.target, self.mode = target, OPEN
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._server.getsockname()[1])
        self._over = False
        threading.Thread(target=self._accept, daemon=True).start()

    def end(self) -> None:
        """Listen no more; every connection ends."""
        self._over = True
        self._server.close()

    def _accept(self) -> None:
        while not self._over:
            try:
                one, _ = self._server.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(one,), daemon=True).start()

    def _serve(self, one: socket.socket) -> None:
        with one, contextlib.suppress(OSError):
            if self.mode == BUSY:
                one.recv(65536)
                one.sendall(SLOW_DOWN)
                return
            with socket.create_connection(("127.0.0.1", self.target)) as other:
                self._forward(one, other)

    def _forward(self, one: socket.socket, other: socket.socket) -> None:
        while not self._over and self.mode in (OPEN, SILENT):
            ready, _, _ = select.select([one, other], [], [], 0.05)
            for end in ready if self.mode == OPEN else ():
                data = end.recv(65536)
                if not data:
                    return
                (other if end is one else one).sendall(data)
            if self.mode == SILENT:
                threading.Event().wait(0.05)


@contextmanager
def relay(target: int) -> Iterator[Relay]:
    """A relay that is gone afterwards."""
    found = Relay(target)
    try:
        yield found
    finally:
        found.end()
