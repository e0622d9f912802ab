"""TLS to a server on this machine."""

from __future__ import annotations

import ssl


def loopback_tls() -> ssl.SSLContext:
    """Return a context that encrypts and verifies nothing.

    The load generator fires only at loopback, where certificates are self-signed and no network
    lies in between on which another server could pose as the target.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
