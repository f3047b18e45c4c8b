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
        try:
            mine.wait(seconds)
        except BaseException:  # interrupted: nobody may wait behind a place that is never left
            if not self._gave_up(mine):
                self.leave()
            raise
        return not self._gave_up(mine)

    def _gave_up(self, mine: threading.Event) -> bool:
        """Leave one's place among those who wait; False where the lock is one's own already."""
        with self._guard:
            if mine.is_set():
                return False
            self._waiting.remove(mine)
            return True

    def leave(self) -> None:
        """Hand the lock on."""
        with self._guard:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._taken = False
