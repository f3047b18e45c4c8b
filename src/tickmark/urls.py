"""Addresses: pages, the generated API, sign-in, health."""

from __future__ import annotations

from django.urls import URLResolver, include, path
from django.urls.resolvers import RoutePattern
from django.views.generic.base import RedirectView

from tickmark.web.routes import routes

handler400 = "tickmark.web.errors.bad_request"
handler403 = "tickmark.web.errors.refused"
handler404 = "tickmark.web.errors.not_found"
handler500 = "tickmark.web.errors.broken"


class Door(URLResolver):
    """Addresses below a prefix, in a namespace of its name, whose module is imported when one of them is asked for.

    The API takes as much memory and start as all pages; many homes never call it.
    """

    def __init__(self, prefix: str, module: str, name: str) -> None:
        super().__init__(RoutePattern(prefix, is_endpoint=False), module, app_name=name, namespace=name)

    def _populate(self) -> None:
        """Name none of them to whoever looks for the address of a page; within the namespace they are found."""


urlpatterns = [
    Door("api/", "tickmark.api.urls", "api"),
    Door("scim/v2/", "tickmark.api.scim.urls", "scim"),
    path("account/sessions/", RedirectView.as_view(url="/account/security"), name="usersessions_list"),
    path("account/", include("allauth.urls")),
    *routes,
]
