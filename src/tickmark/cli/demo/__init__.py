"""The demo: the example company's year, lived day by day through ordinary collectors and actions."""

from tickmark.cli.demo.living import begins, how_to_enter, live

__all__ = ["begins", "how_to_enter", "live"]
