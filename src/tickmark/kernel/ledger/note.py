"""Signed notes and checkpoints: C2SP signed-note and tlog-checkpoint, Ed25519 only (decision 006).

A checkpoint is a note whose text is: origin, size, base64 root, then optional extension lines. The key's
name is the log's origin.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from tickmark.kernel.errors import Invalid
from tickmark.kernel.ledger.tree import HASH_SIZE

ED25519 = b"\x01"
DASH = "\u2014"
LONGEST_NOTE = 1 << 20
MOST_SIGNATURES = 100


def _bad(what: str, why: str) -> Invalid:
    return Invalid(what, why, "Take the text from the log itself, byte for byte.")


def key_id(name: str, public: bytes) -> bytes:
    """The four bytes that name a key beside its name."""
    return sha256(name.encode() + b"\n" + ED25519 + public).digest()[:4]


def check_name(name: str) -> str:
    """The name back, if a key (and so an origin) may have it: no space, no plus, no control character."""
    if not name or "+" in name or any(sign.isspace() or ord(sign) < 32 for sign in name):
        raise Invalid(
            f"{name!r} cannot name a log.",
            "A key's name has no spaces and no plus sign.",
            "Choose something like example.com/tickmark.",
        )
    return name


def decode64(text: str, what: str) -> bytes:
    """Standard base64, in its one canonical spelling."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise _bad(f"{what} cannot be read.", "It is not base64.") from None
    if base64.b64encode(data).decode() != text:
        raise _bad(f"{what} cannot be read.", "It is not spelled as base64 is.")
    return data


def encode64(data: bytes) -> str:
    """Standard base64 as text."""
    return base64.b64encode(data).decode()


@dataclass(frozen=True)
class Verifier:
    """The public half of a log's key; as text `name+hash+base64`."""

    name: str
    public: bytes

    @classmethod
    def parse(cls, vkey: str) -> Verifier:
        """Read a verifier key."""
        parts = vkey.strip().split("+", 2)
        if len(parts) != 3:
            raise _bad("The verifier key cannot be read.", "It has the form name+hash+base64.")
        name, hashed, encoded = parts
        data = decode64(encoded, "The verifier key")
        if data[:1] != ED25519 or len(data) != 33:
            raise _bad("The verifier key cannot be used.", "Only Ed25519 keys are.")
        if hashed != key_id(name, data[1:]).hex():
            raise _bad("The verifier key cannot be used.", "Its parts do not belong together.")
        return cls(check_name(name), data[1:])

    def __str__(self) -> str:
        return f"{self.name}+{key_id(self.name, self.public).hex()}+{encode64(ED25519 + self.public)}"

    def accepts(self, text: bytes, signature: bytes) -> bool:
        """Whether this key signed the text."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text)
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True)
class Signer:
    """A log's key. `secret` is the 32-byte Ed25519 seed: keep it where secrets are kept."""

    name: str
    secret: bytes

    @classmethod
    def generate(cls, name: str) -> Signer:
        """A new key for the log with this origin."""
        return cls(check_name(name), Ed25519PrivateKey.generate().private_bytes_raw())

    @property
    def verifier(self) -> Verifier:
        """The public half."""
        return Verifier(self.name, self._key().public_key().public_bytes_raw())

    def sign(self, text: str) -> bytes:
        """The text as a signed note."""
        return add_signature(text.encode() + b"\n", text, self)

    def signature_line(self, text: str) -> bytes:
        """The line that this key adds to a note with this text."""
        signed = key_id(self.name, self.verifier.public) + self._key().sign(text.encode())
        return f"{DASH} {self.name} {encode64(signed)}\n".encode()

    def _key(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.secret)

    def __repr__(self) -> str:
        return f"Signer({self.name!r})"


def add_signature(note: bytes, text: str, signer: Signer) -> bytes:
    """A note with one more signature line."""
    if not text.endswith("\n") or any(ord(sign) < 32 and sign != "\n" for sign in text):
        raise Invalid(
            "The text cannot be signed.",
            "A note's text ends in a line feed and has no other control character.",
            "Leave such characters out.",
        )
    return note + signer.signature_line(text)


@dataclass(frozen=True)
class Note:
    """A note's text and its signature lines as (name, key id, signature)."""

    text: str
    signatures: tuple[tuple[str, bytes, bytes], ...]

    @classmethod
    def parse(cls, data: bytes) -> Note:
        """Read a note; nothing in it is to be believed before `signed_by` says so."""
        try:
            whole = data.decode()
        except UnicodeDecodeError:
            raise _bad("The note cannot be read.", "It is not UTF-8.") from None
        if len(data) > LONGEST_NOTE or any(ord(sign) < 32 and sign != "\n" for sign in whole):
            raise _bad("The note cannot be read.", "It is too long or has control characters.")
        text, blank, lines = whole.rpartition("\n\n")
        if not blank or not lines.endswith("\n") or lines.count("\n") > MOST_SIGNATURES:
            raise _bad("The note cannot be read.", "It ends in signature lines after a blank line.")
        return cls(text + "\n", tuple(_signature(line) for line in lines[:-1].split("\n")))

    def signed_by(self, verifier: Verifier) -> bool:
        """Whether the key signed this text; a line under this key that does not fit spoils the note."""
        ours = self.lines_of(verifier)
        return bool(ours) and all(verifier.accepts(self.text.encode(), signature) for signature in ours)

    def lines_of(self, verifier: Verifier) -> list[bytes]:
        """The signatures that stand under the name and id of a key, whether they fit or not."""
        known = (verifier.name, key_id(verifier.name, verifier.public))
        return [signature for name, key, signature in self.signatures if (name, key) == known]


def _signature(line: str) -> tuple[str, bytes, bytes]:
    parts = line.split(" ")
    if len(parts) != 3 or parts[0] != DASH:
        raise _bad("The note cannot be read.", "A signature line has three parts.")
    data = decode64(parts[2], "A signature")
    if len(data) < 5:
        raise _bad("The note cannot be read.", "A signature is cut short.")
    return check_name(parts[1]), data[:4], data[4:]


@dataclass(frozen=True)
class Checkpoint:
    """What a log says of itself: `root` is the hash over its first `size` leaves."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def text(self) -> str:
        """The lines that are signed."""
        lines = [self.origin, str(self.size), encode64(self.root), *self.extensions]
        if not all(lines) or any("\n" in line for line in lines):
            raise Invalid(
                "The checkpoint cannot be written.", "Each line has text.", "Leave empty extensions out."
            )
        return "\n".join(lines) + "\n"

    def signed(self, signer: Signer) -> bytes:
        """The checkpoint as a signed note."""
        if signer.name != self.origin:
            raise Invalid(
                f"The key of {signer.name} cannot sign for {self.origin}.",
                "A log's key has the name of its origin.",
                "Use the key of this log.",
            )
        return signer.sign(self.text())

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """Read the text of a note as a checkpoint."""
        if not text.endswith("\n"):
            raise _bad("The checkpoint cannot be read.", "Its last line does not end.")
        lines = text[:-1].split("\n")
        if len(lines) < 3 or not all(lines):
            raise _bad("The checkpoint cannot be read.", "It has at least three lines and none is empty.")
        if not (lines[1].isascii() and lines[1].isdigit() and str(int(lines[1])) == lines[1]):
            raise _bad("The checkpoint cannot be read.", "Its second line is not a size.")
        root = decode64(lines[2], "The root")
        if len(root) != HASH_SIZE:
            raise _bad("The checkpoint cannot be read.", "Its root is not a SHA-256 hash.")
        return cls(lines[0], int(lines[1]), root, tuple(lines[3:]))


def open_checkpoint(data: bytes, verifiers: Sequence[Verifier]) -> Checkpoint:
    """The checkpoint in a note that one of the keys signed; Invalid where none did."""
    note = Note.parse(data)
    if not any(note.signed_by(verifier) for verifier in verifiers):
        raise _bad("The checkpoint is not to be believed.", "None of the known keys signed it.")
    return Checkpoint.parse(note.text)
