"""Fixtures of this folder."""

from tests.kernel.own_books import own_books

__all__ = ["own_books"]
