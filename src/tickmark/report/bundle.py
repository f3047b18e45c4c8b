"""The bundle of a report in two phases, because a manifest is sealed before its proof can be made.

`lay_out` runs inside the action: it lays the files out and keeps the manifest and a payload (facts, entries,
verifiers: what the store does not hold by itself). `write` runs whenever somebody takes
the bundle: the zip is made from manifest, payload and store alone, so it is the same for ever, whatever today's
versions are.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from tickmark.kernel import clock, files
from tickmark.kernel.bundles import packed
from tickmark.kernel.dated import Fact
from tickmark.kernel.errors import Conflict
from tickmark.kernel.ledger import bundle as layout
from tickmark.kernel.ledger import cited, epoch
from tickmark.kernel.ledger import seal as sealing
from tickmark.kernel.ledger.entry import Checkpoint, Entry, Leaf
from tickmark.kernel.ledger.verify import parse
from tickmark.report.disclosure import Disclosure
from tickmark.report.models import Bundle, BundleContents, Report

PIECE = 1 << 20
README = """What this is

The record behind a SOC 2 report, with what is needed to check it without the program that made it.

    python3 verify.py .                     checks the folder or the zip
    verify.html                             does the same in a browser; drop the zip on it

report.pdf        the report as it was issued
report.json       the data it was made from (canonical JSON); its digest stands at the foot of each page
template/         what the report was set with
facts/            the records, one file each
files/, raw/      evidence by SHA-256; raw/ is what a source sent, before it became a list
samples/          populations and draws, to be drawn again
entries.ndjson    the ledger's entries that vouch for them
log/, checkpoint  the ledger itself as salted hashes, signed

Compare the key in log/vkey with the one that was given to you another way, and check against a checkpoint that
you kept yourself (verify.py --checkpoint FILE): only that shows a log which was rewritten by its host.
"""


@dataclass(frozen=True)
class Laid:
    """Digests of the kept manifest and payload."""

    manifest: str
    payload: str


def lay_out(report: Report, contents: BundleContents) -> Laid:
    """Lay the files out, keep manifest and payload. Conflict while an entry that it discloses is not sealed."""
    disclosure = Disclosure(report, contents)
    facts = disclosure.facts()
    entries = _entries(facts)
    made = {fact.ref: fact.canonical() for fact in facts}
    _require_vouched(facts, entries)
    vouched = {sha256 for one in entries for sha256 in cited.files_of(one.entry)}
    kept, raw = _stored(disclosure, vouched)
    lists = sorted({digest for one in entries for digest in cited.lists(one.entry)})
    kept += [(digest, cited.NAME, pieces(digest)) for digest in lists]
    listed = layout.contents(
        vkey=str(sealing.signer().verifier),
        entries=entries,
        facts=made,
        kept=kept,
        samples=disclosure.samples(),
        others={"README.txt": README.encode(), **_report_files(report), **raw},
    )
    manifest = layout.manifest(
        origin=sealing.origin(),
        created=clock.now().isoformat(timespec="seconds"),
        subject=f"{report.ref} {contents}",
        files=listed,
    )
    small = {path: _bytes(content) for path, content in listed.items() if not callable(content)}
    return Laid(files.keep(manifest).sha256, files.keep(packed(small)).sha256)


def _bytes(content: layout.Source) -> bytes:
    return (
        content.read_bytes()
        if isinstance(content, Path)
        else b"".join([content] if isinstance(content, bytes) else content())
    )


def _entries(facts: list[Fact]) -> list[layout.Disclosed]:
    """The entries under which the facts were written, and those that began an epoch, with their places in the log."""
    uids = {fact.entry for fact in facts} | {entry.uid for entry in epoch.epochs()}
    if Entry.objects.filter(uid__in=uids, leaf=None).exists():
        raise Conflict(
            "The record is not sealed yet.", "Entries are sealed within a minute.", "Try again in a minute."
        )
    leaves = Leaf.objects.filter(entry__uid__in=uids).select_related("entry").order_by("position")
    return [layout.Disclosed(leaf.position, leaf.entry.salt, leaf.entry.body()) for leaf in leaves]


def _require_vouched(facts: list[Fact], entries: list[layout.Disclosed]) -> None:
    known = {(one["ref"], one["sha256"]) for entry in entries for one in cited.facts_of(entry.entry)}
    for fact in facts:
        if (fact.ref, Fact.digest(fact)) not in known:
            raise Conflict(
                f"{fact.ref} is not what the ledger says of it.",
                "Its digest is not in the entry under which it was written.",
                "Find out what changed the books; nothing can be proven from them until then.",
            )


def _stored(
    disclosure: Disclosure, vouched: set[str]
) -> tuple[list[tuple[str, str, layout.Source]], dict[str, layout.Source]]:
    """Evidence files by digest, and raw files of collections; one that an entry cites is evidence too."""
    evidence = {(row.sha256, safe_name(row.name)) for row in disclosure.evidence()}
    evidence |= {(run.verdicts_file, f"{run.ref}.parquet") for run in disclosure.check_runs()}
    raw: dict[str, layout.Source] = {}
    for row in disclosure.evidence():
        for one in row.collection.raw_files if row.collection else ():
            sha256, name = one["sha256"], safe_name(one["name"])
            if sha256 in vouched:
                evidence.add((sha256, name))
            else:
                raw[f"raw/{sha256}/{name}"] = pieces(sha256)
    return [(sha256, name, pieces(sha256)) for sha256, name in sorted(evidence)], raw


def _report_files(report: Report) -> dict[str, layout.Source]:
    kept = {
        "report.pdf": report.pdf,
        "report.json": report.data,
        "template/soc2.typ": report.versions["template"],
        "template/house.typ": report.versions["house"],
    }
    return {path: pieces(sha256) for path, sha256 in kept.items()}


def safe_name(name: str) -> str:
    """A file name that no system reads as a path."""
    return re.sub(r"[^A-Za-z0-9._-]+", "_", name).lstrip(".")[-120:] or "file"


def pieces(sha256: str) -> Callable[[], Iterator[bytes]]:
    """A kept file's content, piece by piece, each time it is asked for."""

    def read() -> Iterator[bytes]:
        with files.local(sha256) as path, path.open("rb") as stream:
            while piece := stream.read(PIECE):
                yield piece

    return read


def write(bundle: Bundle) -> Path:
    """The zip on disk: made once from what is kept, with the first checkpoint that holds the manifest's entry."""
    entry: Entry = Entry.objects.get(uid=bundle.entry)
    if not Leaf.objects.filter(entry=entry).exists():
        sealing.seal()
    leaf: Leaf = Leaf.objects.get(entry=entry)
    at = Checkpoint.objects.filter(size__gt=leaf.position).order_by("size").first()
    target = Path(settings.HOME) / "bundles" / f"{bundle.ref}-{bundle.manifest[:16]}.zip"
    if target.exists() or at is None:
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    manifest = files.read(bundle.manifest)
    layout.write_bundle(
        target,
        manifest=manifest,
        files=_again(manifest, bundle.payload),
        entry=layout.Disclosed(leaf.position, entry.salt, entry.body()),
        proof=sealing.prove(entry, at),
        checkpoint=at.note.encode(),
        tiles=sealing.store(),
        size=at.size,
    )
    return target


def _again(manifest: bytes, payload: str) -> dict[str, layout.Source]:
    """The files of the manifest: from the payload, else from the store by the digest that the manifest holds."""
    with zipfile.ZipFile(io.BytesIO(files.read(payload))) as archive:
        small = {name: archive.read(name) for name in archive.namelist()}
    rows: list[dict[str, str]] = parse(manifest)["files"]
    return {row["path"]: small.get(row["path"]) or pieces(row["sha256"]) for row in rows}
