"""JSON of unknown origin: from a websocket, a datagram, or an application under load."""

from __future__ import annotations

import json
from typing import Any, TypeAlias

# An object whose keys are not known before they are looked at: whatever another process, a user's
# file or an application has put there. Each value is checked where it is taken out.
Json: TypeAlias = dict[str, Any]


def decode_json(text: str | bytes) -> Any:
    """Return the value of a JSON text. Raises ValueError, also where it is nested too deeply."""
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None
