"""What an entry cites: its facts and files one by one, or, when an action wrote many, a kept list by its digest.

An entry stays small however much one action writes. The list is a file of the store, one line of canonical JSON for
each fact (`{"ref":…,"sha256":…}`) and each file (`{"file":…}`). The entry then cites one fact only, with the reference
`list`, which no row has, and the list's digest; a bundle carries the list as `files/<digest>/cited.ndjson`, where both
verifiers read it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tickmark.kernel import canonical, files

LIST = "list"
NAME = "cited.ndjson"
MOST = 500
"""Facts and files of an entry that are cited one by one."""

Facts = list[dict[str, str]]


def cite(facts: Facts, kept: Sequence[str]) -> tuple[Facts, list[str]]:
    """Facts and files as an entry holds them; of many a list is kept, synced before the entry is written."""
    if len(facts) + len(kept) <= MOST:
        return facts, list(kept)
    lines = [
        *({"ref": fact["ref"], "sha256": fact["sha256"]} for fact in facts),
        *({"file": one} for one in kept),
    ]
    digest = files.keep(b"".join(canonical.dumps(line) + b"\n" for line in lines)).sha256
    return [{"ref": LIST, "sha256": digest}], [digest]


def lists(body: Mapping[str, Any]) -> list[str]:
    """The digests of the lists that an entry cites."""
    return [fact["sha256"] for fact in body["facts"] if fact["ref"] == LIST]


def facts_of(body: Mapping[str, Any]) -> Facts:
    """Every fact that an entry vouches for."""
    own = [fact for fact in body["facts"] if fact["ref"] != LIST]
    return [*own, *(line for line in _listed(lists(body)) if "ref" in line)]


def files_of(body: Mapping[str, Any]) -> list[str]:
    """Every file that an entry vouches for, its lists included."""
    return [*body["files"], *(line["file"] for line in _listed(lists(body)) if "file" in line)]


def _listed(digests: Iterable[str]) -> Iterable[dict[str, str]]:
    for digest in digests:
        for line in files.read(digest).splitlines():
            yield json.loads(line)
