"""What somebody typed reaches the public internet, or nothing: addresses in every writing, names that change, faults."""

from __future__ import annotations

import datetime
import ipaddress
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.listening import Outside, dripping, outside
from tickmark.kernel import outgoing
from tickmark.kernel.errors import Invalid, Refused, Unavailable
from tickmark.kernel.outgoing import Target, addresses, check, post, public, target

INSIDE = [
    ipaddress.ip_network(line)
    for line in """
    0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24
    192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4
    ::/8 ::ffff:0:0/96 64:ff9b::/96 64:ff9b:1::/48 100::/64 2001::/23 2001:db8::/32 2002::/16 3fff::/20
    5f00::/16 fc00::/7 fe80::/10 fec0::/10 ff00::/8
    """.split()
]
"""IANA's special-purpose registries and multicast, typed off by hand."""
PUBLIC = ("8.8.8.8", "1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "2a00:1450:4001:81b::200e")


def within(network: Any) -> Any:
    """Addresses of a network, its ends most of all."""
    first, last = int(network.network_address), int(network.broadcast_address)
    make = ipaddress.IPv4Address if network.version == 4 else ipaddress.IPv6Address
    numbers = st.integers(first, last) | st.sampled_from([first, last, min(first + 1, last)])
    return numbers.map(make)


@given(st.sampled_from(INSIDE).flatmap(within))
def test_no_special_address_is_public(address: Any) -> None:
    assert not public(address)


@given(st.ip_addresses(v=4))
def test_an_address_within_another_is_never_public(inner: Any) -> None:
    number = int(inner)
    for carrier in (
        (0xFFFF << 32) | number,
        number,
        (0x0064FF9B << 96) | number,
        (0x2002 << 112) | (number << 80),
    ):
        assert not public(ipaddress.IPv6Address(carrier))


@pytest.mark.parametrize("text", PUBLIC)
def test_ordinary_hosts_are(text: str) -> None:
    assert public(ipaddress.ip_address(text))


def writings(number: int) -> list[str]:
    """The ways in which a resolver reads an IPv4 address."""
    a, b, c, d = number.to_bytes(4, "big")
    return [
        f"{a}.{b}.{c}.{d}", f"{number}", f"0x{number:08x}", f"0{number:o}", f"0x{a:x}.0x{b:x}.0x{c:x}.0x{d:x}",
        f"0{a:o}.0{b:o}.0{c:o}.0{d:o}", f"{a}.{(b << 16) | (c << 8) | d}", f"{a}.{b}.{(c << 8) | d}", f"[::ffff:{a}.{b}.{c}.{d}]",
        f"[::ffff:{a:02x}{b:02x}:{c:02x}{d:02x}]",
    ]  # fmt: skip


@settings(deadline=None)
@given(st.sampled_from([n for n in INSIDE if n.version == 4]).flatmap(within))
def test_no_writing_of_an_inner_address_is_called(address: Any) -> None:
    for text in writings(int(address)):
        with pytest.raises((Refused, Invalid)):
            check(f"https://{text}/hook")
        with pytest.raises((Refused, Invalid)):
            addresses(target(f"https://{text}/hook"))


@pytest.mark.parametrize(
    "address",
    ["http://hooks.example/", "ftp://hooks.example/", "//hooks.example/", "https://", "https://u:p@hooks.example/",
     "https://hooks.example/#part", "https://hooks.example:99999/", "https://hooks\n.example/", "file:///etc/passwd", "",
     "https://hooks.example/" + "a" * 500, "gopher://127.0.0.1:25/"],
)  # fmt: skip
def test_what_is_no_address_for_this_is_refused_with_words(address: str) -> None:
    with pytest.raises(Invalid) as found:
        check(address)
    assert found.value.field == "url" and found.value.why and found.value.remedy


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "a.localhost", "localhost."])
def test_this_host_has_no_name(host: str) -> None:
    with pytest.raises(Refused, match="this host itself"):
        check(f"https://{host}/")


def test_a_name_is_not_resolved_where_the_books_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    real = socket.getaddrinfo
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda *a, **k: asked.append(k.get("flags", 0)) or real(*a, **k)
    )
    assert check("https://hooks.nowhere.example/x") == Target("hooks.nowhere.example", 443, "/x", True)
    assert asked == [socket.AI_NUMERICHOST]


def resolver(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """The name service gives these answers one after the other; gives what it was asked for."""
    left, asked, real = list(answers), [], socket.getaddrinfo  # type: ignore[var-annotated]

    def ask(host: Any, port: Any, *more: Any, **named: Any) -> Any:
        try:
            ipaddress.ip_address(host)
        except ValueError:
            asked.append(host)
            found = left.pop(0) if len(left) > 1 else left[0]
            return [entry for one in found for entry in real(one, port, type=socket.SOCK_STREAM)]
        return real(host, port, *more, **named)

    monkeypatch.setattr(socket, "getaddrinfo", ask)
    return asked


def test_one_inner_address_among_many_is_enough_to_refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    resolver(monkeypatch, ["93.184.216.34", "10.0.0.1"])
    with pytest.raises(Refused, match=r"It stands for 10\.0\.0\.1"):
        post("https://hooks.example/", b"", {})


def test_a_name_that_turns_inwards_after_the_check_is_not_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rebinding: the name service says public first and loopback ever after; nobody asks it a second time."""
    asked = resolver(monkeypatch, ["93.184.216.34"], ["127.0.0.1"])
    tried: list[str] = []

    def connect(address: Any, *_: Any, **__: Any) -> Any:
        tried.append(address[0])
        raise OSError("no network in tests")

    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(Unavailable, match=r"hooks\.example gave no answer"):
        post("https://hooks.example/", b"", {})
    assert (asked, tried) == (["hooks.example"], ["93.184.216.34"])


def test_a_name_that_turned_inwards_before_the_call_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    resolver(monkeypatch, ["93.184.216.34"], ["169.254.169.254"])
    assert addresses(target("https://hooks.example/")) == ["93.184.216.34"]
    with pytest.raises(Refused, match=r"169\.254\.169\.254"):
        post("https://hooks.example/", b"", {})


def test_an_unknown_name_is_unavailable() -> None:
    with pytest.raises(Unavailable, match=r"nowhere\.invalid was not found"):
        post("https://nowhere.invalid/", b"", {})


def test_an_operator_may_list_what_is_called(settings: Any) -> None:
    settings.OUTGOING_HOSTS = ("hooks.example", ".company.example")
    for one in ("hooks.example", "HOOKS.example.", "a.company.example", "a.b.company.example"):
        assert target(f"https://{one}/x").path == "/x"
    for one in (
        "evil.example",
        "company.example",
        "hooks.example.evil.example",
        "nothooks.example",
        "xcompany.example",
    ):
        for asked in (check, lambda address: post(address, b"", {})):
            with pytest.raises(
                Refused, match=f"{one} is not called.*only hooks.example, .company.example"
            ) as failed:
                asked(f"https://{one}/x")
            assert "TICKMARK_OUTGOING" in failed.value.remedy


@pytest.mark.parametrize(
    ("given", "hosts"),
    [("", []), (" Hooks.example , .b.example,", ["hooks.example", ".b.example"]), ("a\nb", ["a", "b"])],
)
def test_the_list_comes_from_the_environment(tmp_path: Path, given: str, hosts: list[str]) -> None:
    words = [
        sys.executable,
        "-c",
        "from tickmark import settings; print(*map(repr, settings.OUTGOING_HOSTS))",
    ]
    told = {**os.environ, "TICKMARK_HOME": str(tmp_path), "TICKMARK_OUTGOING": given, "PYTHONPATH": "src"}
    done = subprocess.run(words, env=told, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [repr(one) for one in hosts]


# -- with loopback opened for the test --------------------------------------------------------------------------------


@pytest.fixture
def opened(settings: Any) -> None:
    """Loopback may be called, in this test."""
    settings.OUTGOING_LOOPBACK = True


def test_what_is_sent_and_what_comes_back(opened: None) -> None:
    with outside() as there:
        there.answers = [(202, {"Content-Type": "text/plain"}, b"taken\x00\x1b[31m\n twice")]
        reply = post(f"http://127.0.0.1:{there.port}/hook?a=b", b'{"x": 1}', {"webhook-id": "m-1"})
    assert reply == outgoing.Reply(202, "taken [31m twice")
    [(path, headers, body)] = there.came
    assert (path, body, headers["host"], headers["webhook-id"], headers["accept-encoding"]) == (
        "/hook?a=b", b'{"x": 1}', f"127.0.0.1:{there.port}", "m-1", "identity",
    )  # fmt: skip


def test_a_redirect_is_an_answer_and_not_a_way(opened: None) -> None:
    with outside() as inner, outside() as there:
        there.answers = [(307, {"Location": f"http://127.0.0.1:{inner.port}/admin"}, b"")]
        assert post(f"http://127.0.0.1:{there.port}/", b"x", {}).status == 307
        assert (len(there.came), inner.came) == (1, [])


def test_a_long_answer_is_cut_off(opened: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with outside() as there:
        there.answers = [(200, {}, b"a" * 10_000_000)]
        assert post(f"http://127.0.0.1:{there.port}/", b"", {}) == outgoing.Reply(200, "a" * outgoing.HEAD)


@pytest.mark.parametrize(
    "first", [b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"H"]
)
def test_a_drip_of_bytes_buys_no_time(opened: None, monkeypatch: pytest.MonkeyPatch, first: bytes) -> None:
    monkeypatch.setattr(outgoing, "SECONDS", 0.3)
    drip = b"1\r\nx\r\n" if b"chunked" in first else b"x"
    with dripping(first, drip) as port, pytest.raises(Unavailable, match="gave no answer"):
        post(f"http://127.0.0.1:{port}/", b"", {})


def test_a_closed_port_is_unavailable(opened: None) -> None:
    with outside() as there:
        port = there.port
    with pytest.raises(Unavailable, match=r"127\.0\.0\.1 gave no answer"):
        post(f"http://127.0.0.1:{port}/", b"", {})


def test_loopback_opened_opens_nothing_else(opened: None) -> None:
    with pytest.raises(Refused):
        post("https://10.0.0.1/", b"", {})
    with pytest.raises(Refused):
        post("http://8.8.8.8/", b"", {})


def test_a_proxy_of_the_environment_is_not_asked(opened: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with outside() as proxy, outside() as there:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv("ALL_PROXY", f"http://127.0.0.1:{proxy.port}")
        post(f"http://127.0.0.1:{there.port}/", b"", {})
        assert (len(there.came), proxy.came) == (1, [])


def test_a_demo_home_calls_nobody(opened: None, settings: Any) -> None:
    settings.DEMO = True
    with outside() as there, pytest.raises(Refused, match="demo home sends nothing"):
        post(f"http://127.0.0.1:{there.port}/", b"", {})
    assert there.came == []


# -- TLS --------------------------------------------------------------------------------------------------------------


def certificate(room: Path, name: str) -> Path:
    """A certificate for a name that signs itself, with its key, as one PEM file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    start = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(datetime.datetime(2099, 1, 1, tzinfo=datetime.UTC))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
        .sign(key, hashes.SHA256())
    )
    form = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    path = room / f"{name}.pem"
    path.write_bytes(
        made.public_bytes(serialization.Encoding.PEM) + key.private_bytes(serialization.Encoding.PEM, *form)
    )
    return path


def over_tls(monkeypatch: pytest.MonkeyPatch, there: Outside, trusted: Path) -> outgoing.Reply:
    """POST to hooks.example, which stands for loopback, trusting one certificate."""
    resolver(monkeypatch, ["127.0.0.1"])
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    return post(f"https://hooks.example:{there.port}/", b"", {})


def test_the_certificate_is_held_against_the_name_that_was_typed(
    opened: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = certificate(tmp_path, "hooks.example")
    with outside(own) as there:
        assert over_tls(monkeypatch, there, own).status == 204
    assert there.names == ["hooks.example"]
    assert there.came[0][1]["host"] == f"hooks.example:{there.port}"


@pytest.mark.parametrize("names", [("other.example", "other.example"), ("hooks.example", "trusted.example")])
def test_a_certificate_of_another_name_or_of_nobody_is_refused(
    opened: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, names: tuple[str, str]
) -> None:
    shown, trusted = (certificate(tmp_path, name) for name in names)
    with outside(shown) as there, pytest.raises(Unavailable, match="(?i)certificate"):
        over_tls(monkeypatch, there, trusted)
    assert there.came == []
