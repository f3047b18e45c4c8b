"""The one door outwards: a request to an address that somebody typed reaches the public internet, or nothing.

Whoever may name an address could otherwise have this host fetch what only this host can reach: its own services, its
neighbours, the metadata service of a cloud. So a name is resolved once, every address it stands for must be public,
and the connection goes to that address and to no other: a name that answers differently a moment later changes
nothing. Only https; no redirect is followed; one clock runs over the whole exchange; a long answer is cut off.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpcore
from django.conf import settings

from tickmark.kernel.errors import Invalid, Refused, Unavailable
from tickmark.kernel.later import Later

if TYPE_CHECKING:
    import httpx
else:
    httpx = Later("httpx")

SECONDS = 10.0
"""For everything from the connection to the end of the answer."""
LONGEST_ANSWER = 64 * 1024
HEAD = 400
"""Characters of an answer that are worth keeping: enough to say what went wrong."""
LONGEST_ADDRESS = 500

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_UNICAST = ipaddress.ip_network("2000::/3")
_NOT_PUBLIC = [
    *map(ipaddress.ip_network, ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")),
    *map(ipaddress.ip_network, ("192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15")),
]
"""Beside what `is_global` leaves out: addresses that carry another one inside (Teredo, 6to4), tests, documentation."""


@dataclass(frozen=True)
class Target:
    """An address taken apart once: what is resolved, what stands in Host and what the certificate is held against."""

    host: str
    port: int
    path: str
    secure: bool


@dataclass(frozen=True)
class Reply:
    """What came back: the status, and the beginning of the body as text."""

    status: int
    head: str


def public(address: Address) -> bool:
    """Whether an address is of the public internet: one host, reached directly, with no other address inside."""
    if any(address.version == one.version and address in one for one in _NOT_PUBLIC):
        return False
    if isinstance(address, ipaddress.IPv6Address):
        return address in _UNICAST
    return address.is_global and not address.is_multicast and not address.is_reserved


def target(address: str) -> Target:
    """The parts of an address. Raises Invalid or Refused for one that is never called, whatever it resolves to."""
    try:
        url = httpx.URL(address.strip())
    except httpx.InvalidURL as error:
        raise _unfit(f"It cannot be read: {error}.") from None
    if len(address) > LONGEST_ADDRESS:
        raise _unfit(f"It has {len(address):,} characters; it may have {LONGEST_ADDRESS}.")
    if url.scheme != "https" and not (url.scheme == "http" and settings.OUTGOING_LOOPBACK):
        raise _unfit("It does not begin with https://, so anybody on the way could read and change it.")
    if not url.host:
        raise _unfit("It names no host.")
    if url.port is not None and not 0 < url.port < 65536:
        raise _unfit(f"It names the port {url.port}; ports run from 1 to 65535.")
    if url.userinfo or url.fragment:
        raise _unfit("It carries a name and password, or a part after #.")
    host, secure = url.raw_host.decode("ascii"), url.scheme == "https"
    if not _listed(host):
        raise Refused(
            f"{host} is not called.",
            f"This installation calls only {', '.join(settings.OUTGOING_HOSTS)}.",
            "Give an address of these, or ask who runs it to name this host in TICKMARK_OUTGOING.",
            "url",
        )
    return Target(
        host,
        url.port or (443 if secure else 80),
        url.raw_path.decode("ascii"),
        secure,
    )


def check(address: str) -> Target:
    """The parts of an address that could be called: its shape, and its host where that is a number in any writing.

    Asks no name service, so that it can be called while the books wait. What a name stands for is asked at the call.
    Raises Invalid or Refused.
    """
    to = target(address)
    if to.host.rstrip(".").rpartition(".")[2] == "localhost" and not settings.OUTGOING_LOOPBACK:
        raise _inside(to.host, "this host itself")
    try:
        answers = socket.getaddrinfo(to.host, to.port, flags=socket.AI_NUMERICHOST, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError):
        return to
    _only_public(to, [str(answer[4][0]) for answer in answers])
    return to


def addresses(to: Target) -> list[str]:
    """The addresses that the host stands for now, resolved once. Raises Refused if one of them is not public."""
    try:
        answers = socket.getaddrinfo(to.host, to.port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError) as error:
        raise Unavailable(
            f"{to.host} was not found.",
            f"The name service says: {error}.",
            "Check the address and the name service of this host.",
            "url",
        ) from None
    found = list(dict.fromkeys(str(answer[4][0]) for answer in answers))
    _only_public(to, found)
    return found


def post(address: str, body: bytes, headers: Mapping[str, str]) -> Reply:
    """POST to an address that somebody typed, and give what came back, whatever its status.

    Raises Invalid or Refused for an address that is not called, Unavailable when nothing usable came back in time.
    """
    if settings.DEMO:
        raise Refused("A demo home sends nothing outside.", "Its records are invented.", "Use a real home.")
    to = target(address)
    sent = {"Accept-Encoding": "identity", "User-Agent": "Tickmark", **headers}
    backend = _Checked(to.secure)
    try:
        with httpcore.ConnectionPool(
            ssl_context=httpx.create_ssl_context(), network_backend=backend, max_connections=1
        ) as pool:
            url = httpcore.URL(
                scheme="https" if to.secure else "http", host=to.host, port=to.port, target=to.path
            )
            with pool.stream("POST", url, headers=list(sent.items()), content=body) as answer:
                return Reply(answer.status, _head(answer.iter_stream()))
    except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError, ssl.SSLError) as error:
        why = f"{type(error).__name__}: {error}".strip(": ")
        raise Unavailable(
            f"{to.host} gave no answer.",
            f"{one_line(why, 200)}.",
            "Look whether it runs, and at its certificate.",
        ) from error


def _listed(host: str) -> bool:
    """Whether the operator lets this host be called: a name of the list, or one below a name with a leading dot."""
    name, hosts = host.lower().rstrip("."), settings.OUTGOING_HOSTS
    return not hosts or any(name == one or (one[0] == "." and name.endswith(one)) for one in hosts)


def _only_public(to: Target, found: Iterable[str]) -> None:
    for one in found:
        if not _allowed(one, to.secure):
            raise _inside(to.host, f"{one}, which is no address of the public internet")


def _inside(host: str, stands_for: str) -> Refused:
    return Refused(
        f"{host} is not called.",
        f"It stands for {stands_for}: this host and its neighbours are out of reach for what people type here.",
        "Give an address that others can reach too.",
        "url",
    )


def _head(parts: Iterable[bytes]) -> str:
    found = b""
    for part in parts:
        found += part
        if len(found) > LONGEST_ANSWER:
            break
    return one_line(found[: 4 * HEAD].decode("utf-8", "replace"), HEAD)


def one_line(text: str, longest: int) -> str:
    """One line of what can be shown: a stranger wrote it."""
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())[:longest]


def _allowed(text: str, secure: bool) -> bool:
    address = ipaddress.ip_address(text.partition("%")[0])
    if settings.OUTGOING_LOOPBACK and address.is_loopback:
        return True
    return secure and "%" not in text and public(address)


def _unfit(why: str) -> Invalid:
    return Invalid(
        "This address cannot be called.",
        why,
        "Give one such as https://hooks.company.example/tickmark.",
        "url",
    )


class _Checked(httpcore.NetworkBackend):
    """Connects to addresses that were checked, within the time of one exchange."""

    def __init__(self, secure: bool) -> None:
        self._inner, self._secure, self._end = httpcore.SyncBackend(), secure, time.monotonic() + SECONDS

    def connect_tcp(self, host: str, port: int, *_: Any, **__: Any) -> httpcore.NetworkStream:
        """A connection to the first address of the host that takes one."""
        failed: Exception | None = None
        for one in addresses(Target(host, port, "", self._secure)):
            try:
                return _Timed(self._inner.connect_tcp(one, port, timeout=_left(self._end)), self._end)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
        raise failed or httpcore.ConnectError("no address")


class _Timed(httpcore.NetworkStream):
    """A connection on which every step ends when the exchange has to: a drip of bytes buys no time."""

    def __init__(self, inner: httpcore.NetworkStream, end: float) -> None:
        self._inner, self._end = inner, end

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read within the time that is left."""
        return self._inner.read(max_bytes, _left(self._end))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write within the time that is left."""
        self._inner.write(buffer, _left(self._end))

    def close(self) -> None:
        """Close it."""
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """TLS with the name that was typed, not with the address that it stands for."""
        return _Timed(self._inner.start_tls(ssl_context, server_hostname, _left(self._end)), self._end)

    def get_extra_info(self, info: str) -> Any:
        """What the connection tells of itself."""
        return self._inner.get_extra_info(info)


def _left(end: float) -> float:
    """Seconds until the end. Raises ReadTimeout after it."""
    left = end - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout(f"not done within {SECONDS:.0f} seconds")
    return left
