"""What a person is told of a project: its settings, and answers that are all alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from dashboard.runs.advice import Statuses, advice_on, advice_on_status
from dashboard.wire import frame
from dashboard.wire.failure import Failure

PATH = "/report/"


def facts(**django: Any) -> dict[str, Any]:
    plain = {"debug": False, "allowed_hosts": ["*"], "keeps_connections": False}
    return {"interface": "asgi", "django": {**plain, **django}}


def heard(*answers: tuple[int, Failure], round: int = 1) -> Statuses:
    """What is known after a frame of lane 0 with these statuses and failures."""
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
        (heard((404, Failure.STATUS), (404, Failure.STATUS)), 404),
        (heard((404, Failure.STATUS), (200, Failure.NONE)), None),
        (heard((500, Failure.STATUS), (0, Failure.TIMEOUT)), None),
        (heard((302, Failure.NONE)), 302),
        (heard((404, Failure.STATUS), round=0), None),  # a warm-up says nothing
        (Statuses(), None),
    ],
)
def test_a_status_is_told_where_it_is_the_only_one(statuses: Statuses, only: int | None) -> None:
    assert statuses.only(0) == only


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (facts(), []),
        ({"interface": "asgi", "django": None}, []),
        ({}, []),
        (facts(debug=True), ["DEBUG is true"]),
        (facts(keeps_connections=True), ["CONN_MAX_AGE is set under ASGI"]),
        ({**facts(keeps_connections=True), "interface": "wsgi"}, []),
    ],
)
def test_settings_that_distort_are_named(given: Mapping[str, Any], words: list[str]) -> None:
    found = list(advice_on(given))
    assert len(found) == len(words)
    assert all(word in advice for word, advice in zip(words, found, strict=True))


@pytest.mark.parametrize(
    ("status", "hosts", "pending", "expected"),
    [
        (None, ["*"], True, None),
        (200, ["*"], True, None),
        (302, ["*"], True, "a redirect: the view behind /report/ was not measured"),
        (404, ["*"], True, "the project serves nothing at /report/"),
        (403, ["*"], True, "may want a login"),
        (400, ["shop.example"], True, "ALLOWED_HOSTS refuses loopback"),
        (400, ["*"], True, "every request was answered 400."),
        (500, ["*"], True, "migrations are pending; python manage.py migrate"),
        (500, ["*"], False, "every request was answered 500."),
        (503, ["*"], True, "every request was answered 503."),
    ],
)
async def test_answers_that_are_all_alike_are_explained(
    status: int | None, hosts: list[str], pending: bool, expected: str | None
) -> None:
    async def migrations() -> bool:
        return pending

    found = await advice_on_status(status, PATH, facts(allowed_hosts=hosts), migrations)
    assert (found is None) == (expected is None)
    assert expected is None or (found is not None and expected in found)
