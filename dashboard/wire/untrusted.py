"""JSON of unknown origin: from a websocket, a datagram, or an application under load."""

from __future__ import annotations

import json
from typing import Any


def decode_json(text: str | bytes) -> Any:
    """Return the value of a JSON text. Raises ValueError, also where it is nested too deeply."""
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None
