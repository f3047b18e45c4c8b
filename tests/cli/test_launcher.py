"""The launcher on machines that lack something, and on those that have it all: played by small programs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ("sh", "dirname", "cksum", "grep", "cat", "mv", "rm", "mkdir", "ln", "env")
UV = """#!/bin/sh
echo "$*" >>"$LOG"
case "$1" in
venv)
    for folder in "$@"; do :; done
    mkdir -p "$folder/bin" && ln -s {python} "$folder/bin/python" ;;
pip) exit "${{UV_FAILS:-0}}" ;;
esac
"""
PROGRAM = """import sys
from pathlib import Path
assert Path(__file__).parent.parent.as_posix() in sys.path
print("running", *sys.argv[1:])
"""


class Machine:
    """A checkout with a PATH of its own: the tools a shell needs, and what a test adds."""

    def __init__(self, room: Path) -> None:
        self.root, self.path, self.log = room / "a checkout", room / "bin", room / "log"
        program = self.root / "src" / "tickmark"
        program.mkdir(parents=True)
        self.path.mkdir()
        (program / "__init__.py").touch()
        (program / "__main__.py").write_text(PROGRAM)
        shutil.copy(ROOT / "tickmark", self.root)
        for name in ("requirements.lock", "requirements-test.lock"):
            (self.root / name).write_text(f"# {name}\n")
        for tool in TOOLS:
            (self.path / tool).symlink_to(str(shutil.which(tool)))

    def add(self, name: str, script: str) -> None:
        """Put a program onto this machine."""
        (self.path / name).write_text(script)
        (self.path / name).chmod(0o755)

    def run(self, *args: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Call the launcher, from another folder."""
        settings = {"PATH": str(self.path), "LOG": str(self.log), "HOME": str(self.path)} | environment
        command = [str(self.root / "tickmark"), *args]
        return subprocess.run(command, cwd="/", env=settings, capture_output=True, text=True)

    def calls(self) -> list[str]:
        """What uv was asked, shortened to verb and lock file."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        return [f"{line.split()[0]} {Path(line.split()[-1]).name}" for line in lines]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.fixture
def with_uv(machine: Machine) -> Machine:
    python = os.path.realpath(sys.executable)
    machine.add("uv", UV.format(python=python))
    machine.add("python3.11", f'#!/bin/sh\nexec {python} "$@"\n')
    return machine


def test_without_python_it_says_what_to_install(machine: Machine) -> None:
    done = machine.run("up")
    assert (done.returncode, done.stdout) == (1, "")
    assert "no Python 3.11 or newer was found" in done.stderr
    assert "apt-get install python3" in done.stderr
    assert not (machine.root / ".venv").exists()


def test_an_older_python_is_passed_over(machine: Machine) -> None:
    machine.add("python3.11", "#!/bin/sh\nexit 1\n")
    machine.add("python3", "#!/bin/sh\nexit 1\n")
    assert "no Python 3.11 or newer was found" in machine.run("up").stderr


def test_without_the_venv_module_it_names_the_package(machine: Machine) -> None:
    machine.add("python3", '#!/bin/sh\ncase "$2" in *ensurepip*) exit 1 ;; esac\n')
    done = machine.run("up")
    assert done.returncode == 1
    assert "python3-venv" in done.stderr
    assert not (machine.root / ".venv").exists()


def test_it_prepares_once_and_then_only_starts(with_uv: Machine) -> None:
    first, second = with_uv.run("up", "--demo"), with_uv.run("verify", "a file.zip")
    assert (first.returncode, first.stdout) == (0, "running up --demo\n")
    assert "preparing its Python packages" in first.stderr
    assert (second.stdout, second.stderr) == ("running verify a file.zip\n", "")
    assert with_uv.calls() == ["venv .venv", "pip requirements.lock"]


def test_the_test_verb_takes_the_larger_lock_which_serves_both(with_uv: Machine) -> None:
    assert with_uv.run("test").stdout == "running test\n"
    assert with_uv.run("up").stdout == "running up\n"
    assert with_uv.calls() == ["venv .venv", "pip requirements-test.lock"]


def test_a_changed_lock_is_installed_and_the_environment_kept(with_uv: Machine) -> None:
    with_uv.run("up")
    (with_uv.root / "requirements.lock").write_text("# another version\n")
    assert with_uv.run("up").stdout == "running up\n"
    assert with_uv.calls() == ["venv .venv", "pip requirements.lock", "pip requirements.lock"]


def test_a_failed_install_leaves_nothing_half_made(with_uv: Machine) -> None:
    failed = with_uv.run("up", UV_FAILS="1")
    assert (failed.returncode, failed.stdout) == (1, "")
    assert "packages could not be installed" in failed.stderr
    assert not (with_uv.root / ".venv").exists()
    assert with_uv.run("up").stdout == "running up\n"


def test_a_failed_update_is_tried_again_and_never_runs_old_packages(with_uv: Machine) -> None:
    with_uv.run("up")
    (with_uv.root / "requirements.lock").write_text("# another version\n")
    assert with_uv.run("up", UV_FAILS="1").stdout == ""
    assert with_uv.run("up").stdout == "running up\n"


def test_an_environment_that_was_broken_off_is_finished(with_uv: Machine) -> None:
    with_uv.run("up")
    (with_uv.root / ".venv" / "synced").unlink()
    assert with_uv.run("up").stdout == "running up\n"
    assert with_uv.calls()[-1] == "pip requirements.lock"


def test_the_exit_code_is_the_programs(with_uv: Machine) -> None:
    (with_uv.root / "src" / "tickmark" / "__main__.py").write_text("raise SystemExit(7)\n")
    assert with_uv.run("up").returncode == 7
