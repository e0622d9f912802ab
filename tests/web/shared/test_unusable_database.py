"""A database that becomes unusable while the dashboard runs: pages give the reason, and recover."""

from __future__ import annotations

import sqlite3

import pytest
from django.db.backends.sqlite3.base import SQLiteCursorWrapper
from django.test import AsyncClient

from dashboard.runs.queue.laboratory import Laboratory
from dashboard.web.shared.laboratory_access import set_laboratory

PAGES = ("/", "/runs/", "/claims/", "/explore/", "/survey/")
ERRORS = {
    "the file is damaged": (sqlite3.SQLITE_CORRUPT, "is damaged"),
    "the disk is full": (sqlite3.SQLITE_FULL, "has no room left on its disk"),
    "the file is locked": (sqlite3.SQLITE_BUSY, "is locked by another process"),
    "the file is read-only": (sqlite3.SQLITE_READONLY | 1 << 8, "cannot be written"),
    "the file was removed": (sqlite3.SQLITE_CANTOPEN, "cannot be written"),
    "no such table: dashboard_run": (sqlite3.SQLITE_ERROR, "is damaged: no such table"),
}


@pytest.fixture
def client(laboratory: Laboratory) -> AsyncClient:
    set_laboratory(laboratory)
    return AsyncClient(raise_request_exception=False)


@pytest.mark.parametrize("message", ERRORS)
async def test_pages_give_the_reason_and_recover(
    message: str, client: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, words = ERRORS[message]

    def fail(*_: object) -> None:
        error = sqlite3.OperationalError(message)
        error.sqlite_errorcode = code
        raise error

    with monkeypatch.context() as broken:
        broken.setattr(SQLiteCursorWrapper, "execute", fail)
        for page in PAGES:
            answer = await client.get(page)
            text = answer.content.decode()
            assert (page, answer.status_code) == (page, 503)
            assert words in text
            assert "doctor" in text
            assert "Traceback" not in text
    for page in PAGES:
        assert (await client.get(page)).status_code == 200


async def test_another_failure_is_still_an_internal_one(
    client: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise sqlite3.OperationalError("near 'SELEC': syntax error")

    with monkeypatch.context() as broken:
        broken.setattr(SQLiteCursorWrapper, "execute", fail)
        assert (await client.get("/runs/")).status_code == 500
