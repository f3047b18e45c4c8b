"""The year: a month shows its first lines and leads to the others; what falls together is one mark."""

from __future__ import annotations

import re
from datetime import date, timedelta
from types import SimpleNamespace

import pytest

from tests.web.pages import client
from tickmark.upkeep.queries import Event, Month
from tickmark.web.views import upkeep

FIRST = date(2025, 11, 1)


def event(number: int, day: date = FIRST, state: str = "met", kind: str = "control") -> Event:
    return Event(day, kind, f"AC-{number:02} Access is reviewed", f"/controls/AC-{number:02}/", state)


def year(*events: Event) -> list[Month]:
    """November with these, and eleven months without any."""
    rest = [Month((FIRST + timedelta(days=31 * number)).replace(day=1), []) for number in range(1, 12)]
    return [Month(FIRST, list(events)), *rest]


def test_a_month_of_many_lines_shows_the_first_and_leads_to_all(
    program: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = [event(number) for number in range(upkeep.LINES + 3)]
    monkeypatch.setattr(upkeep.queries, "calendar", lambda day: year(*many))
    lead = client(program, "lead")
    page = lead.get("/upkeep/?state=done").text
    assert _lines(page) == [one.title for one in many[: upkeep.LINES]]
    found = re.search(r'<a href="([^"]+)">All (\d+) of November 2025</a>', page)
    assert found and found[2] == str(len(many))
    address = found[1].replace("&amp;", "&")
    assert "state=done" in address and address.endswith("#m-2025-11")
    whole = lead.get(f"/upkeep/{address}").text
    assert _lines(whole) == [one.title for one in many]
    assert 'id="m-2025-11"' in whole and "of November 2025</a>" not in whole


def test_a_month_of_few_lines_shows_them_all(
    program: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        upkeep.queries, "calendar", lambda day: year(*(event(number) for number in range(upkeep.LINES)))
    )
    page = client(program, "lead").get("/upkeep/").text
    assert len(_lines(page)) == upkeep.LINES and "All " not in page


def _lines(page: str) -> list[str]:
    return re.findall(r'<a href="/controls/[^"]+">([^<]+)</a>', page)


def test_what_is_on_one_day_in_one_state_is_one_mark_that_names_three() -> None:
    events = [event(number) for number in range(5)]
    events += [event(7, state="missed"), event(8, day=FIRST + timedelta(days=1)), event(9, kind="policy")]
    (control, _, bars), (policy, _, reviews) = upkeep._lanes(year(*events))
    assert (control, policy) == ("Control", "Policy")
    assert [(bar.first, bar.state, bar.says) for bar in bars] == [
        (FIRST, "met", "; ".join(one.title for one in events[:3]) + " and 2 more"),
        (FIRST, "missed", events[5].title),
        (FIRST + timedelta(days=1), "met", events[6].title),
    ]
    assert [bar.says for bar in reviews] == [events[7].title]
