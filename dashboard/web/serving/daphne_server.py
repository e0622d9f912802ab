"""Daphne as the dashboard runs it: bounded requests, and checkers that outlast any error."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Final

import daphne.server

from dashboard.web.access.exposure import Exposure
from dashboard.web.access.peer import add_peer
from dashboard.web.asgi_types import Scope

from .bounded_request import BoundedFactory, BoundedRequest
from .extensions import add_extensions
from .tls import encrypted

logger = logging.getLogger(__name__)

FRAME_BYTES: Final = 4096  # of a websocket


class DashboardServer(daphne.server.Server):  # type: ignore[misc] # Daphne has no types
    """Daphne with our requests.

    Its checkers run every few seconds, free closed connections, answer 500 and enforce time limits.
    Each starts its next turn at its end, so that one exception would end it for good: from then on
    errors were never answered, and 10 KB were lost per request.
    """

    def __init__(self, *args: Any, exposure: Exposure | None = None, **kwargs: Any) -> None:
        """Bound what is received: a page's messages have at most 100 bytes.

        The limit of a message, which Daphne sets to 1 MiB, also holds for those that are sent.
        """
        self._exposure = exposure or Exposure()
        super().__init__(*args, websocket_max_frame_size=FRAME_BYTES, **kwargs)

    def run(self) -> None:
        """Serve until the reactor is stopped."""
        daphne.server.HTTPFactory = self._factory  # Daphne has no parameter for it
        super().run()

    def _factory(self, server: Any) -> Any:
        factory = BoundedFactory(server)
        certificate, key = self._exposure.certificate, self._exposure.key
        return encrypted(factory, certificate, key) if certificate and key else factory

    def create_application(self, protocol: Any, scope: Scope) -> Any:
        """Start the application for a connection, and return the queue of its messages."""
        add_peer(scope, protocol.transport)
        if isinstance(protocol, BoundedRequest):
            add_extensions(scope, protocol.abort, protocol.gate.passed, protocol.body)
        return super().create_application(protocol, scope)

    def application_checker(self) -> None:
        """Free ended applications and closed connections, every second."""
        _repeated(super().application_checker, self.application_checker, 1)

    def timeout_checker(self) -> None:
        """Enforce the time limits of connections, every two seconds."""
        _repeated(super().timeout_checker, self.timeout_checker, 2)


def _repeated(check: Callable[[], None], again: Callable[[], None], delay_s: float) -> None:
    """Run a check, which plans its own repetition unless it fails."""
    try:
        check()
    except Exception:
        logger.exception("A check of connections failed")
        daphne.server.reactor.callLater(delay_s, again)
