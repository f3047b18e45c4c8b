"""The programme as files: what is written comes back as it was, and what cannot be read is named by file and line."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickmark.kernel.errors import Invalid
from tickmark.scope import folder
from tickmark.scope.programme import PARTS, Item

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=60)
CODE = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_-]{0,10}", fullmatch=True)
CONTROL = {
    "title": "Leavers lose access",
    "statement": "Access is disabled.\nAt once.",
    "criteria": ["CC6.2"],
    "nature": "I",
    "purpose": "P",
    "frequency": "event",
    "owner": "it@larkspur.example",
    "parameters": {"days": 1},
    "evidence_wanted": "POP: Leavers.\nSMP: Log lines.",
}


def whole(kind: str, **said: Any) -> dict[str, Any]:
    """All fields of a kind: those given, and what is assumed for the others."""
    return {**dict.fromkeys(PARTS[kind].fields, ""), **PARTS[kind].defaults(), **said}


@st.composite
def items(draw: st.DrawFn) -> list[Item]:
    """Items of every kind with texts of every sort."""
    found = []
    for part in PARTS.values():
        for code in draw(st.sets(CODE, max_size=3)):
            system = f"{draw(CODE)}/" if part.scoped else ""
            said = {
                name: value if value is not None and not isinstance(value, str) else draw(TEXT)
                for name, value in whole(part.kind).items()
            }
            for name, words in part.spelled.items():
                said[name] = draw(st.sampled_from(sorted(words)))
            if "parameters" in said:
                said["parameters"] = draw(st.dictionaries(TEXT, st.integers(0, 10**6) | TEXT, max_size=3))
            if "flows" in said:
                said["flows"] = [{"to": draw(TEXT), "what": draw(TEXT)}]
            found.append(Item(part.kind, system + code, said, draw(st.none() | st.dates())))
    return found


@given(items())
def test_what_is_written_comes_back_as_it_was(given: list[Item]) -> None:
    texts = folder.write(given)
    found = {item.key: item for item in folder.read(texts)}
    assert found == {item.key: item for item in given}
    assert folder.write(found.values()) == texts


@given(items())
def test_windows_line_ends_change_nothing_that_was_not_escaped(given: list[Item]) -> None:
    texts = {
        path: text.replace("\n", "\r\n") for path, text in folder.write(given).items() if "\r" not in text
    }
    assert folder.read(texts) == folder.read(
        {path: text.replace("\r\n", "\n") for path, text in texts.items()}
    )


@given(st.dictionaries(st.sampled_from(["controls/A-1.md", "vendors.toml", "x"]), TEXT, max_size=3))
def test_any_text_is_read_or_refused_in_words(texts: dict[str, str]) -> None:
    try:
        folder.read(texts)
    except Invalid as error:
        assert error.what and error.field == "files"


def test_a_word_that_is_a_list_is_left_to_the_action_to_refuse() -> None:
    (item,) = folder.read({"controls/A-1.md": '+++\nnature = ["x"]\n+++\n'})
    assert item.fields["nature"] == ["x"]


def test_a_control_is_a_page_of_markdown() -> None:
    item = Item("control", "AC-04", whole("control", **CONTROL), date(2026, 1, 1))
    assert folder.write([item])["controls/AC-04.md"] == (
        "+++\n"
        'title = "Leavers lose access"\n'
        'criteria = [\n    "CC6.2",\n]\n'
        'nature = "it-dependent"\n'
        'purpose = "preventive"\n'
        'frequency = "event"\n'
        'owner = "it@larkspur.example"\n'
        'evidence_wanted = """\nPOP: Leavers.\nSMP: Log lines."""\n'
        "in_force_from = 2026-01-01\n"
        "\n[parameters]\ndays = 1\n"
        "+++\n\nAccess is disabled.\nAt once.\n"
    )


@pytest.mark.parametrize(
    ("path", "text", "words"),
    [
        ("controls/AC-04.md", "No front matter", "controls/AC-04.md, line 1: the fields cannot be found."),
        ("controls/AC-04.md", "+++\ntitle = \n+++\n", "controls/AC-04.md is not sound TOML."),
        ("notes.txt", "", "notes.txt is no file of a programme."),
        ("controls/../x.md", "", "controls/../x.md is no file of a programme."),
        ("vendors.toml", 'name = "Cloud"', "vendors.toml: 'name' stands alone."),
        ("controls/A-1.md", "+++\nin_force_from = 3\n+++\n", "controls/A-1.md: in_force_from is no day."),
    ],
)
def test_what_cannot_be_read_is_named(path: str, text: str, words: str) -> None:
    with pytest.raises(Invalid) as error:
        folder.read({path: text})
    assert error.value.what == words
