"""Which base URLs may be asked. Checked when a person saves one, and again on every address its name resolves to at the
moment of connecting (sockets.py), so that a name which changes its mind gains nothing.
"""

from __future__ import annotations

import ipaddress
import re
import socket
import unicodedata
from typing import Any
from urllib.parse import SplitResult, urlsplit

import idna

from blogforge_llm.errors import Invalid

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
Target = tuple[socket.AddressFamily, Any]  # family and the sockaddr that connect() takes

# What cloud machines keep their credentials behind. Link-local covers AWS, GCP, Azure and most others.
_NEVER = tuple(
    ipaddress.ip_network(text)
    for text in (
        "169.254.0.0/16",
        "fe80::/10",
        "fd00:ec2::/32",  # AWS over IPv6
        "fd20:ce::254/128",  # GCP over IPv6
        "100.100.100.200/32",  # Alibaba
        "168.63.129.16/32",  # Azure's host
        "192.0.0.192/32",  # Oracle
    )
)
_NEVER_NAMES = frozenset(
    {"metadata", "metadata.google.internal", "metadata.goog", "instance-data", "instance-data.ec2.internal"}
)
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"  # with _, which names inside a network may have
_NAME = re.compile(rf"(?=.{{1,254}}\Z){_LABEL}(?:\.{_LABEL})*\.?")

_private_allowed = True


class Refused(OSError):
    """The address may not be asked. Raised while connecting."""


def configure(*, private_allowed: bool) -> None:
    """Whether loopback and private addresses may be asked (local models need them). Process-wide."""
    global _private_allowed
    _private_allowed = private_allowed


def check(url: str) -> str:
    """The URL as it may be stored, its host spelt as it is asked. Raises Invalid (field base_url). Resolves nothing:
    the network may be away."""
    url = url.strip()
    if any(char.isspace() or unicodedata.category(char) in ("Cc", "Cf") for char in url):  # urlsplit drops some of them
        raise _invalid("The address contains a space, a line break or an invisible character. Take it out.")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise _invalid("This is not a web address. Write it like https://api.example.com/v1.") from None
    if parts.scheme not in ("http", "https") or not host:
        raise _invalid("The address must begin with http:// or https:// and name a server.")
    if parts.username is not None or parts.password is not None:
        raise _invalid("Leave the user name and password out of the address; keys have a field of their own.")
    if parts.query or parts.fragment:
        raise _invalid("The address must not contain ? or #.")
    if port == 0:
        raise _invalid("The port after the server's name is a number from 1 to 65535.")
    host = _ascii(parts, host)
    if (problem := _problem_with_name(host)) is not None:
        raise _invalid(problem)
    host = f"[{host}]" if ":" in host else host
    return parts._replace(netloc=host if port is None else f"{host}:{port}").geturl().rstrip("/")


def normalise(kind: str, url: str) -> str:
    """What the kind's SDK wants as its base: people paste whole addresses, groq and cerebras append their own path."""
    url = url.strip().rstrip("/")
    own_paths = {"groq": ("/chat/completions", "/openai/v1", "/openai"), "cerebras": ("/chat/completions", "/v1")}
    for path in own_paths.get(kind, ("/chat/completions",)):
        url = url.removesuffix(path).rstrip("/")
    return url


def resolve(host: str, port: int) -> list[Target]:
    """Where to connect to, in the order to try. Raises Refused when any may not be asked, OSError from DNS. Blocks."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    for _, _, _, _, sockaddr in found:
        if (problem := _problem_with_address(ipaddress.ip_address(sockaddr[0]))) is not None:
            raise Refused(problem)
    return [(family, sockaddr) for family, _, _, _, sockaddr in found]


def needs_lookup(host: str) -> bool:
    """Whether resolving it may ask a name server."""
    return host != "localhost" and _literal(host) is None


def _ascii(parts: SplitResult, host: str) -> str:
    """The host in the letters a name server knows: ① and ü are spellings too. Raises Invalid for what is no host."""
    if "[" in parts.netloc:
        if isinstance(_literal(host), ipaddress.IPv6Address) and "%" not in host:
            return host
    else:
        try:
            name = host if host.isascii() else idna.encode(host, uts46=True).decode().lower()
        except (idna.IDNAError, UnicodeError):
            name = ""
        is_number = name.rstrip(".").rpartition(".")[2].isdigit()
        if _NAME.fullmatch(name) and (not is_number or _literal(name.rstrip(".")) is not None):
            return name
    raise _invalid(f"“{host[:100]}” cannot be a server. Write the address like https://api.example.com/v1.")


def _problem_with_name(host: str) -> str | None:
    name = host.lower().rstrip(".")
    if name in _NEVER_NAMES:
        return "This address belongs to a cloud's metadata service and is never asked."
    if not _private_allowed and (name == "localhost" or name.endswith((".localhost", ".local", ".internal"))):
        return "Private and local addresses are not allowed by the settings of this instance."
    address = _literal(name)
    return None if address is None else _problem_with_address(address)


def _problem_with_address(address: IPAddress) -> str | None:
    address = _inner(address)
    if any(address in network for network in _NEVER):
        return "This address belongs to a cloud's metadata service or its link-local network and is never asked."
    if address.is_multicast or (address.is_reserved and not address.is_loopback):
        return "This address is reserved and never asked."
    if not _private_allowed and not address.is_global:
        return "Private and local addresses are not allowed by the settings of this instance."
    return None


def _literal(host: str) -> IPAddress | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        pass
    try:  # 2852039166, 0xa9fea9fe and 169.254.43518 are spellings of an address too, and connect() takes them
        return ipaddress.IPv4Address(socket.inet_aton(host))
    except (OSError, ValueError):
        return None


def _inner(address: IPAddress) -> IPAddress:
    """The IPv4 address inside an IPv6 one that only carries it."""
    if not isinstance(address, ipaddress.IPv6Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def _invalid(problem: str) -> Invalid:
    return Invalid(problem, {"base_url": problem})
