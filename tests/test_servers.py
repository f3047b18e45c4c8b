"""The helpers that start real parts: they start what they say, and stop it."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from tests import servers


def test_postgres_answers_and_is_gone_afterwards() -> None:
    if servers.postgres_folder() is None:
        servers.missing("PostgreSQL was not found (Debian: apt-get install postgresql).")
    with servers.postgres() as address, psycopg.connect(address) as connection:
        assert connection.execute("select 1, current_user").fetchone() == (1, "tickmark")
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(address, connect_timeout=2)


def test_without_postgres_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servers, "postgres_folder", lambda: None)
    with pytest.raises(servers.Missing, match="apt-get install postgresql"), servers.postgres():
        pass


def test_a_named_browser_is_taken_at_its_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TICKMARK_CHROMIUM", str(tmp_path / "none"))
    assert servers.chromium_path() is None


def test_a_missing_part_skips_on_a_laptop_and_fails_on_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.delenv("TICKMARK_REQUIRE_ALL", raising=False)
    with pytest.raises(pytest.skip.Exception):
        servers.missing("No browser.")
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception):
        servers.missing("No browser.")
