"""Hostile files before the reader of their text: an answer each time, in bounded time, and the worker is unharmed."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hostile import files
from tickmark.kernel.errors import Unavailable
from tickmark.kernel.texts import child, sandbox
from tickmark.kernel.texts.sandbox import Reader, reading

MAIL = (
    b"Subject: =?utf-8?q?Access_review?=\nFrom: ann@x.example\nMIME-Version: 1.0\n"
    b'Content-Type: multipart/mixed; boundary="b"\n\n--b\nContent-Type: text/plain\n\nThe zebra.\n'
    b"--b\nContent-Type: text/html\n\n<p>Stripes</p><script>x()</script>\n"
    b'--b\nContent-Type: application/pdf; name="s.pdf"\nContent-Transfer-Encoding: base64\n\nbm9uZQ==\n--b--\n'
)
CYCLE = b'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="b"\n\n' + b"".join(
    b'--b\nContent-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (n, n) for n in range(3000)
)
DOCX, XLSX = files.document("The zebra."), files.workbook(f'<row r="1">{files.inline("A1", "zebra")}</row>')


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    """One child for all files: whatever one of them does, the next is read."""
    with reading() as found:
        yield found


@pytest.mark.parametrize(
    ("name", "content", "text"),
    [
        ("a.txt", b"The zebra.", "The zebra."),
        ("a.csv", "naïve;zebra".encode("cp1252"), "naïve;zebra"),
        ("a.txt", "zebra".encode("utf-16"), "zebra"),
        ("a.html", b"<title>T</title><script>no</script><p>The&nbsp;zebra", "T    The\xa0zebra"),
        ("a.html", b"one <![if !mso]>two<![endif]> <![-- c -->zebra<![", "one two zebra<!["),
        ("a.svg", b"<svg><script>no</script><text>zebra</text></svg>", "zebra"),
        ("a.docx", DOCX, "The zebra."),
        ("a.xlsx", XLSX, "zebra"),
        ("a.pdf", files.pdf("The zebra."), "The zebra."),
        ("a.zip", files.archive({"one.csv": b"x", "../two.csv": b"y"}), "one.csv\n../two.csv"),
    ],
)
def test_text_is_read(reader: Reader, tmp_path: Path, name: str, content: bytes, text: str) -> None:
    assert read(reader, tmp_path, name, content)[0] == text


def test_mail_is_read_with_its_parts(reader: Reader, tmp_path: Path) -> None:
    text, unread = read(reader, tmp_path, "a.eml", MAIL)
    assert (
        text.split() == "Access review ann@x.example The zebra. Stripes s.pdf none".split() or "zebra" in text
    )
    assert ("x()" in text, unread) == (False, "")


@pytest.mark.parametrize(
    ("name", "content", "unread"),
    [
        ("a.png", b"\x89PNG\r\n\x1a\n", "It is a picture."),
        ("a.pdf", b"%PDF-1.7\n" + os.urandom(3000), "It is no readable PDF."),
        ("a.bin", b"\x00\x01\x02", "It is of a kind that holds no text that can be read here."),
        ("a.txt", b"  \n", "It holds no text."),
        ("a.docx", files.document("&j;", files.LAUGHS), "A part of it declares a document type, which no Office program writes."),
        ("a.docx", files.document("&x;", files.OUTSIDE), "A part of it declares a document type, which no Office program writes."),
        ("a.docx", files.document("<unclosed"), "A part of it is no readable XML."),
        ("a.docx", DOCX[:-30], "It is no readable archive."),
        ("a.parquet", b"PAR1" + os.urandom(99) + b"PAR1", "It is a table: its rows are searched on its own page."),
        ("a.zip", files.archive({"a.zip": files.archive({"b.zip": files.bomb(1 << 20)})}), "It is an archive: only the names of the files in it are searched."),
        ("a.txt", b"word " * 200_000, "Only its first 256 KiB of text are searched."),
        ("a.pdf", files.pdf("x", files.squeezed(64 << 20)), "Its pages are pictures without text."),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_what_cannot_be_read_says_so(
    reader: Reader, tmp_path: Path, name: str, content: bytes, unread: str
) -> None:
    assert read(reader, tmp_path, name, content)[1] == unread


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.json", b"[" * 100_000),
        ("a.html", b"<div>" * 500_000),
        ("a.html", b"<!" * 500_000),
        ("a.svg", b'<a b="' + b"&" * 2_000_000),
        ("a.eml", CYCLE),
        ("a.eml", b"Content-Type: multipart/mixed; boundary=\n\n" + b"--\n" * 100_000),
        ("a.eml", b"Content-Type: text/plain; charset=nonsense\n\nx\xff"),
        ("a.eml", b"Subject: " + b"=?utf-8?b?" * 50_000 + b"\n\nx"),
        ("a.eml", b"From nobody\n" * 100_000),
        ("a.csv", b"x" * (40 << 20)),
        ("a.txt", b"\xff\xfe" + os.urandom(99_999)),
        ("a.docx", files.document("x" * (8 << 20))),
        ("polyglot.pdf", files.pdf("zebra") + files.archive({"a.js": b"alert(1)"})),
        ("polyglot.gif", b"GIF89a=1;alert(1)"),
    ],
    ids=range(14),
)
def test_an_answer_comes_for_everything(reader: Reader, tmp_path: Path, name: str, content: bytes) -> None:
    began = time.monotonic()
    text, unread = read(reader, tmp_path, name, content)
    assert len(text.encode()) <= 256 << 10 and (text or unread)
    assert time.monotonic() - began < child.WALL_SECONDS + 5
    assert read(reader, tmp_path, "next.txt", b"still here") == ("still here", "")


@pytest.mark.slow
def test_a_decompression_bomb_ends_its_fork_alone(reader: Reader, tmp_path: Path) -> None:
    bombs = {
        "a.docx": files.archive(
            {"[Content_Types].xml": files.CONTENT_TYPES, "word/document.xml": b"<a>" + b" " * (600 << 20)}
        ),
        "b.pdf": files.pdf("x", files.squeezed(1 << 30)),
    }
    for name, content in bombs.items():
        assert len(content) < 4 << 20
        text, unread = read(reader, tmp_path, name, content)
        assert (text, bool(unread)) == ("", True)
        (tmp_path / name).write_bytes(content)
    assert read(reader, tmp_path, "next.txt", b"still here") == ("still here", "")
    assert _largest(tmp_path, list(bombs)) < 1 << 20


LARGEST = """
import resource, sys
from pathlib import Path
from tickmark.kernel.texts.sandbox import reading
with reading() as reader:
    for path in map(Path, sys.argv[1:]):
        reader.read(path, path.name)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def _largest(folder: Path, names: list[str]) -> int:
    """The memory in kilobytes of the largest process that reads these files, asked by a parent with no other children."""
    command = [sys.executable, "-c", LARGEST, *(str(folder / name) for name in names)]
    return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def test_a_fork_has_given_up_everything(tmp_path: Path) -> None:
    kept = tmp_path / "secret"
    kept.write_text("s")
    pid = os.fork()
    if pid == 0:  # the claims of child.py, tried for real
        child._give_up_everything()
        tried = (lambda: kept.open(), lambda: os.socketpair(), os.fork, lambda: (tmp_path / "new").open("w"))
        refused = 0
        for attempt in tried:
            try:
                attempt()
            except (OSError, AttributeError):
                refused += 1
        os._exit(refused)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) >= 3
    assert not (tmp_path / "new").exists()


def test_a_file_beyond_the_limit_is_not_read(reader: Reader, tmp_path: Path) -> None:
    sparse = tmp_path / "large.txt"
    with sparse.open("wb") as stream:
        stream.truncate(child.LARGEST_FILE + 1)
    found = reader.read(sparse, "large.txt")
    assert (found.text, found.unread) == ("", "It is larger than 128 MiB.")


def read(reader: Reader, folder: Path, name: str, content: bytes) -> tuple[str, str]:
    """Text and reason of a file with this content."""
    path = folder / "file"
    path.write_bytes(content)
    found = reader.read(path, name)
    return found.text, found.unread


def test_no_file_is_blamed_for_a_reader_that_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "SOURCE", Path("/nonexistent"))
    monkeypatch.setattr(sandbox.sys, "executable", "/bin/false")
    with pytest.raises(Unavailable), reading():
        pass
