"""Fuzzing of every parser that reads what others wrote.

    python bench/fuzz.py [--minutes 10] [--only csv,mail] [--seed 1]

Each parser has seeds, and mutations of them that found a new way to end (another answer, another refusal) become
seeds too. A parser runs in a process of its own with 1 GiB of address space beyond what the program takes. It may
refuse with one of its own errors; anything else is a crash: another exception, a signal, more memory. More than 10 s
with one input is a hang. Every finding is kept as a file in the folder that is printed. Ends with 1 if there is one.
"""

from __future__ import annotations

import argparse
import hashlib
import mmap
import os
import random
import resource
import signal
import struct
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

MEMORY = 1 << 30
HANG = 10.0
LARGEST = 1 << 20
ROOM = LARGEST + 64
PIECES = (
    b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\r", b"\n", b"\r\n\r\n", b'"', b"'", b",", b";", b"=", b"&", b"<", b"<!", b"<!--",
    b"]]>", b"{", b"[", b'":', b"null", b"1e999", b"-0", b"\\ud800", b"\\u0000", b"../", b"\x80", b"\xf0\x9f\x98\x80",
    b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06", b"%PDF-", b"stream", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff",
    b"Content-Type: multipart/mixed; boundary=b\n\n", b"=?utf-8?b?", b"&#x0;", b"*" * 50, b"(" * 99, b"\xe2\x80\xae",
)  # fmt: skip


@dataclass(frozen=True)
class Target:
    """A parser: what it is given at first, how it is called, and which of its errors are answers."""

    name: str
    seeds: list[bytes]
    read: Callable[[bytes], Any]
    answers: tuple[type[BaseException], ...] = ()


@dataclass
class Told:
    """What became of one target."""

    execs: int = 0
    ways: int = 0
    peak: int = 0
    found: list[str] = field(default_factory=list)


# -- the parsers ----------------------------------------------------------------------------------------------------


def targets() -> list[Target]:
    """Every parser, with Django set up."""
    import duckdb
    from pydantic import ValidationError

    from tests.hostile import files
    from tests.hostile import test_exports as exports
    from tests.hostile.test_texts import MAIL
    from tickmark.kernel import bundles, tables
    from tickmark.kernel.documents.markdown import markdown_blocks, markdown_html
    from tickmark.kernel.errors import TickmarkError
    from tickmark.kernel.ledger import verify
    from tickmark.kernel.texts import reading

    book = files.workbook(exports.ROW + f'<row r="2">{files.inline("A2", "x")}</row>')
    packed = files.archive({"rows.csv": "id\n1\n", "deep/manifest.json": '{"rows": 1}'})
    room = Path(tempfile.mkdtemp(prefix="tickmark-fuzz-", dir=os.environ.get("TMPDIR")))
    return [
        Target("csv", [b'id,x\n1,"a\nb"\n2,\n', "id;ä\n".encode("cp1252"), b"\xff\xfei\x00d\x00"], lambda b: exports.read(exports.CSV, b), (TickmarkError,)),
        Target("xlsx", [book, files.workbook(exports.FAR), files.workbook(exports.ROW, files.LAUGHS)], lambda b: exports.read(exports.XLSX, b), (TickmarkError,)),
        Target("json", [b'[{"id": 1, "a": {"b": [null, 1.5, "\\u00e4"]}}]', b'{"message": "no"}'], lambda b: exports.read(exports.JSON, b), (TickmarkError,)),
        Target("jsonl", [b'{"id": 1}\n{"id": "2"}\n'], lambda b: exports.read(exports.LINES, b), (TickmarkError,)),
        Target("archive", [packed, files.lying(b"x" * 99), files.linked("a", "b")], lambda b: bundles.from_zip("a.zip", b), (TickmarkError,)),
        Target("bundle", [packed, files.archive({"bundle.json": "{}"}, 0)], lambda b: _bundle(verify, room, b)),
        Target("mail", [MAIL], lambda b: reading.read("a.eml", b)),
        Target("office", [files.document("zebra"), book, files.archive({"mimetype": "x", "content.xml": "<a/>"})], lambda b: reading.read("a.docx", b)),
        Target("web page", [b"<title>T</title><script>x</script><p class='a'>&nbsp;zebra<!-- c --></p>"], lambda b: reading.read("a.html", b)),
        Target("pdf", [files.pdf("zebra"), files.pdf("x", files.squeezed(1 << 20))], lambda b: reading.read("a.pdf", b)),
        Target("text", [b"zebra", "zebra".encode("utf-16")], lambda b: reading.read("a.txt", b)),
        Target("markdown", [b"# A\n\n- b *c* [d](e)\n\n| f | g |\n|---|---|\n| h | `i` |\n\n> j\n\n```\nk\n```\n"], lambda b: (markdown_html(_text(b)), markdown_blocks(_text(b))), (TickmarkError,)),
        Target("search", [b'access "peer review" EV-412', "Zoë ½ \u202e".encode()], _searching()),
        Target("api body", [b'{"system": "ledger", "what": "Lab", "reason": "x"}', b'{"settings": {"a": [1, {"b": null}]}}'], _bodies(), (ValidationError, TickmarkError)),
        Target("imported table", [b"Vendor ID;Vendor;Service\nv;V;S\n", b'Control ID,TSC,Owner\n"A\nB",CC 6.1; ISO A.5.1,x@y\n', b'[{"Vendor": "a", "owner": {"x": [1, null]}}]', book], lambda b: _imported("a.csv", b), (TickmarkError,)),
        Target("imported library", _libraries(), lambda b: _imported("a.yaml", b), (TickmarkError,)),
        Target("imported policies", [b"---\ntitle: A\nowner: x@y\n---\n# B\n\ntext", files.document("zebra"), files.archive({"POL-61 a.md": "# A", "b.txt": "x"})], lambda b: _imported("a.md", b), (TickmarkError,)),
        Target("parquet", [_parquet(room)], lambda b: _table(tables, room, b), (TickmarkError, duckdb.Error)),
    ]  # fmt: skip


def _imported(name: str, content: bytes) -> Any:
    """What the importer makes of a file of somebody else."""
    from tickmark.controls.importers import Given, read

    found = read([(name, content)], given=Given(system="main"))
    return len(found.items), len(found.problems), len(found.left_out)


def _libraries() -> list[bytes]:
    import yaml

    from tests.controls.importers.test_libraries import CATALOG, LIBRARY, definition

    return [yaml.safe_dump(one).encode() for one in (LIBRARY, CATALOG, definition())]


def _text(content: bytes) -> str:
    return content.decode("utf-8", "replace").replace("\x00", "")


def _bundle(verify: Any, room: Path, content: bytes) -> Any:
    place = room / "bundle.zip"
    place.write_bytes(content)
    return list(verify.verify(place))


def _table(tables: Any, room: Path, content: bytes) -> Any:
    place = room / "table.parquet"
    place.write_bytes(content)
    return tables.read(place)


def _parquet(room: Path) -> bytes:
    import duckdb

    place = room / "seed.parquet"
    duckdb.execute(f"copy (select range id, 'x' || range name from range(40)) to '{place}' (format parquet)")
    return place.read_bytes()


def _searching() -> Callable[[bytes], Any]:
    """The question, its marks, and FTS5 itself, which must understand whatever we make of a text."""
    import sqlite3

    from tickmark.kernel.search import engines, words

    books = sqlite3.connect(":memory:")
    books.execute(engines.CREATE["sqlite"][0])
    books.execute(
        "insert into kernel_words (rowid, title, text) values (1, 'access review', 'peer review of ev 412')"
    )

    def ask(content: bytes) -> Any:
        asked = words.query(_text(content))
        pieces = words.marked(_text(content)[:2000], asked), words.snippet(_text(content), asked)
        for where in words.Where if asked.terms else ():
            books.execute(f"select rowid from kernel_words where {engines.MATCH['sqlite'].replace('%s', '?')}",
                          [asked.fts5(where)]).fetchall()  # fmt: skip
        return len(asked.terms), len(pieces)

    return ask


def _bodies() -> Callable[[bytes], Any]:
    """Bodies of a few operations: parsed by the published model, then checked as the action's arguments are."""
    from tickmark.kernel import arguments
    from tickmark.kernel.action import ACTIONS

    chosen = [ACTIONS[name] for name in ("scope.exclude", "evidence.connect", "audit.draw", "controls.write")]
    models = [(action, arguments.body_model(action)) for action in chosen]

    def read(content: bytes) -> Any:
        for action, model in models:
            body = model.model_validate_json(content)
            for name, value in body.model_dump(mode="json", exclude_unset=True).items():
                arguments._check(arguments._read(action.types[name], value, name), name)
        return True

    return read


# -- mutation -------------------------------------------------------------------------------------------------------


def mutated(chance: random.Random, corpus: list[bytes]) -> bytes:
    """An input a few steps away from one of the corpus."""
    data = bytearray(chance.choice(corpus))
    for _ in range(chance.choice((1, 1, 2, 4, 8))):
        at = chance.randrange(len(data) + 1)
        step = chance.randrange(8)
        if step == 0 and data:
            data[at % len(data)] ^= 1 << chance.randrange(8)
        elif step == 1:
            data[at:at] = chance.choice(PIECES)
        elif step == 2:
            del data[at : at + chance.choice((1, 4, 64))]
        elif step == 3:
            other = chance.choice(corpus)
            start = chance.randrange(len(other) + 1)
            data[at:at] = other[start : start + chance.choice((8, 64, 512))]
        elif step == 4:
            piece = bytes(data[at : at + chance.choice((1, 8, 64))])
            data[at:at] = piece * chance.choice((2, 16, 256))
        elif step == 5:
            data[at : at + 4] = struct.pack("<I", chance.choice((0, 1, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF)))
        elif step == 6:
            del data[at:]
        else:
            data[at : at + 1] = bytes([chance.randrange(256)])
    return bytes(data[:LARGEST])


def way(target: Target, data: bytes) -> str:
    """How the parser ends with an input. Raises what is no answer of it."""
    try:
        found = target.read(data)
    except target.answers as error:
        return f"{type(error).__name__} {str(error)[:24]}"
    return f"{type(found).__name__} {len(repr(found)).bit_length()}"


# -- one target in a process of its own -----------------------------------------------------------------------------


def fuzz(target: Target, seconds: float, seed: int, keep: Path) -> Told:
    """Fuzz for so long; a process that dies or hangs is noted, and another one goes on."""
    told, end = Told(), time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0 and len(told.found) < 20:
        shared = mmap.mmap(-1, ROOM)
        pid = os.fork()
        if pid == 0:
            _run(target, left, seed, shared)
        status = _watch(pid, shared, end + 2 * HANG)
        execs, ways, peak, size = struct.unpack("<QQQQ", shared[:32])
        told.execs, told.ways, told.peak = told.execs + execs, max(told.ways, ways), max(told.peak, peak)
        if status:
            _keep(told, keep, target, status, shared[32 : 32 + size])
        seed += 1
    return told


def _run(target: Target, seconds: float, seed: int, shared: mmap.mmap) -> None:
    """In the process: mutate and read until the time is over, what is read now always in the shared memory."""
    sys.stderr = open(os.devnull, "w")  # noqa: PTH123, SIM115 - what parsers grumble is no finding
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (size + MEMORY, size + MEMORY))
    chance, corpus, ways = random.Random(seed), list(target.seeds), set()
    end, execs = time.monotonic() + seconds, 0
    code = 0
    try:
        while time.monotonic() < end:
            data = corpus[execs] if execs < len(target.seeds) else mutated(chance, corpus)
            shared[32 : 32 + len(data)] = data
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
            shared[:32] = struct.pack("<QQQQ", execs, len(ways), peak << 10, len(data))
            found = way(target, data)
            execs += 1
            if found not in ways:
                ways.add(found)
                corpus = (
                    [*corpus, data][-2000:] if len(corpus) < 2000 else [*target.seeds, *corpus[1000:], data]
                )
    except BaseException as error:
        print(f"{type(error).__name__}: {str(error)[:200]}", flush=True)
        code = 3
    shared[:24] = struct.pack("<QQQ", execs, len(ways), struct.unpack("<QQQ", shared[:24])[2])
    os._exit(code)


def _watch(pid: int, shared: mmap.mmap, last: float) -> str:
    """Wait for the process; what went wrong with it, or nothing."""
    seen, since = b"", time.monotonic()
    while True:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            break
        if (now := shared[:8]) != seen:
            seen, since = now, time.monotonic()
        if time.monotonic() - since > HANG or time.monotonic() > last:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            return "hang"
        time.sleep(0.05)
    if os.WIFSIGNALED(status):
        return f"signal {os.WTERMSIG(status)}"
    return "crash" if os.WEXITSTATUS(status) else ""


def _keep(told: Told, keep: Path, target: Target, status: str, data: bytes) -> None:
    digest = hashlib.sha256(data).hexdigest()[:12]
    place = keep / f"{target.name.replace(' ', '-')}-{status.replace(' ', '-')}-{digest}"
    place.write_bytes(data)
    told.found.append(f"{status}: {place}")


def main(minutes: float, only: str, seed: int) -> int:
    """Fuzz each target for its share of the time; 1 if anything was found."""
    room = Path(tempfile.mkdtemp(prefix="tickmark-fuzzed-"))
    os.environ["TICKMARK_HOME"] = str(room / "home")
    os.environ["DJANGO_SETTINGS_MODULE"] = "tickmark.settings"
    import django

    django.setup()
    chosen = [one for one in targets() if not only or one.name in only.split(",")]
    share, worst, found = minutes * 60 / len(chosen), 0, 0
    print(f"{len(chosen)} parsers, {share:.0f} s each; findings are kept in {room}")
    for target in chosen:
        told = fuzz(target, share, seed, room)
        worst, found = max(worst, told.peak), found + len(told.found)
        print(
            f"{target.name:10} {told.execs:10,} execs {told.ways:6,} ways to end {told.peak >> 20:6,} MiB "
            f"{len(told.found):3} findings",
            flush=True,
        )
        for line in told.found:
            print(f"  {line}")
    print(
        f"{found} findings, at most {worst >> 20:,} MiB beyond the program (aim: none, and at most 1,024 MiB)"
    )
    return 1 if found or worst > MEMORY else 0


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    words = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    words.add_argument("--minutes", type=float, default=10)
    words.add_argument("--only", default="")
    words.add_argument("--seed", type=int, default=1)
    given = words.parse_args()
    raise SystemExit(main(given.minutes, given.only, given.seed))
