"""How names are compared: what people write twice is seldom written alike. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

LEGAL_FORMS = frozenset(
    "inc incorporated llc llp lp ltd limited corp corporation co company gmbh ag kg se plc bv nv sa sarl sas srl spa "
    "ab oy aps pty".split()
)
"""Legal forms of companies, as the last words of a name."""


def fold(text: str) -> str:
    """A name without case and superfluous space."""
    return " ".join(text.split()).casefold()


def normal(name: str) -> str:
    """A name without case, punctuation and the legal form of a company."""
    plain = re.sub(r"['’`]", "", name.casefold())
    words = re.findall(r"\w+", re.sub(r"\b(\w)\.(?=\w\b)", r"\1", plain))
    kept = list(words)
    while kept and kept[-1] in LEGAL_FORMS:
        kept.pop()
    return " ".join(kept) or name.casefold()


def is_legal_form(text: str) -> bool:
    """Whether a text is nothing but a legal form: `Inc.`, which belongs to the name before its comma."""
    words = re.findall(r"\w+", text.casefold().replace(".", ""))
    return bool(words) and LEGAL_FORMS.issuperset(words)


@dataclass(frozen=True)
class Known:
    """Names with their codes, the likeliest first: to the letter, else without punctuation and legal form."""

    pairs: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, str]]) -> Known:
        """Names and codes in the order in which they are looked for."""
        return cls(tuple(pairs))

    def code(self, name: str) -> str:
        """The code of a name; nothing where no name is like it, or more than one."""
        exact = next((code for one, code in self.pairs if fold(one) == fold(name)), "")
        alike = self.alike(name)
        return exact or (next(iter(alike)) if len(alike) == 1 else "")

    def alike(self, name: str) -> dict[str, str]:
        """What a name could mean, by code."""
        found: dict[str, str] = {}
        for one, code in self.pairs:
            if normal(one) == normal(name):
                found.setdefault(code, one)
        return found

    def split(self, cell: str) -> list[str]:
        """The names in a cell, separated by commas, semicolons or lines; `Edge, Inc.` and known names stay whole."""
        if self.alike(cell):
            return [" ".join(cell.split())]
        found: list[str] = []
        for part in filter(None, map(str.strip, re.split(r"[,;\n]", cell))):
            if found and is_legal_form(part):
                found[-1] += f", {part}"
            else:
                found.append(" ".join(part.split()))
        return found
