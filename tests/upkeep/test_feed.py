"""The calendar file: whole days that no zone moves, one event for one thing at every reading."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from tickmark.upkeep.feed import Item, ics

STAMP = datetime(2026, 8, 3, 9, 30, tzinfo=UTC)
TEXT = st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=90)
ITEMS = st.lists(
    st.builds(Item, st.dates(date(2020, 1, 1), date(2035, 1, 1)), st.sampled_from(["Task", "Control"]), TEXT,
              st.sampled_from(["https://t.example/a", "https://t.example/b"]), st.just("") | TEXT),
    max_size=12,
)  # fmt: skip


def events(file: bytes) -> list[tuple[date, date, str, str, str]]:
    """First day, day after the last, kind, title and note, as a calendar program reads them."""
    return [
        (
            e.decoded("dtstart"),
            e.decoded("dtend"),
            e["categories"].cats[0],
            str(e["summary"]),
            str(e.get("description", "")),
        )
        for e in Calendar.from_ical(file).walk("VEVENT")
    ]


@given(ITEMS)
def test_what_goes_in_is_what_a_calendar_program_reads(items: list[Item]) -> None:
    read = events(ics("Tickmark", items, STAMP))
    assert sorted(read) == sorted(
        (one.day, one.day + timedelta(days=1), one.kind, one.title, one.note) for one in items
    )
    assert all(type(first) is date and type(after) is date for first, after, *_ in read)


@given(ITEMS)
def test_every_event_has_an_id_of_its_own_which_stays(items: list[Item]) -> None:
    def ids(found: list[Item]) -> list[str]:
        return [str(e["uid"]) for e in Calendar.from_ical(ics("T", found, STAMP)).walk("VEVENT")]

    assert len(set(ids(items))) == len(items)
    assert ids(items) == ids(list(reversed(items)))


def test_an_event_keeps_its_id_when_its_words_change() -> None:
    before, after = (
        Calendar.from_ical(
            ics("T", [Item(date(2026, 8, 3), "Control", title, "https://t.example/c")], STAMP)
        ).walk("VEVENT")[0]
        for title in ("AC-06, 31 times, 5 open", "AC-06, 31 times, 4 open")
    )
    assert before["uid"] == after["uid"]


def test_a_text_opens_no_line_of_its_own() -> None:
    hostile = "a\r\nEND:VEVENT\r\nBEGIN:VALARM;x,y\\n"
    file = ics("T", [Item(date(2026, 8, 3), "Task", hostile, "https://t.example/")], STAMP)
    assert [component.name for component in Calendar.from_ical(file).walk()] == ["VCALENDAR", "VEVENT"]
    assert b"DTSTART;VALUE=DATE:20260803\r\n" in file and b"DTSTAMP:20260803T093000Z\r\n" in file
