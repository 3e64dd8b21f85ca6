"""Where a request comes from, in a way that its sender cannot choose."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str | None:
    """The sender's address as our own proxies saw it; None if there is none (a unix socket).

    Of ``X-Forwarded-For`` only what our ``TRUSTED_PROXY_COUNT`` proxies appended counts: what a client sends
    stands left of it. Of an IPv6 address the network counts, since one person holds 2**64 of them.
    """
    found = request.META.get("REMOTE_ADDR", "")
    trusted = settings.TRUSTED_PROXY_COUNT
    if trusted:
        chain = request.headers.get("X-Forwarded-For", "").split(",")
        if len(chain) >= trusted:
            found = chain[-trusted]
    try:
        address = ip_address(found.strip())
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ip_network((address, 64), strict=False).network_address)
    return str(address)
