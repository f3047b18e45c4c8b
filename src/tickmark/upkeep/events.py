"""Of which events a webhook may be told: what the company's side records, and what the auditor puts before it.

A webhook is the company's. What an auditor does in the working papers is none of its business, not even that it
happened; so of the auditor's verbs only those are told that address the company.
"""

from __future__ import annotations

from tickmark.kernel.access import table

COMPANY = "company"
PUT_BEFORE_THE_COMPANY = frozenset(
    {
        *("audit.ask", "audit.ask_list", "audit.send_back", "audit.close", "audit.withdraw", "audit.reopen"),
        *("audit.publish", "audit.publish_deviation", "report.issue", "report.read_copy", "people.join"),
    }
)
"""Verbs of auditors and visitors whose rows the company sees (permissions.py)."""
NEVER = frozenset({"upkeep.record_delivery"})
"""It would announce itself for ever."""


def offered() -> list[str]:
    """The names that a webhook may choose from."""
    own = {name for name, grant in table().MAY.items() if grant.side in (COMPANY, None)}
    return sorted((own | PUT_BEFORE_THE_COMPANY) - NEVER)


def told(verb: str, side: str) -> bool:
    """Whether an event is one for the company, given the side of whoever acted."""
    return verb in PUT_BEFORE_THE_COMPANY or (side == COMPANY and verb not in NEVER)
