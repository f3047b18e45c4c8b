"""Secrets of this installation: made once, kept in the home with mode 0600, never in the books."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
from pathlib import Path

from cryptography.fernet import Fernet

from tickmark.kernel.errors import Refused


def keep(name: str, home: Path, *, size: int = 48) -> str:
    """The secret called `name`, made on first use as URL-safe text of `size` random bytes."""
    return keep_bytes(name, home, secrets.token_urlsafe(size).encode()).decode()


def given(name: str, home: Path) -> str:
    """A secret that the operator laid into the home's folder of secrets; empty if there is none.

    Raises Refused for a file that others on this machine may read.
    """
    path = home / "secrets" / name
    if not path.exists():
        return ""
    if path.stat().st_mode & 0o077:
        raise Refused(
            f"The file {path} can be read by others on this machine.",
            "It holds a secret.",
            f"chmod 600 {path}",
        )
    return path.read_text(encoding="utf-8").strip()


def keep_bytes(name: str, home: Path, fresh: bytes) -> bytes:
    """The secret called `name`; `fresh` becomes it if there is none yet.

    Two processes that start together agree: the file is created exclusively and the loser reads the winner's.
    """
    folder = home / "secrets"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / name
    if not path.exists():
        _create(path, fresh)
    return path.read_bytes()


def derived(purpose: str, home: Path, context: str = "") -> bytes:
    """32 bytes for one purpose that follow from the home's first secret, and that nobody finds without it.

    What is derived need not be kept: nothing is left behind by a call that failed, nothing stands in the books, and
    every host that was given the folder of secrets derives the same.
    """
    return hmac.digest(
        keep("django", home).encode(), f"tickmark {purpose} {context}".encode(), hashlib.sha256
    )


def sealed(text: str, home: Path) -> str:
    """A text that waits in the books for its job and that only this home can read."""
    return _envelopes(home).encrypt(text.encode()).decode()


def opened(text: str, home: Path) -> str:
    """The text that `sealed` closed."""
    return _envelopes(home).decrypt(text.encode()).decode()


def _envelopes(home: Path) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(derived("envelopes", home)))


def _create(path: Path, content: bytes) -> None:
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
