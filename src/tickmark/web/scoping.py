"""Which system a page speaks of, and which criteria lie outside of its scope."""

from __future__ import annotations

from collections.abc import Iterable

from django.http import HttpRequest

from tickmark.kernel.access import not_found
from tickmark.scope.models import System
from tickmark.scope.queries import Scope, systems
from tickmark.web.shell import day_of, known_of


def scope_of(request: HttpRequest) -> Scope | None:
    """The scope of the system that the address names, else of the first; None if the actor sees none.

    Raises NotFound for a system that the actor does not see.
    """
    rows, wanted = systems(request.actor), request.GET.get("system", "")  # type: ignore[attr-defined]
    system: System | None = rows.filter(code=wanted).first() if wanted else rows.first()
    if wanted and system is None:
        raise not_found(System, wanted[:40])
    return Scope(system, day_of(request), known_of(request)) if system else None


def outside(scope: Scope | None, codes: Iterable[str]) -> set[str]:
    """The criteria among `codes` whose category is not chosen; none as long as nothing is chosen."""
    inside = {one.id for one in scope.criteria} if scope else set()
    return set(codes) - inside if inside else set()
