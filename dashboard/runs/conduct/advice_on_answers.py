"""What to do where requests were answered with what is no success, from what is known of why.

A diagnosis comes from something structured: the code of a failure, the type of an exception that
the probe told, the result of a check. Words in a log decide nothing; they are quoted at most.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from dashboard.targets.lifecycle.migrations import Migrations
from dashboard.wire.failure import Failure

BAD_REQUEST, FORBIDDEN, NOT_FOUND, SERVER_ERROR = 400, 403, 404, 500
DATABASE = "django.db."  # how the types of its exceptions begin
MOST_NAMED = 3
TO_LOG_IN = "log in with [project.login] in lab.toml, and login = true at the variant"

CheckMigrations = Callable[[], Awaitable[Migrations]]


@dataclass(frozen=True)
class Answered:
    """How a lane's requests were answered, as far as it calls for advice.

    `status` is the only one that there was, None where there were several. `path` is what was
    asked for, `failures` are the codes of samples, `answers` are what the probes told. `log_line`
    is the last one that the server wrote while it was fired at.
    """

    status: int | None
    path: str
    failures: Collection[int] = ()
    answers: Sequence[Mapping[str, Any]] = ()
    log_line: str = ""

    @property
    def exceptions(self) -> list[Mapping[str, Any]]:
        """What was raised."""
        return [one for one in self.answers if one["type"] is not None]

    @property
    def led_to(self) -> str:
        """Where most redirects led; empty where nobody told."""
        return next((one["where"] for one in self.answers if one["type"] is None), "")


async def advice_on_answers(
    answered: Answered, facts: Mapping[str, Any], check_migrations: CheckMigrations
) -> AsyncIterator[str]:
    """Yield what to do. Exceptions are quoted by the report; here is what they mean, if certain."""
    if Failure.LOGIN in answered.failures:
        yield f"{answered.path} is behind a login: {TO_LOG_IN}."
    if Failure.REDIRECTED in answered.failures:
        yield _on_redirect(answered)
    if words := _on_status(answered, facts):
        yield words
    if _may_lack_migrations(answered):
        migrations = await check_migrations()
        if migrations.pending:
            yield _on_migrations(migrations.pending)


def _on_status(answered: Answered, facts: Mapping[str, Any]) -> str:
    """What the only status means; empty where there were several, or it is no error."""
    status = answered.status
    if status is None or status < BAD_REQUEST:
        return ""
    every = f"every request was answered {status}"
    means = {
        BAD_REQUEST: _on_bad_request(answered, facts),
        FORBIDDEN: _on_forbidden(answered),
        NOT_FOUND: _on_not_found(answered),
    }.get(status)
    if means:
        return f"{every}: {means.rstrip('.')}."
    if answered.log_line and not answered.exceptions:
        return f"{every}. The server's log ends: {answered.log_line}"
    return f"{every}."


def _on_bad_request(answered: Answered, facts: Mapping[str, Any]) -> str:
    raised = answered.exceptions
    refuses = any(one["type"].endswith(".DisallowedHost") for one in raised)
    if not refuses and (raised or not _refuses_loopback(facts)):
        return ""
    return "ALLOWED_HOSTS refuses loopback; headers = { Host = … } says another name"


def _on_forbidden(answered: Answered) -> str:
    if answered.exceptions:
        return ""
    seems = f"{answered.path} may want a login (login = true) or a CSRF token"
    return f"{seems}. The server's log ends: {answered.log_line}" if answered.log_line else seems


def _on_not_found(answered: Answered) -> str:
    if any(one["where"] for one in answered.exceptions):  # a view's own
        return ""
    return f"the project serves nothing at {answered.path}"


def _on_redirect(answered: Answered) -> str:
    """What to do about a redirect before the view, by where it leads."""
    path, to = urlsplit(answered.path).path, urlsplit(answered.led_to)
    before = f"the view behind {answered.path} was not measured: it was redirected before"
    if to.scheme == "https" and to.path == path:
        return (
            f"{before}, to https. Set SECURE_SSL_REDIRECT = False to measure, or let the variant"
            ' say what a proxy would: headers = { X-Forwarded-Proto = "https" }, with'
            " SECURE_PROXY_SSL_HEADER set."
        )
    if to.path == f"{path}/":
        return f'{before}, to {to.path}: path = "{to.path}" is what to ask for.'
    where = f", to {answered.led_to}" if answered.led_to else ""
    return f"{before}{where}. If that is a login, {TO_LOG_IN}; else ask for where it leads."


def _may_lack_migrations(answered: Answered) -> bool:
    """Whether a database may be why requests failed: it raised, or nobody knows what did."""
    raised = answered.exceptions
    if raised:
        return any(one["type"].startswith(DATABASE) for one in raised)
    return answered.status == SERVER_ERROR


def _on_migrations(pending: Sequence[str]) -> str:
    named = ", ".join(pending[:MOST_NAMED])
    more = f" and {len(pending) - MOST_NAMED} more" if len(pending) > MOST_NAMED else ""
    they_are = "migration is" if len(pending) == 1 else "migrations are"
    applies = "python manage.py migrate applies them"
    return f"{len(pending)} {they_are} pending ({named}{more}): {applies}."


def _refuses_loopback(facts: Mapping[str, Any]) -> bool:
    hosts = (facts.get("django") or {}).get("allowed_hosts", ())
    return not {"*", "127.0.0.1"} & set(hosts)
