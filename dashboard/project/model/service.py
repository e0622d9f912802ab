"""What a variant overrides of its project. Such a variant is served by a target of its own.

The name of a target is the lane's text for the server and, after a `~`, the key of the overrides.
Variants with the same overrides share a target.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from dashboard.wire.report.target_facts import OwnFacts

MARK = "~"
SETTINGS = "DJANGO_SETTINGS_MODULE"


@dataclass(frozen=True)
class ServiceOverrides:
    """Environment variables over the project's, and other applications; None for the project's."""

    env: tuple[tuple[str, str], ...] = ()
    asgi: str | None = None
    wsgi: str | None = None

    @property
    def key(self) -> str:
        """A short hash; equal overrides have equal keys."""
        return hashlib.sha256(repr((self.env, self.asgi, self.wsgi)).encode()).hexdigest()[:8]

    @property
    def facts(self) -> OwnFacts:
        """What the lane's configuration shows: the variables' names, and the settings module."""
        return {
            "env": sorted(name for name, _ in self.env),
            "settings": dict(self.env).get(SETTINGS),
            "asgi": self.asgi,
            "wsgi": self.wsgi,
        }


def target_name(server: str, overrides: ServiceOverrides | None) -> str:
    """Return the name of a target: of a server, with these overrides."""
    return f"{server}{MARK}{overrides.key}" if overrides else server


def without_overrides(name: str) -> str:
    """Return the part of a target's name that is the lane's text for the server."""
    return name.partition(MARK)[0]
