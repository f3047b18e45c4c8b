"""Server-made SVG pictures: bars, spark line, verdict strip, time table, stacked progress, the road.

Every picture is a plain string of SVG without inline style or script: colours come from the stylesheet
through classes (`v-pass`, `v-fail`, …) and lengths are percentages, so that text never scales with the
page. Each carries a title and a description; a page shows the same figures as a table beside it (the
tags in `templatetags/ui.py` do). What is unknown is drawn as unknown: a line breaks, it is not bridged.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from html import escape

from django.utils.safestring import SafeString, mark_safe

from tickmark.web.terms import STATES

VERDICTS = ("pass", "fail", "undetermined", "not_applicable")
STRIP_STATES = (*VERDICTS, "none")
ROAD_STATES = ("done", "current", "next", "later")
BAR = 42  # pixels from one bar to the next: its label above, its figure beside
Point = tuple[float, float]


@dataclass(frozen=True)
class Run:
    """Days in a row with one state; `first` and `last` are inclusive."""

    state: str
    first: date
    last: date

    @property
    def days(self) -> int:
        """Number of days in the run, both ends counted."""
        return (self.last - self.first).days + 1


def percent(part: float, whole: float) -> str:
    """`part` of `whole` as an SVG percentage; nothing of nothing is 0 %."""
    return f"{100 * part / whole:.3f}%".replace(".000%", "%") if whole else "0%"


def svg(kind: str, title: str, desc: str, body: str, *, height: int, view: str = "") -> SafeString:
    """Wrap `body` as a picture of `height` pixels with its accessible name and description."""
    box = f' viewBox="{view}" preserveAspectRatio="none"' if view else ""
    return mark_safe(  # noqa: S308 - every text below is escaped
        f'<svg class="pic pic-{kind}" role="img" aria-label="{escape(f"{title}. {desc}")}" width="100%"'
        f' height="{height}"{box} xmlns="http://www.w3.org/2000/svg"><title>{escape(title)}</title>'
        f"<desc>{escape(desc)}</desc>{body}</svg>"
    )


def verdict_class(state: str) -> str:
    """The class that colours a state; a state nobody knows is drawn as undetermined, never as a pass."""
    return f"v-{state}" if state in STRIP_STATES else "v-undetermined"


def bars(items: Sequence[tuple[str, float]], title: str, *, unit: str = "", kind: str = "") -> SafeString:
    """Horizontal bars, one per (label, value); values in `unit` (named in the description), none below zero.

    `kind` is a verdict that colours all bars, or empty for the plain accent.
    """
    most = max((value for _, value in items), default=0)
    body = "".join(_bar(at, label, value, most, kind) for at, (label, value) in enumerate(items))
    desc = "; ".join(f"{label}: {value:g} {unit}".strip() for label, value in items) or "Nothing to show."
    return svg("bars", title, desc, body, height=max(BAR * len(items) - 8, 4))


def _bar(at: int, label: str, value: float, most: float, kind: str) -> str:
    top = at * BAR
    length = 70 * max(value, 0) / most if most else 0
    figure = f"{value:,g}"
    colour = verdict_class(kind) if kind else "v-plain"
    return (
        f'<text x="0" y="{top + 12}">{escape(_short(label, 48))}</text>'
        f'<rect class="{colour}" x="0" y="{top + 19}" width="{length:.3f}%" height="10" rx="2"/>'
        f'<text class="figure" x="{length:.3f}%" dx="8" y="{top + 28}">{escape(figure)}</text>'
    )


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def spark(values: Sequence[float | None], title: str, *, unit: str = "") -> SafeString:
    """A line of values in time order; `None` (not known) breaks the line and is never bridged."""
    known = [value for value in values if value is not None]
    low, high = (min(known), max(known)) if known else (0.0, 0.0)
    points = [
        None if v is None else (_across(i, len(values)), _up(v, low, high)) for i, v in enumerate(values)
    ]
    body = "".join(_stroke(piece) for piece in _pieces(points))
    return svg("spark", title, _spark_words(values, known, unit), body, height=40, view="0 0 100 40")


def _spark_words(values: Sequence[float | None], known: Sequence[float], unit: str) -> str:
    if not known:
        return "No value is known."
    missing = len(values) - len(known)
    span = (
        f"From {known[0]:g} to {known[-1]:g} {unit}".strip()
        + f", lowest {min(known):g}, highest {max(known):g}."
    )
    return span + (f" {missing} of {len(values)} values are not known." if missing else "")


def _across(at: int, many: int) -> float:
    return 2 + 96 * at / max(many - 1, 1)


def _up(value: float, low: float, high: float) -> float:
    return 35 - 30 * ((value - low) / (high - low) if high > low else 0.5)


def _pieces(points: Iterable[Point | None]) -> list[list[Point]]:
    pieces: list[list[Point]] = [[]]
    for point in points:
        if point is None:
            pieces.append([])
        else:
            pieces[-1].append(point)
    return [piece for piece in pieces if piece]


def _stroke(piece: Sequence[tuple[float, float]]) -> str:
    path = "M" + "L".join(f"{x:.2f} {y:.2f}" for x, y in piece)
    path += f"L{piece[0][0] + 0.01:.2f} {piece[0][1]:.2f}" if len(piece) == 1 else ""
    return f'<path class="line" d="{path}" vector-effect="non-scaling-stroke"/>'


def runs(states: Sequence[str], first: date) -> list[Run]:
    """Day-by-day states, beginning on `first`, as runs of equal state."""
    found: list[Run] = []
    for offset, state in enumerate(states):
        day = first + timedelta(days=offset)
        if found and found[-1].state == state:
            found[-1] = Run(state, found[-1].first, day)
        else:
            found.append(Run(state, day, day))
    return found


def strip(label: str, states: Sequence[str], first: date) -> SafeString:
    """One row of a control × day map: a verdict per day from `first`; `none` = nothing was expected."""
    found = runs(states, first)
    body = "".join(_piece(run, first, len(states)) for run in found)
    desc = "; ".join(run_words(run) for run in found if run.state != "none") or "Nothing was expected."
    return svg("strip", label, desc, body, height=20)


def _piece(run: Run, first: date, days: int) -> str:
    at, wide = percent((run.first - first).days, days), percent(run.days, days)
    tall, top = {"fail": (20, 0), "undetermined": (18, 1), "pass": (12, 4)}.get(run.state, (2, 9))
    return f'<rect class="{verdict_class(run.state)}" x="{at}" y="{top}" width="{wide}" height="{tall}"/>'


def run_words(run: Run) -> str:
    """A run in words: `fail 3 Mar 2026` or `pass 1 Nov 2025 to 2 Mar 2026`."""
    word = run.state.replace("_", " ")
    first, last = short_day(run.first), short_day(run.last)
    return f"{word} {first}" if run.first == run.last else f"{word} {first} to {last}"


def short_day(day: date) -> str:
    """`3 Mar 2026`."""
    return f"{day.day} {day:%b %Y}"


def months(first: date, last: date) -> list[tuple[str, float, float]]:
    """The months that touch [first, last]: (name, start %, width %)."""
    whole, found, at = (last - first).days + 1, [], first
    while at <= last:
        following = (at.replace(day=1) + timedelta(days=32)).replace(day=1)
        end = min(following, last + timedelta(days=1))
        found.append((f"{at:%b}", 100 * (at - first).days / whole, 100 * (end - at).days / whole))
        at = end
    return found


def axis(first: date, last: date) -> SafeString:
    """Month names above a control × day map; narrow months keep their tick and lose their name."""
    body = "".join(_month(at, *month) for at, month in enumerate(months(first, last)))
    return svg("axis", "Months", f"{short_day(first)} to {short_day(last)}", body, height=18)


def _month(at: int, name: str, start: float, wide: float) -> str:
    place, kind = f"{start:.3f}%", "even" if at % 2 else "odd"
    word = f'<text class="{kind}" x="{place}" dx="4" y="12">{name}</text>' if wide > 4 else ""
    return f'<line x1="{place}" x2="{place}" y1="0" y2="18"/>{word}'


@dataclass(frozen=True)
class Bar:
    """Something that lasts, or happens on one day: days inclusive, a state of `terms.STATES` or none, what it is."""

    first: date
    last: date
    state: str
    says: str

    @property
    def tone(self) -> str:
        """The tone of its state; what has no state is only planned."""
        return STATES.get(self.state, ("", "plan", ""))[1]


MARKS = {
    "good": '<circle r="4.5"/>',
    "warn": '<path d="M0-5.5L5.5 4.5H-5.5z"/>',
    "bad": '<path d="M0-6.5L6.5 0 0 6.5-6.5 0z"/>',
}
"""The shape of a single day by its tone; every other tone is a ring."""


def gantt(label: str, items: Sequence[Bar], first: date, last: date, today: date | None = None) -> SafeString:
    """One lane of a time table from `first` to `last`: what lasts is a bar, what is on one day a mark of its tone."""
    shown = [item for item in items if item.first <= last and item.last >= first]
    spans = [item for item in shown if item.first != item.last]
    body = "".join(_span(item, first, last) for item in spans)
    body += "".join(_mark(item, first, last) for item in shown if item.first == item.last)
    if today is not None and first <= today <= last:
        at = percent((today - first).days + 0.5, (last - first).days + 1)
        body += f'<line class="today" x1="{at}" x2="{at}" y1="0" y2="26"/>'
    return svg("gantt", label, "; ".join(_gantt_words(item) for item in shown) or "Nothing.", body, height=26)


def _span(item: Bar, first: date, last: date) -> str:
    days, begins, ends = (last - first).days + 1, max(item.first, first), min(item.last, last)
    at, wide = percent((begins - first).days, days), percent((ends - begins).days + 1, days)
    return f'<rect class="t-{item.tone}" x="{at}" y="8" width="{wide}" height="10" rx="3"/>'


def _mark(item: Bar, first: date, last: date) -> str:
    at = percent((item.first - first).days + 0.5, (last - first).days + 1)
    shape = MARKS.get(item.tone, '<circle class="ring" r="4"/>')
    return f'<svg x="{at}" y="13" overflow="visible"><g class="t-{item.tone}">{shape}</g></svg>'


def _gantt_words(item: Bar) -> str:
    """What it is, its days and its state, for who does not see the picture."""
    days = short_day(item.first) + ("" if item.first == item.last else f" to {short_day(item.last)}")
    word = STATES[item.state][0] if item.state in STATES else ""
    return f"{item.says}, {days}" + (f", {word.lower()}" if word else "")


def stacked(parts: Sequence[tuple[str, int]], title: str) -> SafeString:
    """One bar of all items split by verdict, in the order given: (verdict, count)."""
    whole, at, body = sum(number for _, number in parts), 0, ""
    for state, number in parts:
        colour, start, wide = verdict_class(state), percent(at, whole), percent(number, whole)
        body += f'<rect class="{colour}" x="{start}" y="0" width="{wide}" height="14"/>' if number else ""
        body += f'<line class="gap" x1="{start}" x2="{start}" y1="0" y2="14"/>' if number and at else ""
        at += number
    desc = ", ".join(f"{number} {state.replace('_', ' ')}" for state, number in parts) + f"; {whole} in all."
    return svg("stacked", title, desc, body or '<rect class="v-none" width="100%" height="14"/>', height=14)


def gained(had: int, more: int, left: int, title: str, desc: str) -> SafeString:
    """One bar: what stands, what is about to be added, what is left. `desc` says the same in words."""
    whole = had + more + left
    body = '<rect class="v-none" width="100%" height="10" rx="2"/>'
    body += f'<rect class="v-plain" width="{percent(had, whole)}" height="10" rx="2"/>'
    if more:
        at, wide = percent(had, whole), percent(more, whole)
        body += f'<rect class="t-added" x="{at}" width="{wide}" height="10"/>'
        body += f'<line class="gap" x1="{at}" x2="{at}" y1="0" y2="10"/>'
    return svg("gained", title, desc, body, height=10)


def road(steps: Sequence[tuple[str, str]], title: str = "The road to the report") -> SafeString:
    """The steps as stations on one line: (name, state), state one of done, current, next, later."""
    wide = 100 / max(len(steps), 1)
    reached = sum(state in ("done", "current") for _, state in steps)
    line = f'<line class="road-line" x1="{wide / 2:.2f}%" x2="{100 - wide / 2:.2f}%" y1="14" y2="14"/>'
    gone = f'<line class="road-gone" x1="{wide / 2:.2f}%" x2="{wide * max(reached - 0.5, 0.5):.2f}%" y1="14" y2="14"/>'
    body = line + gone + "".join(_station(at, name, state, wide) for at, (name, state) in enumerate(steps))
    desc = "; ".join(f"{at}. {name}: {state}" for at, (name, state) in enumerate(steps, 1))
    return svg("road", title, desc, body, height=52)


def _station(at: int, name: str, state: str, wide: float) -> str:
    centre = f"{wide * (at + 0.5):.2f}%"
    kind = state if state in ROAD_STATES else "later"
    tick = (
        f'<svg x="{centre}" y="14" overflow="visible"><path class="tick" d="M-4 .5l3 3 5-6.5"/></svg>'
        if kind == "done"
        else f'<text class="number" x="{centre}" y="18.5">{at + 1}</text>'
    )
    circle, word = (
        f'<circle cx="{centre}" cy="14" r="11"/>',
        f'<text x="{centre}" y="44">{escape(name)}</text>',
    )
    return f'<g class="station {kind}">{circle}{tick}{word}</g>'
