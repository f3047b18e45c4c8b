"""The fast way gives the library's bytes, for everything, and its refusals."""

from __future__ import annotations

from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from tickmark.kernel import canonical

SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=[]))
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4) | st.sampled_from("abz"), inner, max_size=4),
    max_leaves=8,
)  # fmt: skip


def said(dumps: Any, value: Any) -> Any:
    try:
        return dumps(value)
    except Exception as error:
        return type(error)


@given(VALUES)
def test_the_bytes_are_those_of_the_library(value: Any) -> None:
    assert said(canonical.dumps, value) == said(rfc8785.dumps, value)


@pytest.mark.parametrize(
    "value",
    [
        {"b": 1, "a": '\x00\x1f\x7f\u2028\\"/\b\f\n\r\t é 😀'},
        {"\U0001f600": 1, "\ufb33": 2, "z": 3},
        [2**53 - 1, -(2**53) + 1],
        [2**53],
        [1.0, 1e21, -0.0],
        {"a": {"a": [None, True, False, {}]}},
        {1: 2},
        "\ud800",
        (1, 2),
        b"x",
    ],
)
def test_the_edges_are_those_of_the_library(value: Any) -> None:
    assert said(canonical.dumps, value) == said(rfc8785.dumps, value)
