"""A lock that is handed on in the order in which it was asked for. Pure."""

from __future__ import annotations

import threading
from collections import deque


class Line:
    """Whoever lets go hands the lock to the one who has waited longest; nobody who comes later can be quicker."""

    def __init__(self) -> None:
        self._guard, self._taken = threading.Lock(), False
        self._waiting: deque[threading.Event] = deque()

    def take(self, seconds: float) -> bool:
        """Wait for one's turn; False if it did not come in time, and one's place is given up."""
        with self._guard:
            if not self._taken:
                self._taken = True
                return True
            mine = threading.Event()
            self._waiting.append(mine)
        if mine.wait(seconds):
            return True
        with self._guard:
            if mine.is_set():  # it was handed over at the last moment
                return True
            self._waiting.remove(mine)
            return False

    def leave(self) -> None:
        """Hand the lock on."""
        with self._guard:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._taken = False
