"""What is filed for each control and how it was judged: uses, acceptances and rejections, which are only ever added."""

from __future__ import annotations

import sys
import threading
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import Any, TypeVar

from tickmark.evidence.models import Support
from tickmark.evidence.queries.places import Place, place
from tickmark.kernel import clock
from tickmark.kernel.action import wrote
from tickmark.kernel.grown import Grown, Row, in_this_moment, news_of

FIELDS = (
    "control_id",
    "evidence_id",
    "occurrence",
    "performed_on",
    "evidence__observed_at",
    "evidence__recorded_at",
    "evidence__covers_from",
    "evidence__covers_to",
)


@dataclass(frozen=True, slots=True)
class Use:
    """One use of a piece of evidence: its state, the day of the performance, and how late it was recorded.

    `control`, `support` and `evidence` are keys of rows; the state is accepted, rejected,
    or filed while nobody decided.
    """

    control: int
    support: int
    evidence: int
    occurrence: str
    performed_on: date | None
    recorded_on: date
    covers_from: date | None
    covers_to: date | None
    state: str = "filed"
    reason: str = ""

    @property
    def ref(self) -> str:
        """The reference of the evidence."""
        return f"EV-{self.evidence}"

    @property
    def days_after(self) -> int:
        """Days between the performance and its record; more than none means recorded after the event."""
        return (self.recorded_on - self.performed_on).days if self.performed_on else 0


@dataclass(frozen=True)
class Uses:
    """The uses for one control, newest first; another object whenever anything about them changed."""

    rows: Sequence[Use]


D = TypeVar("D", date, date | None)
NONE = Uses(())


def uses_of(controls: Iterable[int], known: int | None = None) -> dict[int, list[Use]]:
    """Every use of evidence for the controls, newest first, each with its state."""
    wanted = list(controls)
    found = filed_for(wanted) if known is None else _asked(wanted, known)
    return {control: list(found[control].rows) for control in wanted if control in found}


def filed_for(controls: Iterable[int]) -> Mapping[int, Uses]:
    """The uses for the controls that have any.

    They are held in memory and added to as the books grow (kernel/grown.py). An action that is under way asks the
    books: what it wrote may yet be undone.
    """
    wanted = set(controls)
    if wrote():
        return _asked(wanted, None)
    return _held.for_controls(wanted, place(clock.today()))


MOST_OPEN = 2000


def undecided() -> list[int] | None:
    """The keys of the uses that nobody decided on; None where they are too many to name, or an action is under way."""
    if wrote():
        return None
    found = _held.undecided(place(clock.today()))
    return found if len(found) <= MOST_OPEN else None


def _asked(controls: Iterable[int], known: int | None) -> dict[int, Uses]:
    rows = Support.objects.filter(control__in=list(controls)).known(known).order_by("-pk")
    where, found = place(clock.today()), defaultdict(list)
    columns = (*FIELDS, "acceptance__pk", "rejection__pk", "rejection__reason")
    for pk, *row, accepted, rejected, reason in rows.values_list("pk", *columns):
        use = _use(pk, row, where)
        state = "accepted" if accepted else "rejected" if rejected else "filed"
        found[row[0]].append(replace(use, state=state, reason=reason or ""))
    return {control: Uses(tuple(uses)) for control, uses in found.items()}


def _use(pk: int, row: Sequence[Any], where: Place) -> Use:
    control, evidence, occurrence, performed_on, observed, recorded, first, last = row
    performed = performed_on or (where.local_day(observed) if observed else None)
    filed = _one_of_a_kind(where.local_day(recorded))
    days = _one_of_a_kind(first), _one_of_a_kind(last)
    return Use(control, pk, evidence, sys.intern(occurrence), _one_of_a_kind(performed), filed, *days)


@lru_cache(maxsize=5000)
def _one_of_a_kind(day: D) -> D:
    """The same day as one object, however many uses name it."""
    return day


class _Held:
    """Every use, by control, as far as this process has read."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.supports = Grown("evidence.Support", *FIELDS)
        self.accepted = Grown("evidence.Acceptance", "support_id")
        self.rejected = Grown("evidence.Rejection", "support_id", "reason")
        self.zone = ""
        self._forget()

    def _forget(self) -> None:
        self.uses: dict[int, Use] = {}
        self.open: set[int] = set()
        self.by_control: dict[int, list[int]] = defaultdict(list)
        self.answers: dict[int, Uses] = {}

    def undecided(self, where: Place) -> list[int]:
        with self.lock:
            self._refresh(where)
            return sorted(self.open)

    def _refresh(self, where: Place) -> None:
        in_this_moment(("uses", where.zone), lambda: self._read(where))

    def _read(self, where: Place) -> None:
        """Add what came. Decisions are read before the uses, so that each finds the use that it is about."""
        tables = (self.accepted, self.rejected, self.supports)
        if where.zone != self.zone:
            self.zone = where.zone
            self._forget()
            for table in tables:
                table.forget()
        (accepted, rejected, supports), anew = news_of(*tables)
        if anew:
            self._forget()
        for row in supports:
            self._add(row, where)
        for _, _, support in accepted:
            self._judge(support, "accepted")
        for _, _, support, reason in rejected:
            self._judge(support, "rejected", reason)

    def for_controls(self, wanted: set[int], where: Place) -> dict[int, Uses]:
        with self.lock:
            self._refresh(where)
            return {control: self._answer(control) for control in wanted if control in self.by_control}

    def _add(self, row: Row, where: Place) -> None:
        pk, _, *fields = row
        self.uses[pk] = _use(pk, fields, where)
        self.open.add(pk)
        self.by_control[fields[0]].append(pk)
        self.answers.pop(fields[0], None)

    def _judge(self, support: int, state: str, reason: str = "") -> None:
        self.open.discard(support)
        self.uses[support] = replace(self.uses[support], state=state, reason=reason)
        self.answers.pop(self.uses[support].control, None)

    def _answer(self, control: int) -> Uses:
        if control not in self.answers:
            rows = tuple(self.uses[pk] for pk in reversed(self.by_control[control]))
            self.answers[control] = Uses(rows)
        return self.answers[control]


_held = _Held()
