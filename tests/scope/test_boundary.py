"""The boundary's drawing: nothing lies on anything else, every line ends at its box, and no text leaves its place.

What a line says stands beneath the drawing, by the number on the line's badge.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations, pairwise

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tickmark.scope import boundary
from tickmark.scope.boundary import MOST, NAME, NOTE, PAD, Flow, Numbered, Part, draw
from tickmark.scope.lettering import ELLIPSIS, fitted, lines, width
from tickmark.scope.routing import tracks

KINDS = ("people", "procedures", "software", "infrastructure", "data", "vendor")
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=60)


@st.composite
def systems(draw_, most=MOST + 12):
    """Parts of every kind on both sides, and flows between any of them, to nowhere and to themselves too."""
    count = draw_(st.integers(0, most))
    parts = [
        Part(f"p{at}", draw_(WORDS), draw_(st.sampled_from(KINDS)), draw_(st.booleans()),
             tuple(draw_(st.lists(WORDS, max_size=3))))
        for at in range(count)
    ]  # fmt: skip
    ends = st.sampled_from([one.code for one in parts] + ["nowhere"])
    flows = draw_(st.lists(st.builds(Flow, ends, ends, WORDS), max_size=25))
    return parts, flows


def boxes_of(drawing):
    return {one.part.code: (one.x, one.y, one.x + one.width, one.y + one.height) for one in drawing.boxes}


def badge_of(line):
    one = line.badge
    return one.x, one.y, one.x + one.width, one.y + one.height


def overlap(one, other):
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def pieces(line):
    return [
        (min(a[0], b[0]), min(a[1], b[1]), max(a[0], b[0]), max(a[1], b[1])) for a, b in pairwise(line.points)
    ]


@settings(max_examples=200, deadline=None)
@given(systems())
def test_nothing_lies_on_anything_else_and_all_is_inside_the_picture(given_):
    drawing = draw(*given_)
    boxes = boxes_of(drawing)
    badges = [badge_of(line) for line in drawing.lines]
    assert not any(overlap(*pair) for pair in combinations(boxes.values(), 2))
    for line in drawing.lines:
        first, last = line.points[0], line.points[-1]
        for (x, y), code in ((first, line.start), (last, line.end)):
            left, top, right, bottom = boxes[code]
            assert left < x < right
            assert y in (top, bottom)
        for piece in pieces(line):
            assert piece[0] == piece[2] or piece[1] == piece[3], "a line runs straight or turns squarely"
            inner = (piece[0] - 0.1, piece[1] + 0.1, piece[2] + 0.1, piece[3] - 0.1)
            assert not any(overlap(inner, box) for box in boxes.values())
    assert not any(overlap(*pair) for pair in combinations(badges, 2))
    assert not any(overlap(badge, box) for badge in badges for box in boxes.values())
    for left, top, right, bottom in [*boxes.values(), *badges]:
        assert left >= 0
        assert top >= 0
        assert right <= drawing.width
        assert bottom <= drawing.height
    points = [point for line in drawing.lines for point in line.points]
    assert all(0 <= x <= drawing.width and 0 <= y <= drawing.height for x, y in points)
    assert all(isinstance(number, int) for point in points for number in point)


@settings(max_examples=150, deadline=None)
@given(systems())
def test_lines_of_two_flows_never_run_on_each_other(given_):
    runs = [(line, piece) for line in draw(*given_).lines for piece in pieces(line)]
    for (one, a), (other, b) in combinations(runs, 2):
        if one is other:
            continue
        upright = a[0] == a[2] == b[0] == b[2] and a[1] < b[3] and b[1] < a[3]
        level = a[1] == a[3] == b[1] == b[3] and a[0] < b[2] and b[0] < a[2]
        assert not upright
        assert not level


HUB = (
    [Part(f"p{at}", f"Part {at}", "software") for at in range(30)],
    [Flow("p4", f"p{at}", f"what {at}") for at in range(30)]
    + [Flow(f"p{at}", "p4", f"answer {at}") for at in range(30)],
)
"""One part that has to do with all the others, in both ways."""


@settings(max_examples=200, deadline=None)
@given(systems())
@example(HUB)
def test_the_number_of_a_line_stands_at_its_start_and_no_other_line_comes_near_it(given_):
    drawing = draw(*given_)
    for line in drawing.lines:
        left, top, right, bottom = badge_of(line)
        (x, begins), (to, ends) = line.points[:2]
        assert (left + right) / 2 == line.badge.middle == x == to
        assert min(begins, ends) < top < bottom < max(begins, ends)
        near = (left - 3, top - 3, right + 3, bottom + 3)
        others = (piece for other in drawing.lines if other is not line for piece in pieces(other))
        assert not any(overlap(near, piece) for piece in others)


@settings(max_examples=100, deadline=None)
@given(systems())
@example(HUB)
def test_each_number_is_told_once_and_whole(given_):
    parts, flows = given_
    drawing = draw(parts, flows)
    assert [one.number for one in drawing.legend] == list(range(1, len(drawing.lines) + 1))
    assert [one.what for one in drawing.legend] == [line.what for line in drawing.lines]
    assert set(drawing.numbers.values()) == {one.number for one in drawing.legend}
    if len(parts) <= MOST:
        names = {part.code: part.name for part in parts}
        told = {(one.number, one.start, one.end) for one in drawing.legend}
        numbers = drawing.numbers.items()
        assert told == {(number, names[start], names[end]) for (start, end), number in numbers}
        known = {(one.start, one.end) for one in flows if {one.start, one.end} <= {*names}}
        assert {*drawing.numbers} == {(start, end) for start, end in known if start != end}


def test_numbers_run_as_one_reads():
    parts = [Part("a", "A", "people"), Part("b", "B", "people"), Part("c", "C", "data")]
    drawing = draw(parts, [Flow("c", "a", "up"), Flow("b", "c", "down"), Flow("a", "c", "down too")])
    assert drawing.legend == [
        Numbered(1, "A", "C", "down too"),
        Numbered(2, "B", "C", "down"),
        Numbered(3, "C", "A", "up"),
    ]
    assert drawing.numbers == {("a", "c"): 1, ("b", "c"): 2, ("c", "a"): 3}


@settings(max_examples=100, deadline=None)
@given(systems())
def test_every_text_fits_its_place(given_):
    drawing = draw(*given_)
    for box in drawing.boxes:
        sizes = {"name": NAME, "note": NOTE}
        for y, kind, words in box.text:
            assert width(words, sizes[kind]) <= box.width - 2 * PAD
            assert box.y < y < box.y + box.height
    for line in drawing.lines:
        assert width(str(line.badge.number), 11) < line.badge.width


@settings(max_examples=80, deadline=None)
@given(systems())
def test_the_frame_holds_what_is_inside_and_nothing_else(given_):
    drawing = draw(*given_)
    inside = [box for box in drawing.boxes if box.part.lane not in boundary.BEYOND]
    assert (drawing.frame is None) == (not inside)
    if drawing.frame:
        frame = drawing.frame
        held = {box.part.code for box in drawing.boxes if frame.y < box.y < frame.y + frame.height}
        assert held == {box.part.code for box in inside}


@settings(max_examples=15, deadline=None)
@given(systems(), st.randoms(use_true_random=False))
def test_the_order_in_which_parts_are_given_changes_nothing(given_, random):
    parts, flows = given_
    parts = [replace(part, name=f"{part.name} {at}") for at, part in enumerate(parts)]
    shuffled = random.sample(parts, len(parts))
    assert draw(parts, flows) == draw(parts, flows)
    if len(parts) <= MOST:
        assert draw(shuffled, flows) == draw(parts, flows)


def test_hundreds_are_drawn_as_one_box_that_says_how_many():
    parts = [Part(f"i{at}", f"Machine {at}", "infrastructure") for at in range(300)]
    parts += [Part("app", "Application", "software"), Part("host", "Host", "vendor", False)]
    flows = [Flow("app", f"i{at}", f"table {at}") for at in range(50)]
    flows += [Flow("i7", "host", "volumes"), Flow("i8", "host", "volumes"), Flow("i1", "i2", "copies")]
    drawing = draw(parts, flows)
    assert [box.part.name for box in drawing.boxes] == ["Application", "300 parts", "Host"]
    assert [(lane.title, lane.count) for lane in drawing.lanes] == [
        ("Software", 1),
        ("Infrastructure", 300),
        ("Vendors", 1),
    ]
    assert drawing.legend == [
        Numbered(1, "Application", "300 parts", "50 flows"),
        Numbered(2, "300 parts", "Host", "volumes"),
    ]
    assert drawing.numbers["app", "i7"] == drawing.numbers["app", "i8"] == 1
    assert ("i1", "i2") not in drawing.numbers


def test_several_things_between_two_parts_are_one_line():
    parts = [Part("a", "A", "software"), Part("b", "B", "data")]
    flows = [
        Flow("a", "b", "one"),
        Flow("a", "b", "two"),
        Flow("a", "b", "one"),
        Flow("a", "a", "x"),
        Flow("a", "c", "y"),
    ]
    assert [line.what for line in draw(parts, flows).lines] == ["one; two"]


def test_a_picture_too_wide_to_be_read_smaller_keeps_its_size():
    parts = [Part("a", "A", "software"), Part("b", "B", "data")]
    assert not draw(parts, [Flow("a", "b", "one")]).wide
    assert draw(*HUB).wide


def test_nothing_is_an_empty_picture():
    assert draw([], []).boxes == ()


# -- letters ------------------------------------------------------------------------------------------------------


@given(WORDS, st.integers(20, 300), st.integers(8, 20))
@example("w" * 90, 144, 13)
@example("שלום " * 20, 144, 13)
def test_what_is_fitted_fits(text, room, size):
    assert width(fitted(text, room, size), size) <= room
    for line in lines(text, room, size, 2):
        assert width(line, size) <= room


def test_what_fits_stays_whole_and_what_does_not_says_so():
    assert lines("Source repository and its pipeline", 144, 13, 3) == (
        "Source repository and",
        "its pipeline",
    )
    assert lines("Ledger", 144, 13, 2) == ("Ledger",)
    assert lines("one two three four five six seven eight nine ten", 60, 13, 2)[-1].endswith(ELLIPSIS)
    assert lines("", 60, 13, 2) == ("",)


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), max_size=30))
def test_spans_on_one_track_keep_apart(pairs):
    wanted = [((min(pair), max(pair)), at) for at, pair in enumerate(pairs)]
    found = tracks(wanted, 3)
    assert sorted(found) == list(range(len(pairs)))
    for (one, a), (other, b) in combinations(wanted, 2):
        if found[a] == found[b]:
            assert one[1] + 3 <= other[0] or other[1] + 3 <= one[0]
