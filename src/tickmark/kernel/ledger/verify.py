#!/usr/bin/env python3
"""Verify a Tickmark bundle offline, with nothing but Python's standard library (3.9 or newer).

    python verify.py BUNDLE [--checkpoint OLDER_CHECKPOINT] [--key VERIFIER_KEY] [--json]

BUNDLE is the zip (or the folder it was unpacked to). Nothing is unpacked to disk and nothing is sent.
An older checkpoint that you kept yourself is the real control: without it, a log that its host rewrote with
the real key cannot be told from a true one. The exit code is 0 when nothing was found wrong, else 1.

`verify.html` beside this file does the same in a browser; the two name their findings alike.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import itertools
import json
import re
import struct
import sys
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

FORMAT = "tickmark-bundle/1"
SEALING_VERB = "report.bundle"
EPOCH_VERB = "log.epoch"
AFTER_SEALING = ("manifest.json", "manifest.entry", "manifest.proof", "checkpoint")

MIB = 1 << 20
MOST_BYTES = 64 << 30  # declared size of all files together
SUSPICIOUS_BYTES, MOST_GROWTH = 256 * MIB, 200  # above so many bytes, at most so much larger than the zip
MOST_FILES = 1_000_000
LONGEST_DOCUMENT = 256 * MIB  # a file that has to be in memory at once: the manifest, a sample
LONGEST_LINE, LONGEST_NOTE, LONGEST_DIRECTORY = 16 * MIB, MIB, 256 * MIB
MOST_OF_A_KIND = 50  # findings of one kind that are listed, the others are counted
CHUNK = MIB

PASS, FAIL, UNDETERMINED, NOT_APPLICABLE = "pass", "fail", "undetermined", "not_applicable"

# verify.html holds the same table.
SAYS: dict[str, tuple[str, str]] = {
    "container": (PASS, "Read in place, files: {count}"),
    "bundle-missing": (FAIL, "There is nothing to read here."),
    "not-a-zip": (FAIL, "This is not a zip file."),
    "zip-broken": (FAIL, "The zip file is broken: {why}. Ask for it again."),
    "zip-unsupported": (FAIL, "The zip file uses {why}, which a bundle never does."),
    "zip-duplicate": (FAIL, "Two files in the zip have this name; which one is meant cannot be known."),
    "zip-bomb": (FAIL, "The zip would unpack to {size} bytes. It was refused and not read."),
    "name-unsafe": (FAIL, "This name could write outside the folder when unpacked. The bundle was refused."),
    "manifest": (PASS, "The manifest of {origin}, made {created}, lists files: {count}"),
    "manifest-missing": (FAIL, "The manifest was removed. Nothing says what the bundle should hold."),
    "manifest-unreadable": (FAIL, "The manifest cannot be read: {why}."),
    "files": (PASS, "Present, with the bytes the manifest lists, files: {count}"),
    "file-changed": (FAIL, "File changed: {why}."),
    "file-removed": (FAIL, "File removed: the manifest lists it and it is not in the bundle."),
    "file-unlisted": (FAIL, "File not in the manifest: it was added after sealing."),
    "key-given": (PASS, "Checked with the key you gave: {key}"),
    "key-own": (
        UNDETERMINED,
        (
            "Checked with the bundle's own key ({key}). That proves only that the bundle agrees with itself: "
            "compare this key with the one you were given another way."
        ),
    ),
    "key-earlier": (PASS, "Checked with the key you gave, which signs here under the name {key}"),
    "key-missing": (FAIL, "The bundle holds no verifier key and none was given."),
    "key-unreadable": (FAIL, "The verifier key cannot be read: {why}."),
    "key-differs": (FAIL, "The bundle's key is not the key you gave: the key was swapped."),
    "checkpoint": (PASS, "The checkpoint of {origin} at size {size} is signed by that key"),
    "checkpoint-missing": (FAIL, "The checkpoint was removed."),
    "checkpoint-unreadable": (FAIL, "The checkpoint cannot be read: {why}."),
    "checkpoint-signature": (
        FAIL,
        "The checkpoint's signature is false: it was altered, or another key signed it.",
    ),
    "root": (PASS, "The tiles give the signed root at size {size}"),
    "tile-missing": (FAIL, "A part of the log was removed."),
    "tile-broken": (FAIL, "A part of the log is cut short or cannot be unpacked."),
    "root-differs": (FAIL, "The tiles do not give the signed root: entries of the log were altered."),
    "older": (PASS, "The log still begins with what the older checkpoint covers, up to size {size}"),
    "older-none": (
        UNDETERMINED,
        (
            "NO OLDER CHECKPOINT WAS GIVEN. Whoever holds the log's key could have rewritten the whole log "
            "and this run could not see it. Check again with a checkpoint that you received earlier and kept."
        ),
    ),
    "older-unreadable": (FAIL, "The older checkpoint cannot be read: {why}."),
    "older-signature": (
        FAIL,
        "The older checkpoint is not signed by this key: the key was swapped, or it was altered.",
    ),
    "older-other-log": (FAIL, "The older checkpoint is from another log: {origin}."),
    "log-shorter": (
        FAIL,
        "The log is shorter than it was: {size} entries now, {older} before. Entries were cut off.",
    ),
    "log-rewritten": (
        FAIL,
        "The log was rewritten: its first {size} entries are not those of the older checkpoint.",
    ),
    "epoch": (
        UNDETERMINED,
        (
            "This log is epoch {number}: it was set back, {reason}. Epoch {earlier}, {origin}, ended at size {size}; "
            "the last checkpoint of it that was known then had size {last}. What was sealed after {size} is not in "
            "this log, and this run cannot show what it was."
        ),
    ),
    "epoch-key": (
        UNDETERMINED,
        "With epoch {number} the log's key changed; nothing but the new key says that this is the same log.",
    ),
    "epoch-false": (FAIL, "This beginning of an epoch does not fit the log: {why}."),
    "epoch-undisclosed": (
        FAIL,
        "The log's name is that of a later epoch, and the bundle does not show where it began.",
    ),
    "epoch-lost": (
        FAIL,
        (
            "This log is epoch {number}; epoch {earlier} ended at size {size}. The older checkpoint covers {older}: "
            "entries {size} to {older} were lost in the restore."
        ),
    ),
    "epoch-unknown": (
        FAIL,
        (
            "The older checkpoint is of an epoch that this log does not know, {origin}, and signed by the same key: "
            "what was sealed in it was lost in a restore, or the log was forked."
        ),
    ),
    "origin": (PASS, "Manifest, key and checkpoint name the same log, {origin}"),
    "origin-differs": (FAIL, "This names another log: {origin}, while the checkpoint is of {expected}."),
    "proof": (PASS, "The manifest is entry {position} of the log, sealed {recorded_at} by {actor}"),
    "proof-missing": (FAIL, "The manifest's proof was removed."),
    "proof-unreadable": (FAIL, "The manifest's proof cannot be read: {why}."),
    "proof-other-log": (FAIL, "The manifest's proof is not of this log: {why}."),
    "proof-fails": (FAIL, "The manifest's proof does not lead from its entry to the signed root."),
    "manifest-entry-missing": (FAIL, "The manifest's entry was removed."),
    "manifest-entry-unreadable": (FAIL, "The manifest's entry cannot be read: {why}."),
    "manifest-entry-verb": (FAIL, "The manifest's entry is of {verb}, which does not seal bundles."),
    "manifest-not-logged": (
        FAIL,
        "The log holds another manifest than this one: it was changed after sealing.",
    ),
    "entries": (PASS, "In the log at their positions, disclosed entries: {count}"),
    "entries-none": (NOT_APPLICABLE, "The bundle discloses no entries"),
    "entry-unreadable": (FAIL, "This entry cannot be read: {why}."),
    "entry-order": (FAIL, "This entry does not come after the one before it."),
    "entry-not-in-log": (
        FAIL,
        "This entry is not in this log: it was altered, made up, or comes from another log.",
    ),
    "facts": (PASS, "Vouched for by entries, facts: {count}"),
    "facts-none": (NOT_APPLICABLE, "The bundle holds no facts"),
    "fact-not-vouched": (FAIL, "No entry of the log vouches for this fact."),
    "evidence": (PASS, "With the digest of their name and vouched for by entries, evidence files: {count}"),
    "evidence-none": (NOT_APPLICABLE, "The bundle holds no evidence files"),
    "evidence-misnamed": (FAIL, "This evidence file is not the one its name says: its digest differs."),
    "evidence-not-vouched": (FAIL, "No entry of the log vouches for this evidence file."),
    "samples": (PASS, "Drawn again from their populations with the same result, samples: {count}"),
    "samples-none": (NOT_APPLICABLE, "The bundle holds no samples"),
    "sample-unreadable": (FAIL, "This sample cannot be read: {why}."),
    "sample-keys": (FAIL, "The population differs from the one that was locked: {why}."),
    "sample-commitment": (FAIL, "The revealed nonce is not the one committed to at planning."),
    "sample-seed": (FAIL, "The seed does not follow from nonce, control and population."),
    "sample-drawn": (FAIL, "Drawing again gives other items: {why}."),
    "sample-order": (
        FAIL,
        "The log does not hold commitment, lock of the population and draw in this order: {order}.",
    ),
    "sample-order-unknown": (
        UNDETERMINED,
        (
            "The bundle does not show that the nonce was committed to before the population was locked, "
            "and the lock made before the draw: {missing} is not disclosed."
        ),
    ),
    "sample-method": (UNDETERMINED, "A selection by the method {method} cannot be drawn again by a program."),
    "sample-typed": (
        UNDETERMINED,
        "The seed was typed in, so who chose it and why cannot be shown: {reason}",
    ),
    "not-checked": (UNDETERMINED, "Not checked, because of what is found above."),
    "and-more": (FAIL, "Not listed, more of this kind: {count}"),
}


class Finding(NamedTuple):
    """One result: `id` is stable, `verdict` one of the four, `where` a path or line, `says` a sentence."""

    id: str
    verdict: str
    where: str
    says: str


class Refusal(Exception):
    """The bundle as a whole cannot be read; the arguments are those of a finding."""

    def __init__(self, kind: str, where: str = "", **facts: object) -> None:
        self.kind, self.where, self.facts = kind, where, facts
        super().__init__(kind, where)


class Unreadable(Exception):
    """One part cannot be read; the argument says why."""


# --- canonical JSON (RFC 8785, without fractions) ---


def _integer(text: str) -> int:
    value = int(text)
    if abs(value) > 2**53 - 1:
        raise ValueError("beyond what JSON readers agree on")
    return value


def _no_fraction(text: str) -> Any:
    raise ValueError(text)


def _ordered(value: Any) -> Any:
    """The value with the keys of every object in the order of UTF-16 code units."""
    if isinstance(value, dict):
        return {key: _ordered(value[key]) for key in sorted(value, key=lambda key: key.encode("utf-16-be"))}
    return [_ordered(item) for item in value] if isinstance(value, list) else value


def canonical(value: Any) -> bytes:
    """RFC 8785 bytes of strings, integers, booleans, null, lists and objects."""
    return json.dumps(_ordered(value), ensure_ascii=False, separators=(",", ":")).encode("utf-8")


def parse(data: bytes) -> Any:
    """Read canonical JSON; any other spelling is refused, so that every reader sees the same value."""
    try:
        value = json.loads(
            data.decode("utf-8"), parse_int=_integer, parse_float=_no_fraction, parse_constant=_no_fraction
        )
        same = canonical(value) == data
    except (ValueError, RecursionError):
        same = False
    if not same:
        raise Unreadable("it is not canonical JSON")
    return value


# --- Ed25519 verification (RFC 8032), strict: canonical encodings only, no key of small order ---

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)
Point = tuple[int, int, int, int]  # x, y, z, t with x = X/z, y = Y/z, t = XY/z
NEUTRAL: Point = (0, 1, 1, 0)


def _add(p: Point, q: Point) -> Point:
    a = (p[1] - p[0]) * (q[1] - q[0]) % P
    b = (p[1] + p[0]) * (q[1] + q[0]) % P
    c = 2 * D * p[3] * q[3] % P
    d = 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def _times(scalar: int, point: Point) -> Point:
    result = NEUTRAL
    while scalar:
        if scalar & 1:
            result = _add(result, point)
        point, scalar = _add(point, point), scalar >> 1
    return result


def _same(p: Point, q: Point) -> bool:
    return (p[0] * q[2] - q[0] * p[2]) % P == 0 and (p[1] * q[2] - q[1] * p[2]) % P == 0


def _point(data: bytes) -> Point | None:
    """The point that 32 bytes encode, or None where they encode none or not in the canonical way."""
    number = int.from_bytes(data, "little")
    y, sign = number & ((1 << 255) - 1), number >> 255
    if y >= P:
        return None
    u, v = (y * y - 1) % P, (D * y * y + 1) % P
    x = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    if (v * x * x - u) % P:
        x = x * ROOT_OF_MINUS_ONE % P
    if (v * x * x - u) % P or (x == 0 and sign):
        return None
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


BASE = _point((4 * pow(5, P - 2, P) % P).to_bytes(32, "little")) or NEUTRAL


def signature_holds(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the Ed25519 signature (64 bytes) over the message is by the key (32 bytes)."""
    if len(public) != 32 or len(signature) != 64:
        return False
    key, commitment = _point(public), _point(signature[:32])
    scalar = int.from_bytes(signature[32:], "little")
    if key is None or commitment is None or scalar >= L or _same(_times(8, key), NEUTRAL):
        return False
    challenge = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % L
    return _same(_times(scalar, BASE), _add(commitment, _times(challenge, key)))


# --- signed notes, checkpoints, proofs (C2SP) ---


class Key(NamedTuple):
    """A verifier key."""

    name: str
    digest: bytes
    public: bytes
    text: str


class Checkpoint(NamedTuple):
    """A parsed note: the three lines of the checkpoint, the signed bytes, and (name, key id, signature)."""

    origin: str
    size: int
    root: bytes
    text: bytes
    signatures: list[tuple[str, bytes, bytes]]

    def signed_by(self, key: Key) -> bool:
        """Whether the key signed it; a line under this key that does not fit spoils the note."""
        ours = [
            signature
            for name, digest, signature in self.signatures
            if (name, digest) == (key.name, key.digest)
        ]
        return bool(ours) and all(signature_holds(key.public, self.text, signature) for signature in ours)


def _base64(text: str) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        data = b""
    if not data or base64.b64encode(data).decode() != text:
        raise Unreadable("a part of it is not base64")
    return data


def _number(text: str) -> int:
    if not re.fullmatch(r"0|[1-9][0-9]{0,14}", text):
        raise Unreadable("a number in it is not a number")
    return int(text)


def _lines(data: bytes) -> str:
    try:
        text = data.decode("utf-8")
    except ValueError:
        raise Unreadable("it is not UTF-8") from None
    if re.search(r"[\x00-\x09\x0b-\x1f]", text):
        raise Unreadable("it has control characters")
    return text


def parse_key(text: str) -> Key:
    """Read `name+hash+base64`."""
    parts = text.strip(" \r\n").split("+", 2)
    if len(parts) != 3:
        raise Unreadable("it has not the form name+hash+base64")
    name, hashed, data = parts[0], parts[1], _base64(parts[2])
    digest = hashlib.sha256(name.encode("utf-8", "replace") + b"\n" + data).digest()[:4]
    if len(data) != 33 or data[0] != 1 or hashed != digest.hex() or not name:
        raise Unreadable("it is no Ed25519 key, or its parts do not belong together")
    return Key(name, digest, data[1:], "+".join(parts))


def parse_checkpoint(data: bytes) -> Checkpoint:
    """Read a signed checkpoint; it says nothing before `signed_by` does."""
    text, blank, below = _lines(data).rpartition("\n\n")
    lines = text.split("\n")
    if not blank or not below.endswith("\n") or len(lines) < 3 or not all(lines):
        raise Unreadable("it is not a signed checkpoint")
    signatures = []
    for line in below[:-1].split("\n")[:100]:
        parts = line.split(" ")
        if len(parts) != 3 or parts[0] != "\u2014":
            raise Unreadable("a signature line is broken")
        signed = _base64(parts[2])
        signatures.append((parts[1], signed[:4], signed[4:]))
    root = _base64(lines[2])
    if len(root) != 32:
        raise Unreadable("its root is no SHA-256 hash")
    return Checkpoint(lines[0], _number(lines[1]), root, (text + "\n").encode("utf-8"), signatures)


class Proof(NamedTuple):
    """A parsed tlog-proof."""

    position: int
    path: list[bytes]
    checkpoint: Checkpoint


def parse_proof(data: bytes) -> Proof:
    """Read `c2sp.org/tlog-proof@v1`."""
    head, blank, note = data.partition(b"\n\n")
    lines = _lines(head).split("\n")
    if not blank or lines.pop(0) != "c2sp.org/tlog-proof@v1":
        raise Unreadable("it does not begin as a proof does")
    if lines and lines[0].startswith("extra "):
        lines.pop(0)
    if not lines or not lines[0].startswith("index ") or len(lines) > 64:
        raise Unreadable("its index is missing")
    path = [_base64(line) for line in lines[1:]]
    if any(len(value) != 32 for value in path):
        raise Unreadable("its path is broken")
    return Proof(_number(lines[0][6:]), path, parse_checkpoint(note))


# --- the Merkle tree (RFC 6962) and its tiles (C2SP tlog-tiles) ---


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def _fold(roots: list[bytes]) -> bytes:
    if not roots:
        return hashlib.sha256(b"").digest()
    value = roots[-1]
    for left in reversed(roots[:-1]):
        value = _node(left, value)
    return value


def _grow(roots: list[bytes], size: int, value: bytes) -> None:
    """Add one hash to the roots of the complete subtrees of `size` equal parts."""
    while size & 1:
        value, size = _node(roots.pop(), value), size >> 1
    roots.append(value)


def _hashes(tile: bytes) -> list[bytes]:
    return [tile[at : at + 32] for at in range(0, len(tile), 32)]


def _tile_root(tile: bytes) -> bytes:
    row, sha256 = _hashes(tile), hashlib.sha256
    while len(row) > 1:
        row = [sha256(b"\x01" + row[at] + row[at + 1]).digest() for at in range(0, len(row), 2)]
    return row[0]


def _root_within(roots: list[bytes], leaves: list[bytes]) -> bytes:
    """The root of full tiles (their folded roots given) and some leaves of the next one."""
    inner: list[bytes] = []
    for at, leaf in enumerate(leaves):
        _grow(inner, at, leaf)
    return _fold(roots + inner)


def tile_path(index: int, width: int) -> str:
    """Where a tile of leaf hashes stands in the bundle."""
    groups = [f"{index % 1000:03d}"]
    while index >= 1000:
        index //= 1000
        groups.insert(0, f"x{index % 1000:03d}")
    return "log/tile/0/" + "/".join(groups) + (f".p/{width}" if width < 256 else "")


def path_leads(index: int, size: int, leaf: bytes, path: list[bytes], root: bytes) -> bool:
    """Whether an audit path leads from the leaf to the root (RFC 9162 2.1.3.2)."""
    position, last, value = index, size - 1, leaf
    for sibling in path:
        if last <= 0:
            return False
        if position & 1 or position == last:
            value = _node(sibling, value)
            while position and not position & 1:
                position, last = position >> 1, last >> 1
        else:
            value = _node(value, sibling)
        position, last = position >> 1, last >> 1
    return index < size and last == 0 and value == root


# --- the container: a zip read in place, or a folder ---


def _shown(name: str) -> str:
    return re.sub(r"[^\x20-\x7e]", "?", name)


def check_name(name: str) -> None:
    """Refuse a name that could leave the folder, or that two systems would read differently."""
    parts = name.split("/")
    if re.search(r"[\x00-\x1f\x7f\\\ud800-\udfff]|^[A-Za-z]:", name) or any(
        part in ("", ".", "..") for part in parts
    ):
        raise Refusal("name-unsafe", _shown(name))


class Source:
    """Where a bundle's files are read from; `names` gives the size of each."""

    names: dict[str, int]

    def chunks(self, name: str) -> Iterator[bytes]:
        """The content, piece by piece; Unreadable where it cannot be unpacked."""
        raise NotImplementedError

    def close(self) -> None:
        """Let go of what is open."""


class Folder(Source):
    """A bundle that was unpacked."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.names = {}
        for file in sorted(path.rglob("*")):
            name = file.relative_to(path).as_posix()
            if file.is_symlink():
                raise Refusal("name-unsafe", _shown(name))
            if file.is_file():
                check_name(name)
                self.names[name] = file.stat().st_size

    def chunks(self, name: str) -> Iterator[bytes]:
        """The content, piece by piece."""
        try:
            with (self.path / name).open("rb") as file:
                piece = file.read(CHUNK)
                while piece:
                    yield piece
                    piece = file.read(CHUNK)
        except OSError:
            raise Unreadable("it cannot be read from the disk") from None


class Part(NamedTuple):
    """One file in the zip: where its bytes start, packed and unpacked size, method and checksum."""

    start: int
    packed: int
    size: int
    method: int
    crc: int


class Listed(NamedTuple):
    """One line of the zip's directory: where the file's own header stands, and what it says."""

    header: int
    flags: int
    name: str
    part: Part


def _broken(why: str) -> Refusal:
    return Refusal("zip-broken", why=why)


class Zip(Source):
    """A zip read in place. Every byte belongs to one file or to the directory, or the zip is refused."""

    def __init__(self, path: Path) -> None:
        self.file: BinaryIO = path.open("rb")
        self.length = self.file.seek(0, 2)
        self.parts: dict[str, Part] = {}
        try:
            self._open()
        except BaseException:
            self.file.close()
            raise

    def _open(self) -> None:
        if self._at(0, 4) not in (b"PK\x03\x04", b"PK\x05\x06"):
            raise Refusal("not-a-zip")
        self._read_directory(*self._find_directory())
        self.names = {name: part.size for name, part in self.parts.items()}

    def close(self) -> None:
        """Let go of the file."""
        self.file.close()

    def _at(self, offset: int, length: int) -> bytes:
        self.file.seek(offset)
        return self.file.read(length)

    def _find_directory(self) -> tuple[int, int, int]:
        """Count of files, offset and end of the directory."""
        end = self.length - 22
        record = self._at(max(end, 0), 22)
        if len(record) < 22 or record[:4] != b"PK\x05\x06" or record[20:] != b"\0\0":
            raise _broken("its end is missing or something follows it")
        count, size, offset = struct.unpack("<HII", record[10:20])
        if count == 0xFFFF or 0xFFFFFFFF in (size, offset):
            locator = self._at(max(end - 20, 0), 20)
            end = struct.unpack("<Q", locator[8:16])[0] if locator[:4] == b"PK\x06\x07" else -1
            record = self._at(end, 56) if 0 <= end < self.length else b""
            if len(record) < 56 or record[:4] != b"PK\x06\x06":
                raise _broken("its directory cannot be found")
            count, size, offset = struct.unpack("<QQQ", record[32:56])
        if offset + size != end or size > LONGEST_DIRECTORY or count > MOST_FILES:
            raise _broken("its directory is not where it should be")
        return count, offset, end

    def _read_directory(self, count: int, offset: int, end: int) -> None:
        directory, at = self._at(offset, end - offset), 0
        listed: list[Listed] = []
        for _ in range(count):
            at, one = _directory_entry(directory, at)
            listed.append(one)
        if at != len(directory):
            raise _broken("its directory is not where it should be")
        total = sum(one.part.size for one in listed)
        if total > MOST_BYTES or (total > SUSPICIOUS_BYTES and total > MOST_GROWTH * self.length):
            raise Refusal("zip-bomb", size=total)
        self._place(sorted(listed, key=lambda one: one.header), offset)

    def _place(self, listed: list[Listed], end: int) -> None:
        """Find where each file's bytes start; between two files there is nothing but a data descriptor."""
        expected = 0
        slack: tuple[int, ...] = (0,)
        for one in listed:
            if one.header - expected not in slack:
                raise _broken("files overlap or bytes stand between them")
            start = one.header + self._local_header(one)
            expected = start + one.part.packed
            slack = (12, 16, 20, 24) if one.flags & 8 else (0,)
            self._keep(one.name, one.part._replace(start=start))
        if end - expected not in slack:
            raise _broken("files overlap or bytes stand between them")

    def _local_header(self, one: Listed) -> int:
        """Length of the header before a file; it has to agree with the directory."""
        local, part = self._at(one.header, 30), one.part
        if len(local) < 30 or local[:4] != b"PK\x03\x04":
            raise _broken("a file is not where the directory says")
        method, crc, packed, size, name_length, extra = struct.unpack("<8xH4xIIIHH", local)
        streamed = one.flags & 8 or 0xFFFFFFFF in (packed, size)
        agree = streamed or (crc, packed, size) == (part.crc, part.packed, part.size)
        if method != part.method or not agree:
            raise _broken("a file's header and the directory disagree")
        if self._at(one.header + 30, name_length) != one.name.encode("utf-8"):
            raise _broken("a file's header and the directory disagree")
        return 30 + int(name_length) + int(extra)

    def _keep(self, name: str, part: Part) -> None:
        if name.endswith("/") and part.size == 0:
            check_name(name[:-1])
            return
        check_name(name)
        if name in self.parts:
            raise Refusal("zip-duplicate", name)
        self.parts[name] = part

    def chunks(self, name: str) -> Iterator[bytes]:
        """The content, piece by piece; Unreadable where it does not unpack to what the directory says."""
        part, crc, count = self.parts[name], 0, 0
        for piece in self._unpacked(part):
            crc, count = zlib.crc32(piece, crc), count + len(piece)
            if count > part.size:
                break
            yield piece
        if (crc, count) != (part.crc, part.size):
            raise Unreadable("it cannot be unpacked")

    def _packed(self, part: Part) -> Iterator[bytes]:
        for offset in range(0, part.packed, CHUNK):
            yield self._at(part.start + offset, min(CHUNK, part.packed - offset))

    def _unpacked(self, part: Part) -> Iterator[bytes]:
        if part.method == 0:
            yield from self._packed(part)
            return
        unpack = zlib.decompressobj(-15)
        try:
            for packed in self._packed(part):
                if unpack.eof:
                    raise zlib.error
                while packed and not unpack.eof:
                    yield unpack.decompress(packed, CHUNK)
                    packed = unpack.unconsumed_tail
            yield unpack.flush()
        except zlib.error:
            raise Unreadable("it cannot be unpacked") from None
        if not unpack.eof or unpack.unused_data:
            raise Unreadable("it cannot be unpacked")


def _directory_entry(directory: bytes, at: int) -> tuple[int, Listed]:
    """Where the next line of the directory starts, and this one."""
    fixed = directory[at : at + 46]
    if len(fixed) < 46 or fixed[:4] != b"PK\x01\x02":
        raise _broken("its directory is cut short")
    (made_by, flags, method, crc, packed, size, name_length, extra_length, comment_length, mode, header) = (
        struct.unpack("<5xB2xHH4xIIIHHH4xII", fixed)
    )
    end_of_name = at + 46 + name_length
    end_of_extra = end_of_name + extra_length
    raw, extra = directory[at + 46 : end_of_name], directory[end_of_name:end_of_extra]
    if 0xFFFFFFFF in (size, packed, header):
        size, packed, header = _large_sizes(extra, size, packed, header)
    if flags & 1 or method not in (0, 8):
        raise Refusal("zip-unsupported", why="encryption" if flags & 1 else "a packing method")
    try:
        name = raw.decode("utf-8" if flags & 0x800 else "ascii")
    except ValueError:
        raise Refusal("name-unsafe", raw.hex()) from None
    if made_by == 3 and mode >> 28 == 0xA:  # a symbolic link
        raise Refusal("name-unsafe", _shown(name))
    part = Part(0, packed, size, method, crc)
    return end_of_extra + comment_length, Listed(header, flags, name, part)


def _large_sizes(extra: bytes, size: int, packed: int, header: int) -> tuple[int, int, int]:
    """Sizes beyond 4 GB stand in an extra field, only those that need it, in this order."""
    while len(extra) >= 4:
        kind, length = struct.unpack("<HH", extra[:4])
        field, extra = extra[4 : 4 + length], extra[4 + length :]
        if kind != 1:
            continue
        values = list(struct.unpack(f"<{len(field) // 8}Q", field[: len(field) // 8 * 8]))
        found = [values.pop(0) if one == 0xFFFFFFFF and values else one for one in (size, packed, header)]
        return found[0], found[1], found[2]
    raise _broken("a size is missing")


def open_source(path: Path) -> Source:
    """The bundle at a path, or Refusal."""
    try:
        return Folder(path) if path.is_dir() else Zip(path)
    except OSError:
        raise Refusal("bundle-missing") from None


def read(source: Source, name: str, limit: int) -> bytes:
    """A file that is small enough to be held in memory."""
    if source.names[name] > limit:
        raise Unreadable("it is too large")
    return b"".join(source.chunks(name))


def lines_of(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Lines without their line feed; a last one may lack it."""
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        yield from whole
        if len(rest) > LONGEST_LINE:
            raise Unreadable("a line is too long")
    if rest:
        yield rest


# --- entries ---


class Entry(NamedTuple):
    """A disclosed entry with the leaf hash it must have in the log."""

    position: int
    leaf: bytes
    body: dict[str, Any]


def parse_entry(line: bytes) -> Entry:
    """Read `{"entry":{…},"position":N,"salt":"…"}`; leaf = SHA-256(0 ‖ SHA-256(salt ‖ canonical entry))."""
    value = parse(line)
    if not isinstance(value, dict) or set(value) != {"entry", "position", "salt"}:
        raise Unreadable("it has not the fields entry, position and salt")
    body, position, salt = value["entry"], value["position"], value["salt"]
    if type(position) is not int or position < 0 or not _is_digest(salt) or not _is_body(body):
        raise Unreadable("a field of it has not the right form")
    data = hashlib.sha256(bytes.fromhex(salt) + canonical(body)).digest()
    return Entry(position, hashlib.sha256(b"\x00" + data).digest(), body)


def _is_digest(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch("[0-9a-f]{64}", value) is not None


def _is_body(body: object) -> bool:
    if not isinstance(body, dict) or not all(isinstance(body.get(key), list) for key in ("facts", "files")):
        return False
    texts = all(isinstance(body.get(key), str) for key in ("verb", "actor", "recorded_at"))
    return texts and all(map(_is_fact, body["facts"])) and all(map(_is_digest, body["files"]))


def _is_fact(fact: object) -> bool:
    return isinstance(fact, dict) and isinstance(fact.get("ref"), str) and _is_digest(fact.get("sha256"))


# --- epochs ---

EPOCH_ORIGIN = re.compile(r"([^\n]+)/epoch-([1-9][0-9]{0,5})-[0-9a-f]{8}")


class Epoch(NamedTuple):
    """What an entry says that begins an epoch: its origin, and the epoch before with its key, size and root."""

    entry: Entry
    where: str
    origin: str
    key: Key
    size: int
    root: str
    last: int
    reason: str

    @property
    def number(self) -> int:
        """Which epoch it began."""
        return epoch_number(self.origin)


def epoch_number(origin: str) -> int:
    """The number of the epoch that an origin names; the first one has none."""
    found = EPOCH_ORIGIN.fullmatch(origin)
    return int(found[2]) if found else 1


def parse_epoch(entry: Entry, where: str) -> Epoch:
    """Read the arguments of an entry that begins an epoch."""
    said = entry.body.get("arguments")
    before = said.get("before") if isinstance(said, dict) else None
    if not isinstance(said, dict) or not isinstance(before, dict):
        raise Unreadable("it does not say what was before")
    last = said.get("last")
    known = last.get("size") if isinstance(last, dict) else before.get("size")
    texts = (said.get("origin"), said.get("reason"), before.get("vkey"), before.get("root"))
    if not all(isinstance(text, str) for text in texts) or type(before.get("size")) is not int:
        raise Unreadable("a field of it is missing")
    key = parse_key(before["vkey"])
    if type(known) is not int or known < before["size"] or key.name != before.get("origin"):
        raise Unreadable("what it says of the epoch before does not fit together")
    return Epoch(entry, where, said["origin"], key, before["size"], before["root"], known, said["reason"])


# --- samples ---


def _hex(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _utf8(text: str) -> bytes:
    return text.encode("utf-8")


def draw(keys: Iterable[str], seed: str, n: int) -> list[str]:
    """The n keys with the smallest SHA-256(seed|key), ties by key."""
    return sorted(keys, key=lambda key: (_hex(seed + "|" + key), _utf8(key)))[:n]


def allot(sizes: dict[str, int], n: int) -> dict[str, int]:
    """n shared over strata by size: largest remainder, at least 1 each, ties to the first name."""
    names = sorted((name for name in sizes if sizes[name]), key=_utf8)
    total = sum(sizes.values())
    if n >= total:
        return dict(sizes)
    given = {name: max(1, n * sizes[name] // total) for name in names}

    def above(name: str) -> int:
        return given[name] * total - n * sizes[name]

    while sum(given.values()) > n and any(count > 1 for count in given.values()):
        given[max((name for name in reversed(names) if given[name] > 1), key=above)] -= 1
    while sum(given.values()) < n:
        given[min(names, key=above)] += 1
    return given


class Sample(NamedTuple):
    """A sample record in the form both verifiers read."""

    record: dict[str, Any]
    keys: list[tuple[str, str]]  # key and stratum ("" without strata)

    def text(self, field: str) -> str:
        """A field that has to be text."""
        value = self.record.get(field)
        if not isinstance(value, str):
            raise Unreadable("its field " + field + " is not text")
        return value


def parse_sample(data: bytes) -> Sample:
    """Read one file of `samples/`."""
    record = parse(data)
    if not isinstance(record, dict) or not all(isinstance(record.get(f), list) for f in ("keys", "drawn")):
        raise Unreadable("its keys or drawn items are missing")
    keys = []
    for item in record["keys"]:
        key, stratum = (item.get("key"), item.get("stratum")) if isinstance(item, dict) else (item, "")
        if not isinstance(key, str) or not isinstance(stratum, str):
            raise Unreadable("a key is not text")
        keys.append((key, stratum))
    n = record.get("n")
    if type(n) is not int or n < 0 or not all(isinstance(key, str) for key in record["drawn"]):
        raise Unreadable("its size or drawn items have not the right form")
    return Sample(record, keys)


def sample_findings(sample: Sample) -> Iterator[tuple[str, dict[str, object]]]:
    """What is wrong with a sample, as (finding id, facts). domain.md 4.5."""
    record, method = sample.record, sample.text("method")
    keys = sorted((key for key, _ in sample.keys), key=_utf8)
    if len(set(keys)) != len(keys):
        yield "sample-keys", {"why": "a key stands in it twice"}
    key_hash = _hex("\n".join(keys))
    if key_hash != sample.text("key_hash"):
        yield "sample-keys", {"why": "its key hash differs"}
    yield from _seed_findings(sample, key_hash)
    if method in ("random", "stratified"):
        yield from _draw_findings(sample)
    elif method in ("all", "census"):
        if sorted(record["drawn"], key=_utf8) != keys:
            yield "sample-drawn", {"why": "all items were to be tested"}
    else:
        yield "sample-method", {"method": method}


def _seed_findings(sample: Sample, key_hash: str) -> Iterator[tuple[str, dict[str, object]]]:
    record, rule = sample.record, sample.record.get("rule", "committed")
    if sample.text("method") not in ("random", "stratified"):
        return
    if rule == "typed":
        yield "sample-typed", {"reason": sample.text("reason")}
        return
    secret = sample.text("engagement" if rule == "derived" else "nonce")
    if rule != "derived" and _hex(secret) != record.get("commitment"):
        yield "sample-commitment", {}
    if _hex("|".join((secret, sample.text("control"), key_hash))) != sample.text("seed"):
        yield "sample-seed", {}


def _draw_findings(sample: Sample) -> Iterator[tuple[str, dict[str, object]]]:
    record, seed, n = sample.record, sample.text("seed"), sample.record["n"]
    stated = record.get("strata")
    if stated is None:
        if record["drawn"] != draw((key for key, _ in sample.keys), seed, n):
            yield "sample-drawn", {"why": "the drawn items or their order differ"}
        return
    strata: dict[str, list[str]] = {}
    for key, stratum in sample.keys:
        strata.setdefault(stratum, []).append(key)
    sizes = {name: len(keys) for name, keys in strata.items()}
    if not isinstance(stated, dict) or {name: size for name, size in stated.items() if size} != sizes:
        yield "sample-keys", {"why": "the sizes of its strata differ"}
        return
    home, drawn = dict(sample.keys), record["drawn"]
    expected = {name: draw(strata[name], seed + "/" + name, count) for name, count in allot(sizes, n).items()}
    found = {name: [key for key in drawn if home.get(key) == name] for name in strata}
    if found != expected or sum(map(len, found.values())) != len(drawn):
        yield "sample-drawn", {"why": "the drawn items or their order differ"}


# --- the run ---


class Run:
    """One verification: what is known so far and what was found."""

    def __init__(self, source: Source, key: str | None, older: bytes | None) -> None:
        self.source, self.given, self.older_note = source, key, older
        self.findings: list[Finding] = []
        self.counts: dict[str, int] = {}
        self.digests: dict[str, str] = {}
        self.manifest_digest = ""
        self.manifest: dict[str, Any] | None = None
        self.key: Key | None = None
        self.checkpoint: Checkpoint | None = None
        self.older: Checkpoint | None = None
        self.alias: Key | None = None  # the given key, where it is this log's under another name
        self.epochs: list[Epoch] = []  # in the order of the log; not to be believed before check_epochs
        self.proof: Proof | None = None
        self.roots: dict[int, bytes] = {}  # by size, once the root over all tiles is the signed one
        self.tile: tuple[int, list[bytes]] = (-1, [])
        self.vouched: dict[tuple[str, str], int] = {}  # (reference, digest) of a fact: its entry's position

    def say(self, kind: str, where: str = "", **facts: object) -> None:
        """Note a finding; beyond the first fifty of a kind they are only counted."""
        verdict, template = SAYS[kind]
        self.counts[kind] = self.counts.get(kind, 0) + 1
        if self.counts[kind] <= MOST_OF_A_KIND:
            self.findings.append(Finding(kind, verdict, where, template.format(**facts)))

    def fails(self) -> int:
        """How much was found wrong so far."""
        return sum(count for kind, count in self.counts.items() if SAYS[kind][0] == FAIL)

    def unread(self, name: str) -> bool:
        """Whether a file is not there."""
        return name not in self.source.names

    def leaf(self, position: int) -> bytes | None:
        """The leaf hash at a position of the log, None beyond its end."""
        size = self.checkpoint.size if self.checkpoint else 0
        if not 0 <= position < size:
            return None
        index = position // 256
        if self.tile[0] != index:
            width = min(256, size - index * 256)
            self.tile = (index, _hashes(read(self.source, tile_path(index, width), 8192)))
        return self.tile[1][position % 256]


def check_manifest(run: Run) -> None:
    """The list of what the bundle holds."""
    if run.unread("manifest.json"):
        run.say("manifest-missing", "manifest.json")
        return
    try:
        data = read(run.source, "manifest.json", LONGEST_DOCUMENT)
        run.manifest_digest = hashlib.sha256(data).hexdigest()
        manifest = parse(data)
        _check_manifest_form(manifest)
    except Unreadable as error:
        run.say("manifest-unreadable", "manifest.json", why=error)
        return
    run.manifest = manifest
    facts = {name: manifest[name] for name in ("origin", "created")}
    run.say("manifest", "manifest.json", count=len(manifest["files"]), **facts)


def _check_manifest_form(manifest: Any) -> None:
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise Unreadable("it is not of the format " + FORMAT)
    listed = manifest.get("files")
    texts = [manifest.get(field) for field in ("origin", "created")]
    if not isinstance(listed, list) or not all(isinstance(text, str) for text in texts):
        raise Unreadable("a field of it is missing")
    for file in listed:
        if not _is_listing(file) or _after_sealing(file["path"]):
            raise Unreadable("a file is not listed as it should be")
    if len({file["path"] for file in listed}) != len(listed):
        raise Unreadable("a file is listed twice")


def _is_listing(file: object) -> bool:
    if not isinstance(file, dict) or set(file) != {"path", "sha256", "size"}:
        return False
    return isinstance(file["path"], str) and _is_digest(file["sha256"]) and type(file["size"]) is int


def _after_sealing(name: str) -> bool:
    return name in AFTER_SEALING or name.startswith("log/tile/")


def check_files(run: Run) -> None:
    """Every file is listed and every listed file is there, with the same bytes."""
    before = run.fails()
    listed = {file["path"]: file for file in run.manifest["files"]} if run.manifest else {}
    for name in sorted(set(run.source.names) | set(listed), key=_utf8):
        if _after_sealing(name):
            continue
        if run.unread(name):
            run.say("file-removed", name)
            continue
        why = _hash_file(run, name, listed.get(name))
        if run.manifest and name not in listed:
            run.say("file-unlisted", name)
        elif run.manifest and why:
            run.say("file-changed", name, why=why)
    if not run.manifest:
        run.say("not-checked", "files")
    elif run.fails() == before:
        run.say("files", count=len(listed))


def _hash_file(run: Run, name: str, listed: dict[str, Any] | None) -> str:
    """Note a file's digest; gives what is wrong with it."""
    digest = hashlib.sha256()
    try:
        for chunk in run.source.chunks(name):
            digest.update(chunk)
    except Unreadable as error:
        return str(error)
    run.digests[name] = digest.hexdigest()
    if listed and run.source.names[name] != listed["size"]:
        return f"it has {run.source.names[name]} bytes and was sealed with {listed['size']}"
    return "its digest differs" if listed and listed["sha256"] != run.digests[name] else ""


def check_key(run: Run) -> None:
    """Which key everything is checked with."""
    own = _key_of(run, "log/vkey", _own_key_text(run))
    if run.given is not None:
        run.key = _key_of(run, "--key", run.given)
        if run.key and own and own != run.key and own.public == run.key.public:
            run.key, run.alias = own, run.key  # what name it may have, the epochs say
        elif run.key and own and own != run.key:
            run.say("key-differs", "log/vkey")
        if run.key and not run.alias:
            run.say("key-given", key=run.key.text)
    elif own:
        run.key = own
        run.say("key-own", "log/vkey", key=own.text)
    elif run.unread("log/vkey"):
        run.say("key-missing", "log/vkey")


def _own_key_text(run: Run) -> str | None:
    if run.unread("log/vkey"):
        return None
    try:
        return _lines(read(run.source, "log/vkey", LONGEST_NOTE).replace(b"\r\n", b"\n"))
    except Unreadable as error:
        run.say("key-unreadable", "log/vkey", why=error)
        return None


def _key_of(run: Run, where: str, text: str | None) -> Key | None:
    try:
        return parse_key(text) if text is not None else None
    except Unreadable as error:
        run.say("key-unreadable", where, why=error)
        return None


def check_checkpoint(run: Run) -> None:
    """The log's signed statement of its size and root."""
    if run.unread("checkpoint"):
        run.say("checkpoint-missing", "checkpoint")
        return
    try:
        checkpoint = parse_checkpoint(read(run.source, "checkpoint", LONGEST_NOTE))
    except Unreadable as error:
        run.say("checkpoint-unreadable", "checkpoint", why=error)
        return
    if not run.key:
        run.say("not-checked", "checkpoint")
        return
    if not checkpoint.signed_by(run.key):
        run.say("checkpoint-signature", "checkpoint")
        return
    run.checkpoint = checkpoint
    run.say("checkpoint", "checkpoint", origin=checkpoint.origin, size=checkpoint.size)


def read_proof(run: Run) -> None:
    """The manifest's proof; it is judged after the roots are known."""
    if run.unread("manifest.proof"):
        run.say("proof-missing", "manifest.proof")
        return
    try:
        run.proof = parse_proof(read(run.source, "manifest.proof", LONGEST_NOTE))
    except Unreadable as error:
        run.say("proof-unreadable", "manifest.proof", why=error)


def read_older(run: Run) -> None:
    """The checkpoint that the reader kept."""
    if run.older_note is None:
        run.say("older-none")
        return
    try:
        run.older = parse_checkpoint(run.older_note)
    except Unreadable as error:
        run.say("older-unreadable", why=error)


def read_epochs(run: Run) -> None:
    """The disclosed entries that begin an epoch; they are judged after the roots are known."""
    name = "entries.ndjson"
    if run.unread(name):
        return
    try:
        for number, line in enumerate(lines_of(run.source.chunks(name)), 1):
            if b'"verb":"' + EPOCH_VERB.encode() + b'"' in line:
                _read_epoch(run, line, f"{name} line {number}")
    except Unreadable:  # check_entries says so
        return


def _read_epoch(run: Run, line: bytes, where: str) -> None:
    try:
        entry = parse_entry(line)
    except Unreadable:  # check_entries says so
        return
    if entry.body["verb"] != EPOCH_VERB:
        return
    try:
        run.epochs.append(parse_epoch(entry, where))
    except Unreadable as error:
        run.say("epoch-false", where, why=error)


def check_root(run: Run) -> None:
    """The root over all tiles, and on the way the roots at the sizes that others speak of."""
    if not run.checkpoint:
        run.say("not-checked", "root")
        return
    wanted = {note.size for note in (run.older, run.proof.checkpoint if run.proof else None) if note}
    wanted |= {epoch.size for epoch in run.epochs}
    size = run.checkpoint.size
    found: dict[int, bytes] = {}
    expected: set[str] = set()
    roots: list[bytes] = []
    for index in range(size // 256 + 1):
        width = min(256, size - index * 256)
        path = tile_path(index, width)
        tile = _read_tile(run, path, width) if width else b""
        if tile is None:
            return
        expected.add(path)
        for stop in [s for s in wanted | {size} if index * 256 <= s < (index + 1) * 256]:
            found[stop] = _root_within(roots, _hashes(tile)[: stop - index * 256])
        if width == 256:
            _grow(roots, index, _tile_root(tile))
    for name in sorted(run.source.names, key=_utf8):
        if name.startswith("log/tile/") and name not in expected:
            run.say("file-unlisted", name)
    if found[size] != run.checkpoint.root:
        run.say("root-differs", "checkpoint")
        return
    run.roots = found
    run.say("root", "log/tile", size=size)


def _read_tile(run: Run, path: str, width: int) -> bytes | None:
    if run.unread(path):
        run.say("tile-missing", path)
        return None
    try:
        tile = read(run.source, path, 8192)
    except Unreadable:
        tile = b""
    if len(tile) != width * 32:
        run.say("tile-broken", path)
        return None
    return tile


def check_epochs(run: Run) -> None:
    """Each epoch begins where its entry stands, after what it says was before, and the last one is this log's."""
    if not run.roots or not run.checkpoint or not run.key:
        if run.epochs or run.alias:
            run.say("not-checked", "epochs")
        return
    known, broken = run.epochs, run.counts.get("epoch-false", 0)
    for at, epoch in enumerate(known):
        follows = known[at + 1].key.name if at + 1 < len(known) else run.checkpoint.origin
        why = _epoch_false(run, epoch, follows)
        if why:
            run.say("epoch-false", epoch.where, why=why)
    if not known and not broken and epoch_number(run.checkpoint.origin) > 1:
        run.say("epoch-undisclosed", "checkpoint")
    if run.counts.get("epoch-false"):
        run.epochs = []
    _say_epochs(run)


def _epoch_false(run: Run, epoch: Epoch, follows: str) -> str:
    """What is wrong with the beginning of an epoch; `follows` is the origin that must be the one it gives."""
    if epoch.entry.position != epoch.size or run.leaf(epoch.entry.position) != epoch.entry.leaf:
        return "it is not the entry of the log at that place"
    if run.roots[epoch.size].hex() != epoch.root:
        return "the log before it is not the one that it cites"
    if epoch.origin != follows:
        return "the log went on under another name"
    return (
        "" if epoch.number > epoch_number(epoch.key.name) else "its number does not come after the one before"
    )


def _say_epochs(run: Run) -> None:
    keys = [*(epoch.key for epoch in run.epochs), run.key]
    for at, epoch in enumerate(run.epochs):
        earlier, origin = epoch_number(epoch.key.name), epoch.key.name
        facts = {"number": epoch.number, "reason": epoch.reason, "size": epoch.size, "last": epoch.last}
        run.say("epoch", epoch.where, earlier=earlier, origin=origin, **facts)
        following = keys[at + 1]
        if following and following.public != epoch.key.public:
            run.say("epoch-key", epoch.where, number=epoch.number)
    if run.alias and run.key and run.alias in keys:
        run.say("key-earlier", key=run.key.text)
    elif run.alias:
        run.say("key-differs", "log/vkey")


def check_older(run: Run) -> None:
    """The log still begins with what it held at the older checkpoint, which may be of an earlier epoch."""
    if not run.older:
        return
    if not run.key or not run.checkpoint or not run.roots:
        run.say("not-checked", "older")
        return
    if run.older.origin == run.checkpoint.origin:
        _check_older(run, run.older, run.key, None)
        return
    earlier = [epoch for epoch in run.epochs if epoch.key.name == run.older.origin]
    if earlier:
        _check_older(run, run.older, earlier[0].key, earlier[0])
    elif _same_log(run.older.origin, run.checkpoint.origin) and run.older.signed_by(
        _renamed(run.key, run.older.origin)
    ):
        run.say("epoch-unknown", origin=run.older.origin)
    else:
        run.say("older-other-log", origin=run.older.origin)


def _same_log(one: str, other: str) -> bool:
    """Whether two origins name one log, whatever their epochs."""
    names = [
        found[1] if found else origin for origin in (one, other) for found in [EPOCH_ORIGIN.fullmatch(origin)]
    ]
    return names[0] == names[1]


def _renamed(key: Key, name: str) -> Key:
    """The same key under another name, as it signs in another epoch."""
    data = b"\x01" + key.public
    digest = hashlib.sha256(name.encode("utf-8", "replace") + b"\n" + data).digest()[:4]
    return Key(name, digest, key.public, "")


def _check_older(run: Run, older: Checkpoint, key: Key, left: Epoch | None) -> None:
    """Compare with the older checkpoint; `left` says where its epoch was left, if it is not the one that runs."""
    size = left.size if left else run.checkpoint.size if run.checkpoint else 0
    if not older.signed_by(key):
        run.say("older-signature")
    elif left and older.size > size:
        number = epoch_number(run.checkpoint.origin) if run.checkpoint else 0
        run.say("epoch-lost", number=number, earlier=epoch_number(key.name), size=size, older=older.size)
    elif older.size > size:
        run.say("log-shorter", size=size, older=older.size)
    elif run.roots[older.size] != older.root:
        run.say("log-rewritten", size=older.size)
    else:
        run.say("older", size=older.size)


def check_origin(run: Run) -> None:
    """Everything speaks of one log."""
    if not run.checkpoint or not run.key or not run.manifest:
        run.say("not-checked", "origin")
        return
    before, expected = run.fails(), run.checkpoint.origin
    for where, origin in (("manifest.json", run.manifest["origin"]), ("log/vkey", run.key.name)):
        if origin != expected:
            run.say("origin-differs", where, origin=origin, expected=expected)
    if run.fails() == before:
        run.say("origin", origin=expected)


def check_proof(run: Run) -> None:
    """The manifest is an entry of this log."""
    before, entry = run.fails(), _manifest_entry(run)
    if entry and run.manifest_digest and run.manifest_digest not in entry.body["files"]:
        run.say("manifest-not-logged", "manifest.json")
    if entry and entry.body["verb"] != SEALING_VERB:
        run.say("manifest-entry-verb", "manifest.entry", verb=entry.body["verb"])
    if not run.roots or not run.checkpoint:
        run.say("not-checked", "proof")
        return
    if entry and run.leaf(entry.position) != entry.leaf:
        run.say("entry-not-in-log", "manifest.entry")
    if not run.proof:
        return
    note, stranger = run.proof.checkpoint, _stranger(run, run.proof.checkpoint)
    if stranger:
        run.say("proof-other-log", "manifest.proof", why=stranger)
    if (entry and run.proof.position != entry.position) or (
        entry and not path_leads(run.proof.position, note.size, entry.leaf, run.proof.path, note.root)
    ):
        run.say("proof-fails", "manifest.proof")
    if entry and run.fails() == before:
        facts = {name: entry.body[name] for name in ("actor", "recorded_at")}
        run.say("proof", "manifest.proof", position=entry.position, **facts)


def _manifest_entry(run: Run) -> Entry | None:
    if run.unread("manifest.entry"):
        run.say("manifest-entry-missing", "manifest.entry")
        return None
    try:
        data = read(run.source, "manifest.entry", LONGEST_LINE)
        return parse_entry(data[:-1] if data.endswith(b"\n") else data)
    except Unreadable as error:
        run.say("manifest-entry-unreadable", "manifest.entry", why=error)
        return None


def _stranger(run: Run, note: Checkpoint) -> str:
    """Why a checkpoint is not one of this log; empty when it is."""
    if not run.checkpoint or not run.key or note.origin != run.checkpoint.origin:
        return "it is of " + note.origin
    if not note.signed_by(run.key):
        return "its checkpoint was altered or signed with another key"
    if note.size > run.checkpoint.size:
        return "its checkpoint is later than the bundle's"
    return "" if run.roots[note.size] == note.root else "at the same size its log held other entries"


def check_entries(run: Run) -> None:
    """Each disclosed entry is in the log, and each fact and evidence file is in an entry."""
    facts = {(_reference(name), run.digests[name]): name for name in run.digests if name.startswith("facts/")}
    evidence = {name: digest for name, digest in run.digests.items() if name.startswith("files/")}
    if not run.roots:
        for group in ("entries", "facts", "evidence"):
            run.say("not-checked", group)
        return
    wanted_files = set(evidence.values())
    vouched_files: set[str] = set()
    for entry in _entries_in_log(run):
        for key in _cited_facts(run, entry.body):
            if key in facts:
                run.vouched.setdefault(key, entry.position)
        vouched_files |= wanted_files.intersection(_cited_files(run, entry.body))
    _check_facts(run, facts)
    _check_evidence(run, evidence, vouched_files)


def _cited_facts(run: Run, body: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Reference and digest of each fact that an entry vouches for, by itself or in a list that it cites."""
    listed = (line for line in _listed(run, body) if _is_fact(line))
    for fact in itertools.chain(body["facts"], listed):
        yield fact["ref"], fact["sha256"]


def _cited_files(run: Run, body: dict[str, Any]) -> Iterator[str]:
    listed = (line["file"] for line in _listed(run, body) if _is_digest(line.get("file")))
    return itertools.chain(body["files"], listed)


def _listed(run: Run, body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The lines of the lists that an entry cites as facts called `list`: one action that wrote many rows has one.

    Only a list whose bytes have the digest that the entry holds is read, and no file that is merely called so.
    """
    for fact in body["facts"]:
        name = f"files/{fact['sha256']}/cited.ndjson"
        if fact["ref"] != "list" or run.digests.get(name) != fact["sha256"]:
            continue
        try:
            for line in lines_of(run.source.chunks(name)):
                value = parse(line)
                if isinstance(value, dict):
                    yield value
        except Unreadable as error:
            run.say("entry-unreadable", name, why=error)


def _reference(name: str) -> str:
    """The reference of the row in `facts/<reference>.json`; empty, which no entry vouches for, elsewhere."""
    return name[6:-5] if name.endswith(".json") else ""


def _entries_in_log(run: Run) -> Iterator[Entry]:
    """The disclosed entries whose leaf stands in the log; the others are findings."""
    name, before, count, last = "entries.ndjson", run.fails(), 0, -1
    if run.unread(name):
        run.say("entries-none")
        return
    try:
        for number, line in enumerate(lines_of(run.source.chunks(name)), 1):
            where = f"{name} line {number}"
            try:
                entry = parse_entry(line)
            except Unreadable as error:
                run.say("entry-unreadable", where, why=error)
                continue
            if entry.position <= last:
                run.say("entry-order", where)
                continue
            last = entry.position
            if run.leaf(entry.position) != entry.leaf:
                run.say("entry-not-in-log", where)
                continue
            count += 1
            yield entry
    except Unreadable as error:
        run.say("entry-unreadable", name, why=error)
    if run.fails() == before:
        run.say("entries", name, count=count)


def _check_facts(run: Run, facts: dict[tuple[str, str], str]) -> None:
    missing = sorted((name for key, name in facts.items() if key not in run.vouched), key=_utf8)
    for name in missing:
        run.say("fact-not-vouched", name)
    if not facts:
        run.say("facts-none")
    elif not missing:
        run.say("facts", "facts", count=len(facts))


def _check_evidence(run: Run, evidence: dict[str, str], vouched: set[str]) -> None:
    before = run.fails()
    for name in sorted(evidence, key=_utf8):
        if not re.match(rf"files/{evidence[name]}/[^/]+\Z", name):
            run.say("evidence-misnamed", name)
        if evidence[name] not in vouched:
            run.say("evidence-not-vouched", name)
    if not evidence:
        run.say("evidence-none")
    elif run.fails() == before:
        run.say("evidence", "files", count=len(evidence))


def check_samples(run: Run) -> None:
    """Every sample is drawn again, and its draw came after what it rests on."""
    names = sorted((name for name in run.digests if name.startswith("samples/")), key=_utf8)
    good = 0
    for name in names:
        found = _findings_of(run, name)
        for kind, facts in found:
            run.say(kind, name, **facts)
        good += all(SAYS[kind][0] != FAIL and kind != "sample-method" for kind, _ in found)
    if not names:
        run.say("samples-none")
    elif good:
        run.say("samples", "samples", count=good)


def _findings_of(run: Run, name: str) -> list[tuple[str, dict[str, object]]]:
    try:
        sample = parse_sample(read(run.source, name, LONGEST_DOCUMENT))
        return [*sample_findings(sample), *_order_findings(run, sample.record)]
    except Unreadable as error:
        return [("sample-unreadable", {"why": error})]


def _order_findings(run: Run, record: dict[str, Any]) -> Iterator[tuple[str, dict[str, object]]]:
    """The nonce is committed to before the lock, and the draw is not made before it (domain.md 4.5).

    `committed_in`, `locked_in` and `sample` are references of facts that hold commitment, key hash and seed.
    """
    if record["method"] not in ("random", "stratified"):
        return
    steps = [("committed_in", "commitment"), ("locked_in", "key_hash"), ("sample", "seed")]
    steps = steps if record.get("rule", "committed") == "committed" else steps[1:]
    places = [_position_of(run, record.get(where), record.get(value)) for where, value in steps]
    known = [place for place in places if place is not None]
    if len(known) < len(places):
        missing = [value for (_, value), place in zip(steps, places) if place is None]  # noqa: B905 (3.9)
        yield "sample-order-unknown", {"missing": missing[0].replace("_", " ")}
    elif known != sorted(known) or (len(known) == 3 and known[0] == known[1]):
        yield "sample-order", {"order": ", ".join(f"entry {place}" for place in known)}


def _position_of(run: Run, reference: object, value: object) -> int | None:
    """Where the log vouches for the fact with this reference, if the fact holds the value."""
    name = f"facts/{reference}.json"
    if not isinstance(reference, str) or not isinstance(value, str) or name not in run.digests:
        return None
    holds_it = canonical(value) in read(run.source, name, LONGEST_DOCUMENT)
    return run.vouched.get((reference, run.digests[name])) if holds_it else None


CHECKS = (
    check_manifest,
    check_files,
    check_key,
    check_checkpoint,
    read_proof,
    read_older,
    read_epochs,
    check_root,
    check_epochs,
    check_older,
    check_origin,
    check_proof,
    check_entries,
    check_samples,
)


def verify(path: str | Path, key: str | None = None, checkpoint: bytes | None = None) -> list[Finding]:
    """Verify the bundle at a path; `key` is a verifier key, `checkpoint` the bytes of an older one."""
    try:
        source = open_source(Path(path))
    except Refusal as refusal:
        verdict, template = SAYS[refusal.kind]
        return [Finding(refusal.kind, verdict, refusal.where, template.format(**refusal.facts))]
    run = Run(source, key, checkpoint)
    run.say("container", count=len(source.names))
    for check in CHECKS:
        check(run)
    source.close()
    for kind, count in list(run.counts.items()):
        if count > MOST_OF_A_KIND:
            run.say("and-more", kind, count=count - MOST_OF_A_KIND)
    return run.findings


def holds(findings: Iterable[Finding]) -> bool:
    """Whether nothing was found wrong."""
    return all(finding.verdict != FAIL for finding in findings)


def _printable(text: str) -> str:
    return "".join(sign if sign.isprintable() else "?" for sign in text)


def as_text(findings: list[Finding]) -> str:
    """One line a finding, then the summary."""
    marks = {PASS: "ok  ", FAIL: "FAIL", UNDETERMINED: "??  ", NOT_APPLICABLE: "-   "}
    lines = []
    for finding in findings:
        where = finding.where + ": " if finding.where and finding.verdict != PASS else ""
        lines.append(_printable(f"{marks[finding.verdict]}  {finding.id:<22} {where}{finding.says}"))
    return "\n".join([*lines, "", summary(findings)])


def summary(findings: list[Finding]) -> str:
    """The last line: what could not be shown is no pass."""
    wrong = sum(finding.verdict == FAIL for finding in findings)
    unshown = sum(finding.verdict == UNDETERMINED for finding in findings)
    limits = f"{unshown} could not be shown by this run (see ?? above)" if unshown else ""
    if wrong:
        return f"The bundle DOES NOT HOLD: {wrong} found wrong{', ' + limits if limits else ''}."
    return f"NOTHING FOUND WRONG, but {limits}." if limits else "The bundle HOLDS: nothing found wrong."


def verdict_of(findings: list[Finding]) -> str:
    """One verdict for all: fail before undetermined before pass."""
    verdicts = {finding.verdict for finding in findings}
    return next((one for one in (FAIL, UNDETERMINED) if one in verdicts), PASS)


def main(arguments: list[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="verify.py", description="Verify a Tickmark bundle offline.")
    parser.add_argument("bundle", type=Path, help="the zip, or the folder it was unpacked to")
    parser.add_argument("--checkpoint", type=Path, help="a checkpoint of this log that you received earlier")
    parser.add_argument("--key", help="the log's verifier key, from a source other than the bundle")
    parser.add_argument("--json", action="store_true", help="write the findings as JSON")
    options = parser.parse_args(arguments)
    try:
        older = options.checkpoint.read_bytes() if options.checkpoint else None
    except OSError as error:
        parser.error(f"the older checkpoint cannot be read: {error}")
    findings = verify(options.bundle, options.key, older)
    if options.json:
        rows = [finding._asdict() for finding in findings]
        document = {"format": "tickmark-verification/1", "verdict": verdict_of(findings), "findings": rows}
        print(json.dumps(document, indent=1))
    else:
        encoding = sys.stdout.encoding or "utf-8"  # a terminal that lacks a letter gets a question mark
        print(as_text(findings).encode(encoding, "replace").decode(encoding))
    return 0 if holds(findings) else 1


if __name__ == "__main__":
    sys.exit(main())
