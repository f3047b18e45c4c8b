"""How wide a text is in the pages' own font, so that a picture made on the server knows what fits into a box.

The widths are those of IBM Plex Sans at weight 600, the widest in use, in thousandths of the font's size and rounded
up. What is not in the table counts as a full square: a text in another script is shortened too early, never too late.
"""

from __future__ import annotations

from functools import lru_cache

WIDTHS = {
    250: " ",
    300: "',.ijl",
    350: "!():;[]f",
    400: "rt{|}",
    450: "-/I\\",
    500: '"?s',
    550: "JLcgvxyz",
    600: "$*+0123456789<=>EFTZ^_`abdehknopqu~",
    650: "CPSVY",
    700: "#ABDKRUX",
    750: "&GHNOQ",
    850: "Mw",
    900: "@m…",
    950: "W",
    1000: "%",
}
"""Letters by width."""
_WIDTH = {letter: wide for wide, letters in WIDTHS.items() for letter in letters}
ELLIPSIS = "…"


@lru_cache(maxsize=5000)
def width(text: str, size: int) -> int:
    """Units that `text` takes at font size `size`, rounded up."""
    return -(-sum(_WIDTH.get(letter, 1000) for letter in text) * size // 1000)


def fitted(text: str, room: int, size: int) -> str:
    """The text, or as much of its beginning as fits into `room` units, with an ellipsis."""
    text = " ".join(text.split())
    if width(text, size) <= room:
        return text
    kept = text
    while kept and width(kept + ELLIPSIS, size) > room:
        kept = kept[:-1].rstrip()
    return kept + ELLIPSIS


def lines(text: str, room: int, size: int, most: int) -> tuple[str, ...]:
    """The text in at most `most` lines of `room` units, broken between words; the last is shortened if need be."""
    words, found = text.split(), [""]
    while words:
        longer = f"{found[-1]} {words[0]}".strip()
        if width(longer, size) > room and found[-1]:
            if len(found) == most:
                break
            found.append("")
            continue
        found[-1] = longer
        words.pop(0)
    found[-1] = fitted(" ".join([found[-1], *words]), room, size)
    return tuple(fitted(line, room, size) for line in found)
