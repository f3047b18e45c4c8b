"""What a backup and a restore cost beside a plain copy that hashes and syncs the same bytes.

    python bench/backup.py [FILES] [MIB]      (default 300 files that hold 600 MiB together, and 3,000 entries)

The books are shaped like large ones: nearly all bytes are in files. Backup (which reads everything again at its end),
restore and the copy are each run on the same bytes in one process; the copy reads, hashes, writes, syncs, and reads
again, as a careful script would. The ratio is what counts.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

PIECE = 1 << 20
MOST = 2.0


def main(count: int, mib: int) -> int:
    """Measure, print, and say by the exit code whether the aim is met."""
    with tempfile.TemporaryDirectory(prefix="tickmark-bench-") as room:
        home = Path(room) / "home"
        _books(home, count, mib)
        from tickmark.kernel.recovery.backup import back_up
        from tickmark.kernel.recovery.examine import examine

        def backup() -> None:
            archive = back_up(Path(room) / "archive")
            if list(examine(archive)):
                raise SystemExit("The archive does not hold.")

        plain = _timed(lambda: _copy(home / "files", Path(room) / "copy"))
        taken = _timed(backup)
        shutil.rmtree(Path(room) / "copy")
        again = _timed(lambda: _copy(home / "files", Path(room) / "copy"))
        back = _timed(lambda: _restore(Path(room) / "archive", Path(room) / "other", home / "secrets"))
        best = min(plain, again)
        for name, seconds in (("plain copy", best), ("backup", taken), ("restore", back)):
            print(f"{name:<12} {seconds:6.1f} s  {mib / seconds:7.0f} MiB/s  ratio {seconds / best:.2f}")
    return 0 if taken / best <= MOST else 1


def _books(home: Path, count: int, mib: int) -> None:
    os.environ |= {"TICKMARK_HOME": str(home), "DJANGO_SETTINGS_MODULE": "tickmark.settings"}
    os.environ.pop("TICKMARK_FILES", None)
    os.environ.pop("TICKMARK_DATABASE", None)
    from tickmark.cli.serving import prepare

    prepare()
    from tickmark.kernel import clock, files
    from tickmark.kernel.ledger.entry import Entry
    from tickmark.kernel.ledger.seal import seal

    kept = [files.keep(secrets.token_bytes(mib * PIECE // count)).sha256 for _ in range(count)]
    row = {"verb": "bench.keep", "actor": "job:bench", "actor_kind": "job", "side": "", "subject": ""}
    Entry.objects.bulk_create(
        Entry(**row, arguments={}, facts=[], files=[sha256], recorded_at=clock.now()) for sha256 in kept * 10
    )
    seal()


def _copy(source: Path, target: Path) -> None:
    """Read, hash and write each file, sync all, then read and hash it again from the disk."""
    digests = {}
    for path in sorted(path for path in source.rglob("*") if path.is_file()):
        place, hasher = target / path.relative_to(source), hashlib.sha256()
        place.parent.mkdir(parents=True, exist_ok=True)
        with path.open("rb") as reading, place.open("wb") as writing:
            while piece := reading.read(PIECE):
                hasher.update(piece)
                writing.write(piece)
        digests[place] = hasher.hexdigest()
    os.sync()
    for place, digest in digests.items():
        with place.open("rb") as reading:
            os.posix_fadvise(reading.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            if hashlib.file_digest(reading, "sha256").hexdigest() != digest:
                raise SystemExit(f"{place} was not copied.")


def _restore(archive: Path, home: Path, kept: Path) -> None:
    """In a process of its own: settings belong to one home."""
    environment = {**os.environ, "TICKMARK_HOME": str(home)}
    words = [sys.executable, "-m", "tickmark", "restore", str(archive), "--secrets", str(kept)]
    subprocess.run(words, env=environment, check=True, stdout=subprocess.DEVNULL)


def _timed(work: Callable[[], None]) -> float:
    start = time.monotonic()
    work()
    return time.monotonic() - start


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    raise SystemExit(main(*(given or [300, 600])))
