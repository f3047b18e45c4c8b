"""Files are kept once under their digest, and what was changed on disk is never given out."""

from __future__ import annotations

import base64
import errno
import hashlib
import io
import os

import pytest

from tests.listening import outside
from tickmark.kernel import files
from tickmark.kernel.errors import Conflict, Invalid, NotFound, Unavailable
from tickmark.kernel.files import Kept

CONTENT = b"quarter,reviewer\nQ2,ada\n"
DIGEST = hashlib.sha256(CONTENT).hexdigest()


def stored(settings):
    return sorted(
        path.relative_to(settings.HOME / "files").as_posix()
        for path in (settings.HOME / "files").rglob("*")
        if path.is_file()
    )


def where(settings, sha256=DIGEST):
    return settings.HOME / "files" / sha256[:2] / sha256


@pytest.mark.parametrize("form", ["bytes", "path", "stream"])
def test_a_file_is_kept_under_its_digest(settings, tmp_path, form):
    path = tmp_path / "review.csv"
    path.write_bytes(CONTENT)
    source = {"bytes": CONTENT, "path": path, "stream": io.BytesIO(CONTENT)}[form]
    assert files.keep(source) == Kept(DIGEST, len(CONTENT))
    assert files.read(DIGEST) == CONTENT
    assert stored(settings) == [f"{DIGEST[:2]}/{DIGEST}"]
    assert where(settings).stat().st_mode & 0o777 == 0o440


def test_the_same_content_is_kept_once(settings):
    before = files.keep(CONTENT)
    inode = where(settings).stat().st_ino
    assert files.keep(CONTENT) == before
    assert (where(settings).stat().st_ino, len(stored(settings))) == (inode, 1)


def test_a_large_file_comes_in_pieces(settings):
    content = os.urandom(3 * files.CHUNK + 17)
    kept = files.keep(io.BytesIO(content))
    assert (
        kept == Kept(hashlib.sha256(content).hexdigest(), len(content)) and files.read(kept.sha256) == content
    )


def test_an_empty_file_is_refused_unless_it_is_meant(settings):
    with pytest.raises(Invalid) as refused:
        files.keep(b"")
    assert (refused.value.what, refused.value.field, stored(settings)) == ("The file is empty.", "file", [])
    assert files.keep(b"", empty=True).size == 0


def test_a_changed_file_is_detected_by_every_reader_and_by_who_sends_it_again(settings, tmp_path):
    files.keep(CONTENT)
    where(settings).chmod(0o640)
    where(settings).write_bytes(CONTENT.replace(b"ada", b"bob"))
    readers = [
        lambda: files.read(DIGEST),
        lambda: files.local(DIGEST).__enter__(),
        lambda: files.copy_out(DIGEST, tmp_path / "copy"),
        lambda: files.keep(CONTENT),
    ]
    for reader in readers:
        with pytest.raises(Conflict, match="was changed on disk"):
            reader()


def test_a_missing_file_says_so(settings, tmp_path):
    for reader in (
        files.read,
        lambda digest: files.local(digest).__enter__(),
        lambda digest: files.copy_out(digest, tmp_path / "x"),
    ):
        with pytest.raises(NotFound, match="is not in the store"):
            reader(DIGEST)
    assert files.exists(DIGEST) is False
    files.keep(CONTENT)
    assert files.exists(DIGEST) is True


@pytest.mark.parametrize(
    "name", ["", "../../etc/passwd", "x" * 64, f"{DIGEST}/..", DIGEST.upper(), f"{DIGEST}\n"]
)
def test_what_is_no_digest_is_no_path(settings, name):
    with pytest.raises(NotFound):
        files.read(name)


def test_a_copy_is_the_file(settings, tmp_path):
    files.keep(CONTENT)
    files.copy_out(DIGEST, tmp_path / "copy.csv")
    assert (tmp_path / "copy.csv").read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("code", "remedy"),
    [
        (errno.ENOSPC, "Free some space and try again."),
        (errno.EROFS, "Check the folder of TICKMARK_FILES and try again."),
    ],
)
@pytest.mark.parametrize("step", ["fsync", "link"])
def test_a_store_that_fails_keeps_nothing_and_says_why(settings, monkeypatch, code, remedy, step):
    def fail(*_):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(files.os, step, fail)
    with pytest.raises(Unavailable) as failed:
        files.keep(CONTENT)
    assert (failed.value.what, failed.value.remedy) == ("The file was not kept.", remedy)
    assert os.strerror(code) in failed.value.why
    assert stored(settings) == []


def test_it_is_on_stable_storage_before_anybody_is_told(settings, monkeypatch):
    events: list[str] = []
    real_fsync, real_link = os.fsync, os.link
    monkeypatch.setattr(files.os, "fsync", lambda handle: (events.append("sync"), real_fsync(handle))[1])
    monkeypatch.setattr(files.os, "link", lambda *paths: (events.append("link"), real_link(*paths))[1])
    files.keep(CONTENT)
    assert events == ["sync", "link", "sync", "sync"]


def test_a_store_by_address_keeps_and_gives_back_the_same(settings, tmp_path, monkeypatch):
    """Memory stands for any place that obstore knows: what is not a folder is reached by address alone."""
    from obstore.store import MemoryStore

    place = MemoryStore()
    settings.FILES_URL = "memory:///"
    monkeypatch.setattr(files, "_store", lambda *_: place)
    assert files.keep(CONTENT) == files.keep(CONTENT) == Kept(DIGEST, len(CONTENT))
    assert (files.exists(DIGEST), files.read(DIGEST)) == (True, CONTENT)
    assert files.exists("0" * 64) is False
    with pytest.raises(NotFound):
        files.read("0" * 64)


def test_a_changed_file_of_a_store_by_address_is_detected(settings, monkeypatch):
    import obstore
    from obstore.store import MemoryStore

    place = MemoryStore()
    settings.FILES_URL = "memory:///"
    monkeypatch.setattr(files, "_store", lambda *_: place)
    obstore.put(place, f"{DIGEST[:2]}/{DIGEST}", b"something else")
    with pytest.raises(Conflict, match="was changed on disk"):
        files.read(DIGEST)


def test_what_goes_to_s3_carries_its_checksum_and_replaces_nothing(settings, monkeypatch):
    """A bucket with a default retention refuses what comes without a checksum; a name that is taken stays."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"):
        monkeypatch.setenv(name, "test")
    settings.FILES_URL = "s3://bucket/files"
    with outside() as there:
        there.answers = [(200, {"ETag": '"x"'}, b"")]
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{there.port}")
        files._open_store.cache_clear()
        files.keep(CONTENT)
        files._open_store.cache_clear()
    ((_, sent, body),) = there.came
    checksum = base64.b64encode(bytes.fromhex(DIGEST)).decode()
    assert (sent["x-amz-checksum-sha256"], sent["if-none-match"], body) == (checksum, "*", CONTENT)
