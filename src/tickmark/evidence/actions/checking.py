"""Running a check over populations: the verdicts, what was not whole, the exceptions."""

from __future__ import annotations

import tempfile
from datetime import date
from pathlib import Path
from typing import Any

from tickmark.controls.models import Control
from tickmark.evidence import queries
from tickmark.evidence.models import CheckInput, CheckRun, Finding, Population
from tickmark.kernel import clock, files
from tickmark.kernel.access import Actor
from tickmark.kernel.action import bulk, need
from tickmark.kernel.checking import CheckResult
from tickmark.kernel.checking import run_check as judge
from tickmark.kernel.checks import Check


@bulk("evidence.run_check")
def run_check(
    actor: Actor,
    check: str,
    control: Control,
    populations: list[Population],
    start: date,
    end: date,
    parameters: dict[str, Any] | None = None,
    incomplete: dict[str, str] | None = None,
) -> CheckRun:
    """Run a check over populations: one verdict for every item, none dropped, unknown never a pass."""
    need(
        check in queries.registers().checks,
        f"There is no check {check}.",
        "",
        "Pick one of the list.",
        "check",
    )
    need(
        start <= end,
        "The period ends before it starts.",
        f"{end} is before {start}.",
        "Swap the days.",
        "end",
    )
    rule = queries.registers().checks[check]
    numbers = _numbers(rule, control, start, end, parameters or {})
    _check_lists(rule, populations)
    result, kept = _judged(rule, populations, numbers, start, end, incomplete or {})
    row = CheckRun(
        check_name=check,
        check_digest=result.check_digest,
        control=control,
        parameters=numbers,
        start=start,
        end=end,
        counts=dict(result.counts),
        verdicts_file=kept.sha256,
        incomplete=dict(result.incomplete),
    )
    row.save()
    CheckInput.objects.bulk_create(CheckInput(run=row, population=population) for population in populations)
    Finding.objects.bulk_create(_findings(row, result))
    return row


def _numbers(rule: Check, control: Control, start: date, end: date, given: dict[str, Any]) -> dict[str, Any]:
    """The control's own numbers: it is tested as written (domain.md 0.4 rule 5), part by part (rule 23)."""
    written = {
        span.version.pk: queries.fitting(rule, span.version.parameters)
        for span in queries.tested_spans(control, start, end)
    }
    asked = queries.fitting(rule, given)
    found = next(iter(written.values()), asked)
    if any(other != found for other in written.values()):
        what = f"{control.code} changed its numbers between {start} and {end}."
        need(False, what, "Each part is tested by its own numbers.", "Run the check for each part.", "start")
    strange = {name: value for name, value in asked.items() if name in found and found[name] != value}
    need(
        not strange,
        f"{control.code} does not say {strange}.",
        f"It says {found}.",
        "Change the control, or leave the numbers away.",
        "parameters",
    )
    return {**asked, **found}


def _check_lists(rule: Check, populations: list[Population]) -> None:
    there = {population.shape for population in populations}
    need(
        rule.drives in there,
        f"The list of {rule.drives} is missing.",
        f"{rule.name} judges each of its rows.",
        "Name it.",
        "populations",
    )
    strange = ", ".join(sorted(there - set(rule.reads)))
    need(
        not strange,
        f"{rule.name} does not read {strange}.",
        f"It reads {', '.join(rule.reads)}.",
        "Leave it away.",
        "populations",
    )


def _judged(
    rule: Check,
    populations: list[Population],
    numbers: dict[str, Any],
    start: date,
    end: date,
    further: dict[str, str],
) -> tuple[CheckResult, files.Kept]:
    where = queries.place(clock.today())
    reasons = {**queries.lacking(rule.reads, populations), **_not_whole(populations)}
    with tempfile.TemporaryDirectory(prefix="tickmark-check-") as room:
        result = judge(
            rule,
            _paths(populations, Path(room)),
            rule.settings(numbers),
            start,
            end,
            shapes=queries.registers().shapes.things(),
            target=Path(room) / "out" / "verdicts.parquet",
            day=where.local_day(clock.now()),
            holidays=where.holidays,
            zone=where.zone,
            incomplete={**reasons, **further},
        )
        return result, files.keep(result.path)


def _not_whole(populations: list[Population]) -> dict[str, str]:
    """Why lists that are read are not whole; `lacking` speaks of the newest ones, an older one may be given."""
    found: dict[str, list[str]] = {}
    for population in populations:
        run = population.collection
        if run.outcome != "complete":
            found.setdefault(population.shape, []).append(
                f"{run.ref} of {run.connection.code} ended {run.outcome}"
            )
    return {shape: "; ".join(reasons) for shape, reasons in found.items()}


def _paths(populations: list[Population], room: Path) -> dict[str, list[Path]]:
    (room / "out").mkdir()
    paths: dict[str, list[Path]] = {}
    for population in populations:
        target = room / f"{population.pk}.parquet"
        files.copy_out(population.content_hash, target)
        paths.setdefault(population.shape, []).append(target)
    return paths


def _findings(row: CheckRun, result: CheckResult) -> list[Finding]:
    return [
        Finding(
            run=row,
            item=found.item[:200],
            verdict=found.verdict,
            cause=found.cause,
            detail={"sentence": found.sentence, "seen": found.detail},
            happened_on=found.day,
        )
        for found in result.exceptions
    ]
