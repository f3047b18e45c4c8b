"""The client is tried on the rich world of the API's tests."""

from tests.api.conftest import rich_world, world

__all__ = ["rich_world", "world"]
