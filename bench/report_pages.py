"""What a large report costs: a hundred, three hundred and a thousand pages, as time and memory of a process of its own.

    python -m bench.report_pages [--pages 100 300 1000]

Aim: 100 pages in at most 3 seconds. The first setting also reads the fonts; the second,
of changed data, is what a running server pays.
"""

from __future__ import annotations

import argparse
import io
import resource
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import pikepdf

from tests.report.sample_data import sample_report
from tickmark.kernel.documents import Pdf, typst_pdf
from tickmark.report.template_data import ReportData

TEMPLATE = Path(__file__).parents[1] / "src/tickmark/plugins/reports/soc2.typ"
CONTROLS_A_PAGE = 8.4
OTHER_PAGES = 15
LIMIT_SECONDS = 3.0


def large_report(controls: int) -> ReportData:
    """The sample with its controls repeated under new references, spread over the same criteria."""
    data = sample_report()
    originals = list(data["testing"]["controls"])
    for number in range(len(originals), controls):
        original = originals[number % len(originals)]
        ref = f"{original['ref']}-{number:04d}"
        data["testing"]["controls"].append({**original, "ref": ref})
        first = next(one for one in data["testing"]["criteria"] if original["ref"] in one["controls"])
        first["controls"].append(ref)
    return data


def render(data: ReportData) -> tuple[Pdf, float]:
    start = time.perf_counter()
    made = typst_pdf(TEMPLATE, data, title="Large report", author="A firm", date=date(2026, 12, 11))
    return made, time.perf_counter() - start


def measure(wanted: int) -> None:
    """One size, in a process of its own: memory that was taken once is not given back."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    data = large_report(int((wanted - OTHER_PAGES) * CONTROLS_A_PAGE))
    used = time.process_time()
    pdf, first = render(data)
    used = time.process_time() - used
    data["cover"]["company"] += " (again)"
    _, second = render(data)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pikepdf.open(io.BytesIO(pdf.content)) as opened:
        pages = len(opened.pages)
    print(f"{len(data['testing']['controls'])} controls, {pages} pages, {len(pdf.content) / 1e6:.1f} MB:")
    print(f"  first {first:.2f} s ({used:.2f} s of processor time), again {second:.2f} s,")
    print(f"  {100 * first / pages:.2f} s per 100 pages, aim {LIMIT_SECONDS:g} s")
    print(
        f"  peak memory {peak / 1024:.0f} MB, of which {(peak - before) / 1024:.0f} MB for the reports",
        flush=True,
    )


def main() -> None:
    """The sizes one after the other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, nargs="*", default=[100, 300, 1000])
    wanted = parser.parse_args().pages
    if len(wanted) == 1:
        measure(wanted[0])
        return
    for pages in wanted:
        subprocess.run([sys.executable, "-m", "bench.report_pages", "--pages", str(pages)], check=True)


if __name__ == "__main__":
    main()
