"""kill -9 at random moments, again and again, and a judge after each: `intake`, `backup` and `issue` are the campaigns.

What the judge asks of the books it asks past the program: by SQL, and of the files on the disk.
"""

from __future__ import annotations

import hashlib
import json
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx

from tests.faults.running import Installation, pause
from tickmark.kernel.ledger.tiles import Folder, Tiles
from tickmark.kernel.ledger.tree import root

OPEN = "select count(*) from kernel_slot where finished_at is null and what in ('collect', 'check')"
LONGEST = 1.2
"""Seconds of load before a kill, at most: several rounds of collecting, checking and sealing fit in."""


@dataclass
class Campaign:
    """What was sent to one installation, and what it acknowledged."""

    one: Installation
    world: dict[str, Any]
    chance: random.Random
    acknowledged: dict[str, str] = field(default_factory=dict)
    unsure: set[str] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)
    tally: Counter[str] = field(default_factory=Counter)
    sent: int = 0

    def victims(self) -> list[str]:
        """Whom to kill: the parts, and the database where it is one."""
        return ["web", "worker", *(["database"] if self.one.cluster else [])]

    def kill(self, victim: str) -> None:
        """Kill a part and start it again; a backup stays dead."""
        if victim == "database":
            assert self.one.cluster is not None
            self.one.cluster.kill()
            self.one.cluster.start()
        elif victim == "backup":
            with suppress(ProcessLookupError):  # the exit code tells
                self.one.kill(victim)
        else:
            self.one.kill(victim)
            self.one.start(victim)
        self.tally[victim] += 1

    def refused(self, answer: httpx.Response) -> None:
        """Whoever was refused was told in words: what, why, remedy."""
        told = answer.json() if answer.headers.get("content-type", "").startswith("application/json") else {}
        if answer.status_code != 503 or not all(told.get(part) for part in ("what", "why", "remedy")):
            self.wrong.append(f"{answer.status_code}: {answer.text[:300]}")

    # -- intake -------------------------------------------------------------------------------------------------

    def file(self, size: int = 0) -> None:
        """Send one document of its own, of some 20 bytes to 40 KB or of a size."""
        self.sent += 1
        words = f"{self.sent} {self.chance.random()} ".encode()
        content = words * (size // len(words) or self.chance.randint(1, 2000))
        sha256 = hashlib.sha256(content).hexdigest()
        self.unsure.add(sha256)
        answer = self.one.file(self.world["owner"], content)
        if answer is None:
            return
        if answer.status_code == 201:
            self.acknowledged[sha256] = UUID(answer.json()["entry"]).hex
        else:
            self.refused(answer)

    def collect(self) -> None:
        """Ask for a collection."""
        connection = self.chance.choice(list(self.world["connections"].values()))
        answer = self.one.post("/evidence/collect", self.world["lead"], json={"connection": connection})
        if answer is not None and answer.status_code != 201:
            self.refused(answer)
        pause(0.2)

    @contextmanager
    def load(self, *works: Callable[[], None]) -> Iterator[None]:
        """Each work in a thread, over and over, until this is left."""
        over = threading.Event()

        def repeat(work: Callable[[], None]) -> None:
            while not over.is_set():
                try:
                    work()
                except Exception as error:
                    self.wrong.append(f"{work.__name__}: {error!r}")
                    return

        threads = [threading.Thread(target=repeat, args=(work,)) for work in works]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            over.set()
            for thread in threads:
                thread.join()

    def intake(self, kills: int) -> None:
        """Kill during uploads, collections, checks and sealing."""
        for number in range(kills):
            victim = self.victims()[number % len(self.victims())]
            with self.load(self.file, self.file, self.collect):
                pause(self.chance.uniform(0, LONGEST))
                self.kill(victim)
            self.settles(victim)
            self.judge()

    def settles(self, victim: str) -> None:
        """What was under way when it was killed ends by itself, and all is sealed and published."""
        self.one.until(lambda: self.one.one(OPEN) == 0, f"all slots end after the {victim} was killed")
        self.one.until(self._sealed, f"everything is sealed after the {victim} was killed")
        self.one.answering()

    def _sealed(self) -> bool:
        entries, leaves = (
            self.one.one(f"select count(*) from kernel_{table}") for table in ("entry", "leaf")
        )
        published = Folder(self.one.home / "log").read("checkpoint")
        size = int(published.splitlines()[1]) if published else 0
        return bool(entries == leaves == size)

    # -- the judge ----------------------------------------------------------------------------------------------

    def judge(self) -> None:
        """What was acknowledged is there with its bytes, nothing is there twice, the log gives its root."""
        assert self.wrong == []
        stored = self.one.rows("select sha256, size from evidence_evidence where kind <> 'POP'")
        rows, sizes = Counter(row[0] for row in stored), dict(stored)
        entries = {UUID(str(row[0])).hex for row in self.one.rows("select uid from kernel_entry")}
        missing = [one for one, entry in self.acknowledged.items() if rows[one] != 1 or entry not in entries]
        assert missing == [], f"{len(missing)} acknowledged documents are not in the books once"
        assert [one for one, count in rows.items() if count > 1] == []
        assert set(rows) <= self.unsure | set(self.acknowledged)
        for sha256 in rows:
            self._bytes(sha256, sizes[sha256])
        self._nothing_twice()
        self._log()

    def _bytes(self, sha256: str, size: int) -> None:
        content = (self.one.home / "files" / sha256[:2] / sha256).read_bytes()
        assert (hashlib.sha256(content).hexdigest(), len(content)) == (sha256, size)

    def _nothing_twice(self) -> None:
        """One collection for each slot that says it recorded one; one run of a check for each part of a slot."""
        slots = self.one.rows("select what, parts, error, tries, finished_at from kernel_slot")
        parts = [(what, found if isinstance(found, list) else json.loads(found)) for what, found, *_ in slots]
        recorded = sum(len(found) for what, found in parts if what == "collect")
        checked = sum(len(found) for what, found in parts if what == "check")
        assert recorded == self.one.one("select count(*) from evidence_collection")
        assert checked == self.one.one("select count(*) from evidence_checkrun")
        given_up = [(what, error, tries) for what, _, error, tries, finished in slots if error and finished]
        assert [one for one in given_up if one[2] < 3] == [], "a slot was given up before its third try"
        self.tally["given up"] = len(given_up)

    def _log(self) -> None:
        """The published log is the books' log, and each entry stands in it once."""
        leaves = self.one.rows("select position, hash from kernel_leaf order by position")
        assert [place for place, _ in leaves] == list(range(len(leaves)))
        assert len({row[0] for row in self.one.rows("select entry_id from kernel_leaf")}) == len(leaves)
        expected = root([bytes.fromhex(found) for _, found in leaves])
        assert Tiles(Folder(self.one.home / "log"), len(leaves)).root() == expected
        assert self.one.one("select root from kernel_checkpoint order by size desc limit 1") == expected.hex()

    # -- backup -------------------------------------------------------------------------------------------------

    def backup(self, kills: int) -> None:
        """Kill a backup that is being written beside uploads and collections, or a part beneath it.

        What has its name is whole; what has none is not, or was killed before it was named.
        """
        before = time.monotonic()
        assert self._backed_up("unharmed") == 0
        took = time.monotonic() - before
        victims = ["backup", *self.victims()]
        for number in range(kills):
            victim, name = victims[number % len(victims)], str(number)
            with self.load(self.file, self.collect), ThreadPoolExecutor(1) as pool:
                done = pool.submit(self._backed_up, name)
                self.one.until(lambda name=name: self._began(name), "the backup begins to write")
                pause(self.chance.uniform(0, 0.1) * took)
                self.kill(victim)
                code = done.result()
            if victim == "backup":
                assert code == -signal.SIGKILL, "it was over before it was killed"
            self.settles(victim)
            self.judge()
        assert self._backed_up("afterwards") == 0
        for made in sorted(self.backups.iterdir()):
            whole = self.one.tickmark("tell", "verify", str(made)) == 0
            named, described = ".partial-" not in made.name, (made / "archive.json").exists()
            assert whole if named else not whole or described, made.name

    @property
    def backups(self) -> Path:
        """The folder in which backups appear under their names."""
        return self.one.home.parent / "backups"

    def _began(self, name: str) -> bool:
        return any(self.backups.glob(f"{name}.partial-*"))

    def _backed_up(self, name: str) -> int:
        self.backups.mkdir(exist_ok=True)
        code = self.one.tickmark("backup", "backup", str(self.backups / name))
        assert code != 0 or (self.backups / name).exists()
        return code

    # -- issue --------------------------------------------------------------------------------------------------

    def issue(self, kills: int) -> None:
        """Kill while the report is issued anew. It is there whole or not at all, and is issued again."""
        took = self._issued()
        for _ in range(kills):
            victim = "database" if self.one.cluster and self.chance.random() < 0.4 else "web"
            done = threading.Thread(target=self._issued)
            done.start()
            pause(self.chance.uniform(0, 1.5 * took))
            self.kill(victim)
            done.join()
            self.one.answering()
            self.one.until(self._sealed, f"everything is sealed after the {victim} was killed")
            self.judge_reports()
        self._issued()
        self.judge_reports()

    def _issued(self) -> float:
        """Issue the newest report anew; gives how long it took."""
        newest = f"RP-{self.one.one('select max(id) from report_report')}"
        given = {
            "engagement": self.world["engagement"],
            "dated": self.world["dated"],
            "reissues": newest,
            "reason": "Again.",
        }
        answer = self.one.post("/report/issue", self.world["partner"], json=given)
        if answer is not None and answer.status_code == 201:
            self.acknowledged[answer.json()["ref"]] = UUID(answer.json()["entry"]).hex
        elif answer is not None:
            self.refused(answer)
        return answer.elapsed.total_seconds() if answer is not None else 2.0

    def judge_reports(self) -> None:
        """Every acknowledged report is there with its files; none stands on a half."""
        assert self.wrong == []
        reports = self.one.rows("select id, data, pdf from report_report order by id")
        assert set(self.acknowledged) <= {f"RP-{row[0]}" for row in reports}
        entries = {UUID(str(row[0])).hex for row in self.one.rows("select uid from kernel_entry")}
        assert set(self.acknowledged.values()) <= entries
        for _, data, pdf in reports:
            for sha256 in (data, pdf):
                content = (self.one.home / "files" / sha256[:2] / sha256).read_bytes()
                assert hashlib.sha256(content).hexdigest() == sha256
        replaced = [
            row[0]
            for row in self.one.rows("select reissues_id from report_report where reissues_id is not null")
        ]
        assert len(replaced) == len(set(replaced)), "a report was reissued twice"
        self._log()


def killed(one: Installation, kind: str, kills: int, seed: int) -> Campaign:
    """Build a world in an installation, run a campaign of kills on it, and have it judged once more as a whole."""
    world = one.build("issue" if kind == "issue" else "intake")
    for name in ("web", "worker"):
        one.start(name)
    one.answering()
    campaign = Campaign(one, world, random.Random(seed))
    {"intake": campaign.intake, "backup": campaign.backup, "issue": campaign.issue}[kind](kills)
    one.end()
    if kind == "issue":
        one.run("verify")
    one.run("judge")
    return campaign
