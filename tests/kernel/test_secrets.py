"""A secret is made once, whoever is first, and nobody else can read it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tickmark.kernel import secrets

SOURCE = str(Path(secrets.__file__).parents[2])


def test_a_secret_stays_what_it_was(tmp_path):
    first = secrets.keep("django", tmp_path)
    assert secrets.keep("django", tmp_path) == first and len(first) >= 64
    assert secrets.keep("other", tmp_path) != first


def test_only_the_owner_reads_it(tmp_path):
    secrets.keep("django", tmp_path)
    modes = {
        path.name: path.stat().st_mode & 0o777
        for path in (tmp_path / "secrets", tmp_path / "secrets" / "django")
    }
    assert modes == {"secrets": 0o700, "django": 0o600}


def test_nothing_else_is_left_behind(tmp_path):
    secrets.keep_bytes("key", tmp_path, b"\x00\xff" * 16)
    secrets.keep_bytes("key", tmp_path, b"late")
    assert {path.name: path.read_bytes() for path in (tmp_path / "secrets").iterdir()} == {
        "key": b"\x00\xff" * 16
    }


def test_who_loses_the_race_takes_the_winners(tmp_path, monkeypatch):
    """Both have seen that there is no secret; the other one's is written first."""
    (tmp_path / "secrets").mkdir()
    create = secrets._create

    def late(path, content):
        create(path, b"winner")
        create(path, content)

    monkeypatch.setattr(secrets, "_create", late)
    assert secrets.keep_bytes("key", tmp_path, b"loser") == b"winner"


def test_processes_that_start_together_agree(tmp_path):
    code = "import sys; from pathlib import Path; from tickmark.kernel import secrets; print(secrets.keep('django', Path(sys.argv[1])))"
    words = [sys.executable, "-c", code, str(tmp_path)]
    started = [
        subprocess.Popen(words, env={"PYTHONPATH": SOURCE}, stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    said = {process.communicate()[0] for process in started}
    assert len(said) == 1 and {process.returncode for process in started} == {0}
