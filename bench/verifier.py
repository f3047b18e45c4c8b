"""What the stand-alone verifier costs on a large log, beside a bare loop over the same number of hashes.

    python bench/verifier.py [LEAVES] [DISCLOSED]        (default 1,000,000 leaves, 10,000 disclosed entries)

Builds a log in bulk and a bundle of it in a folder of its own, runs verify.py on it as an auditor would, then
hashes as many pairs in a bare hashlib loop; prints seconds, peak memory, their ratio and the limits.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from hashlib import sha256
from pathlib import Path

import rfc8785

from tickmark.kernel.ledger import bundle, tiles, verify
from tickmark.kernel.ledger.note import Checkpoint, Signer
from tickmark.kernel.ledger.proof import Proof
from tickmark.kernel.ledger.tree import leaf_hash

PEAK = """
import runpy, sys
sys.argv = sys.argv[1:]
try:
    runpy.run_path(sys.argv[0], run_name="__main__")
except SystemExit as end:
    if end.code:
        raise
print(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")), file=sys.stderr)
"""
"""Runs a script and ends with the most memory it held; the parent's own would spoil what the system reports."""
MOST_SECONDS, MOST_MEGABYTES = 60, 500
BARE = """
import sys
from hashlib import sha256
left = right = bytes(32)
for _ in range(int(sys.argv[1])):
    left = sha256(b"\\x01" + left + right).digest()
"""


def entry(position: int, files: list[str] | None = None, verb: str = "evidence.accept") -> bundle.Disclosed:
    """An entry of ordinary size."""
    body = {
        "uid": f"00000000-0000-4000-8000-{position:012d}",
        "verb": verb,
        "actor": "US-2",
        "actor_kind": "user",
        "side": "company",
        "subject": f"EV-{position}",
        "arguments": {"note": "Complete and of the right period.", "evidence": f"EV-{position}"},
        "facts": [{"ref": f"AC-{position}", "sha256": sha256(b"%d" % position).hexdigest()}],
        "files": files or [],
        "recorded_at": "2026-11-15T10:00:00+00:00",
    }
    return bundle.Disclosed(position, sha256(b"salt %d" % position).hexdigest(), body)


def leaf_of(one: bundle.Disclosed) -> bytes:
    """The leaf hash of an entry."""
    return leaf_hash(sha256(bytes.fromhex(one.salt) + rfc8785.dumps(dict(one.entry))).digest())


def write_bundle(target: Path, leaves: int, disclosed: int) -> tuple[str, bytes]:
    """A bundle of a log of `leaves`; gives the verifier key and a checkpoint at half its size."""
    signer, store = Signer.generate("bench.example.com/log"), tiles.Folder(target.parent / "log")
    step = max(1, leaves // max(1, disclosed))
    shown = {at: entry(at) for at in range(0, leaves - 1, step)}
    files = bundle.contents(vkey=str(signer.verifier), entries=shown.values())
    listed = bundle.manifest(origin=signer.name, created="2026-11-16T09:00:00Z", subject="bench", files=files)
    last = entry(leaves - 1, [bundle.digest(listed)], bundle.SEALING_VERB)
    shown[leaves - 1] = last
    hashes = [leaf_of(shown[at]) if at in shown else sha256(b"%d" % at).digest() for at in range(leaves)]
    write_tiles(store, hashes)
    log = tiles.Tiles(store, leaves)
    checkpoint = Checkpoint(signer.name, leaves, log.root()).signed(signer)
    proof = Proof(leaves - 1, tuple(log.inclusion(leaves - 1)), checkpoint)
    bundle.write_bundle(
        target,
        manifest=listed,
        files=files,
        entry=last,
        proof=proof,
        checkpoint=checkpoint,
        tiles=store,
        size=leaves,
    )
    return str(signer.verifier), Checkpoint(signer.name, leaves // 2, log.root(leaves // 2)).signed(signer)


def write_tiles(store: tiles.Folder, hashes: list[bytes]) -> None:
    """The tiles of the whole log, without the sync of each that a real seal makes."""

    class Quick:
        read = staticmethod(store.read)

        @staticmethod
        def write(path: str, data: bytes) -> None:
            target = store.path / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)

    tiles.append_hashes(Quick(), 0, hashes)


def measured(script: str, *arguments: str) -> tuple[float, float, str]:
    """Seconds, peak megabytes and output of a script in a Python of its own."""
    begun = time.monotonic()
    command = [sys.executable, "-I", "-S", "-c", PEAK, script, *arguments]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    if run.returncode:
        raise SystemExit(f"The run failed:\n{run.stdout}{run.stderr}")
    return time.monotonic() - begun, int(run.stderr.split()[-2]) / 1024, run.stdout


def main() -> int:
    """Build, verify, compare."""
    leaves = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    disclosed = int(sys.argv[2]) if len(sys.argv) > 2 else 10_000
    with tempfile.TemporaryDirectory(prefix="tickmark-bench-") as room:
        target, older = Path(room) / "bundle.zip", Path(room) / "older"
        key, note = write_bundle(target, leaves, disclosed)
        older.write_bytes(note)
        script, loop = str(Path(verify.__file__)), Path(room) / "bare.py"
        loop.write_text(BARE)
        seconds, megabytes, output = measured(script, str(target), "--key", key, "--checkpoint", str(older))
        bare, bare_megabytes, _ = measured(str(loop), str(leaves - 1))
        size = target.stat().st_size / (1 << 20)
    print(output.strip().rsplit("\n", 1)[-1])
    print(f"leaves {leaves:,}, disclosed entries {disclosed:,}, bundle {size:.0f} MB")
    print(
        f"verify.py   {seconds:6.1f} s (limit {MOST_SECONDS})   {megabytes:5.0f} MB (limit {MOST_MEGABYTES})"
    )
    print(f"bare hashes {bare:6.1f} s                {bare_megabytes:5.0f} MB   ratio {seconds / bare:.1f}")
    return 0 if seconds <= MOST_SECONDS and megabytes <= MOST_MEGABYTES else 1


if __name__ == "__main__":
    sys.exit(main())
