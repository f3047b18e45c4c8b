"""Pages that strangers reach by a link: how often one address may try."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account.adapter import get_adapter
from django.http import HttpRequest, HttpResponse

from tickmark.kernel import limits

MOST, SECONDS = 60, 60
View = Callable[..., HttpResponse]


def by_address(what: str) -> Callable[[View], View]:
    """Limit a view to so many requests of one network address in a minute. Raises TooMany beyond."""

    def around(view: View) -> View:
        @wraps(view)
        def served(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            count(request, what)
            return view(request, *args, **kwargs)

        return served

    return around


def count(request: HttpRequest, what: str) -> None:
    """Count one request of the address. Raises TooMany."""
    limits.need(what, get_adapter().get_client_ip(request), MOST, SECONDS)
