"""Finding every page: the routes of the resolver, and the links that lead a character to them."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from functools import cache
from html import unescape
from urllib.parse import urljoin, urlsplit

from django.urls import Resolver404, URLPattern, URLResolver, get_resolver, resolve
from playwright.sync_api import APIRequestContext

from tests.journeys.browsing import DESK, PHONE, Faults, Visitor

LINK = re.compile(r'<a\b[^>]*?\shref="([^"]+)"')
FILES = re.compile(
    r"\.(csv|zip|pdf|ics)$|^(files/|do/|demo/(progress|see-as)|healthz|ledger/checkpoint)|recovery-codes/download|/progress$|^metrics$|/preview$"
)
"""Addresses that answer with a file or a fragment, or are posted to: nothing to look at."""
ENGAGEMENTS = ("/audit/", "/report/")
ACCOUNTS = re.compile(r"^account/(?!tokens|notifications)|^welcome$|^join/")
"""Pages before and beside an account: a home of its own visits them, since a demo home signs in by a click."""
EACH = frozenset({"audit-test"})
"""Pages of which no two are alike: only a test of a list that was drawn has a grid."""
AFTERWARDS = frozenset({"deviation", "intake", "audit-grid", "audit-item", "policy-read"})
"""Pages that only fieldwork brings: the example as it was lived leads to none of them."""
UNUSED = "scope-set-aside-change"
"""The example company sets no criterion aside; whoever begins anew does."""


@cache
def routes() -> dict[str, str]:
    """Every page of the program: its name in the resolver and the pattern of its address."""
    return {name: shape for name, shape in _walk(get_resolver().url_patterns, "") if _is_page(name, shape)}


def _walk(patterns: list[URLPattern | URLResolver], before: str) -> Iterator[tuple[str, str]]:
    for one in patterns:
        if isinstance(one, URLResolver):
            yield from _walk(one.url_patterns, before + str(one.pattern))
        else:
            yield one.name or "", before + str(one.pattern)


def _is_page(name: str, shape: str) -> bool:
    interface = shape.startswith("api/") and name != "docs"
    return bool(name) and not interface and not FILES.search(shape)


@cache
def route_of(path: str) -> str | None:
    """The name of the route that an address leads to; None for a file or for nothing."""
    try:
        name = resolve(urlsplit(path).path).url_name
    except Resolver404:
        return None
    return name if name in routes() else None


def links(
    client: APIRequestContext, address: str, faults: Faults, who: str, start: str = "/"
) -> dict[str, str]:
    """Each route that the character of a window comes to by links alone, and the first address of it.

    A link that leads nowhere is a fault: of each kind of address the first two are tried, and all of `EACH`.
    """
    found: dict[str, str] = {}
    tried: dict[str, int] = {}
    queue, known = deque([start]), {start: "the address"}
    while queue:
        path = queue.popleft()
        answer = client.get(address + path)
        if answer.status != 200:
            faults.add(
                f"{path} as {who}", f"a link on {known[path]} leads to it, and it answers {answer.status}"
            )
        name = route_of(urlsplit(answer.url).path)
        if name is not None and answer.status == 200:
            found.setdefault(name, path)
        if name == "gallery" or "text/html" not in answer.headers.get("content-type", ""):
            continue  # the gallery's components lead nowhere
        for target in _targets(answer.text(), path):
            kind = _kind(target)
            if target not in known and (tried.get(kind, 0) < 2 or route_of(target) in EACH):
                tried[kind] = tried.get(kind, 0) + 1
                known[target] = path
                queue.append(target)
    return found


def _targets(html: str, path: str) -> Iterator[str]:
    for given in LINK.findall(html):
        target = urljoin(f"http://here{path}", unescape(given))
        parts = urlsplit(target)
        if parts.netloc == "here" and not parts.path.startswith("/account/logout"):
            yield parts.path + (f"?{parts.query}" if parts.query else "")


@cache
def _kind(target: str) -> str:
    """What a link leads to: addresses of one route, one engagement, one set of parameters, count together."""
    parts = urlsplit(target)
    try:
        found = resolve(parts.path)
    except Resolver404:
        return target
    engagement = found.kwargs.get("code", "") if parts.path.startswith(ENGAGEMENTS) else ""
    return f"{found.url_name or ''} {engagement}?{sorted(part.partition('=')[0] for part in parts.query.split('&') if part)}"


def look(visitor: Visitor, path: str, status: int = 200) -> None:
    """A page at both widths and in both colours; at no width may it be wider than its window. Leaves it at the desk."""
    for scheme, size in (("light", DESK), ("dark", DESK), ("dark", PHONE), ("light", PHONE)):
        visitor.page.set_viewport_size(size)
        visitor.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        if (scheme, size) == ("light", DESK):
            visitor.goes(path, status)
        else:
            visitor.looks()
        if visitor.page.evaluate("document.scrollingElement.scrollWidth > innerWidth"):
            visitor.faults.add(f"{path} as {visitor.who}", f"is wider than a window of {size['width']} px")
    visitor.page.set_viewport_size(DESK)


def visited(faults: Faults) -> set[str]:
    """The routes of all pages that were looked at, and of the addresses that led to them."""
    return {name for path in faults.paths if (name := route_of(path))}
