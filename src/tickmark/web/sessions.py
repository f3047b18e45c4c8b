"""A session's two ends: it is not used for hours, or it was begun days ago. Django ends the first, this the second."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest

from tickmark.kernel import clock
from tickmark.people.actions import note_session

BEGAN, SEEN = "tickmark_began", "tickmark_seen"
HAS_FACTOR = "tickmark_has_factor"
"""Set once the account was seen to have a second factor, taken away when it loses one."""
SEEN_EVERY = 5 * 60
"""Seconds: how exactly the list of sessions tells when one was used last. Each note is a write."""


def keep(request: HttpRequest) -> None:
    """Note now and then that the session of a signed-in person is in use; end one that is too old."""
    now = clock.system_now().timestamp()
    began = request.session.setdefault(BEGAN, now)
    if now - began > settings.SESSION_DAYS * 86400:
        logout(request)
        return
    if now - request.session.get(SEEN, 0) >= SEEN_EVERY:
        request.session[SEEN] = now
        note_session(request)
