"""Hints about a project's settings, and about responses that are all alike."""

from __future__ import annotations

from typing import Any

import pytest

from dashboard.runs.conduct.warnings.hints_on_answers import LaneAnswers, hints_on_answers
from dashboard.runs.conduct.warnings.hints_on_settings import hints_on_settings
from dashboard.runs.conduct.warnings.statuses import Statuses
from dashboard.targets.preparation.migrations import Migrations
from dashboard.wire import frame
from dashboard.wire.failure import Failure
from dashboard.wire.report.answers import AnswerKind

PATH = "/report/"


def facts(**django: Any) -> Any:
    plain = {"debug": False, "allowed_hosts": ["*"], "keeps_connections": False}
    return {"interface": "asgi", "django": {**plain, **django}}


def statuses_of(*answers: tuple[int, Failure], round: int = 1) -> Statuses:
    """Return what is known after a frame of lane 0 with these statuses and failures."""
    rows = [
        {"request": at, "status": status, "error": int(error)}
        for at, (status, error) in enumerate(answers)
    ]
    data = frame.encode(
        "samples", lane=0, round=round, origin_ns=0, columns=frame.rows_to_columns("samples", rows)
    )
    statuses = Statuses()
    statuses.take(frame.decode(data))
    return statuses


@pytest.mark.parametrize(
    ("statuses", "only"),
    [
        (statuses_of((404, Failure.STATUS), (404, Failure.STATUS)), 404),
        (statuses_of((404, Failure.STATUS), (200, Failure.NONE)), None),
        (statuses_of((500, Failure.STATUS), (0, Failure.TIMEOUT)), None),
        (statuses_of((302, Failure.NONE)), 302),
        (statuses_of((301, Failure.REDIRECTED)), 301),
        (statuses_of((404, Failure.STATUS), round=0), None),  # a warm-up does not count
        (Statuses(), None),
    ],
)
def test_a_status_is_reported_only_if_it_is_the_only_one(
    statuses: Statuses, only: int | None
) -> None:
    assert statuses.only(0) == only


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (facts(), []),
        ({"interface": "asgi", "django": None}, []),
        ({}, []),
        (facts(debug=True), ["DEBUG is true"]),
        (facts(keeps_connections=True), ["CONN_MAX_AGE is set under ASGI"]),
        (facts(set_up_first=True), ["imports models before Django is set up"]),
        ({**facts(keeps_connections=True), "interface": "wsgi"}, []),
        ({**facts(keeps_connections=True), "connections": [{"alias": "default"}]}, []),
    ],
)
def test_settings_that_distort_the_numbers_are_named(given: Any, words: list[str]) -> None:
    hints = list(hints_on_settings(given))
    assert len(hints) == len(words)
    assert all(word in hint for word, hint in zip(words, hints, strict=True))


def kind(type: str | None, where: str | None = None, status: int = 500) -> AnswerKind:
    return {"status": status, "type": type, "message": "", "where": where, "count": 1}


NO_TABLE = kind("django.db.utils.OperationalError", "shop/views.py:3 users")
PENDING = Migrations(("shop.0001_initial", "shop.0002_more"))
DONE = Migrations(())
NOT_TOLD = Migrations(None, "OperationalError: connection refused")


async def hints_of(
    answered: LaneAnswers, hosts: tuple[str, ...] = ("*",), migrations: Migrations = DONE
) -> str:
    async def check() -> Migrations:
        return migrations

    hints = hints_on_answers(answered, facts(allowed_hosts=hosts), check)
    return " | ".join([text async for text in hints])


@pytest.mark.parametrize(
    ("answered", "expected"),
    [
        (LaneAnswers(None, PATH), ""),
        (LaneAnswers(200, PATH), ""),
        (LaneAnswers(302, PATH), ""),  # the view's own redirect: it was measured
        (LaneAnswers(302, PATH, {Failure.LOGIN}), "/report/ is behind a login: log in with"),
        (
            LaneAnswers(301, PATH, {Failure.REDIRECTED}, [kind(None, "https://localhost/report/")]),
            "to https. Set SECURE_SSL_REDIRECT = False",
        ),
        (
            LaneAnswers(301, "/report", {Failure.REDIRECTED}, [kind(None, "/report/")]),
            'Set path = "/report/".',
        ),
        (
            LaneAnswers(302, PATH, {Failure.REDIRECTED}, [kind(None, "/en/report/")]),
            "to /en/report/. If that is a login",
        ),
        (LaneAnswers(302, PATH, {Failure.REDIRECTED}), "it was redirected before. If that is"),
        (LaneAnswers(404, PATH), "the project serves nothing at /report/"),
        (LaneAnswers(404, PATH, (), [kind("Http404", "shop/views.py:3 x", 404)]), "answered 404."),
        (LaneAnswers(403, PATH), "may want a login"),
        (
            LaneAnswers(403, PATH, log_line="no entry"),
            "CSRF token. The server's log ends: no entry.",
        ),
        (
            LaneAnswers(403, PATH, log_line="Forbidden (CSRF cookie not set.): /report/"),
            "The server's log ends: Forbidden (CSRF cookie not set.): /report/.",
        ),
        (LaneAnswers(403, PATH, (), [kind("PermissionDenied", "a.py:1 x", 403)]), "answered 403."),
        (LaneAnswers(400, PATH), "every request was answered 400."),
        (
            LaneAnswers(400, PATH, (), [kind("django.core.exceptions.DisallowedHost", None, 400)]),
            "ALLOWED_HOSTS refuses loopback",
        ),
        (LaneAnswers(503, PATH), "every request was answered 503."),
        (
            LaneAnswers(503, PATH, log_line="pool exhausted"),
            "The server's log ends: pool exhausted",
        ),
    ],
)
async def test_responses_are_explained_by_what_is_known(
    answered: LaneAnswers, expected: str
) -> None:
    text = await hints_of(answered)
    assert expected in text
    assert bool(text) == bool(expected)


async def test_without_an_exception_the_settings_explain_a_bad_request() -> None:
    assert "ALLOWED_HOSTS" in await hints_of(LaneAnswers(400, PATH), ("shop.example",))
    other = [kind("django.core.exceptions.BadRequest", None, 400)]
    assert "ALLOWED_HOSTS" not in await hints_of(
        LaneAnswers(400, PATH, (), other), ("shop.example",)
    )


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        (None, ": python manage.py migrate applies them."),
        ({"name": "after", "revision": None}, ": python manage.py migrate applies them."),
        (
            {"name": "before", "revision": "HEAD~1"},
            ": a revision is served from a worktree without your database file. setup = [",
        ),
    ],
)
async def test_what_applies_migrations_depends_on_where_the_code_is(
    version: dict[str, Any] | None, expected: str
) -> None:
    async def check() -> Migrations:
        return PENDING

    given: Any = {**facts(), "version": version} if version else facts()
    hints = hints_on_answers(LaneAnswers(500, PATH), given, check)
    (_, hint) = [text async for text in hints]
    assert expected in hint


async def test_a_log_line_that_names_only_the_path_is_not_quoted() -> None:
    answered = LaneAnswers(500, PATH, log_line="Internal Server Error: /report/")
    assert await hints_of(answered) == "every request was answered 500."
    answered = LaneAnswers(500, PATH, log_line="KeyError: 'id'")
    assert "The server's log ends: KeyError: 'id'" in await hints_of(answered)


@pytest.mark.parametrize(
    ("answers", "migrations", "reported"),
    [
        ([NO_TABLE], PENDING, True),
        ([], PENDING, True),  # unknown what was raised
        ([NO_TABLE], DONE, False),
        ([NO_TABLE], NOT_TOLD, False),
        ([kind("RuntimeError", "shop/views.py:3 users")], PENDING, False),  # another reason
    ],
)
async def test_only_the_check_finds_pending_migrations(
    answers: list[AnswerKind], migrations: Migrations, reported: bool
) -> None:
    text = await hints_of(LaneAnswers(500, PATH, (), answers), migrations=migrations)
    words = "2 migrations are pending (shop.0001_initial, shop.0002_more): python manage.py migrate"
    assert (words in text) is reported
    assert ("pending" in text) is reported
