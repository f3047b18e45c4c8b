"""Section I as the auditor writes it: Markdown whose headings say what each part is about (domain.md 3.1).

    # Independent service auditor's report
    To the management of the company
    ## Scope
    …

Nothing is added to it. A part that a report needs and that is not there is a problem with a name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from tickmark.report.template_data import AuditorPart, PartKey

KEYS: tuple[tuple[PartKey, str], ...] = (
    ("basis", r"\bbasis\b"),
    ("restricted_use", r"\brestrict"),
    ("emphasis", r"\bemphasis\b"),
    ("inherent_limitations", r"\blimitations?\b"),
    ("tests", r"\btests?\b"),
    ("auditor_responsibilities", r"\b(our|auditor|accountant|practitioner)\S*\s+responsibilit"),
    (
        "auditor_responsibilities",
        r"\bresponsibilit\w+ of (the )?(service )?(auditor|accountant|practitioner)",
    ),
    ("company_responsibilities", r"\bresponsibilit"),
    ("opinion", r"\bopinion\b"),
    ("scope", r"\bscope\b"),
)
"""Words of a heading, most telling first: “Basis for qualified opinion” is about the basis."""

UNHEADED = "Text without a heading"


@dataclass(frozen=True)
class Written:
    """Title, addressee and parts, as written; empty where the text does not say."""

    title: str
    addressee: str
    parts: list[AuditorPart]


def key_of(heading: str) -> PartKey:
    """What a heading is about; `other` where no known word stands in it."""
    return next((key for key, pattern in KEYS if re.search(pattern, heading, re.IGNORECASE)), "other")


def read_opinion(text: str) -> Written:
    """The parts of Section I. Text before the first `##` heading is title (`#`) and addressee."""
    head, *pieces = re.split(r"^##[ \t]+(?=\S)", text.replace("\r\n", "\n"), flags=re.MULTILINE)
    title, rest = _title(head)
    addressee, _, unheaded = rest.partition("\n\n")
    parts = [_part(UNHEADED, unheaded)] if unheaded.strip() else []
    parts += [_part(*piece.partition("\n")[::2]) for piece in pieces]
    return Written(title, re.sub(r"^To\b:?\s*", "", " ".join(addressee.split())), parts)


def _title(head: str) -> tuple[str, str]:
    found = re.match(r"\s*#[ \t]+(.+)\n?", head)
    return (found[1].strip(" #"), head[found.end() :].strip()) if found else ("", head.strip())


def _part(heading: str, body: str) -> AuditorPart:
    words = heading.strip().rstrip("#").strip()
    key: PartKey = "other" if words == UNHEADED else key_of(words)
    return {"key": key, "heading": words, "text_md": body.strip()}
