"""One login for all targets of a project: a session is tried at a target before a new login.

Targets of one project mostly share a database, so that one session is valid for all of them, in
this run and in the next; and a project may limit how often a user logs in. Whether a target
accepts a session is found by a request to a view behind the login, first without and then with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from dashboard.project.model.login import Login, credentials_of
from dashboard.project.model.scenario import Variant
from dashboard.project.project import Project
from dashboard.targets.lifecycle.exception_watch import watch_exceptions
from dashboard.targets.lifecycle.target import Target
from dashboard.wire.tls import client_context

from .session import SAFE_METHODS, TIMEOUT_S, LoginTarget, log_in, request_headers

if TYPE_CHECKING:
    import httpx

# In memory alone, by a hash of project, login and credentials.
_sessions: dict[int, Mapping[str, str]] = {}


async def ensure_session(target: Target, name: str, project: Project, scenario: str | None) -> None:
    """Give the target a session that it accepts.

    Raises TargetFailed if the login fails, or a variable of the environment is not set.
    """
    if project.login is None:
        return
    key = _key(project, project.login)
    protected_view = _protected_view(project, scenario)
    if target.session and await _accepts(target, protected_view, target.session) is not False:
        return
    session = _sessions.get(key)
    if session and await _accepts(target, protected_view, session):
        target.use_session(session)
        return
    async with watch_exceptions(target) as exception:
        session = await log_in(project.login, LoginTarget(target.url, name, exception, target.ca))
    target.use_session(session)
    _sessions[key] = session


def _key(project: Project, login: Login) -> int:
    return hash((Path(project.path), login, tuple(credentials_of(login).items())))


def _protected_view(project: Project, scenario: str | None) -> tuple[Variant, str] | None:
    """Return a variant behind the login with a safe method, and its path; None without one.

    The scenario's own come first.
    """
    for candidate in sorted(project.scenarios.values(), key=lambda item: item.name != scenario):
        for variant in candidate.variants.values():
            plain = not (variant.websocket or variant.mix)
            if variant.login and variant.method in SAFE_METHODS and plain:
                return variant, variant.url_path(candidate.values({}))
    return None


async def _accepts(
    target: Target, view: tuple[Variant, str] | None, session: Mapping[str, str]
) -> bool | None:
    """Return whether a target accepts a session; None if the view needs no login, or is None."""
    if view is None:
        return None
    import httpx  # noqa: PLC0415 - every command imports this module, and few log in

    client = httpx.AsyncClient(
        base_url=target.url,
        timeout=TIMEOUT_S,
        trust_env=False,
        verify=client_context(target.host, target.ca),
    )
    try:
        async with client:
            without = await _request(client, view, {})
            if without.is_success:
                return None
            return _outcome(without) != _outcome(await _request(client, view, session))
    except httpx.HTTPError:
        return False


async def _request(
    client: httpx.AsyncClient, view: tuple[Variant, str], session: Mapping[str, str]
) -> httpx.Response:
    variant, path = view
    headers = [*request_headers(variant, session)]
    return await client.request(variant.method, path, headers=headers)


def _outcome(response: httpx.Response) -> tuple[int, str | None]:
    return response.status_code, response.headers.get("location")
