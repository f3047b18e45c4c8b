"""Which files the books speak of: those that they need, and those that they merely name somewhere."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from django.db.models import Model

from tickmark.kernel.dated import DigestField

ENTRY = "kernel.entry"
_DIGEST = re.compile(rb'"([0-9a-f]{64})"')
_FILES = re.compile(rb'"files":\[([^\]]*)\]')
_NAMED = re.compile(rb'"sha256":"([0-9a-f]{64})"')


def needed(model: type[Model], line: bytes) -> set[str]:
    """The files that a row needs: an entry's `files`, a digest column, and any `sha256` in what a row holds as JSON."""
    if model._meta.label_lower == ENTRY:
        found = [digest for part in _FILES.findall(line) for digest in _DIGEST.findall(part)]
    else:
        found = _NAMED.findall(line)
        for column in _columns(model):
            found += re.findall(rb'"%s":"([0-9a-f]{64})"' % column.encode(), line)
    return {digest.decode() for digest in found}


def _columns(model: type[Model]) -> list[str]:
    return [field.attname for field in model._meta.concrete_fields if isinstance(field, DigestField)]


def noting(model: type[Model], lines: Iterable[bytes], into: set[str]) -> Iterator[bytes]:
    """The lines as they are; the files that they need are added to `into` on the way."""
    for line in lines:
        into |= needed(model, line)
        yield line


def mentioned(line: bytes) -> set[str]:
    """Everything in a row that could be the digest of a file."""
    return {digest.decode() for digest in _DIGEST.findall(line)}
