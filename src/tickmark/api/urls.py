"""The API's addresses, below `/api/`."""

from __future__ import annotations

from tickmark.api.door import api

urlpatterns = api.urls[0]
