"""Twenty people who write at once, through the pages' own server: no error, and how long each waits.

    python bench/writers.py [--people N] [--each N] [--pause SECONDS]   (default 20, 25, 1)

Each files a document of its own for a control through `POST /api/evidence/file`, pauses, and files the next; what they
were told is looked up in the books afterwards. TICKMARK_DATABASE names the engine. Printed are errors, p95, and the
processor time of the server for one. Aim: no error, p95 at most 100 ms.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import filling
import load

MOST = 0.100


def main() -> int:
    """Write, count, print, and say by the exit code whether the aims are met."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    for name, number in (("people", 20), ("each", 25)):
        parser.add_argument(f"--{name}", type=int, default=number)
    parser.add_argument("--pause", type=float, default=1.0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tickmark-bench-") as room:
        os.environ["TICKMARK_PORT"] = str(port := load._free_port())
        filling.prepare(Path(room) / "home")
        made = filling.fill(
            filling.Sizes(200, 20, 20, 5, people=given.people, persons=20, policies=2, entries=20)
        )
        tokens = [_token(owner) for owner in made.owners]
        with load.served(port) as address:
            return _run(address, tokens, given)


def _token(owner: Any) -> str:
    from tickmark.kernel import clock
    from tickmark.people.models import Token
    from tickmark.people.queries import digest_of

    secret = f"tm_{owner.pk}"
    end = clock.system_now() + timedelta(days=1)
    row = {
        "user": owner,
        "name": "bench",
        "digest": digest_of(secret),
        "scopes": ["evidence.file"],
        "expires_at": end,
    }
    filling.put(Token, [row], owner)
    return secret


def _run(address: str, tokens: list[str], given: argparse.Namespace) -> int:
    from tickmark.evidence.models import Evidence

    taken: list[float] = []
    told: list[str] = []
    errors: list[str] = []
    people = [
        threading.Thread(target=_write, args=(address, token, number, given, taken, told, errors))
        for number, token in enumerate(tokens)
    ]
    before, start = load.cpu(), time.perf_counter()
    for one in people:
        one.start()
    for one in people:
        one.join()
    seconds, used = time.perf_counter() - start, load.cpu() - before
    lost = set(told) - {f"EV-{pk}" for pk in Evidence.objects.values_list("pk", flat=True)}
    p95 = sorted(taken)[int(len(taken) * 0.95)]
    print(
        f"{len(taken)} documents by {len(tokens)} people in {seconds:.0f} s: {len(errors)} errors, {len(lost)} lost"
    )
    print(
        f"median {sorted(taken)[len(taken) // 2] * 1e3:.0f} ms, p95 {p95 * 1e3:.0f} ms (aim {MOST * 1e3:.0f} ms);",
        end=" ",
    )
    print(f"{used / len(taken) * 1e3:.1f} ms of processor time each")
    for error in errors[:5]:
        print(f"  {error}")
    return 0 if not errors and not lost and p95 <= MOST else 1


def _write(
    address: str,
    token: str,
    number: int,
    given: argparse.Namespace,
    taken: list[float],
    told: list[str],
    errors: list[str],
) -> None:
    import httpx

    chance = random.Random(number)
    with httpx.Client(base_url=address, headers={"Authorization": f"Bearer {token}"}, timeout=60) as client:
        for count in range(given.each):
            time.sleep(chance.uniform(0, 2 * given.pause))
            files = {"upload": (f"{number}-{count}.txt", f"record {number} {count}\n".encode())}
            start = time.perf_counter()
            answer = client.post("/api/evidence/file", data={"kind": "REC", "source": "bench"}, files=files)
            taken.append(time.perf_counter() - start)
            if answer.status_code == 201:
                told.append(answer.json()["ref"])
            else:
                errors.append(f"{answer.status_code} {answer.text[:200]}")


if __name__ == "__main__":
    sys.exit(main())
