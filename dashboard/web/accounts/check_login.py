"""Checks a name and a password, one at a time, in the same time whether the name exists or not."""

from __future__ import annotations

import asyncio
from functools import cache
from typing import Final

from asgiref.sync import sync_to_async
from django.contrib.auth.hashers import check_password, make_password

from dashboard.accounts import User
from dashboard.web.access import login_limit

MOST_WAITING: Final = 10
BUSY_S: Final = 5


class Refused(Exception):
    """The login has to be tried again after so many seconds; 0: the name or password is wrong."""

    def __init__(self, wait_s: int = 0) -> None:
        self.wait_s = wait_s
        super().__init__(wait_s)


class LoginCheck:
    """Checks logins one after the other, so that guesses use one core at most."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._waiting = 0

    async def user(self, name: str, password: str, address: str) -> User:
        """Return the user with this name and password. Raises Refused."""
        if self._waiting >= MOST_WAITING:
            raise Refused(BUSY_S)
        self._waiting += 1
        try:
            async with self._lock:
                return await self._checked(name, password, address)
        finally:
            self._waiting -= 1

    async def _checked(self, name: str, password: str, address: str) -> User:
        left_s = await sync_to_async(login_limit.wait_s)(name, address)
        if left_s:
            raise Refused(left_s)
        await sync_to_async(login_limit.count_failure)(name, address)
        user = await User.objects.filter(name=name).afirst()
        # Hashing takes a few tenths of a second, and keeps other requests waiting nowhere.
        hashed = sync_to_async(_is_right, thread_sensitive=False)
        is_right = await hashed(password, user.password if user else None)
        if user is None or not is_right:
            raise Refused
        await sync_to_async(login_limit.forget)(name, address)
        return user


def _is_right(password: str, encoded: str | None) -> bool:
    """Return True if the password is right, after as long for a name that does not exist."""
    nobodys = _nobodys_password()  # made once, at the first login
    right = check_password(password, encoded or nobodys)
    return right and encoded is not None


@cache
def _nobodys_password() -> str:
    return make_password("of no user")
