"""Checks: which one speaks for a control, over which part of its time, and what it said of each item."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sized
from datetime import date
from typing import Any

from tickmark.controls.models import Control, ControlVersion
from tickmark.evidence.models import CheckRun
from tickmark.evidence.queries.lists import newest_lists
from tickmark.evidence.queries.places import registers
from tickmark.kernel import files, tables
from tickmark.kernel.checks import Check
from tickmark.kernel.dated import Span, joined


def chosen_checks(
    control: Control, day: date | None = None, lists: Callable[[str, date | None], Sized] = newest_lists
) -> list[Check]:
    """Of the checks that support a control and drive the same list, the one that reads the most lists there are.

    `lists` finds the newest lists of a shape, for whoever asks for many controls and remembers them.
    """
    rules = [entry.thing for entry in registers().checks if control.code in entry.thing.supports]
    there = {shape: bool(lists(shape, day)) for shape in {shape for rule in rules for shape in rule.reads}}
    best: dict[str, Check] = {}
    for rule in sorted(rules, key=lambda rule: rule.name):
        if rule.drives not in best or _sight(rule, there) > _sight(best[rule.drives], there):
            best[rule.drives] = rule
    return list(best.values())


def _sight(rule: Check, there: Mapping[str, bool]) -> tuple[bool, int]:
    needed = [shape for shape in rule.reads if shape not in rule.optional]
    return all(there[shape] for shape in needed), sum(there[shape] for shape in rule.reads)


def tested_spans(control: Control, start: date, end: date) -> list[Span[ControlVersion]]:
    """The control's versions over a period, neighbours with the same numbers joined: each part is tested by its own."""
    return _joined(ControlVersion.objects.filter(control=control).over(start, end))


def _joined(spans: Iterable[Span[ControlVersion]]) -> list[Span[ControlVersion]]:
    return joined(spans, lambda version: (version.control_id, version.parameters))


def runs_of(check: str, control: Control) -> list[CheckRun]:
    """The newest run of a check for each part of a control's time."""
    newest: dict[date, CheckRun] = {}
    for run in CheckRun.objects.filter(check_name=check, control=control).order_by("pk"):
        newest[run.start] = run
    return [newest[start] for start in sorted(newest)]


def standing_runs(start: date, end: date, controls: Iterable[int] | None = None) -> list[CheckRun]:
    """What the checks say of a window today: for each control, driving list and part of its time one run.

    Of the runs with the numbers of that part the one that reaches furthest counts, and of these the newest; so a
    run over fewer days never takes the place of one over more.
    """
    rows = CheckRun.objects.filter(start__gte=start, start__lte=end).exclude(control=None).order_by("pk")
    if controls is not None:
        rows = rows.filter(control__in=list(controls))
    runs: dict[tuple[int, date], list[CheckRun]] = {}
    for run in rows.only("pk", "control_id", "check_name", "start", "end", "parameters"):
        runs.setdefault((run.control_id, run.start), []).append(run)
    spans = numbered_spans(start, end, {control for control, _ in runs})
    chosen = [pk for key, span in spans.items() for pk in _furthest(runs.get(key, ()), span)]
    return list(
        CheckRun.objects.filter(pk__in=chosen).select_related("control").order_by("control__code", "start")
    )


def numbered_spans(
    start: date, end: date, controls: Iterable[int]
) -> dict[tuple[int, date], Span[ControlVersion]]:
    """`tested_spans` of many controls at once, by control and first day."""
    versions: Any = ControlVersion.objects.filter(control__in=list(controls))
    found = _joined(versions.over(start, end))
    return {(span.version.control_id, span.start): span for span in found}


def _furthest(runs: Iterable[CheckRun], span: Span[ControlVersion]) -> list[int]:
    best: dict[str, CheckRun] = {}
    for run in runs:
        rule = registers().checks.entries.get(run.check_name)
        fits = rule is not None and run.parameters == fitting(rule.thing, span.version.parameters)
        drives = rule.thing.drives if rule else run.check_name
        if fits and run.end <= span.end and (drives not in best or run.end >= best[drives].end):
            best[drives] = run
    return [run.pk for run in best.values()]


def fitting(rule: Check, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Those numbers of a control that a check takes."""
    return {name: value for name, value in parameters.items() if name in rule.takes}


def verdicts_by_subject(run: CheckRun, subject: str = "") -> dict[str, tuple[str, str]]:
    """The verdict on each driving row, or on one of them, and its words; a fail outweighs an unknown, an unknown
    outweighs a pass."""
    weight: dict[str | None, int] = {"not_applicable": 0, "pass": 1, "undetermined": 2, "fail": 3}
    found: dict[str, tuple[str, str]] = {}
    for row in verdicts(run, subject=subject):
        key = row["subject"]
        if key is None:
            continue
        words = f"{row['sentence']} {row['detail']}".strip()
        if key not in found or weight[row["verdict"]] > weight[found[key][0]]:
            found[key] = (str(row["verdict"]), words)
    return found


def verdicts(
    run: CheckRun, limit: int = 10_000_000, offset: int = 0, verdict: str = "", subject: str = ""
) -> list[dict[str, str | None]]:
    """Rows of a run's verdict file: item, subject, verdict, cause, before, sentence, detail."""
    with files.local(run.verdicts_file) as path:
        wanted = {name: value for name, value in (("verdict", verdict), ("subject", subject)) if value}
        return tables.read(path, limit, offset, wanted)
