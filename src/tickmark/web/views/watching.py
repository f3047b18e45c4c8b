"""Pages for whoever watches over this installation: what is wrong, and figures. They need nobody to be signed in."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.urls import path

from tickmark import __version__
from tickmark.kernel import health as parts
from tickmark.web import metrics as figures


def health(request: HttpRequest, *, serving: bool = False) -> HttpResponse:
    """What is wrong, with 503 if anything is: a page for a browser, JSON for everything else."""
    found = parts.summary(parts.look(), serving=serving)
    status = 200 if found["ok"] else 503
    if "text/html" not in request.headers.get("Accept", ""):
        return JsonResponse(found, status=status)
    page = render_to_string("health.html", {"health": found, "version": __version__})
    return HttpResponse(page, status=status)


def serving(request: HttpRequest) -> HttpResponse:
    """Whether this host can answer people: what a balancer asks. A worker that rests is no reason to send them away."""
    return health(request, serving=True)


def metrics(request: HttpRequest) -> HttpResponse:
    """Figures for Prometheus, for whoever has the token of `secrets/metrics`."""
    if not figures.may_read(request):
        words = "Send the token of secrets/metrics in the home: Authorization: Bearer …\n"
        answer = HttpResponse(words, status=401, content_type="text/plain; charset=utf-8")
        answer["WWW-Authenticate"] = "Bearer"
        return answer
    return HttpResponse(figures.figures(), content_type="text/plain; version=0.0.4; charset=utf-8")


routes = [
    path("healthz", health, name="health"),
    path("healthz/serving", serving, name="health-serving"),
    path("metrics", metrics, name="metrics"),
]
