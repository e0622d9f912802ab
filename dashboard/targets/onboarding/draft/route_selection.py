"""Which routes of a stranger's project get a scenario, and why the others do not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from dashboard.targets.onboarding.route import Route
from dashboard.wire.plural import counted

MOST_LISTED = 30
_ADMIN = "admin"


def usable_routes(routes: Sequence[Route], *, logins: bool = False) -> list[Route]:
    """The routes that can be fired at as they are, each path and each callable once.

    Django answers with the first pattern that matches, so a path that comes again is never
    reached. `logins`: those that want a login are among them.
    """
    paths: set[str] = set()
    callables: set[int] = set()
    found = []
    for route in routes:
        reached = route.path not in paths
        paths.add(route.path)
        wanted = not exclusion_reason(route) or (logins and wants_login_alone(route))
        if wanted and reached and route.callable_id not in callables:
            callables.add(route.callable_id)
            found.append(route)
    return found


def exclusion_reason(route: Route) -> str | None:
    """Why a route gets no scenario; None where it gets one."""
    reasons = {
        "it is Django's own": _is_admin(route),
        "its path is a regular expression": route.regex,
        f"its path needs a value for {', '.join(route.parameters)}": route.parameters,
        "it serves files": route.files,
        f"it does not answer GET{_but(route)}": not route.reads,
        "it wants a login (lab init --try drafts one, [project.login] in docs/lab.md)": route.login,
    }
    return next((reason for reason, holds in reasons.items() if holds), None)


def wants_login_alone(route: Route) -> bool:
    """Whether a login is all that a route lacks."""
    return route.login and "wants a login" in (exclusion_reason(route) or "")


def _but(route: Route) -> str:
    return f", but {', '.join(route.methods)}" if route.methods else ""


def _is_admin(route: Route) -> bool:
    return route.namespace.partition(":")[0] == _ADMIN


def exclusion_notes(routes: Sequence[Route], *, logins: bool = False) -> Iterator[str]:
    """A sentence for each of the project's own routes without a scenario; others by package."""
    admin = sum(map(_is_admin, routes))
    if admin:
        yield f"Left out: {counted(admin, 'route')} of the admin."
    taken = {route.callable_id for route in usable_routes(routes, logins=logins)}
    rest = _each_once(
        route for route in routes if exclusion_reason(route) and route.callable_id not in taken
    )
    own = [route for route in rest if route.own and not _is_admin(route)]
    yield from (f"{route.path}: {exclusion_reason(route)}." for route in own[:MOST_LISTED])
    hidden = [*own[MOST_LISTED:], *(one for one in rest if not one.own and not _is_admin(one))]
    if hidden:
        yield f"Left out for such reasons, too: {count_by_application(hidden)}."


def _each_once(routes: Iterable[Route]) -> list[Route]:
    """The routes but for the suffixes that DRF adds to each: they are no work of their own."""
    found: list[Route] = []
    for route in routes:
        known = {one.callable_id for one in found}
        if "format" not in route.parameters or route.callable_id not in known:
            found.append(route)
    return found


def count_by_application(routes: Iterable[Route]) -> str:
    """How many there are of each application: "12 of `blog`, 30 of `allauth`"."""
    often = Counter(route.application for route in routes)
    return ", ".join(f"{count} of `{name}`" for name, count in often.items())
