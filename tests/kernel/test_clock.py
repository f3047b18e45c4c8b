"""One clock: the system's in a real home, a simulated one that only moves forward in a demo home."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest

from tests.kernel.moments import Moments
from tickmark.kernel import clock
from tickmark.kernel.errors import Conflict, Refused

BEGIN = datetime(2025, 10, 1, 12, tzinfo=UTC)


@pytest.fixture
def demo(settings):
    clock.make_demo(settings.HOME, BEGIN)
    settings.DEMO = True


@pytest.fixture
def seconds(monkeypatch):
    """The machine's seconds, moved by hand."""
    passed = [1000.0]
    monkeypatch.setattr(clock.time, "time", lambda: passed[0])
    return passed


def test_a_real_home_has_the_systems_time(monkeypatch):
    time = Moments(monkeypatch)
    assert (clock.now(), clock.today(), clock.simulated()) == (time.at, date(2026, 3, 2), False)


def test_a_real_home_refuses_a_simulated_clock(settings):
    with pytest.raises(Refused, match="cannot be set"):
        clock.move_to(BEGIN)
    settings.HOME.mkdir(parents=True)
    (settings.HOME / "books.sqlite3").touch()
    with pytest.raises(Refused, match="holds real books"):
        clock.make_demo(settings.HOME, BEGIN)
    assert not (settings.HOME / "demo.json").exists()


def test_a_demo_file_put_into_a_real_home_moves_nothing(settings, monkeypatch):
    time = Moments(monkeypatch)
    settings.HOME.mkdir(parents=True)
    (settings.HOME / "demo.json").write_text(
        '{"instant": "2020-01-01T00:00:00+00:00", "runs": false, "set_at": 0}'
    )
    assert clock.now() == time.at


def test_a_demo_home_stands_still_until_it_is_moved(demo, seconds):
    seconds[0] += 3600
    assert (clock.now(), clock.simulated()) == (BEGIN, True)
    clock.move_to(BEGIN + timedelta(days=3))
    assert clock.today() == date(2025, 10, 4)


def test_the_simulated_clock_never_goes_back(demo, seconds):
    clock.move_to(BEGIN, runs=True)
    seconds[0] += 600
    for earlier in (BEGIN - timedelta(seconds=1), BEGIN + timedelta(minutes=9)):
        with pytest.raises(Conflict, match="cannot go back"):
            clock.move_to(earlier)
    assert clock.now() == BEGIN + timedelta(minutes=10)


def test_a_running_demo_day_ends_and_no_other_begins(demo, seconds):
    clock.move_to(BEGIN, runs=True)
    seconds[0] += 90
    assert clock.now() == BEGIN + timedelta(seconds=90)
    seconds[0] += 10 * 86400
    assert clock.now() == datetime(2025, 10, 1, 23, 59, 59, tzinfo=UTC)


def test_a_machine_that_was_set_back_does_not_turn_the_demo_back(demo, seconds):
    clock.move_to(BEGIN, runs=True)
    seconds[0] -= 3600
    assert clock.now() == BEGIN


def test_the_time_is_in_utc_wherever_it_was_set(demo):
    clock.move_to(datetime(2025, 10, 1, 22, 30, tzinfo=timezone(timedelta(hours=-4))))
    assert (clock.now().isoformat(), clock.today()) == ("2025-10-02T02:30:00+00:00", date(2025, 10, 2))


def test_another_process_sees_the_move_at_once(demo, settings):
    code = "from tickmark.kernel import clock; print(clock.now().isoformat())"
    environment = {
        "TICKMARK_HOME": str(settings.HOME),
        "DJANGO_SETTINGS_MODULE": "tickmark.settings",
        "PYTHONPATH": str(Path(clock.__file__).parents[2]),
    }
    for hours in (1, 2):
        clock.move_to(BEGIN + timedelta(hours=hours))
        seen = subprocess.run(
            [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
        )
        assert seen.stdout.strip() == clock.now().isoformat()
