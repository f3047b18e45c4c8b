"""The child that reads files: started with `python -I -m`, it forks once for each file and outlives none of them.

It hears one JSON line for each file and answers with one. The fork opens the file, then gives up everything: it can
open no other file and no socket, start no process, write to no disk, and has so much time and memory. Only then it
looks at the first byte. What it sends back is text of bounded length and nothing else.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import select
import signal
import sys
import time
from pathlib import Path
from typing import Any

CPU_SECONDS = 10
WALL_SECONDS = 20.0
MEMORY = 768 << 20
"""Bytes of address space, the program itself included."""
LARGEST_FILE = 128 << 20
LARGEST_ANSWER = 4 << 20
READY = b"ready\n"
SAMPLE = (
    b"Subject: =?utf-8?q?a?= =?iso-8859-1?b?YQ==?=\nFrom: a <a@x.example>\n"
    b"Content-Type: multipart/mixed; boundary=b\n\n"
    b'--b\nContent-Type: text/plain; charset=utf-8; name="=?utf-8?q?a?="\n'
    b"Content-Transfer-Encoding: quoted-printable\n\n"
    b"=41\n--b\nContent-Disposition: attachment; filename*=utf-8''a\nContent-Transfer-Encoding: base64\n\nYQ==\n"
    b"--b\nContent-Transfer-Encoding: x-uuencode\n\nbegin 644 a\n!80``\n`\nend\n--b--\n"
)
EMPTY_ZIP = b"PK\x05\x06" + bytes(18)
NOBODY = 65534
PR_SET_NO_NEW_PRIVS = 38
CLONE_NEWNET, CLONE_NEWUSER = 0x40000000, 0x10000000
CHARSETS = "ascii cp437 latin_1 cp1252 utf_8 utf_8_sig utf_16 utf_16_le utf_16_be iso8859_15 cp1250 koi8_r"


def main() -> None:
    """Answer until the parent closes the pipe."""
    _load()
    _leave_the_network()
    sys.stdout.buffer.write(READY)
    sys.stdout.buffer.flush()
    for line in sys.stdin.buffer:
        asked = json.loads(line)
        answer = _answer(str(asked["path"]), str(asked["name"]))
        sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n")
        sys.stdout.buffer.flush()


def _load() -> None:
    """Import all that a fork needs, by reading one of each kind: a fork can open no module's file any more."""
    import pypdfium2

    from tickmark.kernel.texts.reading import read

    for charset in CHARSETS.split():
        b"a".decode(charset, "ignore")
    for name, content in (
        ("a.eml", SAMPLE),
        ("a.html", b"<p>&amp;"),
        ("a.zip", EMPTY_ZIP),
        ("a.pdf", b"%PDF-"),
    ):
        read(name, content)
    _ = pypdfium2


def _answer(path: str, name: str) -> dict[str, str]:
    """The answer of a fork, or why there is none."""
    listen, speak = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(listen)
        _read_and_end(path, name, speak)
    os.close(speak)
    said, late = _hear(listen)
    os.close(listen)
    os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    return _judged(said, status, late)


def _hear(listen: int) -> tuple[bytes, bool]:
    """What a fork says until it closes the pipe, and whether it took too long or said too much."""
    said, end = bytearray(), time.monotonic() + WALL_SECONDS
    while (left := end - time.monotonic()) > 0 and len(said) <= LARGEST_ANSWER:
        if select.select([listen], [], [], left)[0]:
            part = os.read(listen, 1 << 16)
            if not part:
                return bytes(said), False
            said += part
    return bytes(said), True


def _judged(said: bytes, status: int, late: bool) -> dict[str, str]:
    if late:
        return {"text": "", "unread": f"Reading it took longer than {WALL_SECONDS:.0f} s."}
    try:
        found: dict[str, Any] = json.loads(said)
        return {"text": str(found["text"]), "unread": str(found["unread"])}
    except (ValueError, KeyError, TypeError, RecursionError):
        return {"text": "", "unread": _ended(status)}


def _ended(status: int) -> str:
    number = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
    if number in (signal.SIGXCPU, signal.SIGKILL):
        return f"Reading it took more than {CPU_SECONDS} s of computing."
    if number:
        return f"Its reader was stopped by signal {number}."
    return "It needs more memory than a file may."


def _read_and_end(path: str, name: str, speak: int) -> None:
    """In the fork: read and leave, whatever happens."""
    from tickmark.kernel.texts.reading import read

    code = 1
    try:
        content = _content(path)
        _give_up_everything()
        text, unread = read(name, content) if content is not None else ("", _too_large())
        with os.fdopen(speak, "wb") as stream:
            stream.write(json.dumps({"text": text, "unread": unread}).encode())
        code = 0
    except MemoryError:
        code = 3
    except Exception as error:
        told = json.dumps({"text": "", "unread": f"It cannot be read ({type(error).__name__})."})
        os.write(speak, told.encode())
        code = 0
    finally:
        os._exit(code)


def _content(path: str) -> bytes | None:
    with Path(path).open("rb") as stream:
        content = stream.read(LARGEST_FILE + 1)
    return content if len(content) <= LARGEST_FILE else None


def _too_large() -> str:
    return f"It is larger than {LARGEST_FILE >> 20} MiB."


def _leave_the_network() -> None:
    """A network without interfaces, where the host allows it; elsewhere the limits of a fork still stand."""
    libc = ctypes.CDLL(None)
    if hasattr(libc, "prctl"):
        libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if hasattr(libc, "unshare") and libc.unshare(CLONE_NEWNET) != 0:
        libc.unshare(CLONE_NEWUSER | CLONE_NEWNET)


def _give_up_everything() -> None:
    """From here on: no new file, socket or process, nothing written, bounded time and memory; nobody, if root."""
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    for limit in (resource.RLIMIT_FSIZE, resource.RLIMIT_CORE, resource.RLIMIT_NPROC, resource.RLIMIT_NOFILE):
        resource.setrlimit(limit, (0, 0))


if __name__ == "__main__":
    main()
