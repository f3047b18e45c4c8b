"""What marking a whole list at once costs as a sheet, beside a row for each cell (docs/decisions/030).

    python bench/marks.py [ITEMS]        (default 20000; TICKMARK_DATABASE picks the engine, SQLite otherwise)

Two tests of as many items and three attributes are marked as met in one action each, once with a Mark for every cell.
Printed are how long the action holds the books, and how long the working paper takes whose signature covers it.
Aim: a sheet takes at most half of either.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from bench.filling import Sizes, fill, prepare, put  # noqa: E402

LETTERS = "ABC"
MOST = 0.5


def main(items: int) -> int:
    """Fill, mark twice, print; 1 if the aim is missed."""
    with tempfile.TemporaryDirectory(prefix="tickmark-bench-") as room:
        prepare(Path(room) / "home")
        found = fill(
            Sizes(evidence=100, requests=10, controls=5, populations=2, people=2, persons=2, entries=10)
        )
        rows, sheet = _measured(found, items, rows=True), _measured(found, items, rows=False)
    ratios = [one / other for one, other in zip(sheet, rows, strict=True)]
    cells = items * len(LETTERS)
    for name, as_sheet, as_rows, ratio in zip(("action", "paper"), sheet, rows, ratios, strict=True):
        print(
            f"{name}: {cells:,} cells as a sheet {as_sheet:.2f} s, as rows {as_rows:.2f} s, {ratio:.2f} of it"
        )
    return 0 if max(ratios) <= MOST else 1


def _measured(found: Any, items: int, *, rows: bool) -> tuple[float, float]:
    """Seconds of the action, and of the paper's digest."""
    from tickmark.audit import actions as audit
    from tickmark.audit import queries
    from tickmark.audit.actions import marking
    from tickmark.audit.models import Mark
    from tickmark.people.queries import actor_for

    procedure = _drawn(found, items)
    cells = [
        marking.MarkIn(item=f"app/{number}", letter=letter, verdict="met")
        for number in range(items)
        for letter in LETTERS
    ]
    kept = marking._write
    if rows:
        marking._write = lambda table, marks, check_run=None: Mark.objects.bulk_create(marks)  # type: ignore[assignment]
    acted = _timed(lambda: audit.mark_many(actor_for(found.auditor), procedure, cells))
    marking._write = kept
    digested = _timed(lambda: queries.workpaper(procedure).digest)
    return acted, digested


def _drawn(found: Any, items: int) -> Any:
    """A test with a census of so many items."""
    from tickmark.audit import models as audit
    from tickmark.controls.models import ControlVersion
    from tickmark.evidence.models import Population

    plan = {
        "engagement_id": found.engagement,
        "control_version": ControlVersion.objects.first(),
        "kind": "inspection",
    }
    (test,) = put(audit.Procedure, [{**plan, "text": "Inspected.", "shape": "changes"}], found.auditor)
    put(
        audit.Attribute,
        ({"procedure_id": test, "letter": one, "text": one} for one in LETTERS),
        found.auditor,
    )
    days = {"start": found.start, "end": found.today}
    fixed = {"key_hash": "0" * 64, "content_hash": "0" * 64, "count": items, **days}
    population = Population.objects.first()
    (lock,) = put(
        audit.PopulationLock, [{"procedure_id": test, "population": population, **fixed}], found.auditor
    )
    drawn = {
        "procedure_id": test,
        "lock_id": lock,
        "method": "census",
        "size": items,
        "population_size": items,
    }
    (sample,) = put(audit.Sample, [drawn], found.auditor)
    places = ({"sample_id": sample, "key": f"app/{n}", "position": n + 1} for n in range(items))
    put(audit.SampleItem, places, found.auditor)
    return audit.Procedure.objects.get(pk=test)


def _timed(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000))
