"""[project.login]: where a login form is, and who logs in."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from dashboard.wire.errors import TargetFailed

from .placeholders import expected_in_environment, value_in_environment


@dataclass(frozen=True)
class Login:
    """[project.login]: where the form is, who logs in, and what the form calls the two fields.

    `username` and `password` name variables of the environment; what is in them is never stored.
    """

    path: str
    username: str
    password: str
    username_field: str = "username"
    password_field: str = "password"  # noqa: S105 - what the form calls it
    headers: tuple[tuple[str, str], ...] = field(default=())


def missing_credentials(login: Login) -> str:
    """Say which of the two variables are not set; empty where both are."""
    # A user's name is no secret: it is looked up without being masked.
    values = {
        login.username: os.environ.get(login.username),
        login.password: value_in_environment(login.password),
    }
    missing = [name for name, value in values.items() if not value]
    return expected_in_environment(missing) if missing else ""


def credentials_of(login: Login) -> dict[str, str]:
    """What is filled in, by the form's fields. Raises TargetFailed where a variable is not set."""
    if missing := missing_credentials(login):
        raise TargetFailed(f"project.login: {missing}, found none")
    return {
        login.username_field: os.environ[login.username],
        login.password_field: os.environ[login.password],
    }
