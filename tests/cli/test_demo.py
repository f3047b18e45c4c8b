"""The demo's year: a half-lived one says so, and the story only does what characters may."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tickmark.cli.demo.living import EXAMPLE, live
from tickmark.cli.demo.story import Story
from tickmark.kernel import jobs
from tickmark.kernel.errors import Conflict


@pytest.mark.usefixtures("db")
def test_a_half_lived_year_names_the_remedy(settings: Any) -> None:
    jobs.begin(jobs.enqueue("demo", "year"))
    with pytest.raises(Conflict) as refused:
        live()
    assert refused.value.remedy == f"Remove {settings.HOME} and start again: everything in it is fictional."


@pytest.mark.usefixtures("db")
def test_a_lived_year_is_left_as_it_is() -> None:
    slot = jobs.enqueue("demo", "year")
    jobs.begin(slot)
    jobs.end(slot)
    live()
    assert jobs.find("demo", "year") is not None


def test_a_document_of_many_occurrences_names_none() -> None:
    story = Story(EXAMPLE)
    quarter = [date(2026, 1, 1), date(2026, 3, 31)]
    assert [
        story._occurrence(word, quarter) for word in ("daily", "monthly", "quarterly", "annual", "event")
    ] == [
        "",
        "",
        "2026-Q1",
        "year-to-2026-10-31",
        "",
    ]
