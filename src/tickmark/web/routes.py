"""The pages' addresses. Each step adds its own list in `views/<step>.py`."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from django.urls import URLPattern, path

from tickmark.web.views import common, do

PAGES = (
    "home",
    "people",
    "scope",
    "controls",
    "evidence",
    "readiness",
    "audit",
    "followup",
    "report",
    "upkeep",
)


def _pages() -> list[URLPattern]:
    found: list[URLPattern] = []
    for page in PAGES:
        if find_spec(f"tickmark.web.views.{page}"):
            found += import_module(f"tickmark.web.views.{page}").routes
    return found


routes = [
    path("do/<str:name>", do.do, name="do"),
    path("gallery", common.gallery, name="gallery"),
    path("healthz", common.health, name="health"),
    path("ledger", common.ledger, name="ledger"),
    path("ledger/checkpoint", common.checkpoint, name="checkpoint"),
    path("files/<str:reference>", common.download, name="download"),
    path("demo/see-as", common.see_as, name="see-as"),
    *_pages(),
]
