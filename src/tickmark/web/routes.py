"""The pages' addresses. Each step adds its own list in `views/<step>.py`."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from django.urls import URLPattern, path

from tickmark.web.views import common, demo, do, watching

PAGES = (
    "home",
    "people",
    "interview_draft",  # before the chapters, whose names would take its own
    "interview",
    "scope",
    "description",
    "versions",
    "importing",
    "controls",
    "evidence",
    "readiness",
    "audit",
    "followup",
    "report",
    "upkeep",
    "search",
    "telling",
)


def _pages() -> list[URLPattern]:
    found: list[URLPattern] = []
    for page in PAGES:
        if find_spec(f"tickmark.web.views.{page}"):
            found += import_module(f"tickmark.web.views.{page}").routes
    return found


routes = [
    path("do/<str:name>", do.do, name="do"),
    *common.routes,
    *watching.routes,
    *demo.routes,
    *_pages(),
]
