"""Components of the pages as template tags: `{% load ui %}`. docs/look.md lists them with examples.

Small things are simple tags, things with content are block tags (`{% panel "Title" %}…{% endpanel %}`).
Each renders one file of `templates/components/`, where everything a caller passes is escaped.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django import template
from django.template.context import Context
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify

from tickmark.web import pictures
from tickmark.web.terms import ROAD, SIDES, STATES, TERMS, TONES, VERDICTS

register = template.Library()

FIELD_KINDS = (
    "text email password number date datetime-local search url tel hidden textarea select file checkbox radio checks verdict"
).split()


def render(context: Context, name: str, data: Mapping[str, Any]) -> SafeString:
    """Render `components/<name>.html` with `data` alone, plus what every component may need."""
    engine = context.template.engine  # type: ignore[union-attr]
    shared = {"csrf_token": context.get("csrf_token"), "request": context.get("request")}
    page = engine.get_template(f"components/{name}.html")
    return page.render(context.new({**shared, **data}))


def unique(context: Context, wish: str) -> str:
    """An id that no other component of this page has: `note`, then `note-2`."""
    root = context.render_context.dicts[0]
    taken: Counter[str] = root.setdefault("_ui_ids", Counter())
    taken[wish] += 1
    return wish if taken[wish] == 1 else f"{wish}-{taken[wish]}"


def as_pair(choice: Any) -> dict[str, Any]:
    """A choice as {value, label, help}, from a string, a (value, label[, help]) or such a mapping."""
    if isinstance(choice, Mapping):
        return {"value": choice["value"], "label": choice.get("label", choice["value"]), "help": choice.get("help")}
    if isinstance(choice, (tuple, list)):
        value, label, *rest = choice
        return {"value": value, "label": label, "help": rest[0] if rest else ""}
    return {"value": choice, "label": choice, "help": ""}


# ---------------------------------------------------------------- small things


@register.simple_tag(takes_context=True)
def icon(context: Context, name: str, label: str = "") -> SafeString:
    """A symbol of `static/icons.svg`; without `label` it is decoration and hidden from readers."""
    return render(context, "icon", {"name": name, "label": label})


@register.simple_tag(takes_context=True)
def badge(context: Context, verdict: str | None, compact: bool = False) -> SafeString:
    """One of the four verdicts as shape, word and colour; whatever is not one of them is undetermined."""
    known = verdict if verdict in VERDICTS else "undetermined"
    return render(context, "badge", {"kind": known, "word": VERDICTS[known], "icon": known, "compact": compact})


@register.simple_tag(takes_context=True)
def state(context: Context, name: str, word: str = "") -> SafeString:
    """A state (`terms.STATES`) as icon and word; `word` replaces the word, an unknown name is neutral."""
    known, tone, sign = STATES.get(name, (name.replace("_", " ").capitalize(), "neutral", "open"))
    return render(context, "badge", {"kind": tone, "word": word or known, "icon": sign, "compact": False})


@register.simple_tag(takes_context=True)
def hash(context: Context, digest: str, length: int = 10) -> SafeString:  # noqa: A001 - the tag's name
    """The beginning of a digest with a button that copies all of it."""
    return render(context, "hash", {"digest": digest, "short": str(digest)[:length]})


@register.simple_tag(takes_context=True)
def person(context: Context, name: str, role: str = "", side: str = "company") -> SafeString:
    """A person: initials in the colour of their side, name, and role."""
    return render(context, "person", {"name": name, "role": role, "side": side, "initials": initials(name)})


@register.filter
def initials(name: str) -> str:
    """`Ada Lovelace-King` → `AL`; nobody is `?`."""
    words = [word for word in str(name).split() if word[:1].isalnum()]
    return "".join(word[0].upper() for word in (words[:1] + words[1:][-1:])) or "?"


@register.simple_tag(takes_context=True)
def term(context: Context, name: str, word: str = "") -> SafeString:
    """The auditor's term with its meaning on demand; KeyError for a term that `terms.TERMS` lacks."""
    place = unique(context, f"term-{slugify(name)}")
    return render(context, "term", {"word": word or name, "name": name, "meaning": TERMS[name], "id": place})


@register.filter
def day(value: date | datetime | None) -> str:
    """`16 Nov 2026`, or a dash where there is none."""
    return pictures.short_day(value) if value else "–"


@register.filter
def moment(value: datetime | None) -> str:
    """`16 Nov 2026, 14:03 UTC`: the zone is always named."""
    return f"{pictures.short_day(value)}, {value:%H:%M} {value:%Z}".rstrip() if value else "–"


@register.filter
def size(count: int | None) -> str:
    """Bytes for people: `0 bytes`, `12.4 kB`, `3.1 MB` (powers of 1000)."""
    if count is None:
        return "size not known"
    for unit, scale in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= scale:
            return f"{count / scale:.1f} {unit}"
    return f"{count} byte" if count == 1 else f"{count} bytes"


@register.filter
def number(value: float | None) -> str:
    """`12,408`, or a dash where nobody knows."""
    return "–" if value is None else f"{value:,}"


@register.filter
def side_word(side: str) -> str:
    """`Company` or `Auditor`."""
    return SIDES.get(side, side)


@register.filter
def road_word(state: str) -> str:
    """done, now, next or later."""
    return ROAD.get(state, "later")


@register.simple_tag(takes_context=True)
def theme(context: Context) -> SafeString:
    """The attribute `data-theme="light|dark"` of the visitor's choice, or nothing to follow the system."""
    chosen = getattr(context.get("request"), "COOKIES", {}).get("theme")
    return mark_safe(f' data-theme="{chosen}"' if chosen in ("light", "dark") else "")  # noqa: S308


@register.simple_tag(takes_context=True)
def stat(context: Context, value: Any, label: str, url: str = "", note: str = "") -> SafeString:
    """A figure with what it counts; a link when the list behind it can be opened."""
    return render(context, "stat", {"value": value, "label": label, "url": url, "note": note})


@register.simple_tag(takes_context=True)
def progress(context: Context, what: str, **data: Any) -> SafeString:
    """Long work: `now` (what is being done), `done`, `total`, `url` to ask again each second, `state`.

    `state` is queued, running, complete, incomplete or failed; `said` tells what happened at the end.
    While it is running give `url`; it must answer with this component again.
    """
    running = data.get("state", "running") in ("queued", "running")
    return render(context, "progress", {"what": what, "state": "running", "running": running, **data})


@register.simple_tag(takes_context=True)
def crumbs(context: Context, *parts: str) -> SafeString:
    """Where the page is: label, address, label, address, …, label of this page."""
    return render(context, "crumbs", {"items": [(parts[at], (*parts, "")[at + 1]) for at in range(0, len(parts), 2)]})


@register.simple_tag(takes_context=True)
def tabs(context: Context, items: Iterable[Mapping[str, Any]], label: str = "Sections") -> SafeString:
    """Links to parts of one thing: {label, url, current, count}."""
    return render(context, "tabs", {"items": list(items), "label": label})


@register.simple_tag(takes_context=True)
def timeline(context: Context, events: Iterable[Mapping[str, Any]], blank: str = "") -> SafeString:
    """What happened, newest first as given: {at, who, side, what, detail, url, tone}."""
    return render(context, "timeline", {"events": list(events), "blank": blank or "Nothing has happened yet."})


@register.simple_tag(takes_context=True)
def thread(context: Context, messages: Iterable[Mapping[str, Any]], side: str) -> SafeString:
    """A conversation read by `side`: {who, role, side, at, text, visibility: shared|own, files}."""
    return render(context, "thread", {"messages": list(messages), "side": side})


@register.simple_tag(takes_context=True)
def filecard(context: Context, file: Mapping[str, Any]) -> SafeString:
    """A file: {ref, name, kind, size, digest, observed, collected, filed, covers: (first, last), url, state, late}."""
    return render(context, "filecard", {"file": file})


@register.simple_tag(takes_context=True)
def road(context: Context, steps: Iterable[Mapping[str, Any]]) -> SafeString:
    """The eight steps as the shell has them: {slug, name, url, state, owed, note}."""
    return render(context, "road", {"steps": list(steps)})


@register.simple_tag(takes_context=True)
def diff(context: Context, changes: Iterable[Mapping[str, Any]], caption: str = "What changed") -> SafeString:
    """Field by field: {name, before, after}; equal values are shown once."""
    return render(context, "diff", {"changes": list(changes), "caption": caption})


@register.simple_tag(takes_context=True)
def refusal(context: Context, error: Any) -> SafeString:
    """An error as {what, why, remedy, field}: one of the four errors or a mapping; nothing for None."""
    return render(context, "_refusal", {"error": error}) if error else SafeString("")


# ---------------------------------------------------------------- pictures, each with its table


@register.simple_tag(takes_context=True)
def bars(
    context: Context, items: Sequence[tuple[str, float]], title: str, unit: str = "", kind: str = ""
) -> SafeString:
    """Horizontal bars of (label, value) with a table twin."""
    drawn = pictures.bars(items, title, unit=unit, kind=kind)
    return _figure(context, title, drawn, ("", unit or "Value"), items)


@register.simple_tag(takes_context=True)
def spark(context: Context, items: Sequence[tuple[str, float | None]], title: str, unit: str = "") -> SafeString:
    """A line through (label, value or None) in time order, with a table twin; unknown breaks the line."""
    drawn = pictures.spark([value for _, value in items], title, unit=unit)
    rows = [(label, "not known" if value is None else value) for label, value in items]
    return _figure(context, title, drawn, ("", unit or "Value"), rows)


@register.simple_tag(takes_context=True)
def stacked(context: Context, counts: Mapping[str, int], title: str) -> SafeString:
    """All items split by verdict: {verdict: number}; its legend is the table."""
    parts = [(verdict, counts.get(verdict, 0)) for verdict in VERDICTS]
    return render(context, "stacked", {"title": title, "drawn": pictures.stacked(parts, title), "parts": parts})


@register.simple_tag(takes_context=True)
def heat(context: Context, rows: Iterable[Mapping[str, Any]], first: date, last: date, caption: str) -> SafeString:
    """Control × day from `first` to `last`: {label, name, url, states: one per day}.

    A row that is shorter than the span is filled with undetermined: days nobody judged are not passes.
    """
    days = (last - first).days + 1
    lines = [_heat_row(row, first, days) for row in rows]
    return render(context, "heat", {"lines": lines, "axis": pictures.axis(first, last), "caption": caption})


def _heat_row(row: Mapping[str, Any], first: date, days: int) -> dict[str, Any]:
    states = list(row["states"])[:days]
    states += ["undetermined"] * (days - len(states))
    found = [run for run in pictures.runs(states, first) if run.state != "none"]
    return {**row, "strip": pictures.strip(str(row["label"]), states, first), "runs": found, "total": Counter(states)}


def _figure(
    context: Context, title: str, drawn: SafeString, head: Sequence[str], rows: Iterable[Sequence[Any]]
) -> SafeString:
    return render(context, "figure", {"title": title, "drawn": drawn, "head": head, "rows": list(rows)})


# ---------------------------------------------------------------- things with content


@register.simple_block_tag(takes_context=True)
def panel(context: Context, content: str, title: str = "", id: str = "", note: str = "") -> SafeString:  # noqa: A002
    """A titled part of a page."""
    return render(context, "panel", {"content": content, "title": title, "id": id, "note": note})


@register.simple_block_tag(takes_context=True)
def blank(context: Context, content: str, title: str) -> SafeString:
    """An empty place: what belongs here (`title`), why, and the first step (the content)."""
    return render(context, "blank", {"content": content, "title": title})


@register.simple_block_tag(takes_context=True)
def callout(context: Context, content: str, kind: str = "info", title: str = "") -> SafeString:
    """A remark that must be read: info, good, warning or refusal."""
    return render(context, "callout", {"content": content, "tone": TONES.get(kind, "info"), "title": title})


@register.simple_block_tag(takes_context=True)
def dialog(context: Context, content: str, id: str, title: str) -> SafeString:  # noqa: A002
    """A question in front of the page; opened by `{% opens id "Label" %}`."""
    return render(context, "dialog", {"content": content, "id": id, "title": title})


@register.simple_tag(takes_context=True)
def opens(context: Context, id: str, label: str, tone: str = "") -> SafeString:  # noqa: A002
    """The button that opens dialog `id`; tone: empty, primary, quiet or danger."""
    return render(context, "opens", {"id": id, "label": label, "tone": tone})


@register.simple_block_tag(takes_context=True)
def action_form(
    context: Context, content: str, action: str, submit: str = "Save", tone: str = "primary", **data: Any
) -> SafeString:
    """A form that posts to `/do/<action>`: fields are the action's parameters.

    `next` is where to go afterwards, `say` what to say then, `cancel` a link back, `error` a refusal to show,
    `upload` for files, `dialog` adds a button that closes that dialog, `inline` puts all in one line.
    """
    request = context.get("request")
    place = data.pop("next", "") or getattr(request, "get_full_path", str)()
    given = {"content": content, "action": action, "submit": submit, "tone": tone, "next": place}
    return render(context, "action_form", {**given, **data})


@register.simple_tag(takes_context=True)
def field(context: Context, spec: Mapping[str, Any] | None = None, /, **given: Any) -> SafeString:
    """A form field from a mapping or from arguments: name, label, kind, value, help, error, required, choices.

    Kinds: text email password number date datetime-local search url tel hidden textarea select file checkbox radio checks
    verdict. Further: rows, placeholder, autocomplete, min, max, step, accept, multiple, optional_word, inputmode.
    """
    data = {"kind": "text", "value": "", **(spec or {}), **given}
    if data["kind"] not in (*FIELD_KINDS, "datetime"):
        raise template.TemplateSyntaxError(f"field kind {data['kind']!r} is unknown; take one of {FIELD_KINDS}")
    data.setdefault("label", str(data["name"]).replace("_", " ").capitalize())
    data["kind"] = {"datetime": "datetime-local"}.get(data["kind"], data["kind"])
    data["id"] = unique(context, f"f-{data['name']}")
    data["choices"] = [as_pair(choice) for choice in data.get("choices") or ()]
    data["chosen"] = _chosen(data["value"])
    if data["kind"] == "verdict":
        data["choices"] = [as_pair(pair) for pair in VERDICTS.items()]
    return render(context, "field", data)


@register.simple_tag(takes_context=True)
def bound_field(context: Context, bound: Any) -> SafeString:
    """A bound field of a Django form in the look of `field`; its own widget keeps its attributes."""
    bound.field.widget.attrs.pop("placeholder", None)
    return render(context, "bound_field", {"bound": bound, "check": bound.widget_type == "checkbox"})


def _chosen(value: Any) -> list[str]:
    many = isinstance(value, (list, tuple, set, frozenset))
    return [str(one) for one in (value if many else [value]) if one not in (None, "")]


@register.simple_block_tag(takes_context=True)
def table(
    context: Context, content: str, page: Any, columns: Sequence[Mapping[str, Any]], caption: str, **data: Any
) -> SafeString:
    """A list with filter, sort, paging and export; the content is its rows (`<tr>…</tr>`).

    `page` is a Paginator page or a plain list; a column is {label, key, sort, number, hidden_label}. Further:
    `id`, `filters` ([{name, label, choices, value}]), `search` (its placeholder), `export` (address), `blank`
    (what belongs here), `stack` (cards on a phone). Reads and writes GET: q, sort, page, one per filter.
    """
    query = Query(getattr(context.get("request"), "GET", None))
    place = data.get("id") or slugify(caption)
    own = {"q", "sort", "page"} | {str(one["name"]) for one in data.get("filters") or ()}
    given = {
        "content": content, "page": page, "caption": caption, "id": place, "query": query,
        "columns": [query.column(column) for column in columns],
        "filters": [{**one, "choices": [as_pair(c) for c in one["choices"]]} for one in data.pop("filters", ())],
        "kept": query.others(own), "active": query.active(own - {"sort", "page"}), "q": query.get("q"),
        "paged": getattr(page, "paginator", None), "export": query.export(data.pop("export", "")),
    }  # fmt: skip
    return render(context, "table", {**data, **given})


class Query:
    """The GET parameters of a list page: addresses that change one of them and keep the rest."""

    def __init__(self, given: Any) -> None:
        self.given = given

    def get(self, name: str) -> str:
        """The value of one parameter, empty when absent."""
        return self.given.get(name, "") if self.given is not None else ""

    def url(self, **changes: Any) -> str:
        """`?…` with `changes`; an empty value takes the parameter away."""
        from django.http import QueryDict

        query = self.given.copy() if self.given is not None else QueryDict(mutable=True)
        for name, value in changes.items():
            query.pop(name, None)
            if value not in (None, ""):
                query[name] = value
        return f"?{query.urlencode()}"

    def column(self, column: Mapping[str, Any]) -> dict[str, Any]:
        """A column with the address and direction of its sorting."""
        key, now = column.get("key", ""), self.get("sort")
        direction = {key: "ascending", f"-{key}": "descending"}.get(now, "none") if key else ""
        link = self.url(sort=f"-{key}" if direction == "ascending" else key, page="")
        return {**column, "direction": direction, "url": link if column.get("sort") else ""}

    def others(self, own: set[str]) -> list[tuple[str, str]]:
        """Parameters that a filter form must carry along: the day, what was known, the sorting."""
        keep = own - {"sort"}
        return [(k, v) for k, vs in self.given.lists() for v in vs if k not in keep] if self.given is not None else []

    def active(self, names: set[str]) -> bool:
        """Whether any filter narrows the list."""
        return any(self.get(name) for name in names)

    def export(self, address: str) -> str:
        """The export's address with the same filters and sorting; the export is never a page only."""
        return f"{address}{self.url(page='')}".removesuffix("?") if address else ""

    @property
    def cleared(self) -> str:
        """The list without filters, on the same day."""
        return "?" + "&".join(f"{name}={self.get(name)}" for name in ("day", "known") if self.get(name))


@register.filter
def page_url(query: Query, number: int) -> str:
    """The address of one page of a list."""
    return query.url(page=number)


@register.filter
def item(mapping: Mapping[str, Any], key: str) -> Any:
    """`mapping[key]`, None when absent."""
    return mapping.get(key) if mapping else None


@register.filter
def elided(page: Any) -> Iterable[int | str]:
    """Page numbers with … where there are many."""
    return page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1)  # type: ignore[no-any-return]
