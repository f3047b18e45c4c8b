"""Docs as tests: a name that is written down exists, and what can be set or extended is written down."""

from __future__ import annotations

import ast
import re
import unicodedata
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from django.urls import get_resolver
from hypothesis import given
from hypothesis import strategies as st

from tests.architecture.tree import ROOT, SOURCE, Module, dotted, files, modules, nothing, text
from tickmark.evidence import sampling
from tickmark.kernel.checks import parse_check
from tickmark.kernel.recipes import parse_recipe
from tickmark.kernel.shapes import parse_shape
from tickmark.plugin import Collector, Notifier, Source

NAMED = ("docs/tour.md", "docs/glossary.md", "docs/extending.md", "docs/auditors.md", "docs/operating.md")
SETTING = re.compile(r"\bTICKMARK_[A-Z_]+\b")
REGISTERS = ("collector", "shape", "check", "notifier", "report")
HEADINGS = ["## Context", "## Choice", "## What would change it"]


def names(page: str) -> set[str]:
    """What a page has in backticks, outside of its code blocks, when it reads like a name of the code."""
    prose = re.sub(r"```.*?```", "", text(page) or "", flags=re.S)
    return {
        name for name in re.findall(r"`([^`\n]+)`", prose) if re.fullmatch(r"@?[\w./*][\w./*-]*(\(\))?", name)
    }


def exists(name: str) -> bool:
    """Whether a name stands for something: a path, a module's function, an action, a class, a setting."""
    if name in WORDS or re.match(r"\d|python3|AWS_", name):
        return True
    if "*" in name:
        return bool(list(ROOT.glob(name)) or list(SOURCE.glob(name)))
    if name.startswith("./"):
        return (ROOT / name).exists()
    if name.startswith("/"):
        return name.removeprefix("/") in addresses()
    if "/" in name:
        return _is_path(name) or _is_path_and_symbol(name)
    if SETTING.fullmatch(name):
        return name in settings_in_code()
    if name in said_by_recovery():
        return True
    bare = name.removeprefix("@").removesuffix("()")
    if "." in bare:
        return bare in file_names() or bare in registered() or _is_module_symbol(bare)
    return bare in defined() or bare in found_by_the_doctor() or _is_path(bare)


WORDS = {
    *("true", "false", "null", "None", "pass", "fail", "undetermined", "not_applicable"),
    *("drives", "takes", "says", "proof", "source", "CI", "chromium", "tickmark", "secrets/", ".venv"),
    *("/opt/tickmark", "/home/tickmark", "log/", "secrets/metrics", "secrets/oidc", "X-Forwarded-For"),
    *("fsync", "full_page_writes", "synchronous_commit", "X-Request-Id", "json"),
    *("level", "logger", "route", "status", "milliseconds", "slot"),
    *("archive.json", "SHA256SUMS", "boto3", "tickmark-lock-probe"),
}
"""Values and words of the formats, and what lies outside of the repository: not names of the code."""


@cache
def file_names() -> frozenset[str]:
    """The last part of every path in the repository."""
    return frozenset(Path(name).name for name in files())


@cache
def said_by_recovery() -> frozenset[str]:
    """What backup, export and doctor write: the codes of findings, the names of files and of the probe."""
    texts = (
        node.value
        for module in modules()
        if module.name.startswith("kernel/recovery/")
        for node in module.nodes
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )
    return frozenset(texts)


@cache
def addresses() -> frozenset[str]:
    """The addresses of the program that hold no reference."""
    return frozenset(str(one.pattern) for one in get_resolver().url_patterns)


def _is_path(name: str) -> bool:
    return any((base / name).exists() for base in (ROOT, SOURCE))


def _is_path_and_symbol(name: str) -> bool:
    """`evidence/jobs.collect`: the file evidence/jobs.py defines collect."""
    path, _, symbol = name.removesuffix("()").rpartition(".")
    module = next((m for m in modules() if m.name in {f"{path}.py", f"{path}/__init__.py"}), None)
    return module is not None and symbol in symbols(module)


def _is_module_symbol(name: str) -> bool:
    """`tickmark.plugin` or `clock.now`: a module, or something that a module of this name defines."""
    path, _, symbol = name.removeprefix("tickmark.").replace(".", "/").rpartition("/")
    candidates = [m for m in modules() if m.name == f"{path}.py" or m.name.endswith(f"/{path}.py")]
    whole = name.removeprefix("tickmark.").replace(".", "/")
    return (SOURCE / f"{whole}.py").exists() or any(symbol in symbols(module) for module in candidates)


@cache
def symbols(module: Module) -> frozenset[str]:
    """What a module defines at its top, or takes in to pass on."""
    found: set[str] = set()
    for node in module.tree.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {target.id for target in targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.ImportFrom):
            found |= {alias.asname or alias.name for alias in node.names}
    return frozenset(found)


@cache
def defined() -> frozenset[str]:
    """Every class, function, method, constant of a class and name at the top of a module, and every step."""
    kinds = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    found = {node.name for module in modules() for node in module.nodes if isinstance(node, kinds)}
    found |= {
        line.target.id
        for module in modules()
        for node in module.nodes
        if isinstance(node, ast.ClassDef)
        for line in node.body
        if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name) and line.target.id.isupper()
    }
    found |= {name for module in modules() for name in symbols(module)}
    return frozenset(found | {module.package for module in modules()})


@cache
def registered() -> frozenset[str]:
    """First string argument of every decorator: names of actions, collectors, reactions."""
    return frozenset(
        decorator.args[0].value
        for module in modules()
        for node in module.nodes
        for decorator in getattr(node, "decorator_list", [])
        if isinstance(decorator, ast.Call) and decorator.args and isinstance(decorator.args[0], ast.Constant)
    )


@cache
def found_by_the_doctor() -> frozenset[str]:
    """The kinds of findings that the doctor can have of a home."""
    return frozenset(
        node.args[0].value
        for module in modules()
        if module.name.startswith("kernel/recovery/doctor/")
        for node in module.nodes
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Finding"
        if isinstance(node.args[0], ast.Constant)
    )


@cache
def settings_in_code() -> frozenset[str]:
    """Every TICKMARK_ variable that the program, its launcher or its test helpers read."""
    sources = [module.text for module in modules()]
    sources += [text(name) or "" for name in ("tickmark", ".ci/run", "tests/servers.py")]
    return frozenset(found for source in sources for found in SETTING.findall(source))


@pytest.mark.parametrize("page", NAMED)
def test_every_name_in_the_docs_exists(page: str) -> None:
    nothing((name for name in sorted(names(page)) if not exists(name)), f"{page} names what is not there:")


def test_names_are_read_from_prose_alone() -> None:
    assert exists("kernel/errors.py") and exists("kernel/errors.Invalid") and exists("Invalid")
    assert not exists("kernel/errors.Nonsense") and not exists("kernel/nonsense.py")
    assert not exists("Nonsense") and not exists("nonsense.accept") and not exists("TICKMARK_NONSENSE")


def test_every_finding_of_the_doctor_is_explained() -> None:
    explained = set(re.findall(r"`([a-z]+(?:-[a-z]+)+)`", text("docs/operating.md") or ""))
    assert found_by_the_doctor() - explained == {"not-examined"}, "--quick explains itself"


def test_every_setting_is_documented_and_every_documented_setting_exists() -> None:
    documented = set(SETTING.findall(text("docs/operating.md") or ""))
    assert documented == set(settings_in_code())


def test_every_register_of_the_plugin_module_is_documented() -> None:
    page = text("docs/extending.md") or ""
    offered = {name for module in modules() if module.name == "plugin.py" for name in _offered(module)}
    nothing(sorted(name for name in offered if f"`{name}`" not in page), "docs/extending.md leaves out:")
    assert all(f"## A {kind}" in page for kind in REGISTERS)


def _offered(module: Module) -> set[str]:
    """`__all__` of a module."""
    for node in module.tree.body:
        if isinstance(node, ast.Assign) and dotted(node.targets[0]) == "__all__":
            return set(ast.literal_eval(node.value))
    return set()


def examples(language: str) -> list[str]:
    """The code blocks of docs/extending.md in one language, in order."""
    return re.findall(rf"```{language}\n(.*?)```", text("docs/extending.md") or "", re.S)


def test_the_examples_of_extending_work() -> None:
    recipe, shape = (parse_recipe(examples("toml")[0]), parse_shape(examples("toml")[1]))
    check = parse_check("leavers", examples("sql")[0].encode())
    spaces: list[dict[str, object]] = [{}, {}]
    for source, space in zip(examples("python"), spaces, strict=True):
        exec(source, space)
    collector, notifier = spaces[0]["accounts"], spaces[1]["file"]
    assert isinstance(collector, Collector) and isinstance(notifier, Notifier)
    assert (recipe.shape, shape.name, collector.shape, notifier.name) == ("accounts",) * 3 + ("file",)
    assert {"in_time", "late", "end_unknown", "no_account", "day_unknown"} <= set(check.causes)


def test_the_example_collector_reads_its_source(tmp_path: Path) -> None:
    badges = tmp_path / "badges"
    badges.write_text("number,holder\n7,ada@example.com\n8,\n")
    space: dict[str, object] = {}
    exec(
        examples("python")[0].replace('"doorctl", "badges", "--all", "--csv"', f'"/bin/cat", "{badges}"'),
        space,
    )
    collector = space["accounts"]
    assert isinstance(collector, Collector)
    instant = datetime(2026, 10, 31, tzinfo=UTC)
    source = Source(settings={}, raw=tmp_path, clock=lambda: instant)
    assert list(collector.rows(source)) == [
        {"system": "door", "account": "7", "person": "ada@example.com"},
        {"system": "door", "account": "8", "person": None},
    ]
    assert (list(source.unknown), [file.name for file in source.files]) == (["mfa"], ["badges.csv"])


@given(st.sets(st.from_regex(r"[A-Za-zé]{1,6}-[0-9]{1,4}", fullmatch=True), min_size=1), st.integers(0, 30))
def test_the_draw_that_auditors_read_is_the_draw_that_is_made(keys: set[str], n: int) -> None:
    space: dict[str, Any] = {}
    exec(re.findall(r"```python\n(.*?)```", text("docs/auditors.md") or "", re.S)[0], space)
    nonce, control = "5f" * 16, "CHG-02"
    keys = {unicodedata.normalize("NFC", key) for key in keys}
    seed = sampling.committed_seed(nonce, control, sampling.key_hash(keys))
    assert space["sample"](keys, nonce, control, n) == sampling.draw(keys, seed, n)


def test_decisions_are_numbered_without_a_gap_and_each_is_whole() -> None:
    pages = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
    numbers = [path.name[:3] for path in pages]
    assert numbers == [f"{number:03}" for number in range(1, len(pages) + 1)]
    assert len(pages) >= 17
    nothing(
        (path.name for path in pages if not _is_decision(path)), f"A decision has a title and {HEADINGS}:"
    )


def _is_decision(path: Path) -> bool:
    content = path.read_text(encoding="utf-8")
    return content.startswith(f"# {path.name[:3]} ") and re.findall(r"^## .*", content, re.M) == HEADINGS


def test_the_readme_names_both_commands_and_the_eight_steps() -> None:
    readme = text("README.md") or ""
    wanted = ["./tickmark up", "./tickmark test", "./tickmark look", *map(str, range(1, 9))]
    assert [word for word in wanted if word not in readme] == []
    steps = re.findall(r"^\| ([1-8]) \|", readme, re.M)
    assert steps == list("12345678")


def test_links_between_pages_lead_somewhere() -> None:
    found = [
        f"{page}: {target}"
        for page in files()
        if page.endswith(".md") and "/fonts/" not in page
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text(page) or "")
        if not re.match(r"[a-z]+:", target) and not (ROOT / page).parent.joinpath(target).exists()
    ]
    nothing(found, "These links lead nowhere:")
