"""How many failures leave a lane without times of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

MAX_FAILED_SHARE = 0.01


def failed_too_often(lane: Mapping[str, Any]) -> bool:
    """Whether more than 1 % of a lane's requests failed; it is then not compared."""
    return bool(lane["requests"] - lane["ok"] > MAX_FAILED_SHARE * lane["requests"])
