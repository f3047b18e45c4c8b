"""What a long look for garbage went through is left out of the next."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tickmark.web import lasting


@pytest.mark.parametrize(("generation", "seconds", "left_out"), [(2, 1.0, 1), (2, 0.0, 0), (1, 1.0, 0)])
def test_only_after_a_long_look_through_everything(
    monkeypatch: pytest.MonkeyPatch, generation: int, seconds: float, left_out: int
) -> None:
    frozen: list[int] = []
    times = iter([10.0, 10.0 + seconds])
    monkeypatch.setattr(lasting.time, "perf_counter", lambda: next(times))
    monkeypatch.setattr(lasting.gc, "freeze", lambda: frozen.append(1))
    look = lasting.Lasting()
    look("start", {"generation": generation})
    look("stop", {"generation": generation})
    assert len(frozen) == left_out


def test_the_server_leaves_the_program_out_and_still_finds_garbage() -> None:
    """In a process of its own: what is frozen stays so."""
    code = (
        "import gc, weakref; from tickmark.web import lasting; lasting.LONG = 0; lasting.leave_out()\n"
        "class Knot: pass\n"
        "before = gc.get_freeze_count(); gc.collect(); assert gc.get_freeze_count() > before > 1000\n"
        "one = Knot(); one.self = one; seen = weakref.ref(one); del one; gc.collect(); assert seen() is None\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
