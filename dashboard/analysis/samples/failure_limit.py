"""The share of failed requests above which a lane is not compared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

MAX_FAILED_SHARE = 0.01


def failed_too_often(lane: Mapping[str, Any]) -> bool:
    """Return True if more than 1 % of a lane's requests failed."""
    return bool(lane["requests"] - lane["ok"] > MAX_FAILED_SHARE * lane["requests"])
