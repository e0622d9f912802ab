"""The standard library as it was before gevent patched it; part of the probe.

Standard library alone, Python 3.9.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any


def unpatched(module: str, name: str) -> Any:
    """Return an attribute of a standard-library module as it was before gevent replaced it."""
    monkey = sys.modules.get("gevent.monkey")
    if monkey is not None:
        return monkey.get_original(module, name)
    return getattr(importlib.import_module(module), name)
