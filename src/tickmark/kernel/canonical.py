"""Canonical JSON (RFC 8785): the library's bytes, made faster for the plain values that nearly all facts consist of.

Text, whole numbers, truth, lists and ASCII-named objects come out of Python's own encoder exactly as the standard asks,
at a fraction of the cost. Everything else (fractions, names whose order UTF-16 decides, what the standard refuses) goes
to the library. A property test holds both to the same bytes.
"""

from __future__ import annotations

import json
from typing import Any

import rfc8785

LARGEST = 2**53 - 1
_encode = json.JSONEncoder(
    ensure_ascii=False, sort_keys=True, separators=(",", ":"), check_circular=False
).encode


def dumps(value: Any) -> bytes:
    """RFC 8785 JSON. Raises what the library raises for a value that has none."""
    if not _is_plain(value):
        return rfc8785.dumps(value)
    try:
        return _encode(value).encode()
    except UnicodeEncodeError:
        return rfc8785.dumps(value)  # half a character: the library says so


def _is_plain(value: Any) -> bool:
    kind = type(value)
    if kind is str or kind is bool or value is None:
        return True
    if kind is int:
        return bool(-LARGEST <= value <= LARGEST)
    if kind is list:
        return all(map(_is_plain, value))
    if kind is dict:
        names = all(type(name) is str and name.isascii() for name in value)
        return bool(names) and all(map(_is_plain, value.values()))
    return False
