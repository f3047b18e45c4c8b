"""A form is read and shown by an action's signature alone."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import TextChoices
from django.test import RequestFactory
from pydantic import SecretStr

from tickmark.controls.models import Control
from tickmark.kernel.access import Actor
from tickmark.kernel.action import Action
from tickmark.kernel.arguments import Incoming, Upload
from tickmark.kernel.errors import Invalid
from tickmark.web import forms


class Colour(TextChoices):
    RED = "r", "Red"
    BLUE = "b", "Blue"


def act(
    actor: Actor,
    title: str,
    due: date,
    seen_at: datetime | None = None,
    upload: Upload | None = None,
    uploads: list[Upload] = [],  # noqa: B006
    control: Control | None = None,
    controls: list[Control] = [],  # noqa: B006
    colour: Colour = Colour.RED,
    every: Literal["", "day"] = "",
    codes: list[str] = [],  # noqa: B006
    agreed: bool = False,
    password: SecretStr = SecretStr(""),
    reason: str = "because",
    settings: dict[str, Any] = {},  # noqa: B006
) -> None:
    """Do something."""


ACTION = Action("tests.act", act)


def posted(data):
    return forms.raw(ACTION, RequestFactory().post("/do/tests.act", data))


def test_fields_are_taken_as_typed_and_strange_ones_left_alone():
    form = {
        "title": "  Two words ", "due": "2026-03-31", "controls": ["AC-04", "", "AC-06"], "codes": ["CC6.1", "CC6.2"],
        "control": "", "csrfmiddlewaretoken": "x", "next": "/",
    }  # fmt: skip
    assert posted(form) == {
        "title": "Two words", "due": "2026-03-31", "control": None, "controls": ["AC-04", "AC-06"],
        "codes": ["CC6.1", "CC6.2"], "agreed": False,
    }  # fmt: skip


def test_a_ticked_box_is_true_in_the_words_of_a_browser():
    assert posted({"title": "x", "due": "", "agreed": "true"})["agreed"] == "true"


def test_files_come_in_unkept(settings):
    one, two = (SimpleUploadedFile(f"{n}.txt", n.encode(), "text/plain") for n in ("one", "two"))
    found = posted({"title": "x", "upload": one, "uploads": [two]})
    assert isinstance(found["upload"], Incoming) and [item.name for item in found["uploads"]] == ["two.txt"]
    assert not (settings.HOME / "files").exists()


def shown(values=None, error=None):
    return {field["name"]: field for field in forms.fields(ACTION, values or {}, error)}


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("title", "text"), ("due", "date"), ("seen_at", "datetime"), ("upload", "file"), ("uploads", "file"),
        ("control", "text"), ("colour", "select"), ("every", "select"), ("codes", "text"), ("agreed", "checkbox"),
        ("password", "password"), ("reason", "textarea"),
    ],
)  # fmt: skip
def test_the_kind_of_a_field_follows_from_its_type(name, kind):
    assert shown()[name]["kind"] == kind


def test_a_field_says_whether_it_is_needed_and_what_may_be_chosen():
    fields = shown()
    assert [name for name, field in fields.items() if field["required"]] == ["title", "due"]
    assert fields["colour"]["choices"] == [("r", "Red"), ("b", "Blue")]
    assert fields["every"]["choices"] == [("", ""), ("day", "day")]
    assert fields["reason"]["value"] == "because"


def test_what_was_typed_stays_but_never_a_password_or_a_file():
    fields = shown({"title": "x", "codes": ["a", "b"], "password": "secret", "upload": "x"})
    assert [fields[name]["value"] for name in ("title", "codes", "password", "upload")] == [
        "x",
        "a, b",
        "",
        "",
    ]


def test_the_error_stands_at_its_field():
    fields = shown({}, Invalid("No day.", "It is empty.", "Pick one.", "due"))
    assert [(name, field["error"]) for name, field in fields.items() if field["error"]] == [
        ("due", "No day. It is empty. Pick one.")
    ]
