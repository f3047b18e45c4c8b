"""The repository itself: it runs anywhere, names nobody's machine, and speaks of the product alone."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from tests.architecture.tree import ROOT, files, nothing, text

HERE = "tests/architecture/test_repository.py"
MACHINE_PATHS = re.compile(r"(?<![\w.])/(work|root|home/\w|Users/\w)(/|\b)")
REGISTRY_HOSTS = re.compile(
    r"\b(pypi\.org|pythonhosted\.org|registry\.npmjs|npmjs\.com|deb\.debian\.org|proxy\.golang)", re.I
)
NOT_THE_PRODUCT = re.compile(
    r"\bas an ai\b|\blanguage model\b|\bchatgpt\b|\bclaude\b"
    r"|\bthis session\b|\bsub-?agents?\b|\bshared/(tools|domain|design|product|parts)\b",
    re.I,
)
BINARY = (".otf", ".ttf", ".png", ".pdf", ".zip", ".xlsx", ".docx", ".parquet", ".ico", ".bundle", ".woff2")
VERBATIM = ("LICENSE", "src/tickmark/kernel/fonts/", "examples/", "tests/fixtures/", "requirements")
"""Texts of others, and files that imitate other systems: they keep their own endings."""


def test_no_file_names_a_machine_or_a_registry() -> None:
    nothing(_lines(MACHINE_PATHS, REGISTRY_HOSTS), "The repository runs anywhere: leave the place out.")


def test_the_repository_speaks_of_the_product_alone() -> None:
    nothing(_lines(NOT_THE_PRODUCT), "Say what the product does, not how it came about.")


def _lines(*patterns: re.Pattern[str]) -> Iterator[str]:
    for name in files():
        for number, line in enumerate((text(name) or "").splitlines(), 1):
            if name != HERE and any(pattern.search(line) for pattern in patterns):
                yield f"{name}:{number} {line.strip()[:90]}"


def test_text_files_end_well() -> None:
    nothing((f"{name}: {fault}" for name in files() for fault in _endings(name)), "Mend the endings:")


def _endings(name: str) -> Iterator[str]:
    content = text(name)
    if not content or name.startswith(VERBATIM) or "fixtures" in name or name.endswith(BINARY):
        return
    if not name.endswith(".html") and (not content.endswith("\n") or content.endswith("\n\n")):
        yield "ends without exactly one newline"
    if "\r" in content:
        yield "has carriage returns"
    if re.search(r"[ \t]+$", content, re.M):
        yield "has spaces at the end of a line"


def test_binary_files_are_of_known_kinds() -> None:
    found = [n for n in files() if text(n) is None and not n.endswith(BINARY) and "fixtures" not in n]
    nothing((name for name in found if not name.startswith("examples/")), "Is this file meant to be here?")


def test_both_commands_can_be_run() -> None:
    assert [name for name in ("tickmark", ".ci/run") if not os.access(ROOT / name, os.X_OK)] == []


def test_the_pages_every_repository_owes_are_there() -> None:
    owed = ["README.md", "STYLE.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "LICENSE"]
    assert [name for name in owed if not (ROOT / name).is_file()] == []
    assert "Apache License" in (text("LICENSE") or "")[:200]


def test_lock_files_pin_everything_by_hash_and_hold_no_address() -> None:
    for name in ("requirements.lock", "requirements-test.lock"):
        content = (ROOT / name).read_text(encoding="utf-8")
        entries = re.findall(r"^(?!#|\s)(\S.*?)(?=^\S|\Z)", content, re.M | re.S)
        loose = [e.split()[0] for e in entries if "==" not in e or "--hash=sha256:" not in e]
        assert (name, loose, re.findall(r"https?://\S+", content)) == (name, [], [])


def test_the_test_lock_holds_the_other_one() -> None:
    plain, tests = (_pins(name) for name in ("requirements.lock", "requirements-test.lock"))
    assert plain - tests == set()


def _pins(name: str) -> set[str]:
    return set(re.findall(r"^([\w.-]+==\S+)", (ROOT / name).read_text(encoding="utf-8"), re.M))


def test_uv_lock_stays_out() -> None:
    assert "uv.lock" not in files()
