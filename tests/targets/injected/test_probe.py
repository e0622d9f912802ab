"""The probe around an application, without a server: it stamps and counts, and changes nothing."""

from __future__ import annotations

import ast
import asyncio
import importlib.util
import io
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from types import ModuleType
from typing import Any
from wsgiref.util import FileWrapper

import pytest

from dashboard.targets import injected

PROBE = injected.PROBE / "liveburst_probe.py"


@pytest.fixture
def probe(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The probe as a fresh module, with its patch of threads undone afterwards."""
    monkeypatch.syspath_prepend(str(PROBE.parent))
    spec = importlib.util.spec_from_file_location("liveburst_probe", PROBE)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(threading.Thread, "start", threading.Thread.start)
    return module


@pytest.fixture
def dashboard_socket(monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.settimeout(2)
        host, port = listening.getsockname()
        monkeypatch.setenv("LIVEBURST_HEALTH", f"{host}:{port}")
        monkeypatch.setenv("LIVEBURST_TOKEN", "secret")
        monkeypatch.setenv("LIVEBURST_SERVER", "gunicorn")
        yield listening


class Call:
    """One WSGI request, as a server makes it."""

    def __init__(self, application: Any, environ: dict[str, Any] | None = None) -> None:
        self.status, self.headers = "", [("none", "")]
        self.body = application(environ or {}, self.start)

    def start(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
        self.status, self.headers = status, headers

    @property
    def stamps(self) -> list[int]:
        return [int(part) for part in dict(self.headers)["liveburst"].split()]


def wrapped(probe: ModuleType, application: Callable[..., Any], interface: str = "wsgi") -> Any:
    kind = probe.WSGIProbe if interface == "wsgi" else probe.ASGIProbe
    return kind(application, probe.Worker(interface))


def answers(body: Any) -> Callable[..., Any]:
    def application(environ: dict[str, Any], start: Callable[..., Any]) -> Any:
        start("200 OK", [("A", "b")])
        return body

    return application


def test_a_plain_application_is_stamped_without_a_view(probe: ModuleType) -> None:
    before = time.monotonic_ns()
    call = Call(wrapped(probe, answers([b"one", b"two"])))
    assert (call.status, call.headers[0]) == ("200 OK", ("A", "b"))
    entered, view_entered, view_left, process = call.stamps
    assert before <= entered <= time.monotonic_ns()
    assert (view_entered, view_left, process) == (-1, -1, os.getpid())
    assert list(call.body) == [b"one", b"two"]


def test_a_request_is_in_the_app_until_its_body_is_closed(probe: ModuleType) -> None:
    application = wrapped(probe, answers([b"x"]))
    first, second = Call(application), Call(application)
    assert probe.COUNTS.report()["in_app"] == 2
    first.body.close()
    first.body.close()  # some servers close twice
    assert probe.COUNTS.report()["in_app"] == 1
    second.body.close()
    counts = probe.COUNTS.report()
    assert (counts["in_app"], counts["peak_in_app"], counts["requests"]) == (0, 2, 2)
    probe.COUNTS.begin()
    assert probe.COUNTS.report()["peak_in_app"] == 0


def test_an_application_that_raises_has_left(probe: ModuleType) -> None:
    def broken(environ: Any, start: Any) -> Any:
        raise KeyError("its own")

    with pytest.raises(KeyError, match="its own"):
        Call(wrapped(probe, broken))
    assert probe.COUNTS.report()["in_app"] == 0


def test_a_length_is_handed_on_and_never_invented(probe: ModuleType) -> None:
    assert len(Call(wrapped(probe, answers([b"x", b"y"]))).body) == 2
    stream = Call(wrapped(probe, answers(iter([b"x"])))).body
    assert not hasattr(stream, "__len__")
    assert list(stream) == [b"x"]


def test_a_bodys_own_close_is_called(probe: ModuleType) -> None:
    closed: list[bool] = []

    def stream() -> Iterator[bytes]:
        try:
            yield b"x"
        finally:
            closed.append(True)

    body = Call(wrapped(probe, answers(stream()))).body
    next(iter(body))
    body.close()
    assert closed == [True]


class Stream:
    """A body that is its own iterator, and raises where it is told to."""

    def __init__(
        self, *, at_once: bool = False, midway: bool = False, at_end: bool = False
    ) -> None:
        self.at_once, self.midway, self.at_end = at_once, midway, at_end
        self.read = self.closed = 0

    def __iter__(self) -> Iterator[bytes]:
        if self.at_once:
            raise KeyError("at once")
        return self

    def __next__(self) -> bytes:
        self.read += 1
        if self.read == 3:
            raise KeyError("midway") if self.midway else StopIteration
        return b"x"

    def close(self) -> None:
        self.closed += 1
        if self.at_end:
            raise KeyError("at end")


@pytest.mark.parametrize("where", ["at_once", "midway", "at_end"])
@pytest.mark.parametrize(("query", "counted"), [("", [1]), ("liveburst-neighbour", [])])
def test_what_a_body_raises_is_counted_and_raised_on(
    probe: ModuleType, where: str, query: str, counted: list[int]
) -> None:
    stream = Stream(**{where: True})
    call = Call(wrapped(probe, answers(stream)), {"QUERY_STRING": query})
    with pytest.raises(KeyError, match=where.replace("_", " ")), closing(call.body):
        list(call.body)
    assert [one["count"] for one in probe.ANSWERS.news() or []] == counted
    assert stream.closed == 1
    assert (probe.COUNTS.quiet(), probe.BESIDE.quiet()) == (True, True)


def test_a_body_that_is_given_up_is_closed_once_and_by_its_server(probe: ModuleType) -> None:
    stream = Stream()
    body = Call(wrapped(probe, answers(stream))).body
    chunks = iter(body)
    assert next(chunks) == b"x"
    del chunks
    assert stream.closed == 0
    body.close()
    assert (stream.closed, stream.read) == (1, 1)
    assert not probe.ANSWERS.news()


def test_a_file_wrapper_is_handed_through(probe: ModuleType) -> None:
    file = io.BytesIO(b"content")

    def application(environ: dict[str, Any], start: Callable[..., Any]) -> Any:
        start("200 OK", [])
        return environ["wsgi.file_wrapper"](file)

    call = Call(wrapped(probe, application), {"wsgi.file_wrapper": FileWrapper})
    assert type(call.body) is FileWrapper
    assert probe.COUNTS.report()["in_app"] == 1
    call.body.close()
    assert file.closed
    assert probe.COUNTS.report()["in_app"] == 0


def test_a_file_wrapper_that_cannot_be_watched_is_handed_through(probe: ModuleType) -> None:
    class Fixed:
        __slots__ = ("file",)

        def __init__(self, file: Any) -> None:
            self.file = file

    def application(environ: dict[str, Any], start: Callable[..., Any]) -> Any:
        start("200 OK", [])
        return Fixed(None)

    call = Call(wrapped(probe, application), {"wsgi.file_wrapper": Fixed})
    assert type(call.body) is Fixed
    assert probe.COUNTS.report()["in_app"] == 0


async def ask(application: Any, kind: str = "http") -> list[dict[str, Any]]:
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    async def receive() -> dict[str, Any]:
        return {"type": "http.request"}

    await application({"type": kind}, receive, send)
    return sent


async def plain_asgi(scope: dict[str, Any], receive: Any, send: Any) -> None:
    kind = scope["type"]
    await send({"type": f"{kind}.response.start", "status": 200, "headers": [(b"a", b"b")]})
    await send({"type": f"{kind}.response.body", "body": b"x"})


async def test_a_plain_asgi_application_is_stamped(probe: ModuleType) -> None:
    start, body = await ask(wrapped(probe, plain_asgi, "asgi"))
    assert start["headers"][0] == (b"a", b"b")
    name, value = start["headers"][1]
    assert name == b"liveburst"
    assert [int(part) for part in value.split()][1:] == [-1, -1, os.getpid()]
    assert body == {"type": "http.response.body", "body": b"x"}
    assert probe.COUNTS.report()["in_app"] == 0


async def test_a_request_has_left_before_its_client_can_send_the_next(probe: ModuleType) -> None:
    """Before its last body is sent; and the process is not quiet before the work after it ends."""
    seen: list[tuple[int, bool]] = []

    async def send(message: dict[str, Any]) -> None:
        seen.append((probe.COUNTS.in_app, probe.COUNTS.quiet()))

    async def streams_and_works_on(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body", "body": b"x", "more_body": True})
        await send({"type": "http.response.body", "body": b"x"})
        seen.append((probe.COUNTS.in_app, probe.COUNTS.quiet()))

    await wrapped(probe, streams_and_works_on, "asgi")({"type": "http"}, None, send)
    assert seen == [(1, False), (1, False), (0, False), (0, False)]
    assert (probe.COUNTS.in_app, probe.COUNTS.quiet()) == (0, True)


async def test_what_is_no_request_passes_through(probe: ModuleType) -> None:
    sent = await ask(wrapped(probe, plain_asgi, "asgi"), "websocket")
    assert sent[0]["headers"] == [(b"a", b"b")]
    assert probe.COUNTS.report()["requests"] == 0


async def test_a_cancelled_request_has_left(probe: ModuleType) -> None:
    async def forever(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.Event().wait()

    task = asyncio.create_task(ask(wrapped(probe, forever, "asgi")))
    await asyncio.sleep(0)
    assert probe.COUNTS.report()["in_app"] == 1
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert probe.COUNTS.report()["in_app"] == 0


def test_started_threads_are_counted(probe: ModuleType) -> None:
    probe.watch_threads()
    thread = threading.Thread(target=int)
    thread.start()
    thread.join()
    assert probe.COUNTS.report()["threads_started"] == 1


def said(dashboard_socket: socket.socket) -> tuple[dict[str, Any], Any]:
    data, address = dashboard_socket.recvfrom(65536)
    return json.loads(data), address


def test_the_dialogue_of_a_firing(probe: ModuleType, dashboard_socket: socket.socket) -> None:
    application = wrapped(probe, answers([b"x"]))
    Call(application).body.close()
    hello, address = said(dashboard_socket)
    assert (hello["type"], hello["token"], hello["interface"]) == ("hello", "secret", "wsgi")
    assert hello["process"] == os.getpid()
    assert {"python", "django", "gunicorn"} <= hello["versions"].keys()

    def say(**message: Any) -> None:
        dashboard_socket.sendto(json.dumps({"token": "secret", **message}).encode(), address)

    say(token="wrong", type="begin", firing=6)
    dashboard_socket.sendto(b"not even JSON", address)
    say(type="begin", firing=7)
    report, _ = said(dashboard_socket)
    assert (report["type"], report["firing"], report["final"]) == ("report", 7, False)
    assert (report["requests"], report["loop_lag"]) == (0, -1)
    call = Call(application)
    say(type="end", firing=7)
    while not (report := said(dashboard_socket)[0])["in_app"]:
        pass
    assert not report["final"]  # it is in the application still
    call.body.close()
    while not report["final"]:
        report, _ = said(dashboard_socket)
    assert (report["in_app"], report["peak_in_app"], report["requests"]) == (0, 1, 1)
    dashboard_socket.settimeout(0.15)
    with pytest.raises(TimeoutError):  # and then it sleeps
        dashboard_socket.recv(65536)


def test_a_process_that_comes_late_keeps_its_counts(
    probe: ModuleType, dashboard_socket: socket.socket
) -> None:
    Call(wrapped(probe, answers([b"x"]))).body.close()
    _, address = said(dashboard_socket)
    begin = {"token": "secret", "type": "begin", "firing": 1, "running": True}
    dashboard_socket.sendto(json.dumps(begin).encode(), address)
    assert said(dashboard_socket)[0]["requests"] == 1


async def test_a_blocked_loop_is_late_even_before_it_is_free_again(probe: ModuleType) -> None:
    heartbeat = probe.Heartbeat(asyncio.get_running_loop())
    heartbeat.begin()
    await asyncio.sleep(0.03)
    heartbeat.take()
    time.sleep(0.05)  # noqa: ASYNC251 - blocking is what is tested
    assert heartbeat.take() >= 30_000_000
    heartbeat.end()


@pytest.mark.parametrize("loops", ["asyncio", "uvloop"])
def test_the_default_executor_is_read_off_the_loop(probe: ModuleType, loops: str) -> None:
    def held(inside: threading.Barrier, free: threading.Event) -> None:
        inside.wait()
        free.wait()

    async def look() -> tuple[Any, Any]:
        loop = asyncio.get_running_loop()
        executor = probe.DefaultExecutor(loop)
        unused = executor.read()
        limit = ThreadPoolExecutor()._max_workers  # what it is by default, here and now
        inside, free = threading.Barrier(limit + 1), threading.Event()

        def released() -> None:
            free.wait()

        calls = [loop.run_in_executor(None, held, inside, free) for _ in range(limit)]
        calls += [loop.run_in_executor(None, released) for _ in range(3)]
        inside.wait()
        busy = executor.read()
        free.set()
        await asyncio.gather(*calls)
        assert busy == [limit, limit, 3]
        return unused, executor.read()

    make = importlib.import_module(loops).new_event_loop
    with asyncio.Runner(loop_factory=make) as runner:
        unused, after = runner.run(look())
    assert unused is None
    assert after[2] == 0


@pytest.mark.parametrize("name", ["liveburst_probe.py", "liveburst_answers.py"])
def test_it_can_be_imported_by_the_oldest_python_we_promise(name: str) -> None:
    ast.parse(PROBE.with_name(name).read_text(), feature_version=(3, 9))


def test_it_needs_nothing_but_the_standard_library() -> None:
    code = "import liveburst_probe, sys; print(sorted(sys.modules.keys() & {'django', 'asgiref'}))"
    done = subprocess.run(
        [sys.executable, "-S", "-c", code],
        env={"PYTHONPATH": str(PROBE.parent)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "[]\n"
