"""What every list page, the home page and the tasks cost over large books, through the real web server.

    python bench/load.py [--evidence N] [--requests N] [--controls N] [--pages WORD] [--home FOLDER]

Books are filled (bench/filling.py) and served by granian as `tickmark up` starts it. Each page is asked by one user,
alone, over loopback; beside it stands its bare SQL: the very statements that the page sends, sent again without the
program around them. Then 20 users walk through the pages at random, each pausing a moment between two of them, as
readers do. TICKMARK_DATABASE=postgresql://… names an empty database of the other engine. `--home` keeps the filled
home for the next run. Aim: p95 of every page at most 150 ms, for one user and for 20.

Beside each stands the processor time that the server took for it: on a machine that does other work as well, that is
what says something.

"Fresh" is the first answer after something was recorded: what the program remembers of the books is gone then, and
in a company that works all day that is what people meet.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from itertools import cycle
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import filling

MOST = 0.150
RUNS = 6
FRESH = 4
USERS = 20
PAUSE = 3.0
SECONDS = 40.0
SERVER: list[int] = []
COMPANY = (
    "/", "/home/owed", "/tasks", "/people/", "/people/persons", "/scope/", "/scope/exclusions/", "/controls/",
    "/controls/coverage", "/controls/AC-900/", "/policies/", "/evidence/", "/evidence/?state=filed",
    "/evidence/?control=AC-900", "/evidence/?q=record-777", "/evidence/?sort=name", "/evidence/populations/",
    "/evidence/sources/", "/evidence/checks/", "/evidence/file?control=AC-903", "/readiness/", "/audit/",
    "/audit/2026/requests", "/audit/2026/requests?state=open", "/audit/2026/tests", "/follow-up/", "/report/",
    "/report/2026/", "/upkeep/", "/ledger",
)  # fmt: skip
AUDITOR = (
    "/tasks",
    "/evidence/",
    "/controls/",
    "/audit/",
    "/audit/2026/requests",
    "/audit/2026/tests",
    "/follow-up/",
)


def main() -> int:
    """Fill, serve, ask, print; 1 if a page misses the aim."""
    given = _given()
    with tempfile.TemporaryDirectory(prefix="tickmark-bench-") as room:
        home = Path(given.home or room) / "home"
        port = _free_port()
        os.environ["TICKMARK_PORT"] = str(port)
        filling.prepare(home)
        _fill(given)
        with served(port) as address:
            cookies = {name: _session(name, port) for name in ("lead", "auditor")}
            missed = _alone(address, cookies, given.pages)
            missed += [] if given.pages else _together(address, cookies)
    print(f"{len(missed)} figures miss the aim of {MOST * 1e3:.0f} ms: {', '.join(missed) or 'none'}")
    return 1 if missed else 0


def _given() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    for name, number in (
        ("evidence", 100_000),
        ("requests", 10_000),
        ("controls", 500),
        ("populations", 500),
    ):
        parser.add_argument(f"--{name}", type=int, default=number)
    parser.add_argument("--pages", default="", help="only addresses that hold this word")
    parser.add_argument("--home", default="", help="a folder to keep the filled home in")
    return parser.parse_args()


def _fill(given: argparse.Namespace) -> None:
    from tickmark.people.models import User

    if User.objects.exists():
        return
    start = time.perf_counter()
    filling.fill(filling.Sizes(given.evidence, given.requests, given.controls, given.populations))
    sizes = f"{given.evidence:,} pieces of evidence, {given.requests:,} requests, {given.controls} controls"
    print(f"{sizes}; filled in {time.perf_counter() - start:.0f} s", flush=True)


# -- the server -----------------------------------------------------------------------------------------------------


@contextmanager
def served(port: int) -> Iterator[str]:
    """The pages as `tickmark up` serves them, ended when this is left."""
    import httpx

    from tickmark.cli.serving import _web

    process = subprocess.Popen([sys.executable, "-m", *_web()], start_new_session=True)
    SERVER.append(process.pid)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            try:
                httpx.get(f"{address}/healthz", timeout=2)
                break
            except httpx.HTTPError:
                time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        process.wait(20)


def cpu() -> float:
    """Seconds of processor time that the server and its workers have taken so far."""
    pids = {SERVER[-1]}
    stats = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = path.read_text().rpartition(")")[2].split()
            stats[int(path.parent.name)] = (int(fields[1]), int(fields[11]) + int(fields[12]))
    for _ in range(3):
        pids |= {pid for pid, (parent, _) in stats.items() if parent in pids}
    return sum(ticks for pid, (_, ticks) in stats.items() if pid in pids) / os.sysconf("SC_CLK_TCK")


def _free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _session(name: str, port: int) -> dict[str, str]:
    """A signed-in browser's cookie."""
    client = _client(name)
    return {f"tickmark_{port}": client.cookies[f"tickmark_{port}"].value}


def _client(name: str) -> Any:
    from django.test import Client

    from tickmark.people.models import User
    from tickmark.web.sessions import HAS_FACTOR

    client = Client()
    client.force_login(User.objects.get(email=f"{name}@northlight.example"))
    session = client.session
    session[HAS_FACTOR] = True  # an auditor comes to nothing without one
    session.save()
    return client


# -- one user -------------------------------------------------------------------------------------------------------


def _alone(address: str, cookies: dict[str, dict[str, str]], word: str) -> list[str]:
    missed = []
    print(
        f"{'page':44} {'p95':>6} {'cpu':>6} {'fresh':>6} {'cpu':>6} {'bare SQL':>8} {'queries':>8} {'kB':>6}"
    )
    for who, page in _pages():
        if word not in page:
            continue
        found = _one(address, who, cookies[who], page)
        mark = "  missed" if max(found.p95, found.fresh) > MOST else ""
        print(
            f"{who[:4]} {page:39} {found.p95 * 1e3:6.0f} {found.cpu * 1e3:6.0f} {found.fresh * 1e3:6.0f}"
            f" {found.fresh_cpu * 1e3:6.0f} {found.bare * 1e3:8.1f}"
            f" {found.queries:8} {found.size / 1e3:6.0f}{mark}",
            flush=True,
        )
        if mark:
            missed.append(f"{who} {page}")
    return missed


def _pages() -> list[tuple[str, str]]:
    return [("lead", page) for page in COMPANY] + [("auditor", page) for page in AUDITOR]


def _one(address: str, who: str, cookie: dict[str, str], page: str) -> SimpleNamespace:
    import httpx

    with httpx.Client(base_url=address, cookies=cookie, timeout=120) as client:
        size = len(_asked(client, page).content)
        before = cpu()
        warm = _p95(lambda: _asked(client, page), RUNS)
        warm_cpu = (cpu() - before) / RUNS
        fresh, before = [], cpu()
        for _ in range(FRESH):
            _record()
            start = time.perf_counter()
            _asked(client, page)
            fresh.append(time.perf_counter() - start)
        fresh_cpu = (cpu() - before) / FRESH
    statements = _statements(who, page)
    return SimpleNamespace(
        p95=warm,
        cpu=warm_cpu,
        fresh=max(fresh),
        fresh_cpu=fresh_cpu,
        size=size,
        queries=len(statements),
        bare=_p95(lambda: _replay(statements), RUNS),
    )


def _asked(client: Any, page: str) -> Any:
    answer = client.get(page)
    if answer.status_code != 200:
        raise SystemExit(f"{page} answered {answer.status_code}")
    return answer


def _record() -> None:
    """Somebody does something: uses a piece of evidence for a control, accepts one, answers a request, writes."""
    next(_deeds())()


@cache
def _deeds() -> Iterator[Callable[[], Any]]:
    from tickmark.audit import actions as audit
    from tickmark.audit.models import Request
    from tickmark.audit.queries import with_state
    from tickmark.controls.models import Control
    from tickmark.evidence import actions as evidence
    from tickmark.evidence.models import Evidence, Support
    from tickmark.people.models import User
    from tickmark.people.queries import actor_for

    def actor(name: str) -> Any:
        return actor_for(User.objects.get(email=f"{name}@northlight.example"))

    pieces, controls = iter(list(Evidence.objects.order_by("-pk")[:1000])), list(Control.objects.all())
    asked = iter(list(with_state(Request.objects.all()).filter(stands="open").order_by("pk")[:1000]))
    waiting = iter(list(Support.objects.filter(acceptance=None, rejection=None).order_by("pk")[:1000]))

    def use() -> None:
        evidence.support(actor("lead"), next(pieces), random.choice(controls))

    def accept() -> None:
        evidence.accept(actor("reviewer"), next(waiting))

    def answer() -> None:
        audit.answer(actor("lead"), next(asked), "Here it is.", [])

    def write() -> None:
        audit.say(actor("lead"), Request.objects.order_by("pk")[0], "Which month?")

    return cycle((use, accept, answer, write))


Statement = tuple[str, Any]


def _statements(who: str, page: str) -> list[Statement]:
    """What a page asks the books after something was recorded."""
    from django.db import connection

    client = _client(who)
    client.get(page)
    _record()
    found: list[Statement] = []

    def note(execute: Callable[..., Any], sql: str, given: Any, many: bool, context: Any) -> Any:
        found.append((sql, given))
        return execute(sql, given, many, context)

    with connection.execute_wrapper(note):
        client.get(page)
    return found


def _replay(statements: list[Statement]) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        for sql, given in statements:
            if sql.lstrip().upper().startswith(("SELECT", "WITH")):
                cursor.execute(sql, given)
                cursor.fetchall()


def _p95(work: Callable[[], Any], runs: int) -> float:
    found = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        found.append(time.perf_counter() - start)
    return sorted(found)[min(int(len(found) * 0.95), len(found) - 1)]


# -- many users -----------------------------------------------------------------------------------------------------


def _together(address: str, cookies: dict[str, dict[str, str]]) -> list[str]:
    """Everybody walks at once; something is recorded every two seconds, as in a company at work."""
    taken: dict[str, list[float]] = {}
    end = time.monotonic() + SECONDS
    walkers = [
        threading.Thread(target=_walk, args=(address, cookies, number, end, taken)) for number in range(USERS)
    ]
    for one in walkers:
        one.start()
    while time.monotonic() < end:
        _record()
        time.sleep(2)
    for one in walkers:
        one.join()
    every = sorted(seconds for found in taken.values() for seconds in found)
    p95 = every[int(len(every) * 0.95)]
    print(
        f"{USERS} users, a page every {PAUSE:.0f} s each, something recorded every 2 s: {len(every)} answers in"
    )
    print(f"{SECONDS:.0f} s, median {every[len(every) // 2] * 1e3:.0f} ms, p95 {p95 * 1e3:.0f} ms")
    for page, found in sorted(taken.items(), key=lambda one: -max(one[1]))[:5]:
        print(f"  slowest: {page:44} {max(found) * 1e3:6.0f} ms")
    return [f"{USERS} users"] if p95 > MOST else []


def _walk(address: str, cookies: Any, number: int, end: float, taken: dict[str, list[float]]) -> None:
    import httpx

    chance = random.Random(number)
    who = "auditor" if number % 4 == 3 else "lead"
    pages = [page for name, page in _pages() if name == who]
    with httpx.Client(base_url=address, cookies=cookies[who], timeout=120) as client:
        while time.monotonic() < end:
            time.sleep(chance.uniform(0, 2 * PAUSE))
            page = chance.choice(pages)
            start = time.perf_counter()
            _asked(client, page)
            taken.setdefault(f"{who[:4]} {page}", []).append(time.perf_counter() - start)


if __name__ == "__main__":
    raise SystemExit(main())
