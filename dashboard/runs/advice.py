"""What a person should know of a project before they believe its numbers, and what to do."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any

from dashboard.wire.failure import Failure
from dashboard.wire.frame import Frame

FIRST_REDIRECT, BAD_REQUEST, FORBIDDEN, NOT_FOUND, SERVER_ERROR = 300, 400, 403, 404, 500
NO_ANSWER = -1
BROKEN = (Failure.REFUSED, Failure.RESET, Failure.CLOSED)


def advice_on(facts: Mapping[str, Any]) -> Iterator[str]:
    """What in the settings of a target's Django distorts what is measured there."""
    django = facts.get("django") or {}
    if django.get("debug"):
        yield (
            "DEBUG is true: each query is kept in memory and errors are pages, so this is not"
            " what would be deployed. Set DEBUG = False."
        )
    if django.get("keeps_connections") and facts.get("interface") == "asgi":
        yield (
            "CONN_MAX_AGE is set under ASGI: a connection belongs to a thread that may never come"
            " back to it, so connections pile up. Set it to 0, or use a pool."
        )


class Statuses:
    """Hears the frames of a run and knows which lanes only ever answered one and the same."""

    def __init__(self) -> None:
        self._seen: defaultdict[int, set[int]] = defaultdict(set)
        self._broken: set[tuple[int, int]] = set()

    def take(self, frame: Frame) -> None:
        """A frame of any kind; samples of counted rounds are what counts."""
        if frame.kind == "samples" and frame.round:
            pairs = set(zip(frame.columns["status"], frame.columns["error"], strict=True))
            if any(error in BROKEN for _, error in pairs):
                self._broken.add((frame.lane, frame.round))
            for status, error in pairs:
                whole = error in (Failure.NONE, Failure.STATUS)
                self._seen[frame.lane].add(status if whole else NO_ANSWER)

    def broken(self, lane: int, round: int) -> bool:
        """Whether a connection was refused or lost: the server may have ended."""
        return (lane, round) in self._broken

    def only(self, lane: int) -> int | None:
        """The status that every request of the lane was answered with; None where they differ."""
        seen = self._seen[lane]
        return next(iter(seen)) if len(seen) == 1 else None


PendingMigrations = Callable[[], Awaitable[bool]]


async def advice_on_status(
    status: int | None, path: str, facts: Mapping[str, Any], pending_migrations: PendingMigrations
) -> str | None:
    """What to do where every request was answered with a status that is no success."""
    if status is None or status < FIRST_REDIRECT:
        return None
    every = f"every request was answered {status}"
    if status < BAD_REQUEST:
        return f"{every}, a redirect: the view behind {path} was not measured."
    reasons = {
        BAD_REQUEST: "ALLOWED_HOSTS refuses loopback; headers = { Host = … } says another name.",
        FORBIDDEN: f"{path} may want a login (login = true) or a CSRF token.",
        NOT_FOUND: f"the project serves nothing at {path}.",
        SERVER_ERROR: "migrations are pending; python manage.py migrate applies them.",
    }
    unlikely = {
        BAD_REQUEST: not _refuses_loopback(facts),
        SERVER_ERROR: status == SERVER_ERROR and not await pending_migrations(),
    }
    reason = None if unlikely.get(status) else reasons.get(status)
    return f"{every}: {reason}" if reason else f"{every}."


def _refuses_loopback(facts: Mapping[str, Any]) -> bool:
    hosts = (facts.get("django") or {}).get("allowed_hosts", ())
    return not {"*", "127.0.0.1"} & set(hosts)
