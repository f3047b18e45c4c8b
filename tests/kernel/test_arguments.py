"""What doors hand in becomes arguments by the signature, or one of the four errors that names its field."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from tickmark.audit.models import Engagement
from tickmark.controls.models import Control, Nature
from tickmark.evidence import actions as evidence  # noqa: F401  (registers the actions that are called by name)
from tickmark.evidence.models import EvidenceKind
from tickmark.kernel import action as kernel
from tickmark.kernel.access import Actor
from tickmark.kernel.action import ACTIONS, Action, action
from tickmark.kernel.arguments import (
    DEEPEST,
    Incoming,
    Upload,
    body_model,
    call,
    file_fields,
    has_files,
    parse,
)
from tickmark.kernel.errors import Invalid, NotFound, Refused
from tickmark.kernel.ledger.entry import Entry
from tickmark.scope.models import ReportType

NOBODY = Actor(user=None, side="", kind="visitor", name="visitor")


class Cell(BaseModel):
    """A structured argument."""

    item: str
    count: int = 1


def everything(
    actor: Actor,
    text: str,
    number: int = 0,
    yes: bool = False,
    day: date | None = None,
    moment: datetime | None = None,
    nature: Nature = Nature.MANUAL,
    type: ReportType = ReportType.TYPE_2,
    span: Literal[1, 7] = 7,
    word: Literal["", "day"] = "",
    criteria: list[str] | None = None,
    cells: list[Cell] | None = None,
    settings: dict[str, Any] | None = None,
) -> None:
    """Take one of everything.

    The rest of the words.
    """


EVERYTHING: Action[..., Any] = Action("tests.everything", everything)


def parsed(**raw: Any) -> dict[str, Any]:
    """What `everything` would be called with."""
    return parse(EVERYTHING, NOBODY, {"text": "t", **raw})


@pytest.mark.parametrize(
    ("name", "given", "found"),
    [
        ("text", "", ""),
        ("text", "  as typed  ", "  as typed  "),
        ("number", "7", 7),
        ("number", 7, 7),
        ("yes", "on", True),
        ("yes", False, False),
        ("day", "2026-03-31", date(2026, 3, 31)),
        ("moment", "2026-03-31T12:00:00+02:00", datetime.fromisoformat("2026-03-31T12:00:00+02:00")),
        ("nature", "A", Nature.AUTOMATED),
        ("type", "1", ReportType.TYPE_1),
        ("type", 1, ReportType.TYPE_1),
        ("span", "1", 1),
        ("word", "day", "day"),
        ("criteria", "CC6.1, CC6.2\nCC6.3,", ["CC6.1", "CC6.2", "CC6.3"]),
        ("criteria", ["CC6.1"], ["CC6.1"]),
        ("criteria", '["a, b"]', ["a, b"]),
        ("cells", '[{"item": "x"}]', [Cell(item="x")]),
        ("cells", [{"item": "x", "count": 2}], [Cell(item="x", count=2)]),
        ("settings", '{"path": "/srv"}', {"path": "/srv"}),
    ],
)
def test_text_and_json_become_what_the_signature_says(name: str, given: Any, found: Any) -> None:
    assert parsed(**{name: given})[name] == found


@pytest.mark.parametrize(
    "name", ["number", "day", "moment", "nature", "type", "span", "criteria", "cells", "settings"]
)
def test_an_empty_field_of_a_form_is_left_out(name: str) -> None:
    assert parsed(**{name: ""}) == {"text": "t"}


@pytest.mark.parametrize(
    ("raw", "field", "why"),
    [
        ({}, "text", "tests.everything needs it."),
        ({"text": "t", "colour": "red"}, "colour", "It takes text, number, yes, day, moment, nature, type, span, word, criteria, cells, settings."),
        ({"text": None}, "text", "Input should be a valid string."),
        ({"text": "a\x00b"}, "text", "It holds a NUL or half a character."),
        ({"text": "\ud800"}, "text", "It holds a NUL or half a character."),
        ({"text": "t", "number": "seven"}, "number", "Input should be a valid integer, unable to parse string as an integer."),
        ({"text": "t", "number": 2**53}, "number", "The number is too large."),
        ({"text": "t", "number": -(2**53)}, "number", "The number is too large."),
        ({"text": "t", "day": "0001-01-01"}, "day", "The year is not between 1900 and 2200."),
        ({"text": "t", "moment": "9999-12-31T23:59:59Z"}, "moment", "The year is not between 1900 and 2200."),
        ({"text": "t", "nature": "X"}, "nature", "Input should be 'M', 'A' or 'I'."),
        ({"text": "t", "span": "2"}, "span", "Input should be 1 or 7."),
        ({"text": "t", "cells": [{"count": 1}]}, "cells.0.item", "Field required."),
        ({"text": "t", "cells": [{"item": "\x00"}]}, "cells", "It holds a NUL or half a character."),
        ({"text": "t", "settings": {"a\x00": 1}}, "settings", "It holds a NUL or half a character."),
        ({"text": "t", "settings": {"a": float("nan")}}, "settings", "It is not a number."),
        ({"text": "t", "settings": {"a": float("inf")}}, "settings", "It is not a number."),
        ({"text": "t", "settings": {"a": 2**60}}, "settings", "The number is too large."),
        ({"text": "t", "settings": '{"a": '}, "settings", "Expecting value: line 1 column 7 (char 6)."),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_by_name(raw: dict[str, Any], field: str, why: str) -> None:
    with pytest.raises(Invalid) as error:
        parse(EVERYTHING, NOBODY, raw)
    assert (error.value.field, error.value.why) == (field, why)
    assert error.value.what and error.value.remedy


def nested(depth: int) -> Any:
    """A list in a list, so many times."""
    return [nested(depth - 1)] if depth else 1


def test_structures_nest_only_so_far() -> None:
    assert parsed(settings={"a": nested(DEEPEST - 2)})["settings"] == {"a": nested(DEEPEST - 2)}
    with pytest.raises(Invalid, match="nests too deep"):
        parsed(settings={"a": nested(DEEPEST)})


@given(
    st.dictionaries(
        st.sampled_from([*EVERYTHING.types, "other"]),
        st.one_of(st.text(), st.integers(), st.floats(), st.none(), st.lists(st.text())),
    )
)
def test_whatever_comes_it_is_parsed_or_invalid(raw: dict[str, Any]) -> None:
    try:
        found = parse(EVERYTHING, NOBODY, raw)
    except Invalid as error:
        assert error.what and error.field
    else:
        assert set(found) <= set(raw)


# -- rows ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def taking_rows() -> Iterator[Action[..., Any]]:
    """An action that takes rows in each of the three ways; it is known to the table for this test only."""

    @action("tests.rows")
    def rows(
        actor: Actor,
        control: Control,
        engagement: Engagement | None = None,
        controls: list[Control] | None = None,
    ) -> None:
        """Take rows."""

    yield rows
    kernel.ACTIONS.pop("tests.rows")


def test_rows_come_by_reference_or_code_each_once(program: Any, taking_rows: Any) -> None:
    lead, control = program.actor("lead"), program.control
    raw = {"control": "CHG-02", "engagement": "2026", "controls": f"CHG-02, {control.ref} CHG-02"}
    assert parse(taking_rows, lead, raw) == {
        "control": control, "engagement": program.engagement, "controls": [control],
    }  # fmt: skip
    assert parse(taking_rows, lead, {"control": control.ref, "engagement": "", "controls": []}) == {
        "control": control, "controls": [],
    }  # fmt: skip
    assert parse(taking_rows, lead, {"control": control.ref, "engagement": None})["engagement"] is None


@pytest.mark.parametrize(
    "given", ["CT-999", "chg-02", "EV-1", "CT-1\n", "٣", 7, ["CHG-02"], "CHG-02\x00", "\ud800"]
)
def test_what_names_no_row_is_not_found(program: Any, taking_rows: Any, given: Any) -> None:
    with pytest.raises(NotFound) as error:
        parse(taking_rows, program.actor("lead"), {"control": given})
    assert error.value.field == "control"


@pytest.mark.parametrize("given", [None, ""])
def test_a_row_that_is_needed_is_not_left_out(program: Any, taking_rows: Any, given: Any) -> None:
    with pytest.raises(Invalid, match="'control' is missing"):
        parse(taking_rows, program.actor("lead"), {"control": given})


def test_rows_that_one_may_not_see_are_not_found(program: Any, taking_rows: Any) -> None:
    with pytest.raises(NotFound, match="There is no control CHG-02"):
        parse(taking_rows, program.actor("employee"), {"control": "CHG-02"})


# -- files --------------------------------------------------------------------------------------------------------


def incoming(content: bytes = b"bytes", name: str = "a.txt") -> Incoming:
    """A file at the door."""
    return Incoming(name, "text/plain", io.BytesIO(content))


def kept(home: Path) -> list[str]:
    """Names of the files in the store."""
    return [path.name for path in (home / "files").rglob("*") if path.is_file()]


def test_a_file_is_kept_only_for_whoever_may_do_the_action(program: Any, settings: Any) -> None:
    raw = {"upload": incoming(), "kind": "DOC", "source": "Wiki"}
    for who in ("employee", "auditor", "stranger"):
        with pytest.raises(Refused):
            call(ACTIONS["evidence.file"], program.actor(who), raw)
    with pytest.raises(Refused):
        call(ACTIONS["evidence.file"], program.actor("reviewer"), {**raw, "control": "CHG-02"})
    with pytest.raises(Invalid):
        call(ACTIONS["evidence.file"], program.actor("owner"), {**raw, "covers_from": "soon"})
    assert kept(settings.HOME) == []
    row = call(ACTIONS["evidence.file"], program.actor("owner"), {**raw, "control": "CHG-02"})
    assert (row.kind, kept(settings.HOME)) == (EvidenceKind.DOC, [row.sha256])
    assert Entry.objects.get(uid=row.entry).arguments["upload"] == f"file:{row.sha256}"


def test_a_text_is_no_file(program: Any) -> None:
    with pytest.raises(Invalid, match="'upload' is not a file"):
        call(
            ACTIONS["evidence.file"],
            program.actor("owner"),
            {"upload": "text", "kind": "DOC", "source": "Wiki"},
        )


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\x\\report.pdf", "report.pdf"),
        ("a\r\nb\x00.txt", "ab.txt"),
        ("\u202egpj.exe", "gpj.exe"),
        ("", "file"),
        ("  ", "file"),
        ("x" * 300, "x" * 200),
    ],
)
def test_the_name_of_a_file_is_only_a_label(settings: Any, name: str, label: str) -> None:
    found = incoming(name=name).keep()
    assert (found.name, found.size, kept(settings.HOME)) == (label, 5, [found.sha256])


def test_an_empty_file_is_refused(settings: Any) -> None:
    with pytest.raises(Invalid, match="0 bytes"):
        incoming(b"").keep()


# -- what is published --------------------------------------------------------------------------------------------


def test_the_body_of_an_action_is_its_signature_with_references_for_rows(taking_rows: Any) -> None:
    schema = body_model(taking_rows).model_json_schema()
    assert (schema["title"], schema["required"], schema["additionalProperties"]) == (
        "TestsRowsBody",
        ["control"],
        False,
    )
    assert schema["properties"]["control"] == {
        "description": "A control by its reference (CT-…) or its code.", "title": "Control", "type": "string",
    }  # fmt: skip
    assert schema["properties"]["controls"]["anyOf"] == [
        {"items": {"type": "string"}, "type": "array"},
        {"type": "null"},
    ]


def test_files_stand_beside_the_body() -> None:
    filing = ACTIONS["evidence.file"]
    assert (has_files(filing), file_fields(filing)) == (True, {"upload": True})
    assert "upload" not in body_model(filing).model_fields
    assert not has_files(EVERYTHING)


def test_an_upload_that_is_kept_already_is_taken(program: Any) -> None:
    upload: Upload = incoming().keep()
    row = call(
        ACTIONS["evidence.file"], program.actor("owner"), {"upload": upload, "kind": "DOC", "source": "Wiki"}
    )
    assert row.sha256 == upload.sha256
