"""What to do about responses that are not successes.

A diagnosis rests on structured data: the code of a failure, the type of an exception that the
probe reported, the result of a check. Lines of a log are quoted, and decide nothing.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from dashboard.targets.preparation.migrations import Migrations
from dashboard.wire.failure import Failure
from dashboard.wire.report.answers import AnswerKind
from dashboard.wire.report.target_facts import DjangoFacts, TargetFacts

BAD_REQUEST, FORBIDDEN, NOT_FOUND, SERVER_ERROR = 400, 403, 404, 500
DATABASE = "django.db."  # prefix of the types of its exceptions
MOST_NAMED = 3
TO_LOG_IN = "log in with [project.login] in lab.toml, and login = true at the variant"

CheckMigrations = Callable[[], Awaitable[Migrations]]


@dataclass(frozen=True)
class LaneAnswers:
    """How a lane's requests were answered, as far as hints depend on it.

    `status` is that of every response, None if they differ. `path` is what was requested,
    `failures` are the codes of the samples, `answers` the reports of the probes. `log_line` is the
    last one that the server wrote under load.
    """

    status: int | None
    path: str
    failures: Collection[int] = ()
    answers: Sequence[AnswerKind] = ()
    log_line: str = ""

    @property
    def exceptions(self) -> list[AnswerKind]:
        """The exceptions among the reports."""
        return [answer for answer in self.answers if answer["type"] is not None]

    @property
    def redirect_target(self) -> str:
        """Where most redirects led; empty if unknown."""
        return next(
            (answer["where"] or "" for answer in self.answers if answer["type"] is None), ""
        )


async def hints_on_answers(
    answered: LaneAnswers, facts: TargetFacts, check_migrations: CheckMigrations
) -> AsyncIterator[str]:
    """Yield what to do. The report quotes exceptions; here is what they mean, where certain."""
    if Failure.LOGIN in answered.failures:
        yield f"{answered.path} is behind a login: {TO_LOG_IN}."
    if Failure.REDIRECTED in answered.failures:
        yield _on_redirect(answered)
    if words := _on_status(answered, facts):
        yield words
    if _may_lack_migrations(answered):
        migrations = await check_migrations()
        if migrations.pending:
            yield _on_migrations(migrations.pending, facts)


def _on_status(answered: LaneAnswers, facts: TargetFacts) -> str:
    """Return what the lane's only status means; empty if there were several, or no error."""
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
    if answered.log_line and not answered.exceptions and not _is_summary(answered.log_line):
        return f"{every}. The server's log ends: {answered.log_line}"
    return f"{every}."


def _on_bad_request(answered: LaneAnswers, facts: TargetFacts) -> str:
    raised = answered.exceptions
    refuses = any((exception["type"] or "").endswith(".DisallowedHost") for exception in raised)
    if not refuses and (raised or not _refuses_loopback(facts)):
        return ""
    return "ALLOWED_HOSTS refuses loopback; headers = { Host = … } sends another name"


def _on_forbidden(answered: LaneAnswers) -> str:
    if answered.exceptions:
        return ""
    seems = f"{answered.path} may want a login (login = true) or a CSRF token"
    return f"{seems}. The server's log ends: {answered.log_line}" if answered.log_line else seems


def _on_not_found(answered: LaneAnswers) -> str:
    if any(exception["where"] for exception in answered.exceptions):  # raised by a view
        return ""
    return f"the project serves nothing at {answered.path}"


def _on_redirect(answered: LaneAnswers) -> str:
    """Return what to do about a redirect before the view, by where it leads."""
    path, to = urlsplit(answered.path).path, urlsplit(answered.redirect_target)
    before = f"the view behind {answered.path} was not measured: it was redirected before"
    if to.scheme == "https" and to.path == path:
        return (
            f"{before}, to https. Set SECURE_SSL_REDIRECT = False to measure, or let the variant"
            ' send what a proxy would: headers = { X-Forwarded-Proto = "https" }, with'
            " SECURE_PROXY_SSL_HEADER set."
        )
    if to.path == f"{path}/":
        return f'{before}, to {to.path}. Set path = "{to.path}".'
    where = f", to {answered.redirect_target}" if answered.redirect_target else ""
    return f"{before}{where}. If that is a login, {TO_LOG_IN}; else request where it leads."


def _may_lack_migrations(answered: LaneAnswers) -> bool:
    """Return True if the database may be why requests failed: it raised, or what did is unknown."""
    raised = answered.exceptions
    if raised:
        return any((exception["type"] or "").startswith(DATABASE) for exception in raised)
    return answered.status == SERVER_ERROR


def _is_summary(log_line: str) -> bool:
    """Return True for Django's own line on a 500, which names nothing but the path."""
    return log_line.startswith("Internal Server Error: ")


def _on_migrations(pending: Sequence[str], facts: TargetFacts) -> str:
    named = ", ".join(pending[:MOST_NAMED])
    more = f" and {len(pending) - MOST_NAMED} more" if len(pending) > MOST_NAMED else ""
    they_are = "migration is" if len(pending) == 1 else "migrations are"
    return f"{len(pending)} {they_are} pending ({named}{more}): {_how_to_migrate(facts)}."


def _how_to_migrate(facts: TargetFacts) -> str:
    """Return what applies them: in the worktree of a revision only its set-up commands can."""
    if "version" not in facts or not facts["version"]["revision"]:
        return "python manage.py migrate applies them"
    setup = 'setup = [["python", "manage.py", "migrate", "--noinput"]] in [project] of lab.toml'
    return f"a revision is served from a worktree without your database file. {setup} makes one"


def _refuses_loopback(facts: TargetFacts) -> bool:
    django: DjangoFacts = facts.get("django") or {}
    hosts = django.get("allowed_hosts", [])
    return not {"*", "127.0.0.1"} & set(hosts)
