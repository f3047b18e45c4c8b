"""Python looks through everything that lives for cycles of garbage; what lasts as long as the process is left out.

Books of a hundred thousand pieces are held as a quarter of a million objects, and each look through them would stop
all pages for a tenth of a second and more. Whatever is left when a look took that long is going to stay.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Mapping
from typing import Any

LONG = 0.03
"""Seconds that one look may take before what it went through is left out of the next."""


class Lasting:
    """Sees how long each look takes."""

    def __init__(self) -> None:
        self.began = 0.0

    def __call__(self, phase: str, about: Mapping[str, Any]) -> None:
        """Called by Python at the beginning and the end of each look."""
        if phase == "start":
            self.began = time.perf_counter()
        elif about["generation"] == 2 and time.perf_counter() - self.began > LONG:
            gc.freeze()


def leave_out() -> None:
    """From now on; the program itself, which is loaded, is left out at once."""
    gc.freeze()
    gc.callbacks.append(Lasting())
