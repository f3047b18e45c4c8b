"""The addresses for a directory, below `/scim/v2/`."""

from __future__ import annotations

from tickmark.api.scim.door import routes

urlpatterns = routes
