"""The pages as a Django app."""

from django.apps import AppConfig


class Config(AppConfig):
    """Holds templates and static files."""

    name = "tickmark.web"
    label = "web"

    def ready(self) -> None:
        """Listen to the login library."""
        from tickmark.web import signing_in  # noqa: F401
