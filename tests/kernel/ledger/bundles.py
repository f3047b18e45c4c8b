"""Small honest bundles to attack. Everything is fixed, so each build gives the same bytes.

`Log` is a log in memory, `build` writes a bundle of one, `repack` writes a zip with some files changed.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import rfc8785

from tickmark.kernel.ledger import bundle, epoch, tiles
from tickmark.kernel.ledger.note import Checkpoint, Signer
from tickmark.kernel.ledger.proof import Proof

ORIGIN = "log.example.com/tickmark"
CREATED = "2026-11-16T09:00:00+00:00"
REPORT = b"%PDF-1.7 the report\n" * 50
SCREENSHOT = b"\x89PNG a picture of the settings\n" * 20
ROW = rfc8785.dumps({"ref": "AC-7", "note": "four eyes, caf\u00e9 \u2028", "by": "US-2"})
KEYS = [f"CHG-{number:04d}" for number in range(1, 41)]


def hexed(data: bytes | str) -> str:
    """SHA-256 in lower-case hex."""
    return sha256(data.encode() if isinstance(data, str) else data).hexdigest()


class Memory:
    """A store of tiles in a dict."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.read_paths: list[str] = []

    def read(self, path: str) -> bytes | None:
        self.read_paths.append(path)
        return self.files.get(path)

    def write(self, path: str, data: bytes) -> None:
        self.files[path] = data


def signer(name: str = ORIGIN, seed: str = "a key") -> Signer:
    """A key that is the same in every run."""
    return Signer(name, sha256(seed.encode()).digest())


class Log:
    """A log with its key, its tiles and the entries it holds."""

    def __init__(self, name: str = ORIGIN, seed: str = "a key", salt: str = "salt") -> None:
        self.signer, self.store, self.salt = signer(name, seed), Memory(), salt
        self.disclosed: list[bundle.Disclosed] = []
        self.epochs: list[int] = []
        self.root = sha256(b"").digest()

    def add(self, verb: str, **fields: Any) -> bundle.Disclosed:
        """Seal one entry."""
        position = len(self.disclosed)
        body = {
            "uid": f"00000000-0000-4000-8000-{position:012d}",
            "verb": verb,
            "actor": "US-2",
            "actor_kind": "user",
            "side": "company",
            "subject": "EV-1",
            "arguments": {"note": "caf\u00e9", "count": position, "sure": True, "none": None},
            "facts": [],
            "files": [],
            "recorded_at": "2026-11-15T10:00:00+00:00",
        } | fields
        one = bundle.Disclosed(position, hexed(f"{self.salt}{position}"), body)
        self.put(one)
        return one

    def put(self, one: bundle.Disclosed) -> None:
        """Seal an entry that is known already."""
        data = sha256(bytes.fromhex(one.salt) + rfc8785.dumps(one.entry)).digest()
        self.root = tiles.append(self.store, len(self.disclosed), [data])
        self.disclosed.append(one)

    def checkpoint(self, size: int | None = None) -> bytes:
        """The signed checkpoint at a size, the newest unless one is given."""
        size = len(self.disclosed) if size is None else size
        root = tiles.Tiles(self.store, len(self.disclosed)).root(size)
        return Checkpoint(self.signer.name, size, root).signed(self.signer)

    def prove(self, position: int) -> Proof:
        """The proof of a position at the newest checkpoint."""
        path = tiles.Tiles(self.store, len(self.disclosed)).inclusion(position)
        return Proof(position, tuple(path), self.checkpoint())

    def set_back(self, size: int, *, last: int | None = None, seed: str = "a key", **changes: Any) -> Log:
        """Another log that goes on from the first `size` entries, in a new epoch; `last` is the checkpoint it cites."""
        number = epoch.number(self.signer.name) + 1
        name = changes.pop("name", f"{epoch.base(self.signer.name)}/epoch-{number}-{hexed(self.salt)[:8]}")
        other = Log(name, seed, self.salt)
        for one in self.disclosed[:size]:
            other.put(one)
        before = {"origin": self.signer.name, "vkey": str(self.signer.verifier), "size": size}
        cited = size if last is None else last
        said = {
            "number": number,
            "origin": name,
            "before": before | {"root": other.root.hex()},
            "last": {"origin": self.signer.name, "size": cited, "note": self.checkpoint(cited).decode()},
            "reason": "restored from a backup",
        }
        other.add(epoch.BEGAN, actor="job:restore", actor_kind="job", side="", arguments=said | changes)
        other.epochs = [*self.epochs, size]
        return other


def sample(**changes: Any) -> dict[str, Any]:
    """The draw of domain.md 11 under the committed rule, over CHG-0001 to CHG-0040."""
    key_hash = hexed("\n".join(KEYS))
    seed = hexed(f"nonce-0001|CHG-02|{key_hash}")
    ranked = sorted(KEYS, key=lambda key: hexed(f"{seed}|{key}"))
    record = {
        "sample": "SM-1",
        "committed_in": "CS-1",
        "locked_in": "LK-1",
        "control": "CHG-02",
        "method": "random",
        "nonce": "nonce-0001",
        "commitment": hexed("nonce-0001"),
        "key_hash": key_hash,
        "seed": seed,
        "n": 8,
        "strata": None,
        "keys": KEYS,
        "drawn": ranked[:8],
    }
    return record | changes


def order_facts() -> dict[str, bytes]:
    """The rows that hold commitment, key hash and seed of the sample."""
    record = sample()
    held = {"CS-1": "commitment", "LK-1": "key_hash", "SM-1": "seed"}
    return {ref: rfc8785.dumps({"ref": ref, name: record[name]}) for ref, name in held.items()}


FACTS = {10: {"AC-7": ROW}, **{20 + at: {ref: row} for at, (ref, row) in enumerate(order_facts().items())}}
"""The facts that entries of the log vouch for, by position."""
DISCLOSED = (3, 10, 20, 21, 22, 255, 256, 280)


def vouching(number: int, facts: Mapping[int, Mapping[str, bytes]]) -> list[dict[str, str]]:
    """What the entry at a position says of facts."""
    return [{"ref": ref, "sha256": hexed(row)} for ref, row in facts.get(number, {}).items()]


def filled_log(count: int = 300, facts: Mapping[int, Mapping[str, bytes]] = FACTS, **log: Any) -> Log:
    """A log over more than one tile, with entries that vouch for the facts and the evidence file."""
    made = Log(**log)
    for number in range(count):
        files = [hexed(SCREENSHOT)] if number == 280 else []
        subject = f"EV-{number}"
        made.add("evidence.accept", facts=vouching(number, facts), files=files, subject=subject)
    return made


def laid_out(log: Log, **changes: Any) -> dict[str, bundle.Source]:
    """The files of the bundle."""
    parts: dict[str, Any] = {
        "vkey": str(log.signer.verifier),
        "entries": [log.disclosed[at] for at in sorted({*DISCLOSED, *log.epochs}) if at < len(log.disclosed)],
        "facts": {"AC-7": ROW, **order_facts()},
        "kept": [(hexed(SCREENSHOT), "settings.png", SCREENSHOT)],
        "samples": {"SM-1": sample()},
        "others": {"report.pdf": REPORT},
    }
    return bundle.contents(**(parts | changes))


def build(
    target: Path,
    log: Log | None = None,
    *,
    tamper: Callable[[dict[str, bundle.Source]], None] | None = None,
    origin: str | None = None,
    verb: str = bundle.SEALING_VERB,
    later: int = 5,
    **changes: Any,
) -> Log:
    """Write a bundle of a log (an honest one unless changed) and give the log."""
    log = log or filled_log()
    files = laid_out(log, **changes)
    if tamper:
        tamper(files)
    listed = bundle.manifest(origin=origin or log.signer.name, created=CREATED, subject="EN-1", files=files)
    entry = log.add(verb, files=[bundle.digest(listed)])
    for _ in range(later):
        log.add("evidence.accept")
    bundle.write_bundle(
        target,
        manifest=listed,
        files=files,
        entry=entry,
        proof=log.prove(entry.position),
        checkpoint=log.checkpoint(),
        tiles=log.store,
        size=len(log.disclosed),
    )
    return log


def unpacked(path: Path) -> dict[str, bytes]:
    """Every file of a zip."""
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def repack(source: Path, target: Path, changes: Mapping[str, bytes | None]) -> Path:
    """The zip with some files replaced, added, or (None) removed."""
    return pack(target, {**unpacked(source), **changes})


def pack(target: Path, files: Mapping[str, bytes | None]) -> Path:
    """A plain zip of these files."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            if data is not None:
                archive.writestr(zipfile.ZipInfo(name, bundle.FIRST_DAY), data, zipfile.ZIP_DEFLATED)
    return target


def relisted(files: Mapping[str, bytes], changes: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files with changes and a manifest whose digests were made to fit them."""
    import json

    listed = json.loads(files["manifest.json"])
    for row in listed["files"]:
        if row["path"] in changes:
            row |= {"sha256": hexed(changes[row["path"]]), "size": len(changes[row["path"]])}
    return {**files, **changes, "manifest.json": rfc8785.dumps(listed)}


def flipped(data: bytes, at: int) -> bytes:
    """The data with one bit changed."""
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
