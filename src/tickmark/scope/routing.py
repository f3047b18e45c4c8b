"""How lines run between boxes that stand in rows and columns: along streets and avenues, never through a box.

Street `n` lies above row `n`, avenue `n` left of column `n`. Each line has a track of its own wherever it runs beside
others, and a place of its own where it meets a box, so that no two lie on each other. Beside its start stands its
number on a badge: the strip along a row of boxes where badges stand is free of tracks, and places at a box are further
apart than a badge is wide, so that no line of another flow crosses it. What passes is told by number beneath. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

TRACK, LANE = 12, 8
"""From one line to the next in a street and in an avenue."""
AVENUE, EMPTY = 14, 15
"""How wide an avenue and how high a street is in which nothing runs."""
BADGE, DIGIT = 16, 6
"""How high a badge is, and how much wider for each digit after the first."""
STRIP = 24
"""What is kept free of tracks along a row of boxes: a badge stands in its middle."""
APART = 10
ROUND = 5
Point = tuple[int, int]


@dataclass(frozen=True)
class End:
    """A box that a line meets: its code and its place in the grid."""

    code: str
    row: int
    column: int


@dataclass(frozen=True)
class Route:
    """A line to be drawn: where it starts, where it ends, and what it says."""

    start: End
    end: End
    what: str

    @property
    def first(self) -> int:
        """The street in which it leaves its start: below it, unless it goes up."""
        return self.start.row if self.end.row < self.start.row else self.start.row + 1

    @property
    def last(self) -> int:
        """The street from which it reaches its end."""
        return self.end.row if self.end.row > self.start.row else self.end.row + 1

    @property
    def avenue(self) -> int | None:
        """The avenue it takes to a street further away: beside the end, on the side from which it comes."""
        if self.first == self.last:
            return None
        return self.end.column + (self.end.column < self.start.column)

    @property
    def streets(self) -> tuple[int, int]:
        """The streets between which it uses its avenue, in order."""
        return min(self.first, self.last), max(self.first, self.last)


@dataclass(frozen=True)
class Badge:
    """The number of a line, in the middle of its first piece: where its left upper corner is, and its width."""

    x: int
    y: int
    width: int
    number: int

    height = BADGE

    @property
    def middle(self) -> int:
        """Where the middle of the number is."""
        return self.x + self.width // 2

    @property
    def baseline(self) -> int:
        """Where the number stands."""
        return self.y + 12


@dataclass(frozen=True)
class Line:
    """A line from box to box: its corners, what it says, and the badge by whose number that is found."""

    start: str
    end: str
    points: tuple[Point, ...]
    what: str
    badge: Badge

    @property
    def path(self) -> str:
        """The line as an SVG path with round corners."""
        corners = zip(self.points, self.points[1:], self.points[2:], strict=False)
        bends = "".join(_bend(*corner) for corner in corners)
        (x, y), (to_x, to_y) = self.points[0], self.points[-1]
        return f"M{x} {y}{bends}L{to_x} {to_y}"

    @property
    def arrow(self) -> str:
        """The head of the arrow where it reaches its end."""
        (x, y), (_, before) = self.points[-1], self.points[-2]
        back = -7 if y > before else 7
        return f"M{x} {y}l-4 {back}h8z"


def _bend(before: Point, corner: Point, after: Point) -> str:
    near, far = _toward(corner, before), _toward(corner, after)
    return f"L{near[0]} {near[1]}Q{corner[0]} {corner[1]} {far[0]} {far[1]}"


def _toward(corner: Point, other: Point) -> Point:
    """The point on the way to the other corner at which the bend begins: never past the middle."""
    x, y = other[0] - corner[0], other[1] - corner[1]
    step = min(ROUND, (abs(x) + abs(y)) // 2)
    return corner[0] + step * (x > 0) - step * (x < 0), corner[1] + step * (y > 0) - step * (y < 0)


@dataclass(frozen=True)
class _Run:
    """A piece of a line within one street: from `x` to `to`."""

    route: int
    street: int
    x: int
    to: int

    @property
    def span(self) -> tuple[int, int]:
        """All that the piece needs for itself."""
        return min(self.x, self.to), max(self.x, self.to)


class Grid:
    """Rows and columns of boxes with the lines between them: how wide streets and avenues must be, and where lines run.

    `rows` and `columns` count boxes; `gutter` is what is kept free at the left, `box` the width of a box,
    which is more in a column where many lines meet one side of a box.
    """

    def __init__(self, rows: int, columns: int, gutter: int, box: int, routes: Sequence[Route]) -> None:
        self.rows, self.columns, self.gutter, self.box = rows, columns, gutter, box
        self.routes = list(routes)

    # -- across

    @cached_property
    def _avenue_tracks(self) -> dict[int, int]:
        """The track that each line takes in its avenue, by the number of the line."""
        found: dict[int, int] = {}
        for avenue in range(self.columns + 1):
            using = [(one.streets, at) for at, one in enumerate(self.routes) if one.avenue == avenue]
            found |= tracks(using, 1)
        return found

    @cached_property
    def _avenues(self) -> list[tuple[int, int]]:
        """Where each avenue begins and ends."""
        found, begins = [], self.gutter
        for avenue in range(self.columns + 1):
            used = [self._avenue_tracks[at] for at, one in enumerate(self.routes) if one.avenue == avenue]
            ends = begins + AVENUE + LANE * (max(used) + 1 if used else 0)
            found.append((begins, ends))
            begins = ends + (self.box_of(avenue) if avenue < self.columns else 0)
        return found

    def box_of(self, column: int) -> int:
        """How wide the boxes of a column are."""
        most = max((len(asking) for (_, at), asking in self._wanted.items() if at == column), default=0)
        return max(self.box, (most + 1) * (badge_width(len(self.routes)) + APART // 2))

    def left(self, column: int) -> int:
        """Where a column of boxes begins."""
        return self._avenues[column][1]

    @property
    def width(self) -> int:
        """The whole width."""
        return self._avenues[-1][1]

    def _avenue_x(self, route: int, avenue: int) -> int:
        return self._avenues[avenue][0] + AVENUE // 2 + LANE // 2 + LANE * self._avenue_tracks[route]

    @cached_property
    def _wanted(self) -> dict[tuple[int, int], list[tuple[int, int, tuple[int, str]]]]:
        """Which lines want a place at the boxes beside each street, by the street and the column."""
        wanted: dict[tuple[int, int], list[tuple[int, int, tuple[int, str]]]] = {}
        for at, route in enumerate(self.routes):
            for name, end, other, street in self._meets(route):
                wanted.setdefault((street, end.column), []).append((other, at, (at, name)))
        return wanted

    @cached_property
    def _ports(self) -> dict[tuple[int, str], int]:
        """Where each line meets its boxes: by the number of the line and `start` or `end`."""
        found: dict[tuple[int, str], int] = {}
        for (_, column), asking in self._wanted.items():
            found |= self._spread(column, sorted(asking))
        return found | {
            (at, "end"): found[at, "start"] for at, one in enumerate(self.routes) if straight(one)
        }

    def _meets(self, route: Route) -> Iterable[tuple[str, End, int, int]]:
        """Which ends want a place at a box, and in which half column they go on."""
        turn = None if route.avenue is None else 2 * route.avenue
        yield "start", route.start, 2 * route.end.column + 1 if turn is None else turn, route.first
        if not straight(route):
            yield "end", route.end, 2 * route.start.column + 1 if turn is None else turn, route.last

    def _spread(
        self, column: int, asking: Sequence[tuple[int, int, tuple[int, str]]]
    ) -> dict[tuple[int, str], int]:
        left, step = self.left(column), len(asking) + 1
        width = self.box_of(column)
        return {name: left + width * at // step for at, (_, _, name) in enumerate(asking, 1)}

    # -- down

    @cached_property
    def _runs(self) -> list[_Run]:
        """What each line does in the streets it uses."""
        found: list[_Run] = []
        for at, route in enumerate(self.routes):
            x, to = self._ports[at, "start"], self._ports[at, "end"]
            if route.avenue is None:
                found.append(_Run(at, route.first, x, to))
                continue
            turn = self._avenue_x(at, route.avenue)
            found += [_Run(at, route.first, x, turn), _Run(at, route.last, turn, to)]
        return found

    @cached_property
    def _street_tracks(self) -> dict[int, int]:
        """The track of each piece, by its number."""
        found: dict[int, int] = {}
        for street in range(self.rows + 1):
            using = [(run.span, at) for at, run in enumerate(self._runs) if run.street == street]
            found |= tracks(using, APART)
        return found

    def street(self, number: int) -> int:
        """How high a street is."""
        used = [self._street_tracks[at] for at, run in enumerate(self._runs) if run.street == number]
        return 2 * STRIP + TRACK * max(used) if used else EMPTY

    # -- the lines

    def lines(
        self, routes: Sequence[Route], boxes: dict[str, tuple[int, int]], streets: Sequence[int]
    ) -> tuple[Line, ...]:
        """Every line in the order of the numbers, given top and bottom of each box and where each street begins.

        The numbers run as one reads: down, and within a row of badges to the right.
        """
        mine: dict[int, list[tuple[_Run, int]]] = {}
        for number, run in enumerate(self._runs):
            y = streets[run.street] + STRIP + TRACK * self._street_tracks[number]
            mine.setdefault(run.route, []).append((run, y))
        places = sorted((*self._badge(at, route, streets), at) for at, route in enumerate(routes))
        found: list[Line] = []
        for number, (y, x, at) in enumerate(places, 1):
            wide = badge_width(number)
            badge = Badge(x - wide // 2, y - BADGE // 2, wide, number)
            points = self._points(routes[at], mine[at], boxes)
            found.append(Line(routes[at].start.code, routes[at].end.code, points, routes[at].what, badge))
        return tuple(found)

    def _badge(self, at: int, route: Route, streets: Sequence[int]) -> tuple[int, int]:
        """How far down and across the middle of a line's badge is: in the strip beside its start."""
        above = streets[route.first]
        down = route.first > route.start.row
        y = above + STRIP // 2 - 1 if down else above + self.street(route.first) - STRIP // 2 + 1
        return y, self._ports[at, "start"]

    @staticmethod
    def _points(
        route: Route, runs: list[tuple[_Run, int]], boxes: dict[str, tuple[int, int]]
    ) -> tuple[Point, ...]:
        begins = boxes[route.start.code][route.first > route.start.row]
        ends = boxes[route.end.code][route.last > route.end.row]
        points = [(runs[0][0].x, begins)]
        for run, y in runs:
            points += [(run.x, y), (run.to, y)]
        points.append((runs[-1][0].to, ends))
        return _cleaned(points)


def badge_width(number: int) -> int:
    """How wide the badge of a number is: an even number, so that it has a middle."""
    return BADGE + DIGIT * (len(str(number)) - 1)


def straight(route: Route) -> bool:
    """Whether it goes straight down, or up, to the box next to it."""
    return (
        route.first == route.last
        and route.start.column == route.end.column
        and route.start.row != route.end.row
    )


def tracks(wanted: Iterable[tuple[tuple[int, int], int]], apart: int) -> dict[int, int]:
    """The first free track for each span, by its number: spans on one track are `apart` or more from each other."""
    ends: list[int] = []
    found: dict[int, int] = {}
    for (first, last), number in sorted(wanted):
        at = next((at for at, end in enumerate(ends) if end + apart <= first), len(ends))
        ends[at : at + 1] = [last]
        found[number] = at
    return found


def _cleaned(points: list[Point]) -> tuple[Point, ...]:
    """The corners alone: no point twice, none in the middle of a straight piece."""
    once = [point for at, point in enumerate(points) if not at or point != points[at - 1]]
    kept = [
        point
        for at, point in enumerate(once)
        if at in (0, len(once) - 1)
        or not (
            once[at - 1][0] == point[0] == once[at + 1][0] or once[at - 1][1] == point[1] == once[at + 1][1]
        )
    ]
    return tuple(kept)
