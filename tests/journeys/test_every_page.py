"""Every page of a home that begins anew, and those before and beside an account, by axe at two widths in both colours."""

from __future__ import annotations

import base64
import hmac
import re
import struct

import pytest
from playwright.sync_api import Browser

from tests.journeys.browsing import DESK, Faults, Visitor, window
from tests.journeys.sweeping import ACCOUNTS, UNUSED, links, look, routes, visited

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PASSWORD = "a few words of my own"
REFUSING = {"account/3rdparty/login/error/": 401}
"""Pages that are themselves the answer to something refused."""


def test_every_page_of_an_empty_home_and_of_accounts(browser: Browser, empty: str) -> None:
    faults = Faults()
    with window(browser, empty, faults, viewport=DESK) as founder, window(browser, empty, faults) as visitor:
        begins(founder)
        look(visitor, "/account/login/")
        for path in links(founder.context.request, empty, faults, "the founder").values():
            look(founder, path)
        describes(founder)
        joins(visitor, invites(founder))
        look(visitor, "/tasks")
        protects(founder)
        returns(founder)
    strange(browser, empty, faults)
    left = {name: shape for name, shape in routes().items() if ACCOUNTS.search(shape)}
    assert left.keys() - visited(faults) == set()
    assert UNUSED in visited(faults)
    faults.none()


def begins(founder: Visitor) -> None:
    """The first visitor of empty books makes the first account and sees the eight steps."""
    founder.who = "the founder"
    founder.page.goto("/")
    assert founder.path == "/welcome"
    look(founder, "/welcome")
    told = {"Your name": "Ada Example", "E-mail": "ada@first.example", "Password": PASSWORD}
    founder.fills(founder.form("Begin"), told)
    _presses(founder, "Begin")
    steps = founder.page.get_by_role("navigation", name="The eight steps").locator("ol > li")
    assert steps.count() == 8


def describes(founder: Visitor) -> None:
    """The first of the eight steps: what is examined, and a criterion that does not apply to it."""
    founder.goes("/")
    founder.follows("Describe the system")
    system = {
        "Legal name of the company": "First Example, Inc.",
        "Name of the system": "First ledger",
        "Code": "first",
        "What it does, and for whom": "It keeps the books of small companies.",
        "Boundary": "One production environment.",
    }
    founder.sends("Record", system)
    look(founder, "/")
    founder.goes("/scope/set-aside/new")
    founder.sends("Record", {"Criterion": "CC6.4", "Reason": "There are no premises of our own."})
    look(founder, founder.path)
    founder.follows("Change")
    look(founder, founder.path)


def invites(founder: Visitor) -> str:
    """The founder invites a colleague; the link that is shown once."""
    founder.goes("/people/invite")
    told = {"E-mail": "ben@first.example", "Name": "Ben Example", "Role": "Employee"}
    said = founder.sends("Make the link", told)
    found = re.search(r"/join/\S+", said)
    assert found, said
    return found[0]


def joins(visitor: Visitor, link: str) -> None:
    """The colleague opens the link and joins."""
    visitor.who = "the colleague"
    look(visitor, link)
    visitor.fills(visitor.form("Join"), {"Your name": "Ben Example", "Password": PASSWORD})
    _presses(visitor, "Join")


def protects(founder: Visitor) -> None:
    """The founder adds an authenticator app and a passkey, after saying the password once more."""
    founder.page.goto("/account/2fa/totp/activate/")
    look(founder, founder.path)
    founder.fills(founder.form("Confirm"), {"Password": PASSWORD})
    _presses(founder, "Confirm")
    look(founder, founder.path)
    secret = founder.page.get_by_label("The same as text").input_value()
    now = founder.page.evaluate("Date.now()") // 1000
    founder.fills(founder.form("Turn it on"), {"Authenticator code": code(secret, now)})
    _presses(founder, "Turn it on")
    protocol = founder.context.new_cdp_session(founder.page)
    protocol.send("WebAuthn.enable")
    protocol.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    look(founder, "/account/2fa/webauthn/")
    founder.follows("Add one")
    founder.fills(founder.form("Add"), {"Name": "My laptop"})
    _presses(founder, "Add")
    look(founder, "/account/2fa/webauthn/")
    keys = [link.get_attribute("href") for link in founder.page.get_by_role("link", name="My laptop").all()]
    for path in keys:
        look(founder, str(path))
    for path in ("totp/deactivate/", "recovery-codes/", "recovery-codes/generate/", "webauthn/add/", ""):
        look(founder, f"/account/2fa/{path}")


AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def code(secret: str, now: int) -> str:
    """The six figures of an authenticator app at a second since 1970 (RFC 6238), as its phone's clock tells it."""
    key, step = base64.b32decode(secret), struct.pack(">Q", now // 30)
    digest = hmac.new(key, step, "sha1").digest()
    at = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[at : at + 4])[0] & 0x7FFFFFFF) % 10**6:06}"


def returns(founder: Visitor) -> None:
    """The founder signs out and in again with a code from paper."""
    founder.goes("/account/2fa/recovery-codes/")
    paper = founder.page.get_by_label("Unused codes").input_value().split()[0]
    for path in ("password/change/", "email/", "logout/"):
        look(founder, f"/account/{path}")
    _presses(founder, "Sign out")
    founder.goes("/account/login/")
    founder.fills(founder.form("Sign in"), {"Email": "ada@first.example", "Password": PASSWORD})
    _presses(founder, "Sign in")
    look(founder, founder.path)
    founder.fills(founder.page.locator("main"), {"Code": paper})
    _presses(founder, re.compile("^(Sign in|Continue)$"))
    assert founder.path == "/"


def strange(browser: Browser, address: str, faults: Faults) -> None:
    """What somebody without an account comes to, by whichever address: a page in our look, or the door."""
    with window(browser, address, faults, viewport=DESK) as visitor:
        visitor.who = "a stranger"
        shapes = [
            shape for shape in routes().values() if ACCOUNTS.search(shape) and not re.search("[<^]", shape)
        ]
        for shape in shapes:
            look(visitor, f"/{shape}", REFUSING.get(shape, 200))
        look(visitor, "/join/no-such-link", 404)
        look(visitor, "/account/confirm-email/no-such-key/")
        for path in ("login/", "login/callback/"):
            look(visitor, f"/account/oidc/none-is-set-up/{path}", 404)
        look(visitor, "/account/password/reset/key/1-no-such-key/")


def _presses(visitor: Visitor, name: str | re.Pattern[str]) -> None:
    with visitor.page.expect_navigation():
        visitor.page.get_by_role("button", name=name, exact=isinstance(name, str)).last.click()
    visitor.looks()
