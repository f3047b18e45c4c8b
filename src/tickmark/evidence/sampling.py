"""Selection that anyone can repeat: keys, hashes, seeds, the order of a draw (domain.md 4.5).

Each key of a locked population gets the score SHA-256(seed + "|" + key) in lower-case hex over UTF-8. Sorted
by score, the first n are the sample, the next m an extension, the next one a replacement. The order depends
on nothing but keys and seed: not on row order, locale, language or version of a library.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from heapq import nsmallest
from itertools import pairwise

from tickmark.kernel.errors import Conflict, Invalid

NONCE_BYTES = 32  # 256 bits; the rule asks for at least 128
# The characters of Unicode's White_Space property, spelled out so that every language trims the same ones.
WHITE_SPACE = (
    "\t\n\v\f\r \x85\xa0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u2028\u2029\u202f\u205f\u3000"
)
_HEX = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Ranked:
    """One key in the order of the draw: `place` counts from 1, `score` is 64 hex digits."""

    place: int
    key: str
    score: str


@dataclass(frozen=True)
class MonthSpread:
    """How many items of the population and of the sample fall into one month (`2026-03`; "" is undated)."""

    month: str
    population: int
    sample: int


def clean_key(key: str) -> str:
    """The key as it is compared: trimmed, Unicode NFC, case kept.

    Raises Invalid for a key that is empty, holds a control character (the key hash joins keys by line feed)
    or is no valid Unicode.
    """
    cleaned = unicodedata.normalize("NFC", key.strip(WHITE_SPACE))
    if cleaned and cleaned.isascii() and cleaned.isprintable():
        return cleaned
    if not cleaned:
        raise Invalid(
            "A key is empty.",
            "An item without a key cannot be drawn or found again.",
            "Give every row its stable natural key, such as a ticket id.",
            field="keys",
        )
    if any(unicodedata.category(letter) in ("Cc", "Cs") for letter in cleaned):
        raise Invalid(
            f"The key {cleaned!a} holds a control character or half a character.",
            "Keys are joined by line feed and hashed as UTF-8.",
            "Remove the character in the source, or choose another key column.",
            field="keys",
        )
    return cleaned


def in_order(keys: Iterable[str]) -> list[str]:
    """Cleaned keys sorted by their UTF-8 bytes. Raises Invalid when two keys are the same after cleaning."""
    cleaned = sorted((clean_key(key) for key in keys), key=_utf8)
    twice = sorted({one for one, other in pairwise(cleaned) if one == other}, key=_utf8)
    if twice:
        shown = ", ".join(twice[:5]) + (f" and {len(twice) - 5} more" if len(twice) > 5 else "")
        raise Invalid(
            f"{len(twice)} keys occur more than once: {shown}.",
            "An item that is listed twice would be drawn twice as easily.",
            "Exclude the duplicate rows with a reason, or choose a key that is unique.",
            field="keys",
        )
    return cleaned


def key_hash(keys: Iterable[str]) -> str:
    """SHA-256 of the sorted keys joined by line feed, without a trailing one. It fixes who can be drawn."""
    return _sha256("\n".join(in_order(keys)))


def new_nonce() -> str:
    """A fresh random nonce of 256 bits as 64 hex digits; it stays secret until the population is locked."""
    return secrets.token_hex(NONCE_BYTES)


def commitment(nonce: str) -> str:
    """What may be shown of a nonce at planning: its SHA-256."""
    return _sha256(nonce)


def committed_seed(nonce: str, control: str, key_hash: str) -> str:
    """The seed under the committed rule: SHA-256(nonce | control id | key hash)."""
    return _sha256("|".join((nonce, control, _full_hash(key_hash))))


def derived_seed(engagement: str, control: str, key_hash: str) -> str:
    """The seed under the derived rule: as committed, with the engagement's id instead of a nonce.

    The company can work it out before it hands the list over: only for lists read directly or reconciled.
    """
    return committed_seed(engagement, control, key_hash)


def stratum_seed(seed: str, stratum: str) -> str:
    """The seed of one stratum; extension and replacement within a stratum use it too."""
    return f"{seed}/{stratum}"


def rank(keys: Iterable[str], seed: str) -> list[Ranked]:
    """Every key in the order of the draw, ties by key. Raises Invalid for duplicate or unusable keys."""
    ordered = sorted(_scored(keys, seed))
    return [Ranked(place, key.decode(), digest.hex()) for place, (digest, key) in enumerate(ordered, start=1)]


def score(key: str, seed: str) -> str:
    """The score of one key, 64 lower-case hex digits."""
    return _sha256(f"{seed}|{clean_key(key)}")


def draw(keys: Iterable[str], seed: str, n: int) -> list[str]:
    """The first n keys in the order of the draw; all of them when n is the population or more."""
    return [key.decode() for _, key in nsmallest(_size(n), _scored(keys, seed))]


def allot(sizes: Mapping[str, int], n: int) -> dict[str, int]:
    """Share n over strata in proportion to size: largest remainder, at least 1 for each stratum that has
    items.

    Ties go to the stratum whose name sorts first. Where the least of 1 takes more than its share, the strata
    most above theirs give. n at or above the population allots every item. Raises Invalid when n is smaller
    than the number of strata with items: no size is raised in silence, and no stratum left out in silence.
    """
    filled = {name: sizes[name] for name in sorted(sizes, key=_utf8) if sizes[name]}
    total = sum(filled.values())
    if _size(n) < len(filled):
        raise Invalid(
            f"A sample of {n} cannot cover {len(filled)} strata.",
            "Each stratum with items gets at least one.",
            f"Raise the size to {len(filled)} or merge strata before the draw.",
            field="n",
        )
    if n >= total:
        return dict(sizes)
    shares = {name: Fraction(n * size, total) for name, size in filled.items()}
    return dict.fromkeys(sizes, 0) | _largest_remainder(shares, n)


def draw_stratified(strata: Mapping[str, Sequence[str]], seed: str, n: int) -> dict[str, list[str]]:
    """The sample of each stratum, allotted by `allot`, each drawn with `stratum_seed`.

    Raises Invalid when a key stands in two strata, or as `allot` does.
    """
    in_order(key for keys in strata.values() for key in keys)
    allotted = allot({name: len(keys) for name, keys in strata.items()}, n)
    return {name: draw(keys, stratum_seed(seed, name), allotted[name]) for name, keys in strata.items()}


def extension(keys: Iterable[str], seed: str, taken: Collection[str], more: int) -> list[str]:
    """The next `more` keys after those `taken` (sample, earlier extensions and replacements alike).

    Fewer when the population ends. Raises Conflict when `taken` is not the beginning of this order: then it
    was drawn from another population or with another seed.
    """
    order = draw(keys, seed, len(taken) + _size(more))
    if set(order[: len(taken)]) != {clean_key(key) for key in taken}:
        raise Conflict(
            "The items taken so far are not the first ones of this order.",
            "They come from another version of the population or another seed.",
            "Extend the draw with the population and the seed on its record.",
        )
    return order[len(taken) :]


def replacement(keys: Iterable[str], seed: str, taken: Collection[str], voided: str) -> str:
    """The key that takes the place of `voided`, an item that is no occurrence of the control.

    An item whose evidence is missing is a deviation and is never replaced. Raises Invalid when `voided` was
    not taken, Conflict when no item is left.
    """
    if clean_key(voided) not in {clean_key(key) for key in taken}:
        raise Invalid(
            f"{voided} is not in the sample.",
            "Only a drawn item can be replaced.",
            "Name an item of the sample.",
            field="voided",
        )
    following = extension(keys, seed, taken, 1)
    if not following:
        raise Conflict(
            "No item is left to take its place.",
            f"All {len(taken)} items are in the sample already.",
            "Keep the item with its reason; the rest is then the whole population.",
        )
    return following[0]


def spread(dates: Mapping[str, date | None], sample: Collection[str]) -> list[MonthSpread]:
    """How a sample falls over the months of its population, empty months between included.

    `dates` holds every key of the population; an item without a date stands in a row of its own, last. Raises
    Invalid when the sample holds a key the population does not.
    """
    strangers = sorted(set(sample) - set(dates), key=_utf8)
    if strangers:
        raise Invalid(
            f"{strangers[0]} is in the sample and not in the population.",
            "",
            "Use the population the sample was drawn from.",
            field="sample",
        )
    known = [day for day in dates.values() if day]
    months = _months(min(known), max(known)) if known else []
    undated = [""] if None in dates.values() else []
    everyone, drawn = _by_month(dates, dates), _by_month(dates, sample)
    return [MonthSpread(month, everyone.get(month, 0), drawn.get(month, 0)) for month in months + undated]


def _scored(keys: Iterable[str], seed: str) -> Iterator[tuple[bytes, bytes]]:
    # Bytes of a digest sort as their hex digits do, and half as long.
    begun = hashlib.sha256(_utf8(f"{seed}|"))
    for key in map(_utf8, in_order(keys)):
        one = begun.copy()
        one.update(key)
        yield one.digest(), key


def _largest_remainder(shares: Mapping[str, Fraction], n: int) -> dict[str, int]:
    given = {name: max(1, int(share)) for name, share in shares.items()}
    while sum(given.values()) > n:
        able = [name for name in reversed(given) if given[name] > 1]
        given[max(able, key=lambda name: given[name] - shares[name])] -= 1
    while sum(given.values()) < n:
        given[max(given, key=lambda name: shares[name] - given[name])] += 1
    return given


def _by_month(dates: Mapping[str, date | None], keys: Iterable[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for key in keys:
        day = dates[key]
        month = f"{day:%Y-%m}" if day else ""
        counts[month] = counts.get(month, 0) + 1
    return counts


def _months(first: date, last: date) -> list[str]:
    span = range(first.year * 12 + first.month - 1, last.year * 12 + last.month)
    return [f"{month // 12:04}-{month % 12 + 1:02}" for month in span]


def _size(n: int) -> int:
    if n < 0:
        raise Invalid(f"A sample of {n} items is not possible.", "", "Give a size of 0 or more.", field="n")
    return n


def _full_hash(value: str) -> str:
    if not _HEX.fullmatch(value):
        raise Invalid(
            "The key hash is not a full SHA-256 in lower-case hex.",
            "A shortened or upper-case hash would give another seed.",
            "Use all 64 digits as the population's record shows them.",
            field="key_hash",
        )
    return value


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _utf8(text: str) -> bytes:
    return text.encode("utf-8")
