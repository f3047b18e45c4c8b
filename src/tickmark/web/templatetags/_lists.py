"""Lists with filter, sort, paging and export, all of it in the address of the page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.http import QueryDict
from django.template.context import Context
from django.utils.safestring import SafeString
from django.utils.text import slugify

from tickmark.web.templatetags._parts import as_pair, register, render


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
        return (
            [(k, v) for k, vs in self.given.lists() for v in vs if k not in keep]
            if self.given is not None
            else []
        )

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
