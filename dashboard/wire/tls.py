"""TLS to targets: verified, except for the certificates that are self-signed on loopback."""

from __future__ import annotations

import ssl

from .loopback import is_loopback


def client_context(host: str, ca: str | None = None) -> ssl.SSLContext:
    """Return the context for connections to a host.

    The certificate must be valid for it, by an authority of the system or, with `ca`, by one in
    that file of PEM. Without `ca` nothing is verified on loopback, where no network lies in
    between on which another server could pose as the target. Raises OSError if the file cannot be
    read, ssl.SSLError among them if it has no certificate.
    """
    if ca is not None or not is_loopback(host):
        return ssl.create_default_context(cafile=ca)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
