"""Every component escapes what people type, says in words what it shows in colour, and obeys the content policy."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.paginator import Paginator
from django.template import Context, Template, TemplateSyntaxError
from django.template.loader import get_template
from django.test import RequestFactory
from django.utils.safestring import mark_safe

from tickmark.kernel.errors import Invalid
from tickmark.web import pictures, terms
from tickmark.web.templatetags._parts import register
from tickmark.web.templatetags.gallery import DIGEST, samples
from tickmark.web.templatetags.ui import state

WEB = Path(pictures.__file__).parent
HOSTILE = "\"><script>alert(1)</script>'{{ x }}"
AT = datetime(2026, 11, 16, 14, 3, tzinfo=UTC)


def draw(source: str, **context: Any) -> str:
    """Render a template that loads the components."""
    request = RequestFactory().get("/list", context.pop("get", {}))
    return Template("{% load ui %}" + source).render(
        Context({"request": request, "csrf_token": "t", **context})
    )


def words(html: str) -> str:
    """What a reader hears: the text without tags."""
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())


COMPONENTS: Mapping[str, tuple[str, dict[str, Any]]] = {
    "icon": ('{% icon "lock" x %}', {}),
    "state": ("{% state x %}", {}),
    "state word": ('{% state "open" x %}', {}),
    "hash": ("{% hash x %}", {}),
    "person": ("{% person x x x %}", {}),
    "stat": ("{% stat x x x x %}", {}),
    "crumbs": ('{% crumbs x "/" x %}', {}),
    "tabs": ("{% tabs many x %}", {"many": [{"label": HOSTILE, "url": HOSTILE, "count": 1}]}),
    "timeline": (
        "{% timeline many %}",
        {
            "many": [
                {
                    "at": AT,
                    "who": HOSTILE,
                    "side": HOSTILE,
                    "what": HOSTILE,
                    "detail": HOSTILE,
                    "url": HOSTILE,
                }
            ]
        },
    ),
    "thread": (
        '{% thread many "company" %}',
        {
            "many": [
                {
                    "who": HOSTILE,
                    "role": HOSTILE,
                    "side": "company",
                    "at": AT,
                    "text": HOSTILE,
                    "visibility": "own",
                    "files": [{"name": HOSTILE, "ref": HOSTILE, "url": HOSTILE}],
                }
            ]
        },
    ),
    "filecard": (
        "{% filecard one %}",
        {
            "one": {
                "name": HOSTILE,
                "ref": HOSTILE,
                "kind": HOSTILE,
                "size": 1,
                "digest": HOSTILE,
                "state": HOSTILE,
                "url": HOSTILE,
            }
        },
    ),
    "road": (
        "{% road many %}",
        {"many": [{"name": HOSTILE, "url": HOSTILE, "state": HOSTILE, "owed": 1, "note": HOSTILE}]},
    ),
    "diff": ("{% diff many x %}", {"many": [{"name": HOSTILE, "before": HOSTILE, "after": "b"}]}),
    "progress": ("{% progress x now=x done=1 total=2 url=x %}", {}),
    "progress said": ('{% progress x state="failed" said=x %}', {}),
    "refusal": ("{% refusal one %}", {"one": Invalid(HOSTILE, HOSTILE, HOSTILE, HOSTILE)}),
    "panel": ("{% panel x id=x note=x %}{{ x }}{% endpanel %}", {}),
    "blank": ("{% blank x %}{{ x }}{% endblank %}", {}),
    "callout": ("{% callout x x %}{{ x }}{% endcallout %}", {}),
    "dialog": ("{% dialog x x %}{{ x }}{% enddialog %}{% opens x x x %}", {}),
    "action form": (
        "{% action_form x submit=x tone=x next=x say=x cancel=x %}{{ x }}{% endaction_form %}",
        {},
    ),
    "table": (
        "{% table many cols caption=x id=x filters=filters search=x export=x blank=x %}<tr><td>{{ x }}</td></tr>{% endtable %}",
        {
            "many": [1],
            "cols": [{"key": HOSTILE, "label": HOSTILE, "sort": True}],
            "filters": [{"name": HOSTILE, "label": HOSTILE, "choices": [HOSTILE], "value": HOSTILE}],
            "get": {"q": HOSTILE, "day": HOSTILE},
        },
    ),
    "bars": ("{% bars many x x x %}", {"many": [(HOSTILE, 2.0)]}),
    "spark": ("{% spark many x x %}", {"many": [(HOSTILE, 2.0), (HOSTILE, None)]}),
    "stacked": ("{% stacked one x %}", {"one": {"pass": 1}}),
    "heat": (
        "{% heat many first last x %}",
        {
            "many": [{"label": HOSTILE, "name": HOSTILE, "url": HOSTILE, "states": ["pass", HOSTILE]}],
            "first": date(2026, 1, 1),
            "last": date(2026, 1, 3),
        },
    ),
    "gantt": (
        "{% gantt many first last x %}",
        {
            "many": [
                (HOSTILE, HOSTILE, [pictures.Bar(date(2026, 1, 1), date(2026, 1, 3), HOSTILE, HOSTILE)])
            ],
            "first": date(2026, 1, 1),
            "last": date(2026, 1, 9),
        },
    ),
    **{
        f"field {kind}": (
            "{% field name=x label=x kind=kind value=x help=x error=x choices=many placeholder=x %}",
            {"kind": kind, "many": [(HOSTILE, HOSTILE, HOSTILE)]},
        )
        for kind in (
            "text",
            "password",
            "hidden",
            "textarea",
            "select",
            "file",
            "checkbox",
            "radio",
            "checks",
            "verdict",
        )
    },
}


@pytest.mark.parametrize("name", COMPONENTS)
def test_hostile_text_stays_text(name: str) -> None:
    source, context = COMPONENTS[name]
    html = draw(source, x=HOSTILE, **context)
    assert "<script" not in html
    assert HOSTILE not in html


@pytest.mark.parametrize("name", COMPONENTS)
def test_no_component_breaks_the_content_policy(name: str) -> None:
    source, context = COMPONENTS[name]
    html = draw(source, x="plain", **context)
    assert re.findall(r"\sstyle=|\son[a-z]+=|<style|javascript:", html) == []


@pytest.mark.parametrize(("verdict", "word"), terms.VERDICTS.items())
@pytest.mark.parametrize("compact", [True, False])
def test_a_verdict_is_a_word_and_a_shape(verdict: str, word: str, compact: bool) -> None:
    html = draw("{% badge verdict compact=compact %}", verdict=verdict, compact=compact)
    assert words(html) == word
    assert f"icons.svg#{verdict}" in html


@pytest.mark.parametrize("unknown", ["", None, "passed", "ok", "PASS", "error"])
def test_what_is_no_verdict_is_undetermined(unknown: str | None) -> None:
    assert words(draw("{% badge verdict %}", verdict=unknown)) == "Undetermined"


def test_verdicts_and_tones_have_their_own_symbol_and_look() -> None:
    symbols = set(re.findall(r'<symbol id="([a-z_]+)"', (WEB / "static/icons.svg").read_text()))
    style = (WEB / "static/tickmark.css").read_text()
    assert {sign for _, _, sign in terms.STATES.values()} | set(terms.VERDICTS) <= symbols
    for tone in {tone for _, tone, _ in terms.STATES.values()} | set(terms.VERDICTS):
        assert f".badge-{tone}" in style
    for kind in pictures.STRIP_STATES:
        assert f".v-{kind} " in style


def test_a_state_without_a_word_of_its_own_is_shown_plainly() -> None:
    html = draw("{% state 'half_baked' %}")
    assert words(html) == "Half baked"
    assert "badge-neutral" in html


def test_a_word_that_only_reads_like_a_safe_one_is_escaped() -> None:
    """What is drawn once is kept by its words; markup of the program's own never stands in for what somebody typed."""
    assert "<b>Done</b>" in state("done", mark_safe("<b>Done</b>"))
    assert "<b>" not in state("done", "<b>Done</b>")


def test_ids_on_one_page_differ() -> None:
    html = draw(
        "{% field name='note' %}{% panel 'A' %}{% field name='note' %}{% endpanel %}{% term 'IPE' %}{% term 'IPE' %}"
    )
    ids = re.findall(r'\sid="([^"]+)"', html)
    assert ids == ["f-note", "f-note-2", "term-ipe", "term-ipe-2"]
    assert re.findall(r'for="([^"]+)"', html) == ["f-note", "f-note-2"]


def test_a_term_that_nobody_explained_is_an_error() -> None:
    with pytest.raises(KeyError):
        draw("{% term 'Synergy' %}")


def test_a_field_kind_that_nobody_knows_is_an_error() -> None:
    with pytest.raises(TemplateSyntaxError, match="colour"):
        draw("{% field name='a' kind='colour' %}")


def test_a_password_is_never_written_back() -> None:
    assert "hunter2" not in draw("{% field name='p' kind='password' value='hunter2' %}")


def test_an_error_is_tied_to_its_field() -> None:
    html = draw(
        "{% field name='day' kind='date' value=day error='Too early.' required=True %}", day=date(2026, 3, 1)
    )
    assert 'value="2026-03-01"' in html
    assert 'aria-describedby="f-day-help"' in html
    assert 'aria-invalid="true"' in html
    assert words(html) == "Day Too early."


def test_choices_remember_what_was_chosen() -> None:
    html = draw("{% field name='a' kind='checks' choices=many value=chosen %}", many=[1, 2, 3], chosen=[1, 3])
    assert re.findall(r'value="(\d)"( checked)?', html) == [("1", " checked"), ("2", ""), ("3", " checked")]


def test_a_form_posts_to_its_action_with_token_and_way_back() -> None:
    html = draw(
        "{% action_form 'evidence.accept' submit='Accept' %}{% endaction_form %}", get={"day": "2026-03-01"}
    )
    assert 'method="post" action="/do/evidence.accept" hx-post="/do/evidence.accept"' in html
    assert 'name="csrfmiddlewaretoken" value="t"' in html
    assert 'name="next" value="/list?day=2026-03-01"' in html
    assert 'class="form-errors"></div>' in html


def test_a_refusal_says_what_why_and_the_remedy_and_names_the_field() -> None:
    html = draw(
        "{% refusal error %}", error=Invalid("Not yet.", "The count differs.", "Reconcile it.", "reason")
    )
    assert words(html) == "Not yet. The count differs. What to do: Reconcile it."
    assert 'data-field="reason"' in html
    assert 'role="alert"' in html


COLUMNS = [{"key": "due", "label": "Due", "sort": True}, {"key": "who", "label": "Who"}]
TABLE = "{% table page columns caption='Tasks' filters=filters search='Find' export='/tasks.csv' %}{% for x in page %}<tr><td>{{ x }}</td></tr>{% endfor %}{% endtable %}"
FILTERS = [{"name": "state", "label": "State", "choices": ["open"], "value": "open"}]


def links(html: str) -> list[str]:
    """Every address in it, unescaped, once each."""
    return list(dict.fromkeys(found.replace("&amp;", "&") for found in re.findall(r'href="([^"#]+)"', html)))


def test_a_list_keeps_day_filter_and_sorting_in_every_link() -> None:
    given = {"day": "2026-03-01", "state": "open", "sort": "due", "page": "2", "q": "a&b"}
    html = draw(TABLE, page=Paginator(range(60), 20).page(2), columns=COLUMNS, filters=FILTERS, get=given)
    kept = "day=2026-03-01&state=open"
    assert links(html) == [
        "?day=2026-03-01",
        f"/tasks.csv?{kept}&sort=due&q=a%26b",
        f"?{kept}&q=a%26b&sort=-due",
        f"?{kept}&sort=due&q=a%26b&page=1",
        f"?{kept}&sort=due&q=a%26b&page=2",
        f"?{kept}&sort=due&q=a%26b&page=3",
    ]
    assert 'aria-sort="ascending"' in html
    assert "21–40 of 60" in words(html)
    assert re.findall(r'type="hidden" name="(\w+)" value="([^"]+)"', html) == [
        ("day", "2026-03-01"),
        ("sort", "due"),
    ]


def test_an_empty_list_tells_a_filter_from_emptiness() -> None:
    nothing = {"page": [], "columns": COLUMNS, "filters": FILTERS}
    assert "Nothing matches." in words(draw(TABLE, **nothing, get={"q": "x"}))
    assert "Nothing here yet." in words(draw(TABLE, **nothing))
    assert "<table" not in draw(TABLE, **nothing)


def test_a_note_of_one_side_says_so() -> None:
    message = {"who": "Noor", "side": "company", "at": AT, "text": "Hm.", "visibility": "own"}
    assert "Only the company’s side reads this" in words(draw("{% thread many 'company' %}", many=[message]))
    shared = draw("{% thread many 'company' %}", many=[{**message, "visibility": "shared"}])
    assert "Only the" not in words(shared)
    assert "message-own" not in shared


def test_work_that_runs_asks_again_and_work_that_ended_does_not() -> None:
    running = draw("{% progress 'Collect' now='page 3' done=3 total=9 url='/jobs/1' %}")
    ended = draw("{% progress 'Collect' state='incomplete' said='409 of 412' url='/jobs/1' %}")
    assert 'hx-get="/jobs/1"' in running
    assert "page 3 3 of 9" in words(running)
    assert "hx-get" not in ended
    assert words(ended) == "Collect Incomplete 409 of 412"


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("{{ day|day }}", "16 Nov 2026"), ("{{ none|day }}", "–"), ("{{ at|moment }}", "16 Nov 2026, 14:03 UTC"),
        ("{{ 0|size }}", "0 bytes"), ("{{ 1|size }}", "1 byte"), ("{{ 12408|size }}", "12.4 kB"), ("{{ none|size }}", "size not known"),
        ("{{ 12408|number }}", "12,408"), ("{{ none|number }}", "–"), ("{{ 'Ada B. Lovelace'|initials }}", "AL"), ("{{ ''|initials }}", "?"),
        ("{% period first day %}", "1 Jul – 16 Nov 2026"), ("{% period day day %}", "16 Nov 2026"), ("{% period none none %}", "not stated"),
        ("{{ 'Due 2026-10-31.'|spelled }}", "Due 31 Oct 2026."), ("{{ 'X: year-to-2026-10-31'|spelled }}", "X: the year to 31 Oct 2026"),
        ("{{ '2026-13-45, /a/2026-10-31, k-2026-10-31'|spelled }}", "2026-13-45, /a/2026-10-31, k-2026-10-31"),
        ("{{ '<b> 2026-10-31'|spelled }}", "&lt;b&gt; 31 Oct 2026"),
        ("{% period before day %}", "31 Dec 2025 – 16 Nov 2026"), ("{% period none day %}", "– – 16 Nov 2026"),
    ],
)  # fmt: skip
def test_days_sizes_and_names(source: str, said: str) -> None:
    html = draw(source, day=AT.date(), first=date(2026, 7, 1), before=date(2025, 12, 31), at=AT, none=None)
    assert words(html) == said


# ---------------------------------------------------------------- pictures

PICTURES = {
    "bars": pictures.bars([("A & B", 2), ("C", 0)], "Bars"),
    "spark": pictures.spark([1, None, 3], "Spark"),
    "strip": pictures.strip("AC-04", ["pass", "fail"], date(2026, 1, 1)),
    "gantt": pictures.gantt("Policies", [], date(2026, 1, 1), date(2026, 12, 31)),
    "axis": pictures.axis(date(2025, 11, 1), date(2026, 10, 31)),
    "stacked": pictures.stacked([("pass", 3), ("fail", 1)], "Stacked"),
    "road": pictures.road([("Scope", "done"), ("Audit", "current"), ("Report", "later")]),
    "empty": pictures.stacked([], "Nothing"),
    "nothing": pictures.bars([], "Nothing"),
}


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_has_a_title_a_description_and_no_style(name: str) -> None:
    drawn = PICTURES[name]
    assert re.search(r"<title>[^<]+</title><desc>[^<]+</desc>", drawn)
    assert re.search(r'role="img" aria-label="[^"]+"', drawn)
    assert "style=" not in drawn
    assert "<script" not in drawn


def test_unknown_breaks_the_line_and_is_counted() -> None:
    drawn = pictures.spark([4, None, 2], "Days", unit="days")
    assert drawn.count('class="line"') == 2
    assert "From 4 to 2 days, lowest 2, highest 4. 1 of 3 values are not known." in drawn
    assert "No value is known." in pictures.spark([None, None], "Days")


def test_days_become_runs() -> None:
    found = pictures.runs(["pass", "pass", "fail", "pass"], date(2026, 2, 27))
    assert [(run.state, run.first.isoformat(), run.days) for run in found] == [
        ("pass", "2026-02-27", 2), ("fail", "2026-03-01", 1), ("pass", "2026-03-02", 1),
    ]  # fmt: skip


def test_a_state_nobody_knows_is_drawn_as_undetermined() -> None:
    assert 'class="v-undetermined"' in pictures.strip("X", ["green"], date(2026, 1, 1))
    assert "v-pass" not in pictures.stacked([("passed", 1)], "X")


def test_days_that_nobody_judged_are_undetermined_not_passes() -> None:
    rows = [{"label": "AC-04", "states": ["pass"]}]
    html = draw("{% heat rows first last 'Map' %}", rows=rows, first=date(2026, 1, 1), last=date(2026, 1, 3))
    assert "pass 1 Jan 2026; undetermined 2 Jan 2026 to 3 Jan 2026" in html


def test_a_lane_draws_bars_and_marks_each_tone_by_a_shape_of_its_own() -> None:
    day = date(2026, 2, 1)
    states = ("met", "late", "overdue", "", "nobody knows it")
    items = [pictures.Bar(day, day, state, state or "planned") for state in states]
    drawn = pictures.gantt("Reviews", items, date(2026, 1, 1), date(2026, 12, 31))
    shapes = re.findall(r'<g class="t-(\w+)"><(\w+)(?: class="(\w+)")?', drawn)
    assert shapes == [
        ("good", "circle", ""),
        ("warn", "path", ""),
        ("bad", "path", ""),
        ("plan", "circle", "ring"),
        ("plan", "circle", "ring"),
    ]
    assert "<desc>met, 1 Feb 2026, met; late, 1 Feb 2026, late; overdue, 1 Feb 2026, overdue;" in drawn


def test_a_lane_cuts_what_reaches_beyond_it_and_leaves_out_what_lies_outside() -> None:
    first, last = date(2026, 1, 1), date(2026, 1, 10)
    inside = pictures.Bar(date(2025, 12, 1), date(2026, 1, 5), "", "Freeze")
    before = pictures.Bar(date(2025, 12, 1), date(2025, 12, 5), "", "Holidays")
    drawn = pictures.gantt("Work", [inside, before], first, last, today=date(2026, 1, 1))
    assert re.findall(r'<rect [^>]*x="(\S+)" y="8" width="(\S+)"', drawn) == [("0%", "50%")]
    assert re.findall(r'class="today" x1="(\S+)"', drawn) == ["5%"]
    assert "<desc>Freeze, 1 Dec 2025 to 5 Jan 2026</desc>" in drawn


def test_the_months_fill_the_axis() -> None:
    found = pictures.months(date(2025, 12, 31), date(2026, 2, 1))
    assert [(name, round(start, 2), round(wide, 2)) for name, start, wide in found] == [
        ("Dec", 0.0, 3.03), ("Jan", 3.03, 93.94), ("Feb", 96.97, 3.03),
    ]  # fmt: skip


def test_every_picture_stands_beside_its_table() -> None:
    html = draw("{% bars many 'Late' %}", many=[("Leavers", 4), ("Reviews", 1)])
    assert re.findall(r'<th scope="row">(\w+)</th><td class="number">(\d)</td>', html) == [
        ("Leavers", "4"),
        ("Reviews", "1"),
    ]


# ---------------------------------------------------------------- colours

PAIRS = [
    *[("ink", ground) for ground in ("paper", "surface", "sunken", "neutral-tint", "accent-tint", "good-tint", "bad-tint", "warn-tint")],
    *[("ink-2", ground) for ground in ("paper", "surface", "sunken", "neutral-tint")],
    *[(tone, ground) for tone in ("good", "bad", "warn") for ground in ("paper", "surface", f"{tone}-tint")],
    *[(side, ground) for side in ("company", "auditor") for ground in ("paper", "surface", f"{side}-tint", "neutral-tint")],
    ("on-accent", "company"), ("on-accent", "auditor"),
]  # fmt: skip
SIGNS = [(line, ground) for line in ("line-2", "bad-solid", "focus") for ground in ("paper", "surface")]


def colour(name: str, theme: int) -> tuple[int, int, int]:
    """The token's colour in the light (0) or dark (1) theme."""
    style = (WEB / "static/tickmark.css").read_text()
    name = {"accent-tint": "company-tint"}.get(name, name)
    found = re.search(rf"--{name}: light-dark\((#\w{{6}}), (#\w{{6}})\);", style)
    assert found, f"the stylesheet has no token --{name}"
    value = found.group(theme + 1)
    return int(value[1:3], 16), int(value[3:5], 16), int(value[5:7], 16)


def luminance(rgb: tuple[int, int, int]) -> float:
    """Relative luminance, WCAG 2.2."""
    parts = [part / 255 for part in rgb]
    red, green, blue = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str, theme: int) -> float:
    """Contrast ratio of two tokens, 1 to 21."""
    low, high = sorted([luminance(colour(one, theme)), luminance(colour(other, theme))])
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), PAIRS)
def test_text_can_be_read(text: str, ground: str, theme: int) -> None:
    assert contrast(text, ground, theme) >= 4.5


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("sign", "ground"), SIGNS)
def test_signs_and_edges_can_be_seen(sign: str, ground: str, theme: int) -> None:
    assert contrast(sign, ground, theme) >= 3


# ---------------------------------------------------------------- the whole

SHELL: dict[str, Any] = {
    "side": "auditor", "me": {"name": HOSTILE, "role": HOSTILE}, "system_name": HOSTILE, "period": HOSTILE, "version": "1",
    "steps": [{"slug": "scope", "name": HOSTILE, "url": HOSTILE, "state": "current", "owed": 2}], "tasks": {"url": "/tasks", "count": 3},
    "day": date(2026, 11, 16), "today": date(2026, 11, 16), "here": "scope",
    "checkpoint": {"size": 12408, "root": DIGEST, "sealed_at": AT},
    "demo": {"day": date(2026, 11, 16), "people": [{"id": 1, "name": HOSTILE, "role": "", "side": "auditor", "current": True}]},
}  # fmt: skip


def page(source: str = "", get: Mapping[str, str] | None = None, **context: Any) -> str:
    """A page in the shell."""
    request = RequestFactory().get("/list", get or {})
    body = '{% extends "base.html" %}{% load ui %}{% block content %}' + source + "{% endblock %}"
    return Template(body).render(Context({"request": request, **context}))


def test_the_shell_escapes_names_and_says_side_steps_day_and_checkpoint() -> None:
    html = page(**SHELL)
    assert HOSTILE not in html
    assert 'data-side="auditor"' in html
    said = words(html)
    for part in (
        ", now 2 owed",
        "My tasks 3 open",
        "Today, 16 Nov 2026",
        "12,408 entries",
        "the clock stands at 16 Nov 2026",
    ):
        assert part in said
    assert "You see everything as of" not in said


def test_another_day_is_said_and_nothing_can_be_recorded_there() -> None:
    form = "{% action_form 'evidence.accept' %}{% endaction_form %}"
    then = page(form, **{**SHELL, "day": date(2026, 3, 3)})
    assert "You see everything as of 3 Mar 2026 . Nothing can be recorded from here." in words(then)
    assert "/do/evidence.accept" not in then
    assert "/do/evidence.accept" not in page(form, **{**SHELL, "known": 900})
    assert "/do/evidence.accept" in page(form, **SHELL)


def test_the_navigation_stays_on_the_day() -> None:
    then = page("{% road steps %}", **{**SHELL, "day": date(2026, 3, 3), "known": 900})
    assert then.count("?day=2026-03-03&amp;known=900") == 5
    assert "?day=" not in page("{% road steps %}", **SHELL)


def test_who_has_no_steps_sees_no_side_navigation() -> None:
    html = page(**{**SHELL, "steps": []})
    assert 'id="nav"' not in html
    assert 'class="bar-link" href="/tasks"' in html


@pytest.mark.parametrize(
    ("cookie", "shown"),
    [("dark", ' data-theme="dark"'), ("light", ' data-theme="light"'), ('"><script>', ""), ("", "")],
)
def test_the_theme_comes_from_the_cookie_and_nothing_else_does(cookie: str, shown: str) -> None:
    request = RequestFactory().get("/")
    request.COOKIES["theme"] = cookie
    assert Template("{% load ui %}{% theme %}").render(Context({"request": request})) == shown


def test_the_gallery_shows_every_component() -> None:
    html = get_template("gallery.html").template.render(
        Context({"request": RequestFactory().get("/gallery"), **SHELL})
    )
    shown = words(html)
    for word in [*terms.VERDICTS.values(), *(word for word, _, _ in terms.STATES.values())]:
        assert word in shown
    source = (WEB / "templates/gallery.html").read_text()
    tags = set(register.tags) - {"theme", "bound_field", "samples", "period", "icon", "same_day"}
    assert {tag for tag in tags if f"{{% {tag} " not in source} == set()


def test_a_refused_action_without_script_shows_its_form_again() -> None:
    action = {"name": "evidence.accept", "says": "Accept evidence."}
    fields = [{"name": "note", "kind": "textarea", "value": HOSTILE, "error": "Too short."}]
    error = Invalid("The note is too short.", "A reason is needed.", "Write one.", "note")
    html = get_template("do.html").template.render(
        Context(
            {
                "request": RequestFactory().get("/"),
                "action": action,
                "fields": fields,
                "error": error,
                "next": "/evidence/",
            }
        )
    )
    assert HOSTILE not in html
    assert "Accept evidence. The note is too short. A reason is needed. What to do: Write one." in words(html)
    assert 'name="next" value="/evidence/"' in html


@pytest.mark.parametrize("name", ["errors/error.html", "errors/refused.html", "errors/broken.html"])
def test_an_error_page_says_what_why_and_the_remedy(name: str) -> None:
    error = Invalid("It broke.", "Because.", "Mend it.")
    html = get_template(name).template.render(Context({"request": RequestFactory().get("/"), "error": error}))
    assert re.search(r"<h1>[^<]+</h1><p>[^<]+</p>", html)
    assert "What to do:" in words(html)


def test_the_stylesheet_writes_colours_in_tokens_only() -> None:
    style = (WEB / "static/tickmark.css").read_text()
    rules = style[
        style.index("/* ---------------------------------------------------------------- ground */") :
    ]
    allowed = {"#fff", "#000"}  # paper under a code to scan, and print
    assert set(re.findall(r"#[0-9a-fA-F]{3,8}\b", rules)) <= allowed


def test_templates_hold_no_inline_style_or_script() -> None:
    for path in sorted((WEB / "templates").rglob("*.html")):
        text = path.read_text()
        assert re.findall(r"<[^>]*\sstyle=|<style", text) == [], path
        assert re.findall(r"<[^>]*\son[a-z]+=", text) == [], path
        assert re.findall(r"<script>", text) == [], path


def test_the_samples_of_the_gallery_show_every_verdict_and_state() -> None:
    shown = samples()
    assert shown["verdicts"] == list(terms.VERDICTS)
    assert shown["states"] == list(terms.STATES)
    assert len(DIGEST) == 64
