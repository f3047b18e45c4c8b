"""What the pages about controls share: the areas, the tabs, the system that is looked at, the control of an address."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest

from tickmark.controls.models import Control
from tickmark.kernel.access import Actor, not_found, visible
from tickmark.kernel.references import resolve
from tickmark.web.forming import must_see
from tickmark.web.scoping import scope_of

__all__ = ["AREAS", "TABS", "control_of", "here", "scope_of", "tabs"]

AREAS = {
    "GOV": "Governance",
    "HR": "People",
    "COM": "Communication",
    "RSK": "Risk",
    "VND": "Vendors",
    "AC": "Logical access",
    "PHY": "Physical",
    "AST": "Assets and endpoints",
    "NET": "Network",
    "CRY": "Cryptography",
    "CHG": "Change",
    "OPS": "Operations",
    "INC": "Incidents",
    "BCP": "Availability",
    "DAT": "Confidentiality",
    "PIN": "Processing integrity",
    "PRV": "Privacy",
}
"""The areas of the library, by the letters of their codes, in the order in which they are gone through."""
TABS = (
    ("Controls", "/controls/"),
    ("Coverage", "/controls/coverage"),
    ("Wording", "/controls/wording"),
    ("Owners", "/controls/owners"),
    ("Policies", "/policies/"),
    ("Library", "/controls/library"),
)


def tabs(request: HttpRequest, **counts: int) -> list[dict[str, Any]]:
    """The parts of this step; `counts` says how much waits in some of them, by name."""
    return [
        {
            "label": label,
            "url": url,
            "current": request.path == url,
            "count": counts.get(label.lower()) or None,
        }
        for label, url in TABS
    ]


def here(request: HttpRequest, **given: Any) -> str:
    """The query of this page with other choices, on the same day and for the same system; `?` without any."""
    kept = {name: request.GET[name] for name in ("day", "known", "system") if request.GET.get(name)}
    return f"?{urlencode({**kept, **{name: value for name, value in given.items() if value}})}"


def control_of(request: HttpRequest, code: str) -> Control:
    """The control of an address. Raises NotFound where there is none, or none for this reader."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    must_see(actor, Control)
    control = resolve(visible(actor, Control), code)
    if control is None:
        raise not_found(Control, code[:40])
    return control
