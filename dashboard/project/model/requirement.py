"""A requirement of some variants: a database, a queue, an account."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Requirement:
    """Something that is available if an environment variable is set."""

    name: str
    variable: str

    def lacking(self, brought: Mapping[str, str]) -> str:
        """Return why it is not available, empty if it is; `brought` adds to our environment."""
        if os.environ.get(self.variable) or brought.get(self.variable):
            return ""
        return f"expected {self.name}: {self.variable} in the environment, found none"
