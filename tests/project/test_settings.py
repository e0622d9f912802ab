"""Settings of a server from the text of a lane: parsed, checked and shown."""

from __future__ import annotations

import pytest

from dashboard.project.servers.catalogue import SERVERS
from dashboard.project.servers.settings import InvalidSetting, as_text, parse, resolve, settable


def test_the_text_of_a_lane_sets_a_servers_settings() -> None:
    server = resolve(SERVERS, "gunicorn-gthread:threads=32,processes=2")
    assert (server.name, server.threads, server.processes) == ("gunicorn-gthread", 32, 2)
    assert server.concurrency("sync") == "2 processes × 32 threads"
    assert SERVERS["gunicorn-gthread"].threads == 8


def test_chosen_settings_are_shown() -> None:
    server = resolve(SERVERS, "uvicorn:loop=asyncio,keep_alive=60,backlog=128")
    assert (server.loop, server.keep_alive_s, server.backlog) == ("asyncio", 60, 128)
    words = "1 process, one event loop, loop asyncio, keep-alive 60 s, backlog 128"
    assert server.concurrency("async") == words


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("apache", "expected a server, one of gunicorn-sync"),
        ("apache:threads=3", "expected a server, one of gunicorn-sync"),
        ("gunicorn-gthread:", "expected FIELD=VALUE after gunicorn-gthread:, found ''"),
        ("gunicorn-gthread:threads", "expected FIELD=VALUE"),
        ("gunicorn-gthread:threads=", "expected FIELD=VALUE"),
        ("gunicorn-gthread:threads=0", "threads: expected a whole number from 1 to 1024"),
        ("gunicorn-gthread:threads=two", "threads: expected a whole number .* found 'two'"),
        ("gunicorn-gthread:threads=1,threads=2", "threads: expected once"),
        ("gunicorn-sync:threads=2", "threads: not a setting of gunicorn-sync"),
        ("gunicorn-sync:keep_alive=2", "which has: processes, backlog"),
        ("daphne:processes=2", "processes: not a setting of daphne, which has: backlog"),
        ("uvicorn:loop=trio", "loop: expected one of auto, asyncio, uvloop, found 'trio'"),
        ("daphne:loop=uvloop", "loop: not a setting of daphne"),
        ("uvicorn:speed=9", "speed: not a setting of uvicorn"),
        (
            "daphne:without=a b",
            "without: expected the path of a middleware or its end, found 'a b'",
        ),
        ("uvicorn:executor=0", "executor: expected a whole number from 1 to 1024, found 0"),
        ("waitress:executor=8", "executor: not a setting of waitress"),
        ("daphne:without=7", "without: expected the path of a middleware"),
        ("daphne:without=a..B", "without: expected the path of a middleware"),
        ("daphne:without=A,without=A", "without: expected once"),
        (f"daphne:without={'A' * 161}", "expected 160 characters at most, found 161"),
        ("uvicorn:conn_max_age=-1", "conn_max_age: expected a whole number from 0 to 86400"),
        ("uvicorn:pool=0", "pool: expected a whole number from 1 to 1000, or off, found 0"),
        ("uvicorn:pool=some", "or off, found 'some'"),
        ("uvicorn:pool=4,conn_max_age=60", "conn_max_age: expected 0 or none beside a pool"),
    ],
)
def test_an_invalid_setting_is_refused_with_its_field(text: str, message: str) -> None:
    with pytest.raises(InvalidSetting, match=message):
        resolve(SERVERS, text)


def test_the_executor_of_an_asgi_server_is_shown() -> None:
    server = resolve(SERVERS, "daphne:executor=100")
    assert server.executor == 100
    assert server.concurrency("async") == "1 process, one event loop, executor 100 threads"


def test_middleware_is_left_out_by_one_or_several_names() -> None:
    server = resolve(SERVERS, "uvicorn:without=a.b.First,loop=asyncio,without=Second")
    assert server.without == ("a.b.First", "Second")
    words = "1 process, one event loop, without First and Second, loop asyncio"
    assert server.concurrency("async") == words
    assert SERVERS["uvicorn"].without == ()


@pytest.mark.parametrize(
    ("text", "overridden", "words"),
    [
        ("uvicorn", "", ""),
        ("uvicorn:conn_max_age=60", "conn_max_age=60", ", conn-max-age 60 s"),
        ("uvicorn:conn_max_age=0,pool=4", "conn_max_age=0,pool=4", ", conn-max-age 0 s, pool 4"),
        (
            "uvicorn:pool=off,conn_max_age=9",
            "conn_max_age=9,pool=off",
            ", pool off, conn-max-age 9 s",
        ),
    ],
)
def test_connections_to_databases_are_overridden(text: str, overridden: str, words: str) -> None:
    server = resolve(SERVERS, text)
    assert server.database_settings == overridden
    assert server.concurrency("async") == f"1 process, one event loop{words}"
    assert SERVERS["uvicorn"].database_settings == ""


@pytest.mark.parametrize(
    "text",
    [
        *("daphne", "uvicorn:loop=asyncio,backlog=200", "daphne:without=a.B,without=C"),
        "uvicorn:pool=off,conn_max_age=9",
    ],
)
def test_settings_are_written_as_they_are_parsed(text: str) -> None:
    assert as_text(*parse(text)) == text


def test_a_name_alone_is_the_entry_of_the_catalogue() -> None:
    assert parse("daphne") == ("daphne", {})
    assert resolve(SERVERS, "daphne") is SERVERS["daphne"]


@pytest.mark.parametrize("name", SERVERS)
def test_each_server_has_a_backlog(name: str) -> None:
    assert "backlog" in settable(SERVERS[name])
    assert resolve(SERVERS, f"{name}:backlog=200").backlog == 200
