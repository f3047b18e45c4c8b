"""What each noun says to search: a title, words, where it stands on the pages, and the file it has."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Model

LONGEST_ADDRESS = 300


@dataclass(frozen=True)
class Said:
    """What one row says.

    `title` and `text` are searched; a row without both is found by its reference and `code` alone. `address` is its
    page. `sha256` and `name` are those of a kept file whose text is searched too.
    """

    title: str
    text: str = ""
    address: str = "/"
    code: str = ""
    sha256: str = ""
    name: str = ""


@dataclass(frozen=True)
class Noun:
    """A noun that can be found: its model, what is fetched with each row, and what a row says.

    The titles of an `echo` are words of other rows (a share has the name of its file): they are found like any text,
    and never before those rows.
    """

    model: type[Model]
    needs: tuple[str, ...]
    says: Callable[[Any], Said]
    echo: bool = False

    @property
    def label(self) -> str:
        """The noun as the index names it: `rooms.Room`."""
        return self.model._meta.label

    @property
    def step(self) -> str:
        """The app that it belongs to."""
        return self.model._meta.app_label

    @property
    def word(self) -> str:
        """The word on the screen."""
        name = str(self.model._meta.verbose_name)
        return name[:1].upper() + name[1:]


NOUNS: dict[str, Noun] = {}


def searched(
    model: type[Model], *needs: str, echo: bool = False
) -> Callable[[Callable[[Any], Said]], Callable[[Any], Said]]:
    """Register what a noun says: `function(row)`; `needs` are the relations fetched with each row."""

    def register(function: Callable[[Any], Said]) -> Callable[[Any], Said]:
        NOUNS[model._meta.label] = Noun(model, needs, function, echo)
        return function

    return register


def joined(*parts: Any) -> str:
    """Texts, and lists of texts, as lines; what is empty is left out."""
    lines: list[str] = []
    for part in parts:
        if isinstance(part, str):
            lines.append(part)
        elif isinstance(part, Sequence):
            lines.append(" ".join(str(one) for one in part if isinstance(one, str | int)))
    return "\n".join(line for line in lines if line.strip())
