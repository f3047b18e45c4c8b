"""Markdown to safe HTML for pages, and to plain JSON blocks for documents.

Raw HTML is not a part of our Markdown: it is shown as the characters that were typed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode
from markdown_it.utils import EnvType, OptionsDict

from tickmark.kernel.errors import Invalid

Inline = str | dict[str, Any]
"""A run of text, or `{"k": em | strong | del | code | link | br, …}`; containers hold such a list as `c`."""

Block = dict[str, Any]
"""`{"k": p | h | ul | ol | quote | code | table | rule, …}`; see `markdown_blocks`."""

LINK_REL = "noopener noreferrer nofollow"
ABSOLUTE = ("https://", "http://", "mailto:")
TAGS = {"a", "blockquote", "br", "code", "em", "hr", "li", "ol", "p", "pre", "s", "strong", "ul"} | {
    *("h1", "h2", "h3", "h4", "h5", "h6", "table", "tbody", "td", "th", "thead", "tr")
}
ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}, "th": {"scope", "class"}, "td": {"class"}}


def _picture_note(
    self: RendererHTML, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType
) -> str:
    """Pictures are not fetched from a text; the page says that one was meant."""
    return f"[picture: {nh3.clean_text(tokens[idx].content)}]"


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    parser.add_render_rule("image", _picture_note)
    return parser


PARSER = _parser()


def markdown_html(text: str, *, shift: int = 0) -> SafeString:
    """The text as sanitised HTML; `shift` pushes each heading down so that it fits under the page's own.

    No raw HTML, no pictures, no styles, no links but http, https and mailto; links carry `rel`.
    """
    tokens = PARSER.parse(text)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, int(token.tag[1:]) + shift)}"
        elif token.type in ("th_open", "td_open"):
            _align_by_class(token)
    html = PARSER.renderer.render(tokens, PARSER.options, {})
    safe = nh3.clean(
        html,
        tags=TAGS,
        attributes=ATTRIBUTES,
        url_schemes={"http", "https", "mailto"},
        link_rel=LINK_REL,
    )
    return mark_safe(safe)  # noqa: S308 - nh3 has cleaned it


def _align_by_class(token: Token) -> None:
    """The parser aligns cells by a style attribute, which a strict page policy refuses."""
    style = str(token.attrs.pop("style", ""))
    if style:
        token.attrs["class"] = "align-" + style.rpartition(":")[2]
    if token.type == "th_open":
        token.attrs["scope"] = "col"


def markdown_blocks(text: str) -> list[Block]:
    """The text as JSON blocks for a template: data, never markup.

    - `{"k": "p", "c": [inline]}`, `{"k": "h", "level": 1.., "c": [inline]}`, `{"k": "rule"}`
    - `{"k": "ul", "items": [[block]]}`, `{"k": "ol", "start": n, "items": [[block]]}`
    - `{"k": "quote", "c": [block]}`, `{"k": "code", "text": str}`
    - `{"k": "table", "align": [left | center | right], "head": [[inline]], "rows": [[[inline]]]}`

    Heading levels are counted from the shallowest heading, which becomes 1. A skipped level or a picture
    is `Invalid` and named: a document that is read aloud cannot have either.
    """
    blocks = [_block(node) for node in SyntaxTreeNode(PARSER.parse(text)).children]
    _rebase_headings(blocks)
    return blocks


def _block(node: SyntaxTreeNode) -> Block:
    kind = node.type
    if kind in ("paragraph", "heading"):
        inline = _inlines(node.children)
        return {"k": "p", "c": inline} if kind == "paragraph" else _heading(node, inline)
    if kind in ("bullet_list", "ordered_list"):
        return _list(node)
    if kind == "blockquote":
        return {"k": "quote", "c": [_block(child) for child in node.children]}
    if kind in ("fence", "code_block"):
        return {"k": "code", "text": node.content.rstrip("\n")}
    if kind == "table":
        return _table(node)
    if kind == "hr":
        return {"k": "rule"}
    raise Invalid(
        f"“{kind}” cannot be set in a document.",
        "The text uses a kind of Markdown that documents do not know.",
        "Write it as paragraphs, lists or a table.",
    )


def _heading(node: SyntaxTreeNode, inline: list[Inline]) -> Block:
    return {"k": "h", "level": int(node.tag[1:]), "c": inline}


def _list(node: SyntaxTreeNode) -> Block:
    items = [[_block(child) for child in item.children] for item in node.children]
    if node.type == "bullet_list":
        return {"k": "ul", "items": items}
    return {"k": "ol", "start": int(node.attrs.get("start", 1)), "items": items}


def _table(node: SyntaxTreeNode) -> Block:
    head, *bodies = node.children
    rows = [row for body in bodies for row in body.children]
    cells = head.children[0].children
    return {
        "k": "table",
        "align": [str(cell.attrs.get("style", "text-align:left")).rpartition(":")[2] for cell in cells],
        "head": [_inlines(cell.children) for cell in cells],
        "rows": [[_inlines(cell.children) for cell in row.children] for row in rows],
    }


def _inlines(nodes: Sequence[SyntaxTreeNode]) -> list[Inline]:
    return _joined([part for node in nodes for part in _inline(node)])


def _joined(parts: Sequence[Inline]) -> list[Inline]:
    """Neighbouring text becomes one run, so that a word stays whole wherever the parser cut it."""
    joined: list[Inline] = []
    for part in parts:
        if isinstance(part, str) and joined and isinstance(joined[-1], str):
            joined[-1] += part
        else:
            joined.append(part)
    return joined


def _inline(node: SyntaxTreeNode) -> list[Inline]:
    kind = node.type
    if kind == "inline":
        return _inlines(node.children)
    if kind in ("text", "text_special"):
        return [node.content]
    if kind == "softbreak":
        return [" "]
    if kind == "hardbreak":
        return [{"k": "br"}]
    if kind == "code_inline":
        return [{"k": "code", "text": node.content}]
    if kind in ("em", "strong", "s"):
        return [{"k": {"s": "del"}.get(kind, kind), "c": _inlines(node.children)}]
    if kind == "link":
        return _link(node)
    raise Invalid(
        f"The text holds a picture: “{node.content or node.attrs.get('src', '')}”.",
        "A document carries no pictures from outside: they cannot be frozen with it or read aloud.",
        "Say in words what it shows, or file the picture and name its reference.",
    )


def _link(node: SyntaxTreeNode) -> list[Inline]:
    """An address inside this program means nothing on paper: it is printed behind its text."""
    href, words = str(node.attrs["href"]), _inlines(node.children)
    if href.startswith(ABSOLUTE):
        return [{"k": "link", "href": href, "c": words}]
    return [*words, f" ({href})"] if href else words


def plain(inlines: Sequence[Inline]) -> str:
    """The words of a run without their dress."""
    return "".join(
        part if isinstance(part, str) else part.get("text") or plain(part.get("c", ())) for part in inlines
    )


def _rebase_headings(blocks: list[Block]) -> None:
    headings = list(_headings(blocks))
    top = min((heading["level"] for heading in headings), default=1)
    before = 0
    for heading in headings:
        heading["level"] -= top - 1
        if heading["level"] > before + 1:
            raise Invalid(
                f"The heading “{plain(heading['c'])}” skips a level.",
                f"It stands {heading['level'] - before} levels below what comes before it.",
                "Make it one level below the heading before it, or add the heading between.",
            )
        before = heading["level"]


def _headings(blocks: Sequence[Block]) -> Iterator[Block]:
    """Every heading in reading order, those inside lists and quotes included."""
    for block in blocks:
        if block["k"] == "h":
            yield block
        elif block["k"] == "quote":
            yield from _headings(block["c"])
        for item in block.get("items", ()):
            yield from _headings(item)
