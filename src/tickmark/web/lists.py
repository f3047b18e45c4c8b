"""One way to show a list: filter, search, sort, page, export. On query sets and on plain Python lists.

    controls = Listing(request, rows, COLUMNS, filters=FILTERS, search=("control__code", "title"))
    if controls.wants_csv: return controls.csv("controls")
    return render(request, "controls/index.html", {"list": controls})

with `routes = list_paths("controls/", index, "controls")`, and in the template

    {% table list.page list.columns caption="Controls" filters=list.filters search="Code or title" export=list.export %}
    {% for row in list.page %}<tr>…</tr>{% endfor %}{% endtable %}

A page costs the same number of queries whatever its length: give query sets with `select_related`, or `prepare`
the rows of one page together.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from operator import itemgetter
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path

PAGE_ROWS = 50
LONGEST_SEARCH = 200
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")
"""A cell of text that begins so may be run as a formula by a spreadsheet program; it gets an apostrophe in front."""

Read = str | Callable[[Any], Any]
Prepare = Callable[[list[Any]], Iterable[Any]]


@dataclass(frozen=True)
class Column:
    """A column of a list.

    `value` reads the cell for export, search and the sorting of Python lists: a path such as `owner.name`, or a
    function; `key` when left out. `order` are the fields that sort a query set (`control__code`); a column without
    `key` cannot be sorted. `export=False` keeps it out of the CSV file (buttons).
    """

    label: str
    key: str = ""
    value: Read = ""
    order: str | tuple[str, ...] = ()
    number: bool = False
    hidden_label: bool = False
    export: bool = True

    def read(self, row: Any) -> Any:
        """The cell's value."""
        return read(row, self.value or self.key)

    @property
    def orders(self) -> tuple[str, ...]:
        """The fields that sort a query set by this column."""
        return (self.order,) if isinstance(self.order, str) else self.order


@dataclass(frozen=True)
class Filter:
    """A choice that narrows a list. `where` says how: a lookup (or path), or a function.

    For a query set the function takes (rows, value) and gives rows; for a list it takes (row, value) and says
    whether the row stays. `choices` are values, or (value, word) pairs.
    """

    name: str
    label: str
    choices: Sequence[str | tuple[str, str]]
    where: str | Callable[[Any, str], Any] = ""

    @property
    def values(self) -> list[str]:
        """What may be chosen."""
        return [one if isinstance(one, str) else one[0] for one in self.choices]


class Listing:
    """The rows that a request asks for. `rows` is a query set or a list; see the module for its use."""

    def __init__(
        self,
        request: HttpRequest,
        rows: Any,
        columns: Sequence[Column],
        *,
        filters: Sequence[Filter] = (),
        search: Sequence[str] = (),
        sort: str = "",
        export: str | None = None,
        prepare: Prepare | None = None,
        size: int = PAGE_ROWS,
    ) -> None:
        """`search` names lookups of a query set (a list is searched in all its columns); `sort` is the first order.

        `export` is the address of the CSV file: the one beside this page unless another is given, none if empty.
        """
        self.export = export_of(request) if export is None else export
        self.request, self.size, self._prepare = request, size, prepare
        self._columns, self._filters, self._search = columns, filters, search
        self.q = request.GET.get("q", "").replace("\x00", "").strip()[:LONGEST_SEARCH]
        self.sort = self._sort(request.GET.get("sort", "")) or sort
        self.rows = self._sorted(self._searched(self._filtered(rows)))

    @property
    def columns(self) -> list[dict[str, Any]]:
        """The columns as the table takes them."""
        return [
            {
                "label": c.label,
                "key": c.key,
                "sort": self._sortable(c),
                "number": c.number,
                "hidden_label": c.hidden_label,
            }
            for c in self._columns
        ]

    @property
    def filters(self) -> list[dict[str, Any]]:
        """The filters as the table takes them, each with the value that is chosen."""
        return [
            {
                "name": f.name,
                "label": f.label,
                "choices": f.choices,
                "value": self.request.GET.get(f.name, ""),
            }
            for f in self._filters
        ]

    @property
    def page(self) -> Page[Any]:
        """The page that is asked for; the nearest one where it does not exist. Prepared once."""
        if not hasattr(self, "_page"):
            self._page = Paginator(self.rows, self.size).get_page(self.request.GET.get("page"))
            if self._prepare:
                self._page.object_list = list(self._prepare(list(self._page.object_list)))
        return self._page

    @property
    def wants_csv(self) -> bool:
        """Whether the request is for the export."""
        return bool(self.export) and self.request.path == self.export

    def csv(self, name: str) -> HttpResponse:
        """All rows that fit the filter as `name.csv`: built whole first, so that an error never leaves a short file."""
        rows = list(self.rows)
        columns = [column for column in self._columns if column.export]
        body = io.StringIO()
        writer = csv.writer(body, lineterminator="\r\n")
        writer.writerow(safe_cell(column.label) for column in columns)
        writer.writerows(
            [safe_cell(column.read(row)) for column in columns]
            for row in (self._prepare(rows) if self._prepare else rows)
        )
        answer = HttpResponse("\ufeff" + body.getvalue(), content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="{name}.csv"'
        return answer

    # -- narrowing

    def _filtered(self, rows: Any) -> Any:
        for one in self._filters:
            value = self.request.GET.get(one.name, "")
            if value:
                rows = _narrowed(rows, one, value) if value in one.values else _none(rows)
        return rows

    def _searched(self, rows: Any) -> Any:
        if not self.q:
            return rows
        if isinstance(rows, QuerySet):
            found = Q(pk__in=[])
            for lookup in self._search:
                found |= Q(**{f"{lookup}__icontains": self.q})
            return rows.filter(found)
        words = self.q.casefold()
        return [
            row
            for row in rows
            if any(words in plain(c.read(row)).casefold() for c in self._columns if c.export)
        ]

    # -- order

    def _sortable(self, column: Column) -> bool:
        return bool(column.key) and (not isinstance(self.rows, QuerySet) or bool(column.order))

    def _sort(self, wish: str) -> str:
        return (
            wish
            if any(column.key and column.key == wish.removeprefix("-") for column in self._columns)
            else ""
        )

    def _sorted(self, rows: Any) -> Any:
        down = self.sort.startswith("-")
        column = next((c for c in self._columns if c.key and c.key == self.sort.removeprefix("-")), None)
        if column is None:
            return rows
        if isinstance(rows, QuerySet):
            fields = [_turned(name) if down else name for name in column.orders]
            return rows.order_by(*fields, "pk") if fields else rows
        read = [(column.read(row), row) for row in rows]
        known = [(_rank(value), row) for value, row in read if value is not None]
        known.sort(key=itemgetter(0), reverse=down)
        return [row for _, row in known] + [row for value, row in read if value is None]


def list_paths(address: str, view: Callable[..., Any], name: str, file: str = "list.csv") -> list[URLPattern]:
    """The addresses of a list and of its export beside it: `controls/` and `controls/list.csv`."""
    beside = address if address.endswith("/") or not address else f"{address}."
    export = f"{beside}{file}" if beside.endswith("/") else f"{address}.csv"
    return [path(address, view, name=name), path(export, view, name=f"{name}-csv")]


def export_of(request: HttpRequest, file: str = "list.csv") -> str:
    """The address of the export beside the page that was asked for, whichever of the two this request is."""
    if request.path.endswith(".csv"):
        return request.path
    return f"{request.path}{file}" if request.path.endswith("/") else f"{request.path}.csv"


def read(row: Any, how: Read) -> Any:
    """A value of a row by function or by path; each part is an attribute or a key, and None ends the path."""
    if callable(how):
        return how(row)
    for part in how.split(".") if how else ():
        row = row.get(part) if isinstance(row, dict) else getattr(row, part, None)
        if callable(row):
            row = row()
        if row is None:
            return None
    return row


def plain(value: Any) -> str:
    """A cell as text: ISO days and instants, yes and no, several values with spaces between."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, list | tuple | set | frozenset):
        return " ".join(plain(item) for item in value)
    return str(value)


def safe_cell(value: Any) -> str:
    """`plain(value)` that no spreadsheet program runs: text that looks like a formula begins with an apostrophe."""
    text = plain(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return text
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA) else text


def _turned(order: str) -> str:
    return order[1:] if order.startswith("-") else f"-{order}"


def _narrowed(rows: Any, one: Filter, value: str) -> Any:
    how = one.where or one.name
    if isinstance(rows, QuerySet):
        return how(rows, value) if callable(how) else rows.filter(**{how: value})
    if callable(how):
        return [row for row in rows if how(row, value)]
    return [row for row in rows if _has(read(row, how), value)]


def _has(held: Any, value: str) -> bool:
    return (
        value in map(plain, held)
        if isinstance(held, list | tuple | set | frozenset)
        else plain(held) == value
    )


def _none(rows: Any) -> Any:
    return rows.none() if isinstance(rows, QuerySet) else []


def _rank(value: Any) -> tuple[int, Any]:
    """Numbers before days before words, so that a mixed column still has an order."""
    if isinstance(value, int | float):
        return (0, value)
    if isinstance(value, datetime | date):
        return (1, value.isoformat())
    return (2, plain(value).casefold())
