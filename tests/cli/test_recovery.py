"""The verbs of whoever operates a home, each as a process of its own: what they print, and how they end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = str(Path(__file__).parents[2] / "src")


def run(home: Path, *words: str | Path) -> subprocess.CompletedProcess[str]:
    """`tickmark` on a home."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TICKMARK_")}
    environment |= {"PYTHONPATH": SOURCE, "TICKMARK_HOME": str(home)}
    command = [sys.executable, "-m", "tickmark", *map(str, words)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600)


def make(home: Path) -> None:
    """A real home with one sealed entry."""
    code = (
        "from tickmark.cli.serving import prepare\nprepare()\n"
        "from tests.deeds import writing\nfrom tickmark.kernel import files\n"
        "from tickmark.kernel.ledger.seal import seal\n"
        "with writing() as deed:\n    deed.cite(files.keep(b'a file').sha256)\nseal()\n"
    )
    environment = {**os.environ, "PYTHONPATH": f"{SOURCE}:{Path(SOURCE).parent}", "TICKMARK_HOME": str(home)}
    environment |= {"DJANGO_SETTINGS_MODULE": "tickmark.settings"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_a_home_is_backed_up_lost_restored_and_moved(tmp_path: Path) -> None:
    old, new, third = (tmp_path / name for name in ("old", "new", "third"))
    make(old)
    made = run(old, "backup", tmp_path / "backup", "--secrets", tmp_path / "secrets")
    assert (made.returncode, "1 files, 6 bytes, read again and whole." in made.stdout) == (0, True), made
    again = run(old, "backup", tmp_path / "backup")
    assert (again.returncode, again.stderr.splitlines()[0]) == (1, f"{tmp_path / 'backup'} exists.")
    whole = run(old, "verify", tmp_path / "backup")
    assert (whole.returncode, whole.stdout) == (0, made.stdout)

    back = run(
        new, "restore", tmp_path / "backup", "--secrets", tmp_path / "secrets", "--reason", "it was stolen"
    )
    assert back.returncode == 0, back
    assert "The log goes on in a new epoch: log.tickmark.example/" in back.stdout
    assert "It was set back: it was stolen." in back.stdout
    well = run(new, "doctor", "--json")
    assert (well.returncode, [one["kind"] for one in json.loads(well.stdout)]) == (0, ["log-epoch"])

    moved = run(new, "export", tmp_path / "move", "--move", "--json")
    about = json.loads(moved.stdout)
    assert (moved.returncode, about["moved"], about["findings"]) == (0, True, [])
    closed = run(new, "worker")
    assert (closed.returncode, closed.stderr.splitlines()[0]) == (1, "The books of this home were moved.")
    there = run(third, "import", tmp_path / "move", "--secrets", tmp_path / "secrets")
    assert there.returncode == 0, there
    assert f"checkpoint {about['checkpoint']['size']} {about['checkpoint']['root']}" in there.stdout
    assert f"The books arrived: the log goes on as {about['origin']}." in there.stdout

    opened = run(new, "epoch", "--reason", "the move was given up")
    assert (opened.returncode, "/epoch-3-" in opened.stdout) == (0, True), opened
    (next((third / "files").glob("*/*"))).unlink()
    ill = run(third, "doctor")
    assert ill.returncode == 1
    assert "WRONG  file-missing" in ill.stdout and ill.stdout.endswith("Something is wrong.\n")


def test_no_home_is_made_by_looking_for_one(tmp_path: Path) -> None:
    for words in (("backup", tmp_path / "x"), ("doctor",), ("epoch", "--reason", "none")):
        done = run(tmp_path / "nowhere", *words)
        assert (done.returncode, done.stderr.splitlines()[0]) == (
            1,
            f"There is no home of Tickmark in {tmp_path / 'nowhere'}.",
        )
    assert list(tmp_path.iterdir()) == []
    done = run(tmp_path / "nowhere", "restore", tmp_path)
    assert (done.returncode, done.stderr.splitlines()[0]) == (1, f"{tmp_path} is no archive.")
    assert list(tmp_path.iterdir()) == []
