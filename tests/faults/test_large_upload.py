"""Two gigabytes to the real server: refused in words when announced and when not, never in its memory, nothing left."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults.running import Installation, installed

SIZE = 2 << 30
PIECE = bytes(1 << 20)
LINE = "one-line-between-the-parts"
HEAD = (
    f'--{LINE}\r\nContent-Disposition: form-data; name="kind"\r\n\r\nDOC\r\n'
    f'--{LINE}\r\nContent-Disposition: form-data; name="source"\r\n\r\na test\r\n'
    f'--{LINE}\r\nContent-Disposition: form-data; name="upload"; filename="big.bin"\r\n\r\n'
).encode()
TAIL = f"\r\n--{LINE}--\r\n".encode()


def peak(one: Installation) -> int:
    """The most memory that a process of the server ever had, in bytes."""
    marks = [
        line for pid in one.family("web") for line in Path(f"/proc/{pid}/status").read_text().splitlines()
    ]
    return max(int(line.split()[1]) << 10 for line in marks if line.startswith("VmHWM"))


def body() -> Iterator[bytes]:
    """The form, a piece at a time."""
    yield HEAD
    for _ in range(SIZE // len(PIECE)):
        yield PIECE
    yield TAIL


def send(one: Installation, token: str, announced: bool) -> tuple[int, bytes]:
    """Bytes that were taken before the server closed, and what it answered; read while it is still sent."""
    length = f"Content-Length: {len(HEAD) + SIZE + len(TAIL)}" if announced else "Transfer-Encoding: chunked"
    head = (
        f"POST /api/evidence/file HTTP/1.1\r\nHost: 127.0.0.1:{one.port}\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: multipart/form-data; boundary={LINE}\r\n{length}\r\nConnection: close\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", one.port), timeout=120) as door:
        door.sendall(head.encode())
        taken = _pour(door, announced)
        answer = b""
        try:
            while part := door.recv(65536):
                answer += part
        except ConnectionResetError:
            pass
    return taken, answer


def _pour(door: socket.socket, announced: bool) -> int:
    taken = 0
    for piece in body():
        framed = piece if announced else f"{len(piece):x}\r\n".encode() + piece + b"\r\n"
        try:
            door.sendall(framed)
        except (BrokenPipeError, ConnectionResetError):
            return taken
        taken += len(piece)
    return taken


@pytest.mark.slow
def test_two_gigabytes_end_as_a_refusal_in_words(tmp_path: Path) -> None:
    with installed(tmp_path / "home") as one:
        world: Any = one.build("intake")
        one.start("web")
        one.answering()
        before, entries = peak(one), one.one("select count(*) from kernel_entry")
        for announced, status, what in (
            (True, b"413", b"The file is too large."),
            (False, b"411", b"The request does not say how long it is."),
        ):
            taken, answer = send(one, world["owner"], announced)
            assert answer.startswith(b"HTTP/1.1 " + status) and what in answer, answer
            assert taken < 64 << 20, "what is refused was read all the same"
        assert peak(one) - before < 64 << 20
        assert one.one("select count(*) from kernel_entry") == entries
        assert list((one.home / "tmp").iterdir()) == []
        assert not any((one.home / "files").glob(".draft-*"))


@pytest.mark.slow
def test_two_gigabytes_that_are_allowed_are_kept_and_never_in_memory(tmp_path: Path) -> None:
    with installed(tmp_path / "home", TICKMARK_UPLOAD_LIMIT="3G") as one:
        world: Any = one.build("intake")
        one.start("web")
        one.answering()
        before = peak(one)
        taken, answer = send(one, world["owner"], True)
        assert answer.startswith(b"HTTP/1.1 201"), answer
        assert taken == len(HEAD) + SIZE + len(TAIL)
        assert peak(one) - before < 128 << 20
        sizes = [kept.stat().st_size for kept in (one.home / "files").glob("??/*")]
        assert max(sizes) == SIZE
