"""The API described: as OpenAPI for programs, and as a page for people with curl and the command line."""

from __future__ import annotations

import json
from functools import lru_cache

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from tickmark.api.catalogue import beside, steps
from tickmark.api.problems import MEANINGS


def page(request: HttpRequest) -> HttpResponse:
    """List the operations. It tells no row of the books, so it needs no sign-in."""
    context = {
        "catalogue": steps(),
        "beside": beside(),
        "meanings": MEANINGS.items(),
        "base": f"{request.scheme}://{request.get_host()}",
    }
    return render(request, "api/docs.html", context)


def described(request: HttpRequest) -> HttpResponse:
    """The OpenAPI document. It tells no row of the books, so it needs no sign-in."""
    return HttpResponse(document(), content_type="application/json")


@lru_cache(maxsize=1)
def document() -> bytes:
    """The OpenAPI document as JSON, made once: actions and nouns do not change while the program runs."""
    from tickmark.api.door import api

    return json.dumps(api.get_openapi_schema(), ensure_ascii=False, default=str).encode()
