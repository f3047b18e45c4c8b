"""Forms that post to actions, and their fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template
from django.template.context import Context
from django.utils.safestring import SafeString

from tickmark.web.templatetags._parts import as_pair, register, render, unique
from tickmark.web.terms import VERDICTS

FIELD_KINDS = (
    "text email password number date datetime-local search url tel hidden "
    "textarea select file checkbox radio checks verdict"
).split()


@register.simple_block_tag(takes_context=True)
def action_form(
    context: Context, content: str, action: str, submit: str = "Save", tone: str = "primary", **data: Any
) -> SafeString:
    """A form that posts to `/do/<action>`: fields are the action's parameters.

    On a page that shows another day it is a sentence instead: nobody records into the past.
    `next` is where to go afterwards, `say` what to say then, `cancel` a link back, `error` a refusal to show,
    `upload` for files, `dialog` adds a button that closes that dialog, `inline` puts all in one line,
    `to` is a page of its own that reads the fields first and then does the action.
    """
    if context.get("known") or context.get("day") != context.get("today"):
        return render(context, "action_form_past", {})
    request = context.get("request")
    place = data.pop("next", "") or getattr(request, "get_full_path", str)()
    given = {"content": content, "action": action, "submit": submit, "tone": tone, "next": place}
    return render(context, "action_form", {**given, **data})


@register.simple_tag(takes_context=True)
def field(context: Context, spec: Mapping[str, Any] | None = None, /, **given: Any) -> SafeString:
    """A form field from a mapping or from arguments: name, label, kind, value, help, error, required, choices.

    Kinds: `FIELD_KINDS`, or `datetime`. Further: rows, placeholder, autocomplete, min, max, step, accept,
    multiple, none_word, optional_word, inputmode, disabled, readonly.
    """
    data = {"kind": "text", "value": "", **(spec or {}), **given}
    if data["kind"] not in (*FIELD_KINDS, "datetime"):
        raise template.TemplateSyntaxError(
            f"field kind {data['kind']!r} is unknown; take one of {FIELD_KINDS}"
        )
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
