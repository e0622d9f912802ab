"""[project.login]: the login form and its credentials."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from dashboard.wire.errors import TargetFailed

from .placeholders import expected_in_environment, value_in_environment


@dataclass(frozen=True)
class Login:
    """The path of a login form, its two fields, and the credentials to fill in.

    `username` and `password` name environment variables, whose values are never stored.
    """

    path: str
    username: str
    password: str
    username_field: str = "username"
    password_field: str = "password"  # noqa: S105 - the name of a form field
    headers: tuple[tuple[str, str], ...] = field(default=())


def missing_credentials(login: Login) -> str:
    """Return which of the two variables are not set, in words; empty if both are."""
    # The user name is no secret, so it is looked up without being masked from now on.
    values = {
        login.username: os.environ.get(login.username),
        login.password: value_in_environment(login.password),
    }
    missing = [name for name, value in values.items() if not value]
    return expected_in_environment(missing) if missing else ""


def credentials_of(login: Login) -> dict[str, str]:
    """Return the values to fill in, by form field. Raises TargetFailed if a variable is not set."""
    if missing := missing_credentials(login):
        raise TargetFailed(f"project.login: {missing}, found none")
    return {
        login.username_field: os.environ[login.username],
        login.password_field: os.environ[login.password],
    }
