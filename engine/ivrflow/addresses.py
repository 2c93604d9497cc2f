"""Addresses that can be asked, and those that nothing of ours may connect to.

No reason quotes an address: it may hold values of the environment.
"""

import re
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

LOOPBACK = re.compile(r"localhost|127(\.[0-9]+){3}|::1")
"""Hosts that are this machine: what is sent there stays here."""

BLANK = re.compile(r"[\x00-\x20\x7f]")

METADATA = frozenset(
    map(
        ip_address,
        (
            "100.100.100.200",  # Alibaba
            "168.63.129.16",  # Azure
            "192.0.0.192",  # Oracle
            "fd00:ec2::254",  # AWS
            "fd20:ce::254",  # Google
        ),
    )
)
"""Where clouds tell a machine its secrets, beside the link-local 169.254.169.254."""

TRANSLATED = IPv6Network("64:ff9b::/96")
"""IPv6 addresses that a translator takes to the IPv4 address in their last 32 bits (RFC 6052)."""


def fault(url: str) -> str:
    """Return why nothing can be sent to `url`, "" if it can, as far as it tells without a name
    being resolved."""
    if BLANK.search(url):
        return "the address holds a blank or a control character"
    try:
        parts = urlsplit(url)
        port = parts.port
        host = (parts.hostname or "").encode("idna").decode("ascii")
    except ValueError:
        return "the address has a host or a port that there can't be"
    if parts.scheme not in ("http", "https") or not host:
        return "the address does not begin with https:// and a host"
    if parts.username is not None or parts.password is not None:
        return "the address holds a user name: put credentials into a header"
    if port == 0:
        return "the address has a host or a port that there can't be"
    if not (parts.path + parts.query).isascii():
        return "the address holds a letter beyond ASCII after its host"
    return _refused_literal(host)


def _refused_literal(host: str) -> str:
    try:
        reason = refusal(host)
    except ValueError:  # a name
        return ""
    return reason and f"the host {reason}"


def refusal(address: str) -> str:
    """Return why nobody connects to `address`, "" if one may.

    Private networks are allowed: a company's own servers are what most flows look things up in.
    """
    ip = _meant(ip_address(address))
    if ip.is_link_local or ip in METADATA:
        return "is link-local or a cloud's metadata service"
    if ip.is_multicast or ip.is_unspecified or (ip.is_reserved and not ip.is_loopback):
        return "is no address of one server"
    return ""


def is_loopback(host: str) -> bool:
    """Whether a host, by its name or address, is this machine and no other."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _meant(ip: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Return the IPv4 address that an IPv6 address stands for, else the address itself."""
    if isinstance(ip, IPv4Address):
        return ip
    if ip in TRANSLATED:
        return IPv4Address(int(ip) & 0xFFFF_FFFF)
    return ip.ipv4_mapped or ip.sixtofour or ip
