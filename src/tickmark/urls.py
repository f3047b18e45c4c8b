"""Addresses: pages, the generated API, sign-in, health."""

from __future__ import annotations

from django.urls import include, path
from django.views.generic.base import RedirectView

from tickmark.api.door import api
from tickmark.api.scim import door as scim
from tickmark.web.routes import routes

handler400 = "tickmark.web.errors.bad_request"
handler403 = "tickmark.web.errors.refused"
handler404 = "tickmark.web.errors.not_found"
handler500 = "tickmark.web.errors.broken"

urlpatterns = [
    path("api/", api.urls),
    path("scim/v2/", include(scim.routes)),
    path("account/sessions/", RedirectView.as_view(url="/account/security"), name="usersessions_list"),
    path("account/", include("allauth.urls")),
    *routes,
]
