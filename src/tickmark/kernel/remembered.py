"""Answers that are remembered until a table that was read for them grows.

Whatever is written leaves an entry that cites its facts, so the entries since the last question tell which tables have
grown. An answer is as fresh as if it had been asked of the books, on any number of servers: nothing goes by time,
except for what is no fact (work that waits, sessions), of which an answer lasts some seconds.
"""

from __future__ import annotations

import operator
import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date
from functools import cache, wraps
from typing import Any, Generic, ParamSpec, TypeVar

from django.apps import apps
from django.contrib.auth import get_user_model

from tickmark.kernel import clock
from tickmark.kernel.action import wrote
from tickmark.kernel.dated import Fact
from tickmark.kernel.grown import Mark, Table, begins_with, in_this_moment, some_moment
from tickmark.kernel.jobs import Slot
from tickmark.kernel.ledger.cited import LIST
from tickmark.kernel.ledger.entry import Entry
from tickmark.kernel.reads import note, noted, unnoted
from tickmark.kernel.references import prefixes

P = ParamSpec("P")
R = TypeVar("R")
SECONDS = 5.0
"""How long an answer lasts that rests on what is no fact."""
KEPT = 64
"""Answers of one function."""
FOR_EACH = 500
"""Small answers that are asked for each person."""
LARGE = 8
"""Large ones, of which today's is wanted and seldom another day's."""
MOST = 200
"""Entries that are read for what they cite; where more came at once every answer is asked anew."""


def remembered(function: Callable[P, R]) -> Callable[P, R]:
    """Remember what a function of hashable arguments answers while what it read of the books stays the same.

    Whoever gets the answer must not change it. The function may read the books, files by digest, the day, and nothing
    else. An action that has written something asks the function itself: what it wrote may yet be undone.
    """
    return remember(KEPT)(function)


def remember(most: int) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """`remembered`, with so many answers that are kept: few of what is large, many of what is asked for each person."""
    return lambda function: _remembering(function, most)


def _remembering(function: Callable[P, R], most: int) -> Callable[P, R]:
    kept: OrderedDict[Any, _Answer] = OrderedDict()
    days: list[date | None] = [None]
    lock = threading.RLock()

    @wraps(function)
    def asked(*args: P.args, **kwargs: P.kwargs) -> R:
        if wrote():
            return function(*args, **kwargs)
        key = (today := clock.today(), args, tuple(sorted(kwargs.items())))
        with some_moment():
            now = _now()
            if today != days[0]:
                with lock:  # what was asked on another day is not asked for again
                    kept.clear()
                    days[0] = today
            found = kept.get(key)
            if found is None or not found.stands(now):
                with lock:  # whoever asks while it is worked out waits for that answer
                    found = kept.get(key)
                    if found is None or not found.stands(now):
                        with noted() as tables, _since() as since:
                            answer = function(*args, **kwargs)
                        found = kept[key] = _Answer(answer, frozenset(tables), now, min(since))
                        kept.move_to_end(key)
                        while len(kept) > most:
                            kept.popitem(last=False)
        found.tell()
        return found.value  # type: ignore[no-any-return]

    return asked


_began: ContextVar[tuple[list[float], ...]] = ContextVar("began", default=())


@contextmanager
def _since() -> Iterator[list[float]]:
    """When what is worked out within was asked of the books, the oldest part of it included."""
    found = [time.monotonic()]
    token = _began.set((*_began.get(), found))
    try:
        yield found
    finally:
        _began.reset(token)


class Pieces(Generic[R]):
    """Answers about single things, each kept while it is asked with the very same objects.

    So what is asked anew of many things costs only those about which something changed. The objects are those that a
    remembered answer holds: the same ones until it changes.
    """

    def __init__(self, most: int = 5_000) -> None:
        self.most = most
        self.kept: OrderedDict[Hashable, tuple[tuple[Any, ...], R]] = OrderedDict()

    def ask(self, key: Hashable, given: tuple[Any, ...], work: Callable[[], R]) -> R:
        """The answer of `work`, which rests on `key` and `given` alone."""
        held = self.kept.get(key)
        if held is not None and len(held[0]) == len(given) and all(map(operator.is_, held[0], given)):
            return held[1]
        answer = work()
        self.kept[key] = given, answer
        while len(self.kept) > self.most:
            with suppress(KeyError):
                self.kept.popitem(last=False)
        return answer


@dataclass(frozen=True)
class State:
    """How far the books have come: how often each table is known to have grown, and the work that ended last."""

    era: int
    grown: Mapping[str, int]
    ended: Any


@dataclass(frozen=True)
class _Answer:
    value: Any
    tables: frozenset[str]
    asked: State
    at: float

    def tell(self) -> None:
        """Pass on what it rests on to the answer that is worked out with it."""
        note(self.tables)
        if not self.tables <= vouched():
            for since in _began.get():
                since.append(self.at)

    def stands(self, now: State) -> bool:
        """Whether nothing that it rests on has changed since it was asked."""
        then = self.asked
        if then is now and self.tables <= vouched():
            return True
        if then.era != now.era or any(then.grown.get(one) != now.grown.get(one) for one in self.tables):
            return False
        return self.tables <= vouched() or (then.ended == now.ended and time.monotonic() - self.at < SECONDS)


@cache
def vouched() -> frozenset[str]:
    """The tables that grow under an entry only."""
    facts = (model._meta.label for model in apps.get_models() if issubclass(model, Fact))
    return frozenset((*facts, Entry._meta.label, get_user_model()._meta.label))


@cache
def _told_by() -> dict[str, frozenset[str]]:
    """The tables that a fact of each prefix speaks for: its own, and that of the accounts for the facts about them."""
    accounts: Any = get_user_model()._meta
    return {
        prefix: frozenset(
            {model._meta.label, accounts.label}
            if model._meta.app_label == accounts.app_label
            else {model._meta.label}
        )
        for prefix, model in prefixes().items()
    }


class _Books:
    """What the entries say of the tables, as far as this process has read them."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.entries = Table(Entry._meta.label, "uid")
        self.seen: Mark = (0, 0, None)
        self.state = State(0, {}, None)

    def now(self) -> State:
        """How far the books have come.

        An entry that was committed late, or one that was undone with its number taken by another, shows in the number
        of entries or in the newest one; then everything counts as changed.
        """
        with self.lock:
            ended = _ended()
            found = self.entries.mark()
            if found != self.seen:
                self._catch_up(found)
            if ended != self.state.ended:
                self.state = State(self.state.era, self.state.grown, ended)
            return self.state

    def _catch_up(self, found: Mark) -> None:
        (had, before, uid), (count, last, _) = self.seen, found
        state, news = self.state, None
        if 0 < count - had <= MOST and (uid is None or Entry.objects.filter(uid=uid).exists()):
            rows = Entry.objects.filter(pk__gt=before, pk__lte=last).order_by("pk")
            news = list(rows.values_list("facts", flat=True))
        if news is None or len(news) != count - had or any(map(_in_a_list, news)):
            self.entries.forget()
            self.state = State(state.era + 1, {}, state.ended)
        else:
            told = _told_by()
            tables = {
                table
                for facts in news
                for fact in facts
                for table in told.get(fact["ref"].partition("-")[0], ())
            }
            grown = Counter(state.grown)
            grown.update((*tables, Entry._meta.label))
            self.state = State(state.era, grown, state.ended)
        self.seen = found


def _in_a_list(facts: Iterable[Mapping[str, str]]) -> bool:
    return any(fact["ref"] == LIST for fact in facts)


def _ended() -> Any:
    done = Slot.objects.exclude(finished_at=None).order_by("-finished_at", "-pk")
    return done.values_list("pk", "finished_at").first()


_books = _Books()


@begins_with
def _now() -> State:
    with unnoted():
        return in_this_moment("books", _books.now)
