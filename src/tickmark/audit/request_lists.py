"""Lists of what an auditor customarily asks for, as versioned data (domain.md 8.1)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from tickmark.scope.library import Fields, library_file, read_fields

KINDS = ("policy", "configuration", "population", "sample", "narrative")
WAVES = {1: "planning", 2: "populations", 3: "configuration and documents", 4: "samples", 5: "wrap-up"}
OPENINGS = ("as one", "as a pair", "with a sample at the draw", "after its list")


@dataclass(frozen=True)
class RequestTemplate:
    """One row of a request list. Without `controls` it serves the whole engagement.

    `after`: requests to be accepted, and drawn from, before this one opens. `opens`: one of OPENINGS.
    """

    id: str
    kind: str
    wave: int
    title: str
    controls: tuple[str, ...]
    populations: tuple[str, ...]
    after: tuple[str, ...]
    opens: str
    may_be_nil: bool
    note: str


def request_list(list_id: str = "soc2-type2-sac") -> list[RequestTemplate]:
    """A request list of the library, in its order; Invalid if there is none or its file is not sound."""
    return list(_requests(library_file("requests", list_id)))


@lru_cache
def _requests(path: Path) -> tuple[RequestTemplate, ...]:
    book = read_fields(path)
    book.own_name(path), book.text("title"), book.number("version")
    rows = tuple(map(_request, book.tables("requests")))
    book.done()
    seen: set[str] = set()
    for row in rows:
        if row.id in seen or not set(row.after) <= seen:
            raise book.fault(row.id, "It stands twice, or comes before a request it waits for.")
        seen.add(row.id)
    return rows


def _request(fields: Fields) -> RequestTemplate:
    row = RequestTemplate(
        id=fields.text("id"),
        kind=fields.choice("kind", KINDS),
        wave=fields.number("wave"),
        title=fields.text("title"),
        controls=fields.texts("controls", ()),
        populations=fields.texts("populations", ()),
        after=fields.texts("after", ()),
        opens=fields.choice("opens", OPENINGS, OPENINGS[0]),
        may_be_nil=fields.flag("may_be_nil", False),
        note=fields.text("note", ""),
    )
    if row.wave not in WAVES:
        raise fields.fault("wave", f"Waves are {', '.join(map(str, WAVES))}.")
    fields.done()
    return row
