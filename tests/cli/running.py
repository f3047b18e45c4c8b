"""A command of the client run in this process."""

from __future__ import annotations

from typing import Any

from cyclopts import App

from tickmark.cli import client


class Ran:
    """What a command left: its exit code and its two streams."""

    def __init__(self, capsys: Any, *words: str) -> None:
        app = App(name="tickmark", result_action="return_value")
        client.add_to(app)
        try:
            app(list(words), exit_on_error=False)
            self.code = 0
        except SystemExit as ended:
            self.code = int(ended.code or 0)
        self.out, self.err = capsys.readouterr()
        self.lines = self.out.splitlines()
