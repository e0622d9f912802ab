"""TLS by Liveburst itself, for a dashboard that is exposed without a proxy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from OpenSSL import SSL, crypto
from twisted.protocols.tls import TLSMemoryBIOFactory

from dashboard.wire.errors import Invalid, Problem


class CertificateContext:
    """Gives Twisted the context of each connection, as its `ContextFactory`."""

    def __init__(self, context: SSL.Context) -> None:
        self._context = context

    def getContext(self) -> SSL.Context:  # noqa: N802 - Twisted's name
        """Return the context, which all connections share."""
        return self._context


def encrypted(factory: Any, certificate: Path, key: Path) -> Any:
    """Return a factory whose connections are encrypted. Raises Invalid."""
    context: Any = CertificateContext(_context(certificate, key))
    return TLSMemoryBIOFactory(context, isClient=False, wrappedFactory=factory)


def check_certificate(certificate: Path, key: Path) -> None:
    """Raise Invalid unless these files are a current certificate and its key."""
    _context(certificate, key)
    loaded = crypto.load_certificate(crypto.FILETYPE_PEM, certificate.read_bytes())
    if loaded.has_expired():
        raise Invalid(Problem("certificate", f"{certificate} has expired: renew it"))


def _context(certificate: Path, key: Path) -> SSL.Context:
    context = SSL.Context(SSL.TLS_SERVER_METHOD)
    context.set_min_proto_version(SSL.TLS1_2_VERSION)
    for path in (certificate, key):
        try:
            path.read_bytes()
        except OSError as error:
            message = f"{path} cannot be read ({error.strerror}): expected a PEM file"
            raise Invalid(Problem("certificate", message)) from None
    try:
        context.use_certificate_chain_file(str(certificate))
        context.use_privatekey_file(str(key))
        context.check_privatekey()
    except SSL.Error:
        expected = "expected PEM files with a certificate and its key"
        message = f"{expected}, found {certificate} and {key}"
        raise Invalid(Problem("certificate", message)) from None
    return context
