"""What a variant is served with that differs from its project: such a variant has its own target.

Targets are known by a text: the lane's for the server, and behind a `~` the key of what is the
variant's own. Variants with the same differences share a target.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

MARK = "~"
SETTINGS = "DJANGO_SETTINGS_MODULE"


@dataclass(frozen=True)
class ServiceOverrides:
    """Variables over the project's `env`, and other applications; None: the project's."""

    env: tuple[tuple[str, str], ...] = ()
    asgi: str | None = None
    wsgi: str | None = None

    @property
    def key(self) -> str:
        """The same for the same differences."""
        return hashlib.sha256(repr((self.env, self.asgi, self.wsgi)).encode()).hexdigest()[:8]

    @property
    def facts(self) -> dict[str, Any]:
        """What stands in the lane's facts: names of variables, and of values the settings alone."""
        return {
            "env": sorted(name for name, _ in self.env),
            "settings": dict(self.env).get(SETTINGS),
            "asgi": self.asgi,
            "wsgi": self.wsgi,
        }


def target_name(server: str, own: ServiceOverrides | None) -> str:
    """Return the text by which the target of a lane is known."""
    return f"{server}{MARK}{own.key}" if own else server


def without_overrides(name: str) -> str:
    """Return the lane's text for the server in a target's name."""
    return name.partition(MARK)[0]
