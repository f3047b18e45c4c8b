"""Calls to a Tickmark server: which one, with which token, and what its refusals become."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote, urlsplit

import httpx

from tickmark.kernel.errors import Conflict, Invalid, NotFound, Refused, TickmarkError, Unavailable

ERRORS: dict[int, type[TickmarkError]] = {
    401: Refused,
    403: Refused,
    404: NotFound,
    409: Conflict,
    422: Invalid,
    503: Unavailable,
}
SECONDS = 60.0
LOOPBACK = {"localhost", "127.0.0.1", "::1"}


@dataclass(frozen=True)
class Login:
    """A server and the token for it."""

    address: str
    token: str


def token_file() -> Path:
    """Where `tickmark login` keeps address and token; readable by its owner only."""
    return Path.home() / ".config" / "tickmark" / "login.json"


def login() -> Login:
    """The server and token to use: the environment first, then what `tickmark login` kept.

    A kept token goes to the server that it was made for, and to no other.
    """
    kept = _kept()
    given = os.environ.get("TICKMARK_ADDRESS", "").rstrip("/")
    address = given or (kept.address if kept else "http://localhost:8000")
    token = os.environ.get("TICKMARK_TOKEN") or (kept.token if kept and kept.address == address else "")
    if not token:
        raise Refused(
            f"There is no token for {address}.",
            "Each call acts for an account, with the rights that its token names.",
            f"Make a token on your account page, then: tickmark login --address {address}",
        )
    return Login(check_address(address), token)


def check_address(address: str) -> str:
    """The address without a slash at its end. Raises Invalid if it is none, or would show the token to the network."""
    parts = urlsplit(address)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise Invalid(
            f"'{address}' is no address.",
            "It has no http:// or https://.",
            "Write it like http://localhost:8000.",
        )
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise Invalid(
            f"{address} is not encrypted.",
            "Everybody on the way could read the token.",
            "Use the https:// address.",
        )
    return address.rstrip("/")


def _kept() -> Login | None:
    try:
        found = json.loads(token_file().read_text(encoding="utf-8"))
        return Login(str(found["address"]), str(found["token"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Invalid(f"{token_file()} cannot be read.", f"{error}.", "Run tickmark login again.") from None


def keep(found: Login) -> Path:
    """Keep a login in a file of mode 0600, replaced as a whole."""
    path = token_file()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        json.dump({"address": found.address, "token": found.token}, stream)
    draft.replace(path)
    return path


def transport() -> httpx.BaseTransport | None:
    """How calls travel; None for the network. Tests put the server itself here."""
    return None


class Server:
    """One server, called with one token."""

    def __init__(self, found: Login | None = None) -> None:
        self.login = found or login()
        self._http = httpx.Client(
            base_url=f"{self.login.address}/api",
            headers={"Authorization": f"Bearer {self.login.token}", "Accept": "application/json"},
            timeout=SECONDS,
            transport=transport(),
        )

    @cached_property
    def description(self) -> dict[str, Any]:
        """The server's OpenAPI document: what it can do, in its own version."""
        found: dict[str, Any] = self.get("/openapi.json")
        return found

    def get(self, path: str, query: dict[str, Any] | None = None) -> Any:
        """Read. Raises the error that the server answers."""
        return self._call("GET", path, params=query or {})

    def post(
        self,
        path: str,
        body: dict[str, Any],
        files: Sequence[tuple[str, tuple[str, IO[bytes]]]] | None = None,
    ) -> Any:
        """Do an action. Raises the error that the server answers; then nothing was written."""
        if files is None:
            return self._call("POST", path, json=body)
        return self._call("POST", path, data=body, files=files)

    def pages(self, path: str, query: dict[str, Any], every: bool) -> Iterator[dict[str, Any]]:
        """The rows of a list: its first page, or all pages one after the other."""
        while True:
            page = self.get(path, query)
            yield from page["items"]
            if not every or page["next"] is None:
                return
            query = {**query, "after": page["next"]}

    def _call(self, method: str, path: str, **given: Any) -> Any:
        try:
            answer = self._http.request(method, path, **given)
        except httpx.HTTPError as error:
            raise Unavailable(
                f"Nothing answers at {self.login.address}.",
                f"{str(error) or type(error).__name__}.",
                "Start it with ./tickmark up, or set TICKMARK_ADDRESS.",
            ) from None
        if answer.is_success:
            return answer.json()
        raise told(answer)


def quoted(reference: str) -> str:
    """A reference as one part of an address."""
    return quote(reference, safe="")


def told(answer: httpx.Response) -> TickmarkError:
    """The error that an answer tells."""
    kind = ERRORS.get(answer.status_code, Unavailable)
    try:
        found = answer.json()
        return kind(found["what"], found["why"], found["remedy"], found["field"])
    except (ValueError, KeyError, TypeError):
        where = str(answer.request.url.copy_with(query=None))
        return kind(
            f"{where} answered {answer.status_code}.",
            "It is no answer of Tickmark's API.",
            "Check the address.",
        )
