"""All that a plugin may import: collectors, notifiers, and what they need.

A collector is a function that takes a `Source` and yields rows of a shape::

    from tickmark.plugin import Source, collector

    @collector("shop.accounts", shape="accounts", every="day", scopes=["read:staff"])
    def accounts(source: Source) -> Iterator[Row]:
        \"\"\"Staff accounts of the shop.\"\"\"

What the source cannot show is `source.hide(column, why)`, what may be missing is `source.note(...)`,
and a count that the source tells by itself is `source.count(...)`: each decides whether the list is whole.

A notifier hands a `Notice` over and gives a `Receipt`. To an address that somebody typed it speaks through `post`.
"""

from __future__ import annotations

from tickmark.kernel.errors import Conflict, Invalid, Refused, Unavailable
from tickmark.kernel.outgoing import Reply, post
from tickmark.kernel.reading import read_export
from tickmark.kernel.register import Notice, Notifier, Receipt
from tickmark.kernel.sources import Collector, CommandFailed, Row, Source, collector

__all__ = [
    "Collector",
    "CommandFailed",
    "Conflict",
    "Invalid",
    "Notice",
    "Notifier",
    "Receipt",
    "Refused",
    "Reply",
    "Row",
    "Source",
    "Unavailable",
    "collector",
    "post",
    "read_export",
]
