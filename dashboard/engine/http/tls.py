"""TLS to a server of this machine."""

from __future__ import annotations

import ssl


def loopback_tls() -> ssl.SSLContext:
    """A context that encrypts and verifies nothing.

    The engine fires at loopback alone, where certificates are made by whoever runs the server
    and signed by nobody; there is no network in between that could pretend to be it.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
