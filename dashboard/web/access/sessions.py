"""Sessions of an exposed dashboard: Django's, which end after 12 hours, or an hour without use."""

from __future__ import annotations

import secrets
import time
from typing import Any, Final, TypeAlias

from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.exceptions import SessionInterrupted
from django.contrib.sessions.models import Session
from django.http import parse_cookie
from django.utils.crypto import constant_time_compare
from django.utils.timezone import now

from dashboard.accounts import Role, User

from .roles import START_TOKEN, Access

LASTS_S: Final = 12 * 3600
IDLE_S: Final = 3600
# Requests in between are not written down: each would take the database's write lock.
SEEN_EVERY_S: Final = 60
_BEGAN, _SEEN, _START = "began", "seen", "start"
# These three, and what Django keeps of the user.
_SessionData: TypeAlias = dict[str, Any]


class StartToken:
    """The token of one start, and the sessions of those who have shown it."""

    def __init__(self) -> None:
        self.token = secrets.token_urlsafe(32)
        self._start = secrets.token_hex(16)

    def is_token(self, text: str) -> bool:
        """Return True for the start token, in constant time."""
        return constant_time_compare(text, self.token)

    def new_session(self) -> str:
        """Begin a session, and return its key."""
        store = SessionStore()
        store[_START] = self._start
        begin(store)
        store.create()
        return str(store.session_key)

    def owns(self, data: _SessionData) -> bool:
        """Return True for a session of this start."""
        return constant_time_compare(str(data.get(_START)), self._start)


def begin(session: Any) -> None:
    """Note in a session when it began; forget those that have ended."""
    session[_BEGAN] = session[_SEEN] = time.time()
    Session.objects.filter(expire_date__lt=now()).delete()


def session_key(cookies: bytes) -> str:
    """Return the key in a Cookie header; empty if there is none."""
    return parse_cookie(cookies.decode("latin-1")).get(settings.SESSION_COOKIE_NAME, "")


def session_access(key: str, start: StartToken) -> Access | None:
    """Return who a session is of, and note that it is in use; None if it has ended.

    It ends with its user's role, password or removal as well, and one of the start token with the
    dashboard.
    """
    if not key:
        return None
    store = SessionStore(key)
    data = store.load()
    access = _access(data, start)
    if access is None or not _is_current(data) or not _note_use(store, data):
        if data:
            store.delete(key)
        return None
    return access


def _access(data: _SessionData, start: StartToken) -> Access | None:
    if _START in data:
        return Access(START_TOKEN, Role.OPERATOR, can_log_out=True) if start.owns(data) else None
    user = User.objects.filter(pk=data.get(SESSION_KEY) or 0).first()
    if user is None:
        return None
    if not constant_time_compare(data.get(HASH_SESSION_KEY, ""), user.get_session_auth_hash()):
        return None
    return Access(user.name, Role(user.role), can_log_out=True)


def _is_current(data: _SessionData) -> bool:
    now_s = time.time()
    return bool(now_s - data.get(_BEGAN, 0) < LASTS_S and now_s - data.get(_SEEN, 0) < IDLE_S)


def _note_use(store: SessionStore, data: _SessionData) -> bool:
    """Write down that the session is in use, once a minute; return False if it was ended."""
    if time.time() - data[_SEEN] < SEEN_EVERY_S:
        return True
    store[_SEEN] = time.time()
    try:
        store.save()
    except (UpdateError, SessionInterrupted):  # it was logged out meanwhile
        return False
    return True


def session_cookie(key: str) -> bytes:
    """Return the value of a Set-Cookie header, as Django's middleware makes it."""
    return (
        f"{settings.SESSION_COOKIE_NAME}={key}; HttpOnly; Max-Age={LASTS_S};"
        f" Path={settings.SESSION_COOKIE_PATH}; SameSite=Lax; Secure"
    ).encode("ascii")
