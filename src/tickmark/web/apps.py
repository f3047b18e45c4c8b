"""The pages as a Django app."""

from django.apps import AppConfig


class Config(AppConfig):
    """Holds templates and static files."""

    name = "tickmark.web"
    label = "web"
