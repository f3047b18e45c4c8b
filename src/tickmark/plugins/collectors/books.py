"""This program's own records as a source: the same record of the run as any other (domain.md 10, case 96)."""

from __future__ import annotations

from collections.abc import Iterator

from tickmark.plugin import Row, Source, collector


def _listed(source: Source, name: str) -> Iterator[Row]:
    source.query = f"Every record of '{name}' in the books, as of the run; nothing is filtered."
    source.zone_data = source.zone_filter = "UTC"
    for counted in source.books.get(f"{name}:count", ()):
        source.count(f"a count of {name} by the database", int(counted["count"]))
    yield from source.books.get(name, ())


@collector("books.policies", shape="policies", every="day")
def policies(source: Source) -> Iterator[Row]:
    """Published policy versions."""
    yield from _listed(source, "policies")


@collector("books.acknowledgements", shape="acknowledgements", every="day")
def acknowledgements(source: Source) -> Iterator[Row]:
    """Acknowledgements of policies."""
    yield from _listed(source, "acknowledgements")
