"""Who sent a request, and what they may do: viewers watch, operators also fire."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from django.http import HttpRequest

from dashboard.accounts import Role
from dashboard.web.asgi_types import Scope

SAFE_METHODS: Final = ("GET", "HEAD")
NEXT: Final = "next"  # the parameter with the page that is opened after the login
LOGIN, LOGOUT, AUDIT = "/login/", "/logout/", "/audit/"
_ACCESS: Final = "liveburst.access"


@dataclass(frozen=True)
class Access:
    """An admitted sender. `can_log_out` is False without a session."""

    name: str
    role: Role
    address: str = ""
    can_log_out: bool = False


OWN_USER: Final = "own user"
START_TOKEN: Final = "start token"  # nosec B105 # noqa: S105 - a name in the audit list
OWNER: Final = Access(OWN_USER, Role.OPERATOR)


def needed_role(method: str, path: str) -> Role:
    """Return the role that a request needs; `path` is without the prefix.

    A rule for all addresses and not one at each, so that a new view cannot be forgotten. What
    changes something must therefore not be a GET.
    """
    if path == LOGOUT:
        return Role.VIEWER
    reads = method in SAFE_METHODS and path != AUDIT
    return Role.VIEWER if reads else Role.OPERATOR


def may(access: Access, method: str, path: str) -> bool:
    """Return True if the sender may do this."""
    return access.role == Role.OPERATOR or needed_role(method, path) == Role.VIEWER


def set_access(scope: Scope, access: Access) -> None:
    """Tell the application who was admitted."""
    scope[_ACCESS] = access


def access_of(scope: Scope) -> Access:
    """Return who was admitted; the owner where there is no gate, which admits everyone then."""
    access: Access = scope.get(_ACCESS, OWNER)
    return access


def for_templates(request: HttpRequest) -> dict[str, Any]:
    """Return what templates are given about the sender: `access`, and whether there are buttons."""
    access = access_of(getattr(request, "scope", {}))
    return {"access": access, "may_fire": access.role == Role.OPERATOR}
