"""One login for all targets of a project: its session is tried at the next before another is made.

Targets of one project mostly share a database, so that one session is good for all of them, in
this run and in the next: a project may limit how often somebody logs in. Whether a target accepts
a session is seen at a view behind the login, asked without and then with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import httpx

from dashboard.project.model.login import credentials_of
from dashboard.project.model.scenario import Variant
from dashboard.project.project import Project
from dashboard.targets.lifecycle.exception_watch import watched
from dashboard.targets.lifecycle.target import Target

from .session import SAFE_METHODS, TIMEOUT_S, LoginTarget, log_in, request_headers

_kept: dict[int, Mapping[str, str]] = {}  # in memory alone, by what they were made with


async def ensure_session(target: Target, name: str, project: Project, scenario: str | None) -> None:
    """See that `target.session` is one that the target accepts.

    Raises TargetFailed where nobody can log in, or a variable of the environment is not there.
    """
    login = project.login
    if login is None:
        return
    made_with = hash((Path(project.path), login, tuple(credentials_of(login).items())))
    check = _view_behind(project, scenario)
    if target.session and await _accepted(target, check, target.session) is not False:
        return
    kept = _kept.get(made_with)
    if kept and await _accepted(target, check, kept):
        target.session = kept
        return
    async with watched(target) as exception:
        target.session = await log_in(login, LoginTarget(target.url, name, exception))
    _kept[made_with] = target.session


def _view_behind(project: Project, scenario: str | None) -> tuple[Variant, str] | None:
    """A variant behind the login that may be asked, and its path: the scenario's before others."""
    scenarios = sorted(project.scenarios.values(), key=lambda one: one.name != scenario)
    for one in scenarios:
        for variant in one.variants.values():
            if variant.login and variant.method in SAFE_METHODS and not variant.websocket:
                return variant, variant.url_path(one.values({}))
    return None


async def _accepted(
    target: Target, check: tuple[Variant, str] | None, session: Mapping[str, str]
) -> bool | None:
    """Whether a session is accepted; None where the view answers everybody, or there is none."""
    if check is None:
        return None
    variant, path = check
    client = httpx.AsyncClient(
        base_url=target.url,
        timeout=TIMEOUT_S,
        trust_env=False,
        verify=False,  # noqa: S501 - a target of the project's own, mostly on loopback
    )
    try:
        async with client:
            answers = []
            for cookies in ({}, session):
                headers = [*request_headers(variant, cookies)]
                answer = await client.request(variant.method, path, headers=headers)
                if not cookies and answer.is_success:
                    return None
                answers.append((answer.status_code, answer.headers.get("location")))
            return answers[0] != answers[1]
    except httpx.HTTPError:
        return False
