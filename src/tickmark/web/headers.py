"""The headers that every answer carries, whoever made it: page, file, error, redirect."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

ALWAYS = {
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": (
        "accelerometer=(), autoplay=(), browsing-topics=(), camera=(), display-capture=(), geolocation=(), "
        "gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), serial=(), usb=()"
    ),
    "X-Permitted-Cross-Domain-Policies": "none",
}
LEAVING = "/account/logout/"
HSTS = "max-age=31536000; includeSubDomains"


class HeadersMiddleware:
    """Adds what is missing. Only files of the program itself may be kept by a browser or a proxy."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Serve the request, then complete its headers."""
        response = self.get_response(request)
        for name, value in ALWAYS.items():
            response.headers.setdefault(name, value)
        if settings.HTTPS:  # the proxy ends TLS, so the request itself does not say
            response.headers.setdefault("Strict-Transport-Security", HSTS)
        if not request.path.startswith(settings.STATIC_URL) or response.status_code >= 400:
            response.headers["Cache-Control"] = "no-store, private"
        if request.method == "POST" and request.path == LEAVING:
            response.headers["Clear-Site-Data"] = '"cache"'
        return response
