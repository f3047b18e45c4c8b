"""Every request is counted, timed and given an id: for the log, for Prometheus, and for the ledger's entries."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from tickmark.kernel import logs
from tickmark.web.metrics import SECONDS, SERVED

log = logging.getLogger("tickmark.requests")


class ObservingMiddleware:
    """Sets the request's id, answers it in `X-Request-Id`, and says how the request ended.

    A route stands for its pattern, never for the address: addresses may hold a secret link.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Serve the request and note it."""
        began = time.monotonic()
        request_token, actor_token = logs.request_id.set(uuid.uuid4().hex), logs.acting.set("")
        try:
            answer = self.get_response(request)
            answer["X-Request-Id"] = logs.request_id.get()
            _note(request, answer.status_code, time.monotonic() - began)
            return answer
        finally:
            logs.request_id.reset(request_token)
            logs.acting.reset(actor_token)


def _note(request: HttpRequest, status: int, seconds: float) -> None:
    match = request.resolver_match
    route = match.route if match else "(none)"
    method = request.method if request.method in ("GET", "HEAD", "POST", "OPTIONS") else "other"
    SERVED.labels(route, method, str(status)).inc()
    SECONDS.labels(route).observe(seconds)
    said = {"method": method, "route": route, "status": status, "milliseconds": round(seconds * 1000, 1)}
    log.info("%s %s %s", method, route, status, extra=said)
