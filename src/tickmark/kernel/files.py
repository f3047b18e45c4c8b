"""Files by their SHA-256: kept once, create-only, synced before anyone is told.

The store is a folder of the home or any place that obstore knows (`TICKMARK_FILES`). A place that does not answer is
asked again for seconds, never for minutes: whoever waits is told. A file is kept before the action that cites it, so a
refused action or a crash leaves an uncited one behind; it is harmless, and sending it again finds it there.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from django.conf import settings

from tickmark.kernel import faults
from tickmark.kernel.errors import Conflict, Invalid, NotFound, Unavailable
from tickmark.kernel.later import Later

if TYPE_CHECKING:
    import obstore
else:
    obstore = Later("obstore")

CHUNK = 1 << 20
HEAD = 4096
"""First bytes that are remembered of a file that is kept: enough to see what it is, without reading it again."""
SYNCING = 8
"""How many files of a bulk are written at a time: a disk takes several syncs in one go."""
Source = bytes | Path | IO[bytes]
PATIENCE = 15
"""Seconds for one answer of a store by address, and for all its repeats together; a large file gets more."""
PIECE = 8 << 20
HASTE = 3
SLOWEST = 1 << 20
"""Bytes a second that a store by address must take or give before it counts as hanging."""
_DIGEST = re.compile(r"[0-9a-f]{64}")
_looking: ContextVar[bool] = ContextVar("looking", default=False)


@dataclass(frozen=True)
class Kept:
    """A file in the store: hex SHA-256, size in bytes, and its first bytes."""

    sha256: str
    size: int
    head: bytes = field(default=b"", compare=False, repr=False)


@contextmanager
def looking_only() -> Iterator[None]:
    """Within, `keep` tells a file and keeps none: for what is tried and undone."""
    token = _looking.set(True)
    try:
        yield
    finally:
        _looking.reset(token)


def keep(source: Source, *, empty: bool = False) -> Kept:
    """Keep a file; it is on stable storage when this returns.

    Raises Invalid for a file of 0 bytes unless `empty`, Unavailable when the store does not take it.
    """
    if _looking.get():
        return examine(source)
    draft = _draft_folder() / f".draft-{os.getpid()}-{secrets.token_hex(8)}"
    try:
        kept = _write(draft, _chunks(source))
        if not kept.size and not empty:
            raise Invalid(
                "The file is empty.", "It has 0 bytes.", "Check the export and send the file again.", "file"
            )
        _place(draft, kept)
        return kept
    except OSError as error:
        raise _not_kept(error) from error
    finally:
        draft.unlink(missing_ok=True)


def keep_many(sources: Sequence[Source]) -> list[Kept]:
    """Keep many files with one sync of each folder; all are on stable storage when this returns.

    A file of 0 bytes is told by its size and not kept: its caller names it. Raises Unavailable when the store does not
    take one; what was placed by then stays there as files that no record cites, and is found again when they are sent
    again.
    """
    room, mark = _draft_folder(), f".draft-{os.getpid()}-{secrets.token_hex(8)}"
    drafts = [room / f"{mark}-{number}" for number in range(len(sources))]
    try:
        with ThreadPoolExecutor(SYNCING) as pool:
            kept = list(pool.map(lambda draft, source: _write(draft, _chunks(source)), drafts, sources))
            whole = [(draft, one) for draft, one in zip(drafts, kept, strict=True) if one.size]
            touched = set(pool.map(lambda pair: _link(*pair), whole))
        for folder in {place for one in touched if one for place in (one, one.parent)}:
            _sync(folder)
        return kept
    except OSError as error:
        raise _not_kept(error) from error
    finally:
        for draft in drafts:
            draft.unlink(missing_ok=True)


def examine(source: Source) -> Kept:
    """What `keep` would say of a file, without keeping it."""
    hasher, size, head = hashlib.sha256(), 0, b""
    for chunk in _chunks(source):
        hasher.update(chunk)
        size += len(chunk)
        head = head or chunk[:HEAD]
    return Kept(hasher.hexdigest(), size, head)


def _not_kept(error: OSError) -> Unavailable:
    full = error.errno in faults.FULL
    remedy = "Free some space and try again." if full else "Check the folder of TICKMARK_FILES and try again."
    return Unavailable("The file was not kept.", f"The store said: {error.strerror or error}.", remedy)


def read(sha256: str) -> bytes:
    """The whole content, checked. Raises NotFound, or Conflict if the bytes were changed."""
    with local(sha256) as path:
        return path.read_bytes()


def changed(sha256: str) -> Conflict:
    """The error for a stored file whose bytes no longer match its digest."""
    what = f"The file {sha256[:12]} was changed on disk."
    return Conflict(what, "Its digest no longer fits.", "Restore it from a backup.")


@contextmanager
def local(sha256: str) -> Iterator[Path]:
    """The file as a path on this machine, its bytes checked; a remote one is fetched first.

    Raises NotFound, or Conflict if the bytes were changed.
    """
    folder = _folder()
    if folder is not None:
        path = folder / _key(sha256)
        _check(path, sha256)
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="tickmark-") as room:
        path = Path(room) / sha256
        _fetch(sha256, path)
        _check(path, sha256)
        yield path


def _check(path: Path, sha256: str) -> None:
    try:
        found = digest(path)
    except FileNotFoundError:
        raise missing(sha256) from None
    if found != sha256:
        raise changed(sha256)


def missing(sha256: str) -> NotFound:
    """The error for a file that the books cite and the store does not have."""
    what = f"The file {sha256[:12]} is not in the store."
    return NotFound(what, "It was removed or never arrived.", "Restore it from a backup.")


def exists(sha256: str) -> bool:
    """Whether the store has the file."""
    folder = _folder()
    if folder is not None:
        return (folder / _key(sha256)).exists()
    try:
        obstore.head(_store(), _key(sha256))
    except (obstore.exceptions.NotFoundError, FileNotFoundError):
        return False
    except obstore.exceptions.BaseError as error:
        raise silent(error) from error
    return True


def listing() -> Iterator[Kept]:
    """Every file in the store, in no order; what has not the name of a digest is none of them."""
    place = _folder()
    found = (
        _listed()
        if place is None
        else ((one, one.stat().st_size) for one in place.glob("[0-9a-f][0-9a-f]/*"))
    )
    for path, size in found:
        if _DIGEST.fullmatch(path.name) and path.parent.name == path.name[:2]:
            yield Kept(path.name, size)


def _listed() -> Iterator[tuple[Path, int]]:
    try:
        for page in obstore.list(_store()):
            yield from ((Path(one["path"]), int(one["size"])) for one in page)
    except obstore.exceptions.BaseError as error:
        raise silent(error) from error


def drafts() -> list[Path]:
    """What writers left in a folder store that were killed before a file had its name."""
    place = _folder()
    return sorted(place.glob(".draft-*")) if place else []


def pieces(sha256: str) -> Iterator[bytes]:
    """The content as the store gives it, unchecked, piece by piece: whoever reads it takes the digest on the way.

    Raises NotFound, or Unavailable if a store by address does not answer.
    """
    place = _folder()
    try:
        yield from _ranges(sha256) if place is None else _chunks(place / _key(sha256))
    except (obstore.exceptions.NotFoundError, FileNotFoundError):
        raise missing(sha256) from None
    except obstore.exceptions.BaseError as error:
        raise silent(error) from error


def _ranges(sha256: str) -> Iterator[bytes]:
    """A remote file in pieces, so that a large one is no reason to wait long for a silent store."""
    size = obstore.head(_store(), _key(sha256))["size"]
    for start in range(0, size, PIECE):
        end = min(start + PIECE, size)
        yield bytes(obstore.get_range(_store(PIECE), _key(sha256), start=start, end=end))


def digest(path: Path) -> str:
    """SHA-256 of a file on disk, hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _key(sha256: str) -> str:
    if not _DIGEST.fullmatch(sha256):  # it becomes a path: nothing but a digest may
        raise missing(sha256)
    return f"{sha256[:2]}/{sha256}"


def _folder() -> Path | None:
    parts = urlsplit(settings.FILES_URL)
    return Path(unquote(parts.path)) if parts.scheme == "file" else None


def _draft_folder() -> Path:
    folder = _folder() or Path(tempfile.gettempdir())
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@lru_cache(maxsize=32)
def _open_store(url: str, seconds: int) -> Any:
    local = urlsplit(url).scheme in ("file", "memory")
    return obstore.store.from_url(url) if local else _open_remote(url, seconds)


def _open_remote(url: str, seconds: int) -> Any:
    own = os.environ.get("AWS_ENDPOINT_URL", os.environ.get("AWS_ENDPOINT", "")).startswith("http://")
    limit = timedelta(seconds=seconds)
    options: Any = {
        "client_options": {"timeout": limit, "connect_timeout": timedelta(seconds=5), "allow_http": own},
        "retry_config": {"max_retries": 3, "retry_timeout": limit},
    }
    if urlsplit(url).scheme in ("s3", "s3a"):
        # Nothing comes into a bucket with a default retention unless its checksum comes with it.
        options["config"] = {"checksum_algorithm": "SHA256"}
    return obstore.store.from_url(url, **options)


def _store(size: int = 0) -> Any:
    """The store by address, with as much patience as a file of this size needs at the slowest."""
    return _open_store(settings.FILES_URL, PATIENCE * (1 + size // (PATIENCE * SLOWEST)))


def silent(error: Exception) -> Unavailable:
    """The error for a store by address that does not answer, or refuses."""
    first = str(error).strip().split("\n")[0][:200]
    return Unavailable(
        "The store of files does not answer.",
        f"It said: {first}.",
        "Try again in a minute; /healthz says when it is back.",
    )


def _chunks(source: Source) -> Iterable[bytes]:
    if isinstance(source, bytes):
        yield source
        return
    stream = source.open("rb") if isinstance(source, Path) else source
    try:
        while chunk := stream.read(CHUNK):
            yield chunk
    finally:
        if isinstance(source, Path):
            stream.close()


def _write(draft: Path, chunks: Iterable[bytes]) -> Kept:
    hasher, size, head = hashlib.sha256(), 0, b""
    with draft.open("xb") as stream:
        for chunk in chunks:
            hasher.update(chunk)
            size += len(chunk)
            head = head or chunk[:HEAD]
            stream.write(chunk)
        stream.flush()
        os.fchmod(stream.fileno(), 0o440)
        os.fsync(stream.fileno())
    return Kept(hasher.hexdigest(), size, head)


def _place(draft: Path, kept: Kept) -> None:
    placed = _link(draft, kept)
    for folder in (placed, placed.parent) if placed else ():
        _sync(folder)


def _link(draft: Path, kept: Kept) -> Path | None:
    """Put a written draft under its digest; gives the folder that is to be synced, None for a store that is none."""
    folder = _folder()
    if folder is None:
        _put(draft, kept)
        return None
    target = folder / _key(kept.sha256)
    target.parent.mkdir(exist_ok=True)
    try:
        os.link(draft, target)
    except FileExistsError:
        if digest(target) != kept.sha256:
            raise changed(kept.sha256) from None
    return target.parent


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _put(draft: Path, kept: Kept) -> None:
    try:
        obstore.put(_store(kept.size), _key(kept.sha256), draft, mode="create")
    except obstore.exceptions.AlreadyExistsError:
        pass
    except obstore.exceptions.BaseError as error:
        raise silent(error) from error


def _fetch(sha256: str, target: Path) -> None:
    with target.open("wb") as stream:
        for piece in pieces(sha256):
            stream.write(piece)


def ready() -> None:
    """Raise Unavailable unless the store answers at this moment; asked in passing, so with little patience."""
    place = _folder()
    if place is not None:
        if place.exists() and not os.access(place, os.W_OK):
            raise Unavailable("The store of files cannot be written.", "Its folder is read-only.", "Mend it.")
        return
    try:
        obstore.head(_open_store(settings.FILES_URL, HASTE), _key("0" * 64))
    except (obstore.exceptions.NotFoundError, FileNotFoundError):
        return
    except obstore.exceptions.BaseError as error:
        raise silent(error) from error


def folder() -> Path | None:
    """The folder in which files lie, or None where they lie in a store by address."""
    return _folder()


def objects() -> Any:
    """The store by address for what lies beside the files, or None where the files lie in a folder."""
    return None if _folder() is not None else _store()


def copy_out(sha256: str, target: Path) -> None:
    """Copy a kept file to a path outside of the store, checked."""
    with local(sha256) as path:
        shutil.copyfile(path, target)
    _check(target, sha256)
