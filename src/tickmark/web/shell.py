"""What the shell of every page reads: the eight steps, the day, my tasks, the log's checkpoint."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from tickmark import __version__
from tickmark.kernel import clock
from tickmark.kernel.errors import Invalid
from tickmark.kernel.ledger.seal import latest

LARGEST_LOG = 10**12


def day_of(request: HttpRequest) -> date:
    """The day that the page answers for: `?day=YYYY-MM-DD`, else today. Raises Invalid for what is no day."""
    given = request.GET.get("day", "")
    if not given:
        return clock.today()
    try:
        return date.fromisoformat(given)
    except ValueError:
        what = f"'{given[:20]}' is not a day."
        raise Invalid(what, "A day is written 2026-03-31.", "Pick one.", "day") from None


def known_of(request: HttpRequest) -> int | None:
    """The sealed log size that the page answers for, or None for all that is written. Raises Invalid for no size."""
    given = request.GET.get("known", "")
    if not given:
        return None
    if given.isascii() and given.isdigit() and int(given) <= LARGEST_LOG:
        return int(given)
    raise Invalid(
        f"'{given[:20]}' is not a size of the log.", "It counts sealed entries.", "Leave it out.", "known"
    )


def shell(request: HttpRequest) -> dict[str, Any]:
    """The context of base.html."""
    actor = getattr(request, "actor", None)
    if actor is None or actor.user is None:
        return {"version": __version__, "company_sign_in": _provider()}
    from tickmark.web import navigation

    day, known = _asked(request)
    return {
        "version": __version__,
        "actor": actor,
        "side": actor.side,
        "me": {"name": actor.user.name, "role": navigation.role_line(actor)},
        "day": day,
        "known": known,
        "today": clock.today(),
        "here": navigation.here(request.path),
        "checkpoint": latest(),
        "demo": navigation.demo(actor) if settings.DEMO else None,
        **navigation.steps(actor, day),
        **navigation.system(actor, day, known),
    }


def _provider() -> str:
    """What the company's identity provider is called; empty where none is set up."""
    apps = settings.SOCIALACCOUNT_PROVIDERS.get("openid_connect", {}).get("APPS", [])
    return str(apps[0]["name"]) if apps else ""


def _asked(request: HttpRequest) -> tuple[date, int | None]:
    """Day and known size; today and all that is written where the address is not understood: its page says so."""
    try:
        return day_of(request), known_of(request)
    except Invalid:
        return clock.today(), None
