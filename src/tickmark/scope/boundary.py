"""The boundary as a drawing: lanes of boxes, what is inside and what is not, and what passes between them.

Pure: it takes plain parts and flows and gives places in whole units, the same ones each time. Each lane is a kind of
component, or what stands outside. Between rows of boxes run streets, between columns avenues; a flow leaves its box
into a street and never crosses a box (`routing.py`). Each flow has a number, by which the list beneath the drawing says
what passes. A table beside the drawing has everything whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from tickmark.scope import routing
from tickmark.scope.lettering import ELLIPSIS, fitted, lines

COLUMNS = 3
MOST = 40
"""Parts that are drawn one by one; of more, the largest lanes are drawn as one box that says how many they are."""
GUTTER, BOX, PAD = 116, 164, 10
WIDE = 900
NAME, NOTE = 13, 12
"""Sizes of letters: the name of a part and what is noted beneath it."""
STEP, STEP_NOTE, MOST_NOTES = 17, 15, 4
FRAME = 18
"""Room around the boundary's own line, between the streets and the boxes."""

LANES = {
    "outside": "Outside",
    "people": "People",
    "procedures": "Procedures",
    "software": "Software",
    "infrastructure": "Infrastructure",
    "data": "Data",
    "vendor": "Vendors",
}
"""What is drawn, from top to bottom: those who use it, what it is made of, those who supply it."""
BEYOND = frozenset({"outside", "vendor"})


@dataclass(frozen=True)
class Part:
    """A component or a vendor: `kind` is one of the five, or `vendor`; `notes` stand beneath its name.

    `count` is how many it stands for.
    """

    code: str
    name: str
    kind: str
    inside: bool = True
    notes: tuple[str, ...] = ()
    count: int = 1

    @property
    def lane(self) -> str:
        """Where it is drawn."""
        return self.kind if self.inside or self.kind == "vendor" else "outside"


@dataclass(frozen=True)
class Flow:
    """What passes from one part to another, in words."""

    start: str
    end: str
    what: str


@dataclass(frozen=True)
class Box:
    """A part in its place: its name in lines and its notes, each shortened to what fits."""

    part: Part
    x: int
    y: int
    width: int
    height: int
    name: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def text(self) -> list[tuple[int, str, str]]:
        """Its lines of text: where the baseline is, `name` or `note`, and the words."""
        first = self.y + 19
        named = [(first + STEP * at, "name", line) for at, line in enumerate(self.name)]
        below = first + STEP * (len(self.name) - 1) + STEP_NOTE
        return named + [(below + STEP_NOTE * at, "note", line) for at, line in enumerate(self.notes)]


@dataclass(frozen=True)
class Lane:
    """The name of a kind in the margin, how many parts it has, and the line above it (None at an edge)."""

    key: str
    title: str
    count: int
    y: int
    rule: int | None


@dataclass(frozen=True)
class Frame:
    """The boundary itself."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True)
class Numbered:
    """What a line of the picture says: its number, the names of the parts at its ends, and what passes."""

    number: int
    start: str
    end: str
    what: str


@dataclass(frozen=True)
class Drawing:
    """The whole picture, `width` by `height` units. `frame` is None where nothing stands inside.

    `numbers` gives the number of the line that a flow is drawn as, by the codes of its ends.
    """

    width: int
    height: int
    frame: Frame | None
    lanes: tuple[Lane, ...]
    boxes: tuple[Box, ...]
    lines: tuple[routing.Line, ...]
    numbers: Mapping[tuple[str, str], int]

    @property
    def wide(self) -> bool:
        """Whether it is shown in its own size and scrolled, since its words could not be read if it were smaller."""
        return self.width > WIDE

    @property
    def legend(self) -> list[Numbered]:
        """What each line says, in the order of the numbers."""
        names = {box.part.code: box.part.name for box in self.boxes}
        return [Numbered(one.badge.number, names[one.start], names[one.end], one.what) for one in self.lines]


def draw(parts: Sequence[Part], flows: Iterable[Flow]) -> Drawing:
    """The drawing of parts and of the flows between them. Flows to what is not among the parts are left out."""
    asked = merged(parts, flows)
    parts, stands = gathered(parts)
    drawn = moved(asked, stands)
    rows = _rows(parts, drawn)
    places = {part.code: (at, column) for at, row in enumerate(rows) for column, part in enumerate(row)}
    routes = [routing.Route(*_ends(flow, places), flow.what) for flow in drawn]
    grid = routing.Grid(len(rows), COLUMNS, GUTTER, BOX, routes)
    found = _laid_out(rows, grid, routes)
    known = {(line.start, line.end): line.badge.number for line in found.lines}
    ends = {_pair(flow): (stands[flow.start], stands[flow.end]) for flow in asked}
    return replace(found, numbers={pair: known[at] for pair, at in ends.items() if at in known})


def _ends(flow: Flow, places: dict[str, tuple[int, int]]) -> tuple[routing.End, routing.End]:
    return routing.End(flow.start, *places[flow.start]), routing.End(flow.end, *places[flow.end])


# -- what is drawn ------------------------------------------------------------------------------------------------


def merged(parts: Sequence[Part], flows: Iterable[Flow]) -> list[Flow]:
    """One flow for each pair of parts that stand, with all that passes; none from a part to itself."""
    known = {part.code for part in parts}
    found: dict[tuple[str, str], dict[str, None]] = {}
    for flow in flows:
        if flow.start != flow.end and {flow.start, flow.end} <= known:
            found.setdefault((flow.start, flow.end), {})[flow.what] = None
    return [Flow(start, end, "; ".join(words)) for (start, end), words in found.items()]


def gathered(parts: Sequence[Part]) -> tuple[list[Part], dict[str, str]]:
    """The parts, with the largest lanes drawn as one box until no more than `MOST` boxes are left.

    Beside them the code of the box that each part is drawn as, by its own code.
    """
    lanes = _lanes(parts)
    while sum(map(len, lanes.values())) > MOST:
        largest = max(lanes, key=lambda lane: len(lanes[lane]))
        lanes[largest] = [_crowd(largest, lanes[largest])]
    left = [part for lane in lanes.values() for part in lane]
    standing = {part.code for part in left}
    return left, {part.code: part.code if part.code in standing else f"/{part.lane}" for part in parts}


def moved(flows: Sequence[Flow], stands: Mapping[str, str]) -> list[Flow]:
    """The flows between the boxes that their ends are drawn as; none within one box."""
    if all(code == at for code, at in stands.items()):
        return [*flows]
    ends = [replace(one, start=stands[one.start], end=stands[one.end]) for one in flows]
    apart = sorted((one for one in ends if one.start != one.end), key=_pair)
    return [_bundled(list(same)) for _, same in groupby(apart, _pair)]


def _crowd(lane: str, parts: Sequence[Part]) -> Part:
    kind = parts[0].kind if lane != "outside" else "software"
    return Part(
        f"/{lane}", f"{len(parts)} parts", kind, lane not in BEYOND, ("each is in the table",), len(parts)
    )


def _pair(flow: Flow) -> tuple[str, str]:
    return flow.start, flow.end


def _bundled(same: list[Flow]) -> Flow:
    words = dict.fromkeys(one.what for one in same)
    return replace(same[0], what="; ".join(words) if len(words) < 3 else f"{len(same)} flows")


def _lanes(parts: Sequence[Part]) -> dict[str, list[Part]]:
    found: dict[str, list[Part]] = {lane: [] for lane in LANES}
    for part in parts:
        found[part.lane].append(part)
    return {
        lane: sorted(held, key=lambda one: (one.name.casefold(), one.code))
        for lane, held in found.items()
        if held
    }


def _rows(parts: Sequence[Part], flows: Sequence[Flow]) -> list[list[Part]]:
    """Rows of boxes from top to bottom; within a lane, parts stand below those they have most to do with."""
    columns: dict[str, int] = {}
    rows = []
    for lane in _lanes(parts).values():
        ordered = sorted(lane, key=lambda part: _pull(part, flows, columns))
        for at, part in enumerate(ordered):
            columns[part.code] = at % COLUMNS
        rows += [ordered[at : at + COLUMNS] for at in range(0, len(ordered), COLUMNS)]
    return rows


def _pull(part: Part, flows: Sequence[Flow], columns: dict[str, int]) -> float:
    """The mean column of its neighbours above; the middle where there are none yet."""
    others = [one.end if one.start == part.code else one.start for one in flows if part.code in _pair(one)]
    drawn = [columns[other] for other in others if other in columns]
    return sum(drawn) / len(drawn) if drawn else (COLUMNS - 1) / 2


# -- where it stands ----------------------------------------------------------------------------------------------


def _written(part: Part, width: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    room = width - 2 * PAD
    notes = [line for note in part.notes for line in lines(note, room, NOTE, 2)]
    if len(notes) > MOST_NOTES:
        notes[MOST_NOTES - 1 :] = [fitted(notes[MOST_NOTES - 1] + ELLIPSIS, room, NOTE)]
    return lines(part.name, room, NAME, 3), tuple(notes)


def _height(row: Sequence[Part], grid: routing.Grid) -> int:
    """All boxes of a row are as high as the one with most to say."""
    texts = [_written(part, grid.box_of(column)) for column, part in enumerate(row)]
    return max(14 + STEP * len(name) + STEP_NOTE * len(notes) for name, notes in texts)


def _laid_out(rows: list[list[Part]], grid: routing.Grid, routes: list[routing.Route]) -> Drawing:
    keys = [row[0].lane for row in rows]
    tops, y = [], 0
    for at, row in enumerate(rows):
        y += grid.street(at) + _edge(keys, at)
        tops.append(y)
        y += _height(row, grid)
    streets = [0, *(top + _height(row, grid) for top, row in zip(tops, rows, strict=True))]
    height = y + grid.street(len(rows)) + _edge(keys, len(rows))
    boxes = tuple(_box(part, grid.left(at), grid.box_of(at), tops[row], _height(held, grid))
                  for row, held in enumerate(rows)
                  for at, part in enumerate(held))  # fmt: skip
    drawn = grid.lines(routes, {box.part.code: (box.y, box.y + box.height) for box in boxes}, streets)
    lanes = tuple(_lane(keys, at, rows, tops) for at, key in enumerate(keys) if keys.index(key) == at)
    return Drawing(grid.width, height, _frame(keys, tops, streets, grid, height), lanes, boxes, drawn, {})


def _edge(keys: list[str], at: int) -> int:
    """Room that the street above row `at` needs for a line of the boundary, or between two kinds."""
    before, after = keys[at - 1] if at else "", keys[at] if at < len(keys) else ""
    if _inside(before) != _inside(after):
        return FRAME
    return FRAME // 2 if before and after and before != after else 0


def _inside(key: str) -> bool:
    return bool(key) and key not in BEYOND


def _box(part: Part, x: int, width: int, y: int, height: int) -> Box:
    name, notes = _written(part, width)
    return Box(part, x, y, width, height, name, notes)


def _lane(keys: list[str], at: int, rows: list[list[Part]], tops: list[int]) -> Lane:
    key = keys[at]
    within = at > 0 and _inside(key) and _inside(keys[at - 1])
    count = sum(part.count for row in rows for part in row if part.lane == key)
    return Lane(key, LANES[key], count, tops[at] + 19, tops[at] - FRAME // 2 if within else None)


def _frame(
    keys: list[str], tops: list[int], streets: list[int], grid: routing.Grid, height: int
) -> Frame | None:
    inside = [at for at, key in enumerate(keys) if _inside(key)]
    if not inside:
        return None
    first, last = inside[0], inside[-1]
    top, bottom = tops[first] - FRAME // 2 - 3, streets[last + 1] + grid.street(last + 1) + 3
    return Frame(1, top, grid.width - 2, bottom - top)
