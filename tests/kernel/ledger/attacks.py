"""Attacks on a bundle, each with what a verifier has to name. Both verifiers are tried on all of them.

An attack gets a folder with an honest bundle in it and gives the case to verify; `names` are the findings that
fail, as "id where", in any order. An honest bundle is an attack that names nothing.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import rfc8785

from tests.kernel.ledger import bundles
from tests.kernel.ledger.bundles import KEYS, ROW, SCREENSHOT, Log, flipped, hexed, sample

NO_FACTS = [f"fact-not-vouched facts/{ref}.json" for ref in ("AC-7", "CS-1", "LK-1", "SM-1")]
EVIDENCE = f"files/{hexed(SCREENSHOT)}/settings.png"


@dataclass
class Case:
    """What is handed to a verifier."""

    path: Path
    key: str | None = None
    older: bytes | None = None


@dataclass
class Honest:
    """An honest bundle, its log, and a folder to make others in."""

    path: Path
    log: Log
    room: Path

    def files(self) -> dict[str, bytes]:
        """What is in it."""
        return bundles.unpacked(self.path)

    def with_changes(self, changes: dict[str, bytes | None]) -> Case:
        """The same with some files replaced, added or removed."""
        return Case(bundles.repack(self.path, self.room / "changed.zip", changes))

    def flip(self, name: str, at: int) -> Case:
        """The same with one bit of one file changed."""
        return self.with_changes({name: flipped(self.files()[name], at)})

    def swap(self, name: str, at: int) -> Case:
        """The same with one letter of base64 changed into another one."""
        data = self.files()[name]
        other = b"B" if data[at : at + 1] == b"A" else b"A"
        return self.with_changes({name: data[:at] + other + data[at + 1 :]})

    def built(self, log: Log | None = None, **changes: Any) -> Case:
        """A bundle that is sealed like an honest one, with something else in it."""
        target = self.room / "built.zip"
        bundles.build(target, log, **changes)
        return Case(target)

    def raw(self, data: bytes) -> Case:
        """Any bytes under the name of a zip."""
        target = self.room / "raw.zip"
        target.write_bytes(data)
        return Case(target)


Make = Callable[[Honest], Case]
ATTACKS: dict[str, tuple[Make, list[str]]] = {}


def attack(*names: str) -> Callable[[Make], Make]:
    """Register an attack with the findings it has to lead to."""

    def register(make: Make) -> Make:
        ATTACKS[make.__name__] = (make, sorted(names))
        return make

    return register


# --- nothing wrong ---


@attack()
def honest(it: Honest) -> Case:
    return Case(it.path)


@attack()
def honest_with_key_and_older_checkpoint(it: Honest) -> Case:
    return Case(it.path, str(it.log.signer.verifier), it.log.checkpoint(200))


@attack()
def honest_with_the_empty_log_as_older_checkpoint(it: Honest) -> Case:
    return Case(it.path, None, it.log.checkpoint(0))


@attack()
def honest_with_the_same_checkpoint_as_older_one(it: Honest) -> Case:
    return Case(it.path, None, it.log.checkpoint())


@attack()
def honest_packed_again_by_another_program(it: Honest) -> Case:
    """Folders, data descriptors and other dates are no finding."""
    return it.raw(streamed_zip(it.files()))


@attack()
def honest_and_on_the_edge_of_a_tile(it: Honest) -> Case:
    return it.built(bundles.filled_log(506), later=5)


@attack()
def honest_and_nearly_empty(it: Honest) -> Case:
    return it.built(Log(), later=0, entries=[], facts={}, kept=[], samples={}, others={})


# --- one flipped byte ---


@attack("file-changed report.pdf")
def flipped_report(it: Honest) -> Case:
    return it.flip("report.pdf", 7)


@attack(f"file-changed {EVIDENCE}", f"evidence-misnamed {EVIDENCE}", f"evidence-not-vouched {EVIDENCE}")
def flipped_evidence(it: Honest) -> Case:
    return it.flip(EVIDENCE, 7)


@attack("file-changed facts/AC-7.json", "fact-not-vouched facts/AC-7.json")
def flipped_fact(it: Honest) -> Case:
    return it.flip("facts/AC-7.json", 30)


@attack("file-changed verify.html")
def flipped_verifier(it: Honest) -> Case:
    return it.flip("verify.html", 500)


@attack("file-changed entries.ndjson", "entry-unreadable entries.ndjson line 1")
def flipped_entry_syntax(it: Honest) -> Case:
    return it.flip("entries.ndjson", 0)


@attack(
    "file-changed entries.ndjson",
    "entry-not-in-log entries.ndjson line 2",
    "fact-not-vouched facts/AC-7.json",
)
def flipped_entry(it: Honest) -> Case:
    data = it.files()["entries.ndjson"]
    return it.flip("entries.ndjson", data.index(b"EV-10") + 4)


@attack("manifest-not-logged manifest.json", "manifest-unreadable manifest.json")
def flipped_manifest_syntax(it: Honest) -> Case:
    return it.flip("manifest.json", 0)


@attack("manifest-not-logged manifest.json")
def flipped_manifest(it: Honest) -> Case:
    return it.flip("manifest.json", it.files()["manifest.json"].index(b"EN-1") + 3)


@attack("entry-not-in-log manifest.entry", "proof-fails manifest.proof")
def flipped_manifest_entry(it: Honest) -> Case:
    return it.flip("manifest.entry", it.files()["manifest.entry"].index(b"US-2") + 3)


@attack("proof-unreadable manifest.proof")
def flipped_proof_syntax(it: Honest) -> Case:
    return it.flip("manifest.proof", 3)


@attack("proof-fails manifest.proof")
def flipped_proof_path(it: Honest) -> Case:
    return it.swap("manifest.proof", it.files()["manifest.proof"].index(b"index") + 15)


@attack("proof-other-log manifest.proof")
def flipped_proof_checkpoint(it: Honest) -> Case:
    return it.flip("manifest.proof", it.files()["manifest.proof"].index(b"\n\n") + 6)


@attack("checkpoint-signature checkpoint")
def flipped_checkpoint_root(it: Honest) -> Case:
    return it.swap("checkpoint", len(bundles.ORIGIN) + 9)


@attack("checkpoint-signature checkpoint")
def flipped_checkpoint_signature(it: Honest) -> Case:
    return it.swap("checkpoint", len(it.files()["checkpoint"]) - 20)


@attack("checkpoint-unreadable checkpoint")
def flipped_checkpoint_syntax(it: Honest) -> Case:
    data = it.files()["checkpoint"]
    return it.flip("checkpoint", data.index(b"\n\n"))


@attack("root-differs checkpoint")
def flipped_tile(it: Honest) -> Case:
    return it.flip("log/tile/0/000", 40)


@attack("file-changed log/vkey", "key-unreadable log/vkey")
def flipped_key(it: Honest) -> Case:
    return it.flip("log/vkey", len(it.files()["log/vkey"]) - 9)


@attack("file-changed samples/SM-1.json", "sample-drawn samples/SM-1.json")
def flipped_sample(it: Honest) -> Case:
    data = it.files()["samples/SM-1.json"]
    return it.flip("samples/SM-1.json", data.index(b"drawn") + 15)


@attack("file-changed report.pdf")
def flipped_in_the_packed_bytes(it: Honest) -> Case:
    data = it.path.read_bytes()
    header = data.index(b"report.pdf%", 0) if b"report.pdf%" in data else data.index(b"report.pdf")
    return it.raw(flipped(data, header + len("report.pdf") + 12))


@attack(f"file-changed {EVIDENCE}")
def flipped_checksum_in_the_zip(it: Honest) -> Case:
    """The checksum in both places: the content is whole and still cannot be unpacked by others."""
    data = bytearray(it.path.read_bytes())
    crc = struct.pack("<I", zlib.crc32(SCREENSHOT))
    return it.raw(bytes(data).replace(crc, flipped(crc, 0)))


# --- removed and added files ---


@attack("file-removed report.pdf")
def removed_report(it: Honest) -> Case:
    return it.with_changes({"report.pdf": None})


@attack(f"file-removed {EVIDENCE}")
def removed_evidence(it: Honest) -> Case:
    return it.with_changes({EVIDENCE: None})


@attack("file-removed entries.ndjson", f"evidence-not-vouched {EVIDENCE}", *NO_FACTS)
def removed_entries(it: Honest) -> Case:
    return it.with_changes({"entries.ndjson": None})


@attack("manifest-missing manifest.json")
def removed_manifest(it: Honest) -> Case:
    return it.with_changes({"manifest.json": None})


@attack("manifest-entry-missing manifest.entry")
def removed_manifest_entry(it: Honest) -> Case:
    return it.with_changes({"manifest.entry": None})


@attack("proof-missing manifest.proof")
def removed_proof(it: Honest) -> Case:
    return it.with_changes({"manifest.proof": None})


@attack("checkpoint-missing checkpoint")
def removed_checkpoint(it: Honest) -> Case:
    return it.with_changes({"checkpoint": None})


@attack("tile-missing log/tile/0/000")
def removed_tile(it: Honest) -> Case:
    return it.with_changes({"log/tile/0/000": None})


@attack("tile-broken log/tile/0/001.p/50")
def cut_tile(it: Honest) -> Case:
    return it.with_changes({"log/tile/0/001.p/50": bytes(49 * 32)})


@attack("file-removed log/vkey", "key-missing log/vkey")
def removed_key(it: Honest) -> Case:
    return it.with_changes({"log/vkey": None})


@attack("file-unlisted notes.txt", "file-unlisted log/tile/1/000")
def added_files(it: Honest) -> Case:
    return it.with_changes({"notes.txt": b"trust me", "log/tile/1/000": b"more"})


@attack(
    "file-unlisted facts/AC-8.json",
    "fact-not-vouched facts/AC-8.json",
    "file-unlisted facts/x",
    "fact-not-vouched facts/x",
)
def added_facts(it: Honest) -> Case:
    return it.with_changes({"facts/AC-8.json": ROW, "facts/x": b"stray"})


@attack(*[f"file-unlisted n/{number:02d}" for number in range(50)], "and-more file-unlisted")
def added_very_many(it: Honest) -> Case:
    return it.with_changes({f"n/{number:02d}": b"x" for number in range(60)})


# --- a file replaced, digests recomputed ---


@attack("manifest-not-logged manifest.json")
def recomputed_report(it: Honest) -> Case:
    return it.with_changes({**bundles.relisted(it.files(), {"report.pdf": b"another report"})})


@attack(
    "manifest-not-logged manifest.json", f"evidence-misnamed {EVIDENCE}", f"evidence-not-vouched {EVIDENCE}"
)
def recomputed_evidence(it: Honest) -> Case:
    return it.with_changes({**bundles.relisted(it.files(), {EVIDENCE: b"another picture"})})


@attack("manifest-not-logged manifest.json", f"evidence-not-vouched files/{hexed(b'new')}/settings.png")
def recomputed_and_renamed_evidence(it: Honest) -> Case:
    name = f"files/{hexed(b'new')}/settings.png"
    files = json.loads(it.files()["manifest.json"])
    for row in files["files"]:
        if row["path"] == EVIDENCE:
            row |= {"path": name, "sha256": hexed(b"new"), "size": 3}
    return it.with_changes({EVIDENCE: None, name: b"new", "manifest.json": rfc8785.dumps(files)})


@attack("manifest-not-logged manifest.json")
def recomputed_with_a_file_left_out(it: Honest) -> Case:
    files = json.loads(it.files()["manifest.json"])
    files["files"] = [row for row in files["files"] if row["path"] != "report.pdf"]
    return it.with_changes({"report.pdf": None, "manifest.json": rfc8785.dumps(files)})


@attack("manifest-entry-verb manifest.entry")
def manifest_logged_as_ordinary_evidence(it: Honest) -> Case:
    """Whoever may file evidence may file a manifest; only the sealing action makes it the bundle's."""
    return it.built(verb="evidence.file")


@attack("manifest-not-logged manifest.json", "manifest-unreadable manifest.json")
def manifest_lists_a_file_twice(it: Honest) -> Case:
    files = json.loads(it.files()["manifest.json"])
    files["files"].append(files["files"][0])
    return it.with_changes({"manifest.json": rfc8785.dumps(files)})


@attack("manifest-not-logged manifest.json", "manifest-unreadable manifest.json")
def manifest_spelled_otherwise(it: Honest) -> Case:
    return it.with_changes({"manifest.json": json.dumps(json.loads(it.files()["manifest.json"])).encode()})


# --- another log ---


def other_log(it: Honest, **log: Any) -> dict[str, bytes]:
    """The files of an honest bundle of another installation."""
    target = it.room / "other.zip"
    bundles.build(target, bundles.filled_log(**{"salt": "other", **log}))
    return bundles.unpacked(target)


@attack("proof-other-log manifest.proof", "proof-fails manifest.proof")
def proof_from_another_log(it: Honest) -> Case:
    other = other_log(it, name="log.example.org/elsewhere", seed="their key")
    return it.with_changes({"manifest.proof": other["manifest.proof"]})


@attack("proof-other-log manifest.proof", "proof-fails manifest.proof")
def proof_from_another_log_of_the_same_name(it: Honest) -> Case:
    return it.with_changes({"manifest.proof": other_log(it, seed="their key")["manifest.proof"]})


@attack("proof-other-log manifest.proof", "proof-fails manifest.proof")
def proof_from_a_forked_log_with_the_same_key(it: Honest) -> Case:
    return it.with_changes({"manifest.proof": other_log(it)["manifest.proof"]})


@attack("proof-other-log manifest.proof")
def proof_against_a_later_state_of_the_log(it: Honest) -> Case:
    position = len(it.log.disclosed) - 6
    later = bundles.filled_log()
    for one in it.log.disclosed[300:]:
        later.add(str(one.entry["verb"]), files=one.entry["files"])
    for _ in range(30):
        later.add("evidence.accept")
    return it.with_changes({"manifest.proof": later.prove(position).text()})


@attack(
    "proof-other-log manifest.proof", "entry-not-in-log manifest.entry", "manifest-not-logged manifest.json"
)
def proof_and_entry_from_another_log(it: Honest) -> Case:
    other = other_log(it, name="log.example.org/elsewhere", seed="their key")
    return it.with_changes({name: other[name] for name in ("manifest.proof", "manifest.entry")})


@attack("proof-fails manifest.proof")
def proof_of_another_entry(it: Honest) -> Case:
    return it.with_changes({"manifest.proof": it.log.prove(299).text()})


@attack(
    "file-changed log/vkey",
    "origin-differs manifest.json",
    "proof-other-log manifest.proof",
    "entry-not-in-log manifest.entry",
    *[f"entry-not-in-log entries.ndjson line {line}" for line in range(1, 9)],
    *NO_FACTS,
    f"evidence-not-vouched {EVIDENCE}",
)
def log_of_another_installation(it: Honest) -> Case:
    other = other_log(it, name="log.example.org/elsewhere", seed="their key")
    names = [name for name in other if name.startswith("log/") or name == "checkpoint"]
    return it.with_changes({name: other[name] for name in names})


@attack("origin-differs manifest.json")
def manifest_names_another_log(it: Honest) -> Case:
    return it.built(origin="log.example.org/elsewhere")


@attack("key-differs log/vkey", "checkpoint-signature checkpoint")
def everything_signed_with_another_key(it: Honest) -> Case:
    return Case(it.built(bundles.filled_log(seed="their key")).path, str(it.log.signer.verifier))


@attack("key-unreadable --key")
def given_key_is_no_key(it: Honest) -> Case:
    return Case(it.path, "no key at all")


# --- a log rewritten, against an older checkpoint ---


def rewritten() -> Log:
    """The same log with the real key, in which entry 3 vouches for something else."""
    return bundles.filled_log(facts={**bundles.FACTS, 3: {"AC-6": b"another past"}})


@attack()
def rewritten_log_without_an_older_checkpoint(it: Honest) -> Case:
    """It cannot be seen, and both verifiers say so loudly."""
    return it.built(rewritten())


@attack("log-rewritten ")
def rewritten_log(it: Honest) -> Case:
    return Case(it.built(rewritten()).path, None, it.log.checkpoint(200))


@attack("log-rewritten ")
def rewritten_log_in_the_same_tile(it: Honest) -> Case:
    return Case(it.built(rewritten()).path, str(it.log.signer.verifier), it.log.checkpoint(4))


@attack()
def rewritten_after_the_older_checkpoint(it: Honest) -> Case:
    """What came after the checkpoint is not covered by it."""
    return Case(it.built(rewritten()).path, None, it.log.checkpoint(3))


@attack("log-shorter ")
def shortened_log(it: Honest) -> Case:
    return Case(it.built(bundles.filled_log(290), later=0).path, None, it.log.checkpoint())


@attack("older-signature ")
def swapped_key(it: Honest) -> Case:
    return Case(it.built(bundles.filled_log(seed="their key")).path, None, it.log.checkpoint(200))


@attack("older-other-log ")
def older_checkpoint_of_another_log(it: Honest) -> Case:
    return Case(it.path, None, bundles.filled_log(3, name="log.example.org/elsewhere").checkpoint())


@attack("older-signature ")
def older_checkpoint_altered(it: Honest) -> Case:
    return Case(it.path, None, it.log.checkpoint(200).replace(b"\n200\n", b"\n100\n"))


@attack("older-unreadable ")
def older_checkpoint_is_something_else(it: Honest) -> Case:
    return Case(it.path, None, b"a shopping list")


# --- entries, facts and evidence that were sealed wrongly ---


def entry_lines(it: Honest, change: Callable[[list[dict[str, Any]]], None]) -> Case:
    """A bundle sealed over other lines of entries."""
    log = bundles.filled_log()
    rows = [
        {"entry": dict(one.entry), "position": one.position, "salt": one.salt}
        for one in (log.disclosed[at] for at in (3, 10, 20, 21, 22, 280))
    ]
    change(rows)
    lines = b"".join(rfc8785.dumps(row) + b"\n" for row in rows)
    return it.built(log, tamper=lambda files: files.update({"entries.ndjson": lines}))


@attack("entry-not-in-log entries.ndjson line 1")
def made_up_entry(it: Honest) -> Case:
    return entry_lines(it, lambda rows: rows[0]["entry"].update(verb="evidence.reject"))


@attack("entry-not-in-log entries.ndjson line 6", f"evidence-not-vouched {EVIDENCE}")
def entry_beyond_the_end(it: Honest) -> Case:
    return entry_lines(it, lambda rows: rows[5].update(position=2**53 - 1))


@attack("entry-order entries.ndjson line 2")
def entry_twice(it: Honest) -> Case:
    return entry_lines(it, lambda rows: rows.insert(1, rows[0]))


@attack(
    "entry-unreadable entries.ndjson line 1",
    "entry-unreadable entries.ndjson line 2",
    "fact-not-vouched facts/AC-7.json",
)
def entry_without_its_fields(it: Honest) -> Case:
    def change(rows: list[dict[str, Any]]) -> None:
        rows[0].update(salt="short")
        rows[1]["entry"].pop("facts")

    return entry_lines(it, change)


@attack(
    *[f"entry-unreadable entries.ndjson line {line}" for line in range(1, 10)],
    f"evidence-not-vouched {EVIDENCE}",
    *NO_FACTS,
)
def entries_spelled_otherwise(it: Honest) -> Case:
    """Fractions, doubled keys, large numbers, half characters, other spacing, a byte order mark."""
    log = bundles.filled_log()
    line = log.disclosed[3].line().rstrip(b"\n")
    lines = [
        line.replace(b'"count":3', b'"count":3.0'),
        line.replace(b'"count":3', b'"count":9007199254740993'),
        line.replace(b'{"count":3', b'{"count":3,"count":3'),
        line.replace(b'"count":3', b'"count": 3'),
        line.replace(b'"count":3', b'"count":-0'),
        line.replace(b'"note":"caf\xc3\xa9"', b'"note":"\\ud800"'),
        line.replace(b"caf\xc3\xa9", b"caf\xc3"),
        b"\xef\xbb\xbf" + line,
        b"[" * 20_000,
    ]
    return it.built(log, tamper=lambda files: files.update({"entries.ndjson": b"\n".join(lines)}))


@attack("fact-not-vouched facts/AC-8.json")
def fact_under_another_reference(it: Honest) -> Case:
    return it.built(facts={"AC-7": ROW, "AC-8": ROW})


@attack(f"evidence-not-vouched files/{hexed(b'x')}/x.txt", f"evidence-misnamed files/{hexed(b'y')}/x.txt")
def evidence_nobody_filed(it: Honest) -> Case:
    evidence = [(hexed(b"x"), "x.txt", b"x"), (hexed(b"y"), "x.txt", SCREENSHOT)]
    return it.built(kept=evidence)


@attack("evidence-misnamed files/deep/er/x.txt", f"evidence-misnamed files/{hexed(SCREENSHOT)}/a/b.png")
def evidence_in_other_places(it: Honest) -> Case:
    others = {"files/deep/er/x.txt": SCREENSHOT, f"files/{hexed(SCREENSHOT)}/a/b.png": SCREENSHOT}
    return it.built(others=others)


# --- samples ---


def sampled(it: Honest, **changes: Any) -> Case:
    return it.built(samples={"SM-1": sample(**changes)})


def stratified(**changes: Any) -> dict[str, Any]:
    """The stratified draw of domain.md 11: api 30, web 10, n = 8; the typed seed of its check value."""
    drawn = ["0011", "0009", "0004", "0027", "0030", "0008", "0040", "0035"]
    keys = [{"key": key, "stratum": "api" if key <= "CHG-0030" else "web"} for key in KEYS]
    typed = {"rule": "typed", "reason": "check value", "seed": "2026-TYPE2-CHG-02"}
    return sample(
        **{
            "keys": keys,
            "strata": {"api": 30, "web": 10},
            "drawn": [f"CHG-{one}" for one in drawn],
            **typed,
            **changes,
        }
    )


@attack("sample-drawn samples/SM-1.json")
def sample_of_chosen_items(it: Honest) -> Case:
    return sampled(it, drawn=KEYS[:8])


@attack("sample-drawn samples/SM-1.json")
def sample_shortened(it: Honest) -> Case:
    return sampled(it, drawn=sample()["drawn"][:7])


@attack("sample-seed samples/SM-1.json", "sample-drawn samples/SM-1.json")
def sample_with_a_chosen_seed(it: Honest) -> Case:
    return sampled(it, seed="a lucky number")


@attack("sample-commitment samples/SM-1.json", "sample-seed samples/SM-1.json")
def sample_with_another_nonce(it: Honest) -> Case:
    return sampled(it, nonce="nonce-0002")


@attack("sample-keys samples/SM-1.json", "sample-seed samples/SM-1.json", "sample-drawn samples/SM-1.json")
def sample_of_a_shortened_population(it: Honest) -> Case:
    return sampled(it, keys=[key for key in KEYS if key != sample()["drawn"][0]])


@attack(
    *["sample-keys samples/SM-1.json"] * 2, "sample-seed samples/SM-1.json", "sample-drawn samples/SM-1.json"
)
def sample_of_doubled_items(it: Honest) -> Case:
    return sampled(it, keys=[*KEYS, sample()["drawn"][0]])


@attack("sample-unreadable samples/SM-1.json")
def sample_without_a_control(it: Honest) -> Case:
    return sampled(it, control=None)


@attack("sample-unreadable samples/SM-1.json")
def sample_of_numbers(it: Honest) -> Case:
    return sampled(it, keys=[1, 2, 3])


def ordered(it: Honest, *at: int) -> Case:
    """A sample whose commitment, lock and draw stand at these positions."""
    facts: dict[int, dict[str, bytes]] = {10: {"AC-7": ROW}}
    for position, (ref, row) in zip(at, bundles.order_facts().items(), strict=True):
        facts.setdefault(position, {})[ref] = row
    return it.built(bundles.filled_log(facts=facts))


@attack("sample-order samples/SM-1.json")
def sample_committed_to_after_the_lock(it: Honest) -> Case:
    return ordered(it, 21, 20, 22)


@attack("sample-order samples/SM-1.json")
def sample_committed_to_with_the_lock(it: Honest) -> Case:
    return ordered(it, 20, 20, 22)


@attack()
def sample_locked_and_drawn_in_one_act(it: Honest) -> Case:
    return ordered(it, 20, 21, 21)


@attack("sample-order samples/SM-1.json")
def sample_drawn_before_the_lock(it: Honest) -> Case:
    return ordered(it, 20, 22, 21)


@attack()
def sample_whose_order_is_not_disclosed(it: Honest) -> Case:
    """Not knowing is said, and is no finding against it."""
    return it.built(facts={"AC-7": ROW})


@attack()
def sample_by_the_derived_rule(it: Honest) -> Case:
    key_hash = sample()["key_hash"]
    seed = hexed(f"EN-1|CHG-02|{key_hash}")
    drawn = sorted(KEYS, key=lambda key: hexed(f"{seed}|{key}"))[:3]
    return sampled(
        it, rule="derived", engagement="EN-1", nonce=None, commitment=None, seed=seed, n=3, drawn=drawn
    )


@attack()
def sample_in_strata(it: Honest) -> Case:
    return it.built(samples={"SM-1": stratified()})


@attack("sample-drawn samples/SM-1.json")
def sample_in_strata_with_another_allotment(it: Honest) -> Case:
    drawn = stratified()["drawn"]
    return it.built(samples={"SM-1": stratified(drawn=[*drawn[:5], *drawn[6:], "CHG-0036"])})


@attack("sample-keys samples/SM-1.json")
def sample_in_strata_of_other_sizes(it: Honest) -> Case:
    return it.built(samples={"SM-1": stratified(strata={"api": 29, "web": 11})})


@attack("sample-drawn samples/SM-2.json")
def census_with_an_item_left_out(it: Honest) -> Case:
    whole = sample(method="all", n=40, drawn=KEYS)
    return it.built(samples={"SM-1": whole, "SM-2": {**whole, "drawn": KEYS[1:]}})


@attack()
def sample_by_judgement(it: Honest) -> Case:
    """It cannot be drawn again, which is said and is no finding against it."""
    return sampled(it, method="judgemental", drawn=KEYS[:2])


# --- epochs ---

BEGINNING = "entries.ndjson line 9"


def restored(it: Honest, older: bytes | None = None, **changes: Any) -> Case:
    """A bundle of a log that was set back to 281 of its 300 entries."""
    case = it.built(bundles.filled_log().set_back(281, **changes))
    return Case(case.path, None, older)


@attack()
def epoch_without_an_older_checkpoint(it: Honest) -> Case:
    """That a log was set back is said, and is no finding against it: what was lost cannot be shown."""
    return restored(it)


@attack()
def epoch_with_a_checkpoint_from_before_the_restore(it: Honest) -> Case:
    return restored(it, bundles.filled_log().checkpoint(281), last=300)


@attack("epoch-lost ")
def epoch_with_a_checkpoint_of_what_was_lost(it: Honest) -> Case:
    return restored(it, bundles.filled_log().checkpoint(282))


@attack("epoch-lost ")
def epoch_with_a_checkpoint_of_what_is_known_to_be_lost(it: Honest) -> Case:
    return restored(it, bundles.filled_log().checkpoint(300), last=300)


@attack("log-rewritten ")
def epoch_over_a_rewritten_log(it: Honest) -> Case:
    return restored(it, bundles.filled_log(salt="another").checkpoint(200))


@attack("older-signature ")
def epoch_with_a_checkpoint_of_a_false_key(it: Honest) -> Case:
    return restored(it, bundles.filled_log(seed="forged").checkpoint(200))


@attack("epoch-unknown ")
def epoch_that_forgot_an_epoch(it: Honest) -> Case:
    """One backup restored twice: what the first restore led to is gone, and its checkpoint names it."""
    lost = bundles.filled_log(salt="other").set_back(281)
    return restored(it, lost.checkpoint())


@attack("older-other-log ")
def epoch_with_a_checkpoint_of_another_log_of_the_same_key(it: Honest) -> Case:
    return restored(it, bundles.filled_log(name="log.example.com/other").checkpoint(200))


@attack()
def epoch_with_the_key_as_it_was_named_before(it: Honest) -> Case:
    case = restored(it)
    return Case(case.path, str(bundles.signer().verifier))


@attack("key-differs log/vkey")
def key_under_a_name_that_no_epoch_had(it: Honest) -> Case:
    case = restored(it)
    return Case(case.path, str(bundles.signer("log.example.com/other").verifier))


@attack()
def epoch_with_a_new_key(it: Honest) -> Case:
    return restored(it, bundles.filled_log().checkpoint(200), seed="a new key")


@attack("epoch-undisclosed checkpoint")
def epoch_whose_beginning_is_hidden(it: Honest) -> Case:
    log = bundles.filled_log().set_back(281)
    log.epochs = []
    return it.built(log)


@attack(f"epoch-false {BEGINNING}")
def epoch_that_went_on_under_another_name(it: Honest) -> Case:
    return restored(it, origin="log.example.com/tickmark/epoch-2-00000000")


@attack(f"epoch-false {BEGINNING}")
def epoch_that_cites_another_size(it: Honest) -> Case:
    key = bundles.signer()
    before = {"origin": key.name, "vkey": str(key.verifier), "size": 280, "root": "00" * 32}
    return restored(it, before=before)


@attack(f"epoch-false {BEGINNING}")
def epoch_that_cites_another_root(it: Honest) -> Case:
    key = bundles.signer()
    before = {"origin": key.name, "vkey": str(key.verifier), "size": 281, "root": "00" * 32}
    return restored(it, before=before)


@attack(f"epoch-false {BEGINNING}")
def epoch_that_does_not_count_on(it: Honest) -> Case:
    log = bundles.filled_log(name=f"{bundles.ORIGIN}/epoch-2-00000000")
    name = f"{bundles.ORIGIN}/epoch-2-00000001"
    return it.built(log.set_back(281, name=name))


@attack(f"epoch-false {BEGINNING}")
def epoch_that_says_nothing(it: Honest) -> Case:
    return restored(it, reason=None)


def twice(it: Honest, older: bytes) -> Case:
    """Set back to 281, gone on to 290, set back to 285."""
    log = bundles.filled_log().set_back(281)
    while len(log.disclosed) < 290:
        log.add("evidence.accept")
    return Case(it.built(log.set_back(285)).path, None, older)


@attack()
def two_epochs_with_a_checkpoint_of_the_first(it: Honest) -> Case:
    return twice(it, bundles.filled_log().checkpoint(281))


@attack("epoch-lost ")
def two_epochs_with_a_lost_checkpoint_of_the_second(it: Honest) -> Case:
    log = bundles.filled_log().set_back(281)
    for _ in range(6):
        log.add("evidence.accept")
    return twice(it, log.checkpoint(286))


# --- hostile and broken zips ---


def local(name: bytes, data: bytes, *, flags: int = 0, method: int = 0, size: int | None = None) -> bytes:
    """One file as it stands in a zip."""
    crc, length = zlib.crc32(data), len(data) if size is None else size
    return (
        struct.pack(
            "<4s5H3I2H", b"PK\x03\x04", 20, flags, method, 0, 33, crc, len(data), length, len(name), 0
        )
        + name
        + data
    )


def central(
    name: bytes,
    data: bytes,
    at: int,
    *,
    flags: int = 0,
    method: int = 0,
    size: int | None = None,
    mode: int = 0o100644,
) -> bytes:
    """Its line in the directory."""
    crc, length = zlib.crc32(data), len(data) if size is None else size
    fields = (20, 3, 20, flags, method, 0, 33, crc, len(data), length, len(name), 0, 0, 0, 0, mode << 16, at)
    return struct.pack("<4s2B5H3I5H2I", b"PK\x01\x02", *fields[:2], *fields[2:]) + name


def ending(count: int, size: int, at: int, comment: int = 0) -> bytes:
    """The end of a zip."""
    return struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, count, count, size, at, comment)


def zipped(*files: tuple[bytes, bytes], between: bytes = b"", before: bytes = b"", **options: Any) -> bytes:
    """A zip made by hand, hostile where asked."""
    whole, directory = before, b""
    both = {name: options[name] for name in ("flags", "method", "size") if name in options}
    for name, data in files:
        directory += central(name, data, len(whole), **options)
        whole += local(name, data, **both) + between
    return whole + directory + ending(len(files), len(directory), len(whole))


def streamed_zip(files: dict[str, bytes]) -> bytes:
    """A zip as a program writes it that does not know sizes beforehand: data descriptors, folders."""
    whole, directory, count = local(b"log/", b""), central(b"log/", b"", 0, mode=0o40755), 1
    for name, data in files.items():
        pack = zlib.compressobj(9, zlib.DEFLATED, -15)
        packed, crc, raw = pack.compress(data) + pack.flush(), zlib.crc32(data), name.encode()
        sizes = (crc, len(packed), len(data))
        line = (20, 3, 20, 8, 8, 7, 99, *sizes, len(raw), 0, 0, 0, 0, 0o100644 << 16, len(whole))
        directory += struct.pack("<4s2B5H3I5H2I", b"PK\x01\x02", *line) + raw
        whole += struct.pack("<4s5H3I2H", b"PK\x03\x04", 20, 8, 8, 7, 99, 0, 0, 0, len(raw), 0) + raw + packed
        whole += struct.pack("<4s3I", b"PK\x07\x08", *sizes)
        count += 1
    return whole + directory + ending(count, len(directory), len(whole))


@attack("not-a-zip ")
def not_a_zip(it: Honest) -> Case:
    return it.raw(b"%PDF-1.7 something else entirely")


@attack("not-a-zip ")
def empty_file(it: Honest) -> Case:
    return it.raw(b"")


@attack("zip-broken ")
def cut_zip(it: Honest) -> Case:
    return it.raw(it.path.read_bytes()[:-100])


@attack("zip-broken ")
def only_the_beginning_of_a_zip(it: Honest) -> Case:
    return it.raw(b"PK\x03\x04")


@attack("zip-broken ")
def bytes_after_the_zip(it: Honest) -> Case:
    return it.raw(it.path.read_bytes() + b"more")


@attack("zip-broken ")
def bytes_between_the_files(it: Honest) -> Case:
    return it.raw(zipped((b"a", b"1"), (b"b", b"2"), between=b"hidden"))


@attack("zip-broken ")
def files_that_overlap(it: Honest) -> Case:
    whole = local(b"a", b"1")
    directory = central(b"a", b"1", 0) + central(b"a", b"1", 0)
    return it.raw(whole + directory + ending(2, len(directory), len(whole)))


@attack("zip-broken ")
def directory_and_header_disagree(it: Honest) -> Case:
    """The name a careless program unpacks is not the one the directory lists."""
    whole, directory = local(b"evil", b"1"), central(b"good", b"1", 0)
    return it.raw(whole + directory + ending(1, len(directory), len(whole)))


@attack("zip-broken ")
def directory_cut_short(it: Honest) -> Case:
    whole = local(b"a", b"1")
    directory = central(b"a", b"1", 0)[:-1]
    return it.raw(whole + directory + ending(1, len(directory), len(whole)))


@attack("zip-duplicate manifest.json")
def two_files_of_one_name(it: Honest) -> Case:
    return it.raw(zipped((b"manifest.json", b"{}"), (b"manifest.json", b"[]")))


@attack("name-unsafe ../evil")
def path_upwards(it: Honest) -> Case:
    return it.raw(zipped((b"../evil", b"x")))


@attack("name-unsafe /etc/passwd")
def absolute_path(it: Honest) -> Case:
    return it.raw(zipped((b"/etc/passwd", b"x")))


@attack("name-unsafe C:/evil")
def path_with_a_drive(it: Honest) -> Case:
    return it.raw(zipped((b"C:/evil", b"x")))


@attack("name-unsafe a\\b")
def path_with_a_backslash(it: Honest) -> Case:
    return it.raw(zipped((b"a\\b", b"x")))


@attack("name-unsafe a?.txt")
def name_with_a_null_byte(it: Honest) -> Case:
    return it.raw(zipped((b"a\0.txt", b"x")))


@attack("name-unsafe caf??/..")
def name_in_another_alphabet(it: Honest) -> Case:
    return it.raw(zipped(("caf\u00e9\U0001f510/..".encode(), b"x"), flags=0x800))


@attack("name-unsafe 636166e9")
def name_in_no_alphabet(it: Honest) -> Case:
    return it.raw(zipped((b"caf\xe9", b"x"), flags=0x800))


@attack("name-unsafe link")
def symbolic_link(it: Honest) -> Case:
    return it.raw(zipped((b"link", b"/etc/passwd"), mode=0o120777))


@attack("zip-bomb ")
def bomb_by_its_own_words(it: Honest) -> Case:
    return it.raw(zipped((b"zeros", b"x" * 100), method=8, size=3 << 30))


@attack(
    "manifest-missing manifest.json",
    "manifest-entry-missing manifest.entry",
    "proof-missing manifest.proof",
    "checkpoint-missing checkpoint",
    "key-missing log/vkey",
)
def bomb_that_lies(it: Honest) -> Case:
    """It says 10 bytes and unpacks to 30 MB: reading stops there, and the file counts as unreadable."""
    pack = zlib.compressobj(9, zlib.DEFLATED, -15)
    return it.raw(zipped((b"zeros", pack.compress(bytes(30 << 20)) + pack.flush()), method=8, size=10))


@attack("zip-unsupported ")
def encrypted_zip(it: Honest) -> Case:
    return it.raw(zipped((b"a", b"x"), flags=1))


@attack("zip-unsupported ")
def unknown_packing(it: Honest) -> Case:
    return it.raw(zipped((b"a", b"x"), method=99))


@attack(
    "manifest-missing manifest.json",
    "manifest-entry-missing manifest.entry",
    "proof-missing manifest.proof",
    "checkpoint-missing checkpoint",
    "key-missing log/vkey",
)
def empty_zip(it: Honest) -> Case:
    return it.raw(ending(0, 0, 0))


# -- lists: an action on many rows cites one file that lists them ------------------------------------------------------

LISTED = {ref: rfc8785.dumps({"ref": ref, "note": "one of many"}) for ref in ("EV-8", "EV-9")}
SHEET = b"one of many files\n"
LINES = b"".join(
    rfc8785.dumps(line) + b"\n"
    for line in [*({"ref": ref, "sha256": hexed(row)} for ref, row in LISTED.items()), {"file": hexed(SHEET)}]
)
CITED = f"files/{hexed(LINES)}/cited.ndjson"
SHEETS = f"files/{hexed(SHEET)}/sheet.txt"


def of_many(it: Honest, facts: list[dict[str, str]], lists: list[tuple[str, str, bytes]]) -> Case:
    """A bundle with an entry that wrote many rows, citing `facts`, and with these files beside the usual ones."""
    log = bundles.filled_log()
    many = log.add("evidence.file_many", facts=facts, files=[hexed(LINES)])
    kept = [(hexed(SCREENSHOT), "settings.png", SCREENSHOT), (hexed(SHEET), "sheet.txt", SHEET), *lists]
    entries = [log.disclosed[at] for at in bundles.DISCLOSED]
    rows = {"AC-7": ROW, **bundles.order_facts(), **LISTED}
    return it.built(log, entries=[*entries, many], facts=rows, kept=kept)


AS_LIST = [{"ref": "list", "sha256": hexed(LINES)}]
UNHEARD = [*(f"fact-not-vouched facts/{ref}.json" for ref in LISTED), f"evidence-not-vouched {SHEETS}"]


@attack()
def honest_with_a_list_of_many(it: Honest) -> Case:
    return of_many(it, AS_LIST, [(hexed(LINES), "cited.ndjson", LINES)])


@attack(*UNHEARD)
def list_left_out(it: Honest) -> Case:
    return of_many(it, AS_LIST, [])


@attack(*UNHEARD)
def list_that_is_only_an_evidence_file(it: Honest) -> Case:
    """Anybody can file a document of that name: it vouches for nothing."""
    return of_many(it, [], [(hexed(LINES), "cited.ndjson", LINES)])


@attack(f"file-changed {CITED}", f"evidence-misnamed {CITED}", f"evidence-not-vouched {CITED}", *UNHEARD)
def list_with_a_line_changed(it: Honest) -> Case:
    case = of_many(it, AS_LIST, [(hexed(LINES), "cited.ndjson", LINES)])
    files = bundles.unpacked(case.path)
    forged = files[CITED].replace(b"EV-9", b"EV-7")
    return Case(bundles.pack(it.room / "forged.zip", {**files, CITED: forged}))
