"""The start token and the cookies that are given for it, both valid until the dashboard ends."""

from __future__ import annotations

import re
import secrets

from django.http import parse_cookie
from django.utils.crypto import constant_time_compare, salted_hmac

_PORT = re.compile(rb":(\d{1,5})$")
_DEFAULT_PORT = "80"


class Credentials:
    """What one start of the dashboard accepts besides its own user's connections.

    Browsers send the cookies of 127.0.0.1 to every port, and so to servers of other users. A
    cookie is therefore bound to the user whose connection it was given to, and useless to others.
    """

    def __init__(self) -> None:
        self.token = secrets.token_urlsafe(32)
        self._start = secrets.token_hex(32)

    def is_token(self, text: str) -> bool:
        """Return True for the start token, in constant time."""
        return constant_time_compare(text, self.token)

    def cookie(self, host: bytes, peer_uid: int | None) -> tuple[str, str]:
        """Return the name and value of the cookie for a Host header and a connection's user.

        The name contains the port that the browser sees, so that dashboards do not overwrite each
        other's cookie. The value is signed with the home's key.
        """
        port = match[1].decode() if (match := _PORT.search(host)) else _DEFAULT_PORT
        signed = salted_hmac(
            "liveburst.access", f"{self._start} {port} {peer_uid}", algorithm="sha256"
        )
        return f"liveburst-{port}", signed.hexdigest()

    def has_cookie(self, cookies: bytes, host: bytes, peer_uid: int | None) -> bool:
        """Return True if the Cookie header has the cookie of this start, port and user."""
        name, value = self.cookie(host, peer_uid)
        sent = parse_cookie(cookies.decode("latin-1")).get(name, "")
        return constant_time_compare(sent, value)
