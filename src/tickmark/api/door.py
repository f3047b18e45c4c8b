"""The API, generated from the actions and the models that the permission table names."""

from __future__ import annotations

from ninja import NinjaAPI

from tickmark import __version__

api = NinjaAPI(title="Tickmark", version=__version__, urls_namespace="api")
