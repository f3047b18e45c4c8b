"""Numbers written as ranges, so that twenty thousand cells of a grid are one line. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence


def packed(numbers: Iterable[int]) -> list[list[int]]:
    """Numbers as sorted ranges, first and last included: 1, 2, 3, 7 become [[1, 3], [7, 7]]."""
    found: list[list[int]] = []
    for number in sorted(set(numbers)):
        if found and number == found[-1][1] + 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return found


def spread(ranges: Iterable[Sequence[int]]) -> Iterator[int]:
    """The numbers of ranges."""
    for first, last in ranges:
        yield from range(first, last + 1)
