"""The kernel as a Django app."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class KernelConfig(AppConfig):
    """Installs the append-only triggers after every migration."""

    name = "tickmark.kernel"
    label = "kernel"

    def ready(self) -> None:
        """Watch for migrations: one that remakes a table drops its triggers."""
        post_migrate.connect(_guard, dispatch_uid="tickmark.append_only")


def _guard(sender: Any, using: str, **_: Any) -> None:
    from tickmark.kernel.triggers import install

    install(sender, using)
