"""A step of the lifecycle as a Django app: its verbs, answers, jobs and reactions are loaded at start."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from django.apps import AppConfig


class StepConfig(AppConfig):
    """Imports the modules that fill the registers."""

    modules = ("queries", "actions", "parts", "jobs", "reactions", "search")

    def ready(self) -> None:
        """Load what the step registers."""
        for module in self.modules:
            if find_spec(f"{self.name}.{module}"):
                import_module(f"{self.name}.{module}")
