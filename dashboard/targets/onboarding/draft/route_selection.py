"""Which routes of a project get a scenario, and why the others get none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from dashboard.targets.onboarding.route import Route
from dashboard.wire.plural import counted

MOST_LISTED = 30
LOGIN_REASON = "it requires a login (lab init --try drafts one, [project.login] in docs/lab.md)"
_ADMIN = "admin"


def usable_routes(routes: Sequence[Route], *, logins: bool = False) -> list[Route]:
    """Return the routes that can be fired at as they are, each path and each callable once.

    Django answers with the first pattern that matches, so a path that occurs again is never
    reached. With `logins`, those that require a login are included.
    """
    paths: set[str] = set()
    callables: set[int] = set()
    usable = []
    for route in routes:
        reached = route.path not in paths
        paths.add(route.path)
        reason = exclusion_reason(route)
        included = reason is None or (logins and reason == LOGIN_REASON)
        if included and reached and route.callable_id not in callables:
            callables.add(route.callable_id)
            usable.append(route)
    return usable


def exclusion_reason(route: Route) -> str | None:
    """Return why a route gets no scenario; None if it gets one."""
    reasons = {
        "it is Django's own": _is_admin(route),
        "its path is a regular expression": route.regex,
        _needs_values(route): route.parameters and route.rows is None,
        "it serves files": route.files,
        f"it does not answer GET{_other_methods(route)}": not route.reads,
        LOGIN_REASON: route.login,
    }
    return next((reason for reason, applies in reasons.items() if applies), None)


def _needs_values(route: Route) -> str:
    reason = f" ({route.no_rows})" if route.no_rows else ""
    return f"its path needs a value for {', '.join(route.parameters)}{reason}"


def _other_methods(route: Route) -> str:
    return f", but {', '.join(route.methods)}" if route.methods else ""


def _is_admin(route: Route) -> bool:
    return route.namespace.partition(":")[0] == _ADMIN


def exclusion_notes(routes: Sequence[Route], *, logins: bool = False) -> Iterator[str]:
    """Yield a sentence for each of the project's own paths without a scenario; sum up others.

    A path that occurs again, as for each operation of django-ninja, is named once.
    """
    admin = sum(map(_is_admin, routes))
    if admin:
        yield f"Left out: {counted(admin, 'route')} of the admin."
    drafted = usable_routes(routes, logins=logins)
    callables = {route.callable_id for route in drafted}
    first_at = {route.path: route for route in reversed([*drafted, *routes])}
    excluded = [
        route
        for route in _without_suffixes(
            route
            for route in routes
            if exclusion_reason(route) and route.callable_id not in callables
        )
        if not _is_admin(route) and first_at[route.path] is route
    ]
    own = [route for route in excluded if route.own]
    yield from (f"{route.path}: {exclusion_reason(route)}." for route in own[:MOST_LISTED])
    summed_up = [*own[MOST_LISTED:], *(route for route in excluded if not route.own)]
    if summed_up:
        yield f"Left out for such reasons, too: {count_by_application(summed_up)}."


def _without_suffixes(routes: Iterable[Route]) -> list[Route]:
    """Return the routes without those that DRF adds to each for a format suffix."""
    selected: list[Route] = []
    for route in routes:
        callables = {other.callable_id for other in selected}
        if "format" not in route.parameters or route.callable_id not in callables:
            selected.append(route)
    return selected


def count_by_application(routes: Iterable[Route]) -> str:
    """Return how many there are of each application: "12 of `blog`, 30 of `allauth`"."""
    counts = Counter(route.application for route in routes)
    return ", ".join(f"{count} of `{name}`" for name, count in counts.items())
