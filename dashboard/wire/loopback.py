"""Loopback: the address of targets, and the check of host names."""

from __future__ import annotations

import ipaddress

HOST = "127.0.0.1"


def is_loopback(host: str) -> bool:
    """Return whether a host name means this machine, without resolving it."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
