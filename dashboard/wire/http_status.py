"""HTTP statuses with a special meaning here."""

from __future__ import annotations

from typing import Final

SWITCHING_PROTOCOLS: Final = 101  # of a message on a websocket, which has no view
ACCEPTED: Final = 202  # the work continues elsewhere, and its result is polled for
NOT_MODIFIED: Final = 304  # a success, though its number is a redirect's
