"""What some variants need besides the project: a database, a queue, an account somewhere."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Requirement:
    """Something that is there where a variable of the environment says so."""

    name: str
    variable: str

    def lacking(self, brought: Mapping[str, str]) -> str:
        """Why it is not there; empty where it is. `brought` comes besides our environment."""
        if os.environ.get(self.variable) or brought.get(self.variable):
            return ""
        return f"expected {self.name}: {self.variable} in the environment says where, found none"
