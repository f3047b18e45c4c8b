"""Sample data of the gallery page: fictional, fixed, and in every state that a component knows."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from django import template
from django.core.paginator import Paginator

from tickmark.scope.boundary import Flow, Part, draw
from tickmark.scope.mapped import Passed, Stood
from tickmark.web.pictures import Bar
from tickmark.web.terms import STATES, TERMS, VERDICTS

register = template.Library()
FIRST, LAST = date(2025, 11, 1), date(2026, 10, 31)
DIGEST = "9f2c41d08b7e5a63c1f04be29d7735a8e6610fcb2a94d3587e0c1b6fa2835d47"


@register.simple_tag
def samples() -> dict[str, Any]:
    """Everything that `gallery.html` shows."""
    return {
        "verdicts": list(VERDICTS), "states": list(STATES), "terms": sorted(TERMS), "digest": DIGEST, "steps": steps(),
        "columns": COLUMNS, "filters": FILTERS, "page": Paginator(evidence(), 4).page(1), "none": [], "events": events(),
        "messages": messages(), "files": files(), "tabs": TABS, "changes": CHANGES, "first": FIRST, "last": LAST,
        "heat": heat(), "lanes": lanes(), "boundary": boundary(), "now": date(2026, 8, 3), "days": DAYS, "ages": AGES, "counts": {"pass": 389, "fail": 17, "undetermined": 3, "not_applicable": 3},
        "items": items(), "refused": REFUSED, "fields": FIELDS, "wide": ("A", "B", "C", "D"), "reads": READS,
    }  # fmt: skip


COLUMNS = [
    {"key": "ref", "label": "Evidence", "sort": True},
    {"key": "control", "label": "Control", "sort": True},
    {"key": "covers", "label": "Covers"},
    {"key": "filed", "label": "Filed", "sort": True},
    {"key": "size", "label": "Size", "number": True},
    {"key": "state", "label": "State"},
]
FILTERS = [
    {"name": "state", "label": "State", "choices": [("accepted", "Accepted"), ("open", "Open")], "value": ""},
    {"name": "owner", "label": "Owner", "choices": ["Noor Haddad", "Jonas Weiss"], "value": ""},
]
TABS = [
    {"label": "Overview", "url": "#tabs", "current": True},
    {"label": "Evidence", "url": "#tabs", "count": 14},
    {"label": "Versions", "url": "#tabs", "count": 3},
]
CHANGES = [
    {"name": "Frequency", "before": "Each half-year", "after": "Each quarter"},
    {"name": "Owner", "before": "", "after": "Noor Haddad"},
    {"name": "Grace", "before": "15 days", "after": "15 days"},
]
DAYS = [("Accounts of leavers", 4.0), ("Changes without review", 17.0), ("Late access reviews", 1.0)]
AGES = [("Jan", 4.0), ("Feb", 3.5), ("Mar", None), ("Apr", 3.0), ("May", 2.0), ("Jun", 2.2)]
READS = [
    ("shared", "Both sides", "The company and the auditor."),
    ("own", "Our side only", "Never shown to the other side."),
]
REFUSED = {
    "what": "The sample cannot be drawn yet.",
    "why": "The population POP-7 counts 409 changes, the repository 412.",
    "remedy": "Reconcile the three commits that are missing, then lock the population.",
    "field": "reason",
}
FIELDS = [
    {"name": "title", "label": "Title", "required": True, "help": "As the auditor will read it."},
    {"name": "note", "label": "Note", "kind": "textarea"},
]


def steps() -> list[dict[str, Any]]:
    """The eight steps in the middle of an examination."""
    names = ("Scope", "Controls", "Evidence", "Readiness", "Audit", "Follow-up", "Report", "Upkeep")
    states = ("done", "done", "done", "done", "current", "next", "later", "later")
    owed = (0, 0, 2, 0, 4, 1, 0, 0)
    return [
        {"slug": n.lower(), "name": n, "url": "#road", "state": s, "owed": o}
        for n, s, o in zip(names, states, owed, strict=True)
    ]


def at(day: date, hour: int) -> datetime:
    """An instant on a day."""
    return datetime(day.year, day.month, day.day, hour, 5, tzinfo=UTC)


def evidence() -> list[dict[str, Any]]:
    """Rows of a list, among them a hostile name and a very long one."""
    names = (
        "members-2026-q3.csv", "Access review, third quarter.pdf", "<script>alert(1)</script>.png",
        "a-very-long-name-that-some-export-tool-thought-up-2026-10-31T23-59-59Z-final-FINAL-2.xlsx", "restore-test.md", "tickets.json",
    )  # fmt: skip
    shown = ("accepted", "in_review", "returned", "incomplete", "accepted", "open")
    return [
        {
            "ref": f"EV-{400 + at}", "name": name, "control": "AC-04", "first": date(2026, 7, 1), "last": date(2026, 9, 30),
            "filed": date(2026, 10, 2 + at), "size": 12_408 * (at + 1), "state": shown[at],
        }
        for at, name in enumerate(names)
    ]  # fmt: skip


def files() -> list[dict[str, Any]]:
    """A file as it should be, and one that came late and covers nothing stated."""
    good = {
        "ref": "EV-412", "name": "Access review, third quarter.pdf", "kind": "PDF", "size": 482_113, "digest": DIGEST, "url": "#files",
        "covers": (date(2026, 7, 1), date(2026, 9, 30)), "observed": date(2026, 10, 9), "collected": date(2026, 10, 9),
        "filed": date(2026, 10, 9), "state": "accepted",
    }  # fmt: skip
    late = {
        **good, "ref": "EV-431", "name": "screenshot <b>final</b>.png", "kind": "PNG", "size": 88_002, "covers": None,
        "observed": date(2026, 3, 31), "collected": date(2026, 6, 2), "filed": date(2026, 10, 30), "late": True, "state": "returned",
    }  # fmt: skip
    return [good, late]


def events() -> list[dict[str, Any]]:
    """What happened to a request."""
    told = (
        ("Request closed", "Priya Raman", "auditor", "good", "The list agrees with the population."),
        ("Answer sent", "Noor Haddad", "company", "neutral", ""),
        (
            "Sent back: the export ends on 30 September",
            "Priya Raman",
            "auditor",
            "warn",
            "Period asked for: to 31 October.",
        ),
        (
            "Count disagreed with the source",
            "Tickmark",
            "",
            "bad",
            "409 in the export, 412 in the repository.",
        ),
    )
    return [
        {
            "at": at(date(2026, 11, 12 - n), 9),
            "who": who,
            "side": side,
            "what": what,
            "detail": detail,
            "tone": tone,
            "url": "#timeline",
        }
        for n, (what, who, side, tone, detail) in enumerate(told)
    ]


def messages() -> list[dict[str, Any]]:
    """A conversation with both visibilities."""
    return [
        {"who": "Priya Raman", "role": "lead auditor", "side": "auditor", "at": at(date(2026, 11, 9), 9), "visibility": "shared",
         "text": "Please send all changes that reached main from 1 November to 31 October, with the approver and the merged head."},
        {"who": "Noor Haddad", "role": "security lead", "side": "company", "at": at(date(2026, 11, 9), 11), "visibility": "own",
         "text": "Jonas, the export stops in September. Can you run it again?\n\nThey will count."},
        {"who": "Noor Haddad", "role": "security lead", "side": "company", "at": at(date(2026, 11, 10), 8), "visibility": "shared",
         "text": "Here is the full list.", "files": [{"name": "changes.jsonl", "ref": "EV-428", "url": "#thread"}]},
    ]  # fmt: skip


def heat() -> list[dict[str, Any]]:
    """Five controls over a year: quiet, failing, unseen, periodic, and one that began late."""
    return [
        {"label": "CHG-02", "name": "Changes are reviewed", "url": "#heat", "states": spans(("pass", 120), ("fail", 3), ("pass", 242))},
        {"label": "AC-04", "name": "Leavers lose access", "url": "#heat",
         "states": spans(("pass", 60), ("undetermined", 21), ("pass", 200), ("fail", 6), ("pass", 78))},
        {"label": "AC-07", "name": "Access is reviewed", "url": "#heat",
         "states": spans(("none", 60), ("pass", 15), ("none", 76), ("pass", 15), ("none", 76), ("fail", 15), ("none", 77), ("pass", 31))},
        {"label": "OPS-03", "name": "Backups run", "url": "#heat", "states": spans(("none", 90), ("pass", 275))},
        {"label": "BCP-02", "name": "Restores are tested", "url": "#heat", "states": spans(("none", 300), ("undetermined", 65))},
    ]  # fmt: skip


def lanes() -> list[tuple[str, str, list[Bar]]]:
    """A year with bars, and a mark of each shape."""
    reviews = (
        ("2025-Q4", 15, 1, "met"),
        ("2026-Q1", 15, 4, "late"),
        ("2026-Q2", 15, 7, "missed"),
        ("2026-Q3", 15, 10, ""),
    )
    return [
        ("Period", "#pictures", [Bar(FIRST, LAST, "", "Type 2 period")]),
        ("Access review", "#pictures", [Bar(date(2026, month, day), date(2026, month, day), state, name) for name, day, month, state in reviews]),
        ("Remedy", "#pictures", [Bar(date(2026, 6, 2), date(2026, 9, 30), "due", "Close the direct pushes")]),
        ("Exclusions", "#pictures", []),
    ]  # fmt: skip


def boundary() -> SimpleNamespace:
    """A small system: customers outside, an application that fills a database, a host below."""
    parts = [
        Part("users", "Customers", "people", False),
        Part("team", "Engineering", "people"),
        Part("app", "Ledger application", "software", notes=("holds Customer records",)),
        Part("db", "Database", "infrastructure", notes=("holds Customer records", "by Host, Inc.")),
        Part("records", "Customer records", "data", notes=("class confidential",)),
        Part("host", "Host, Inc.", "vendor", False, ("Carve-out",)),
    ]
    flows = [
        Flow("users", "app", "entries"),
        Flow("app", "db", "records"),
        Flow("team", "app", "releases"),
        Flow("db", "host", "volumes"),
    ]
    names = {part.code: part.name for part in parts}
    drawing = draw(parts, flows)
    return SimpleNamespace(
        drawing=drawing,
        flows=[
            Passed(names[one.start], one.what, names[one.end], True, drawing.numbers[one.start, one.end])
            for one in flows
        ],
        rows=[
            Stood(one.name, one.code, one.kind.capitalize(), "inside" if one.inside else "outside", "", "", "", "")
            for one in parts
        ],
        undrawn=2,
    )  # fmt: skip


def spans(*parts: tuple[str, int]) -> list[str]:
    """States day by day from (state, days)."""
    return [state for state, days in parts for _ in range(days)]


def items() -> list[dict[str, Any]]:
    """Rows of a test: items down, attributes A to D across."""
    marks = (
        ("pass", "pass", "pass", "pass"), ("pass", "fail", "pass", "pass"), ("pass", "pass", "undetermined", "pass"),
        ("pass", "pass", "pass", "not_applicable"), ("pass", "pass", "", ""),
    )  # fmt: skip
    return [
        {
            "ref": f"#{1182 + 31 * at}",
            "name": f"merged {FIRST + timedelta(days=40 * at):%-d %b %Y}",
            "marks": row,
        }
        for at, row in enumerate(marks)
    ]
