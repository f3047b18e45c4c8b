"""Components of the pages as template tags: `{% load ui %}`. docs/look.md lists them with examples.

Small things are simple tags, things with content are block tags (`{% panel "Title" %}…{% endpanel %}`).
Each renders one file of `templates/components/`, where everything a caller passes is escaped.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.template.context import Context
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify

from tickmark.web.templatetags import _figures, _forms, _lists, _words
from tickmark.web.templatetags._parts import drawn, register, render, unique
from tickmark.web.templatetags._words import initials
from tickmark.web.terms import STATES, TERMS, TONES, VERDICTS

__all__ = ["_figures", "_forms", "_lists", "_words", "register"]

# ---------------------------------------------------------------- small things


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """A symbol of `static/icons.svg`; without `label` it is decoration and hidden from readers."""
    return drawn("icon", name=name, label=label)


@register.simple_tag
def badge(verdict: str | None, compact: bool = False) -> SafeString:
    """One of the four verdicts as shape, word and colour; whatever is not one of them is undetermined."""
    known = verdict if verdict in VERDICTS else "undetermined"
    return _sign(known, VERDICTS[known], known, compact)


def _sign(kind: str, word: str, icon: str, compact: bool = False) -> SafeString:
    return drawn("badge", kind=kind, word=word, icon=icon, compact=compact)


@register.simple_tag
def state(name: str, word: str = "") -> SafeString:
    """A state of `terms.STATES`, or an answer's words for it; `word` replaces the word, an unknown name is neutral."""
    plain = (name.replace("_", " ").capitalize(), "neutral", "open")
    known, tone, sign = STATES.get(name.replace(" ", "_"), plain)
    return _sign(tone, word or known, sign)


@register.simple_tag(takes_context=True)
def hash(context: Context, digest: str, length: int = 10) -> SafeString:  # noqa: A001 - the tag's name
    """The beginning of a digest with a button that copies all of it."""
    return render(
        context, "hash", {"digest": digest, "short": str(digest)[:length], "rest": str(digest)[length:]}
    )


@register.simple_tag
def person(name: str, role: str = "", side: str = "company") -> SafeString:
    """A person: initials in the colour of their side, name, and role."""
    return drawn("person", name=name, role=role, side=side, initials=initials(name))


@register.simple_tag(takes_context=True)
def term(context: Context, name: str, word: str = "") -> SafeString:
    """The auditor's term with its meaning on demand; KeyError for a term that `terms.TERMS` lacks."""
    place = unique(context, f"term-{slugify(name)}")
    return render(context, "term", {"word": word or name, "name": name, "meaning": TERMS[name], "id": place})


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
    return render(
        context, "crumbs", {"items": [(parts[at], (*parts, "")[at + 1]) for at in range(0, len(parts), 2)]}
    )


@register.simple_tag(takes_context=True)
def tabs(context: Context, items: Iterable[Mapping[str, Any]], label: str = "Sections") -> SafeString:
    """Links to parts of one thing: {label, url, current, count}."""
    return render(context, "tabs", {"items": list(items), "label": label})


@register.simple_tag(takes_context=True)
def timeline(context: Context, events: Iterable[Mapping[str, Any]], blank: str = "") -> SafeString:
    """What happened, newest first as given: {at, who, side, what, detail, url, tone}."""
    return render(
        context, "timeline", {"events": list(events), "blank": blank or "Nothing has happened yet."}
    )


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


# ---------------------------------------------------------------- things with content


@register.simple_block_tag(takes_context=True)
def panel(context: Context, content: str, title: str = "", id: str = "", note: str = "") -> SafeString:
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
def dialog(context: Context, content: str, id: str, title: str) -> SafeString:
    """A question in front of the page; opened by `{% opens id "Label" %}`."""
    return render(context, "dialog", {"content": content, "id": id, "title": title})


@register.simple_tag(takes_context=True)
def opens(context: Context, id: str, label: str, tone: str = "") -> SafeString:
    """The button that opens dialog `id`; tone: empty, primary, quiet or danger."""
    return render(context, "opens", {"id": id, "label": label, "tone": tone})
