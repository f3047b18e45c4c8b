"""What the list of controls, coverage, wording and owners cost with 2,000 controls, against their bare SQL.

    python bench/coverage.py [CONTROLS] [COMPONENTS]      (default 2000 and 5000)

A home is filled with so many controls and components and served; each page is asked by one user over loopback. Printed
are p95 of the warm page and of the first answer after something was recorded, the processor time of the server, and
both as a multiple of the bare SQL: the very statements that the page sends, sent again without the program. Aim: p95 of
the warm page at most 150 ms.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import filling
import load

MOST = 0.150
PAGES = (
    "/controls/",
    "/controls/?area=AC",
    "/controls/coverage",
    "/controls/coverage?by=area",
    "/controls/coverage?area=AC",
    "/controls/criteria/CC6.1",
    "/controls/wording",
    "/controls/owners",
    "/controls/adopt/",
)


def main(controls: int, components: int) -> int:
    """Fill, serve, ask; 1 if a page misses the aim."""
    with tempfile.TemporaryDirectory(prefix="tickmark-bench-") as room:
        os.environ["TICKMARK_PORT"] = str(port := load._free_port())
        filling.prepare(Path(room) / "home")
        found = filling.fill(
            filling.Sizes(500, 50, controls, 5, people=25, persons=50, policies=20, entries=2000)
        )
        _components(found, components)
        print(f"{controls:,} controls, {components:,} components", flush=True)
        with load.served(port) as address:
            cookie = load._session("lead", port)
            return max(_ask(address, cookie, page) for page in PAGES)


def _components(found: Any, number: int) -> None:
    from tickmark.scope.models import Component, System

    common = {"system": System.objects.get(), "kind": "software", "effective_from": found.start}
    owners = found.owners
    rows = (
        {**common, "code": f"c-{n}", "name": f"Component {n}", "owner": owners[n % len(owners)]}
        for n in range(number)
    )
    filling.put(Component, rows, found.lead)
    filling.analyse()


def _ask(address: str, cookie: dict[str, str], page: str) -> int:
    found = load._one(address, "lead", cookie, page)
    missed = "  missed" if found.p95 > MOST else ""
    told = (
        f"p95 {found.p95 * 1e3:6.0f} ms ({found.p95 / found.bare:5.1f} x SQL)",
        f"fresh {found.fresh * 1e3:6.0f} ms ({found.fresh / found.bare:5.1f} x)",
        f"processor {found.cpu * 1e3:5.0f} ms",
        f"SQL {found.bare * 1e3:6.1f} ms in {found.queries} statements",
        f"{found.size / 1e3:.0f} kB{missed}",
    )
    print(f"{page:32} {', '.join(told)}", flush=True)
    return int(bool(missed))


if __name__ == "__main__":
    given = [int(one) for one in sys.argv[1:3]]
    raise SystemExit(main(*given, *(2000, 5000)[len(given) :]))
