"""Answers remembered until the books change: every write leaves an entry, so the newest entry tells.

Only for answers that are dear and asked on every page. An answer is kept for seconds at most, because on a server with
many writers entries do not arrive in order.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from tickmark.kernel.grown import in_this_moment
from tickmark.kernel.jobs import Slot
from tickmark.kernel.ledger.entry import Entry

P = ParamSpec("P")
R = TypeVar("R")
SECONDS = 5.0
KEPT = 64


def remembered(function: Callable[P, R]) -> Callable[P, R]:
    """Remember what a function of hashable arguments answers while no entry and no ended slot is added.

    Whoever gets the answer must not change it. The function may read the books, the slots, and nothing else.
    """
    kept: OrderedDict[Any, tuple[float, R]] = OrderedDict()
    lock = threading.RLock()

    @wraps(function)
    def asked(*args: P.args, **kwargs: P.kwargs) -> R:
        key = (in_this_moment("newest", _newest), args, tuple(sorted(kwargs.items())))
        with lock:  # whoever asks while it is worked out waits for that answer
            found = kept.get(key)
            if found is not None and time.monotonic() - found[0] < SECONDS:
                return found[1]
            answer = function(*args, **kwargs)
            kept[key] = (time.monotonic(), answer)
            kept.move_to_end(key)
            while len(kept) > KEPT:
                kept.popitem(last=False)
            return answer

    return asked


def _newest() -> tuple[Any, Any]:
    entry = Entry.objects.order_by("-pk").values_list("uid", flat=True).first()
    slot = (
        Slot.objects.exclude(finished_at=None)
        .order_by("-finished_at", "-pk")
        .values_list("pk", "finished_at")
        .first()
    )
    return entry, slot
