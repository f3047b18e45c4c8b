"""YAML of other programs, read strictly: plain data of bounded size and depth, nothing that refers back or builds.

An anchor lets a page of text become gigabytes. The events of the parser are looked at before anything is built from
them, so a file with an anchor is refused while it is still small.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

from tickmark.kernel import formats
from tickmark.kernel.errors import Invalid

LARGEST = 5 << 20
"""Bytes of a document."""
MOST_NODES = 300_000
DEEPEST = 30


def parsed(name: str, content: bytes) -> Any:
    """The one document of a YAML file. Raises Invalid, with the line, for what is not plain data."""
    if len(content) > LARGEST:
        why = f"It has {len(content):,} bytes; {LARGEST >> 20} MiB of YAML are read."
        raise Invalid(f"{name!r} is too large.", why, "Split it, or export it as CSV.", "files")
    text = formats.decoded(name, content, ("utf-8",))
    try:
        _look(name, text)
        return yaml.load(text, Loader=_Plain)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise _broken(name, _line(error), _told(error)) from None


class _Plain(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Text, numbers, lists and mappings. Days stay text, so that every value can be read as it was written."""

    yaml_implicit_resolvers = {
        first: [
            (tag, pattern) for tag, pattern in found if not tag.endswith((":timestamp", ":merge", ":value"))
        ]
        for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        """A mapping whose keys are texts or numbers, each there once."""
        seen: set[Any] = set()
        for key, _ in node.value:
            said = getattr(key, "value", None)
            if not isinstance(key, yaml.ScalarNode) or said in seen:
                raise yaml.MarkedYAMLError(
                    problem="a name that is no text, or there twice", problem_mark=key.start_mark
                )
            seen.add(said)
        return super().construct_mapping(node, deep)


def _look(name: str, text: str) -> None:
    """Raise Invalid for anchors, tags, several documents, and what is too deep or too much."""
    depth = nodes = documents = 0
    for event in _events(text):
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise _broken(name, line, "An anchor or alias lets a small file become a huge one")
        if getattr(event, "tag", None):
            raise _broken(name, line, "A tag asks for more than plain data")
        documents += isinstance(event, yaml.DocumentStartEvent)
        nodes += isinstance(event, yaml.NodeEvent)
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST or nodes > MOST_NODES or documents > 1:
            raise _broken(name, line, "It is nested too deep, holds too much, or is several documents")


def _events(text: str) -> Iterator[Any]:
    yield from yaml.parse(text, Loader=_Plain)


def _line(error: Exception) -> int:
    mark = getattr(error, "problem_mark", None)
    return mark.line + 1 if mark is not None else 1


def _told(error: Exception) -> str:
    return str(getattr(error, "problem", None) or getattr(error, "reason", None) or error)[:200]


def _broken(name: str, line: int, why: str) -> Invalid:
    return Invalid(
        f"{name!r} cannot be read.", f"Line {line}: {why}.", "Export it again as plain YAML.", "files"
    )
