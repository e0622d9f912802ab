"""Wraps a project's WSGI or ASGI application and reports the server's side of each request.

Runs in every worker process of a target, in the project's own virtualenv: this file and
`liveburst_answers.py`, standard library alone, Python 3.9. A server is told to serve
`liveburst_probe:wsgi` or `liveburst_probe:asgi`; the environment says the rest:

    LIVEBURST_APP      the project's own application, "module:attribute"
    LIVEBURST_SERVER   the server's packages, with commas, whose versions are reported
    LIVEBURST_HEALTH   host:port of the dashboard; without it requests are stamped all the same
    LIVEBURST_TOKEN    what every datagram must carry
    LIVEBURST_DIRECTORY   the project's own, whose lines of code are named

Each response carries the header `liveburst: ENTERED VIEW_ENTERED VIEW_LEFT PROCESS`
(monotonic nanoseconds and a process id; -1 is not known, and a VIEW_ENTERED of -2 says that
Django had the request and called no view before it answered). The datagrams are specified in
docs/frame.md. A probe must never break a response: whatever goes wrong here goes unreported.
"""

from __future__ import annotations

import asyncio
import functools
import importlib
import importlib.metadata
import json
import os
import platform
import select
import socket
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from typing import Any, Callable

from liveburst_answers import Answers, watch_django

try:
    import resource
except ImportError:  # not a Unix
    resource = None  # type: ignore[assignment]

HEADER = "liveburst"
HEADER_BYTES = HEADER.encode()
REQUEST = "liveburst.request"  # the key in environ or scope: the request as the probe sees it
# What the query of a neighbour's request ends with: it is fired beside the load and no part of it.
NEIGHBOUR = "liveburst-neighbour"
NEIGHBOUR_BYTES = NEIGHBOUR.encode()
REPORTED = (
    "in_app", "peak_in_app", "in_view", "peak_in_view", "requests", "threads_started",
)  # fmt: skip
REPORT_S = 0.05
LAST_REPORT_S = 0.01  # after `end`, when somebody waits for the last one
BEAT_S = 0.01
UNKNOWN = -1
FIRST_REDIRECT, FIRST_ERROR = 300, 400
NO_VIEW = -2  # Django has the request, and has called no view for it

now = time.monotonic_ns


def __getattr__(name: str) -> Any:
    """`wsgi` and `asgi`, made when a server asks for one: only then is the project imported."""
    if name not in ("wsgi", "asgi"):
        raise AttributeError(name)
    module, _, attribute = os.environ["LIVEBURST_APP"].partition(":")
    application = importlib.import_module(module)
    for part in attribute.split("."):
        application = getattr(application, part)
    watch_threads()
    watch_views()
    watch_django(ANSWERS, lambda request: request_of(request).counts is COUNTS)
    wrapper = WSGIProbe if name == "wsgi" else ASGIProbe
    globals()[name] = wrapper(application, Worker(name))
    return globals()[name]


def make_wsgi() -> Any:
    """`wsgi`, for servers that see only what the module holds already (uWSGI, Hypercorn)."""
    return __getattr__("wsgi")


def make_asgi() -> Any:
    """`asgi`, likewise."""
    return __getattr__("asgi")


def original(module: str, name: str) -> Any:
    """Something of the standard library as it was before gevent replaced it."""
    monkey = sys.modules.get("gevent.monkey")
    if monkey is not None:
        return monkey.get_original(module, name)
    return getattr(importlib.import_module(module), name)


class Counts:
    """What is going on in this process: true maxima and sums since the firing began."""

    def __init__(self) -> None:
        self.lock = original("_thread", "allocate_lock")()
        self.unfinished = 0  # in the application, or answered and still at work for it
        self.in_app = self.in_view = 0
        self.peak_in_app = self.peak_in_view = 0
        self.requests = self.threads_started = 0

    def enter_app(self) -> None:
        """A request reached the application."""
        with self.lock:
            self.unfinished += 1
            self.requests += 1
            self.in_app += 1
            self.peak_in_app = max(self.peak_in_app, self.in_app)

    def leave_app(self) -> None:
        """Its answer is over, or will never come."""
        with self.lock:
            self.in_app -= 1

    def finish(self) -> None:
        """The application does nothing more for it."""
        with self.lock:
            self.unfinished -= 1

    def enter_view(self) -> None:
        """Django calls the view."""
        with self.lock:
            self.in_view += 1
            self.peak_in_view = max(self.peak_in_view, self.in_view)

    def leave_view(self) -> None:
        """The view returned or raised."""
        with self.lock:
            self.in_view -= 1

    def start_thread(self) -> None:
        """Somebody starts a thread."""
        with self.lock:
            self.threads_started += 1

    def begin(self) -> None:
        """A firing begins: peaks and sums start from what is there."""
        with self.lock:
            self.peak_in_app, self.peak_in_view = self.in_app, self.in_view
            self.requests = self.threads_started = 0

    def quiet(self) -> bool:
        """Whether nothing is going on. A sync view may outlive its cancelled request."""
        return self.unfinished <= 0 and self.in_view <= 0

    def report(self) -> dict[str, int]:
        """All of it, at one instant."""
        with self.lock:
            return {name: getattr(self, name) for name in REPORTED}


COUNTS = Counts()  # of the load, which is what a lane is charged with
BESIDE = Counts()  # of the neighbour
ANSWERS = Answers(original("_thread", "allocate_lock")())  # to the load


class Request:
    """One request while it is answered: whom it is charged to, and its stamps (ns)."""

    __slots__ = ("counts", "entered", "view_entered", "view_left")

    def __init__(self, counts: Counts, entered: int) -> None:
        self.counts = counts
        self.entered = entered
        self.view_entered = self.view_left = UNKNOWN

    @classmethod
    def of_query(cls, query: str | bytes) -> Request:
        """Return the request that has this query, entering now.

        The only place that tells the load from its neighbour: all else is the same for both.
        """
        mark: Any = NEIGHBOUR_BYTES if isinstance(query, bytes) else NEIGHBOUR
        return cls(BESIDE if query.endswith(mark) else COUNTS, now())

    def answered(self, status: int, headers: Iterable[Any]) -> None:
        """Its answer begins: a redirect is noted, since it may be none of the view's."""
        if FIRST_REDIRECT <= status < FIRST_ERROR and self.counts is COUNTS:
            ANSWERS.redirected(status, headers, self.view_entered != NO_VIEW)

    def raised(self, error: BaseException) -> None:
        """The application raised this to its server."""
        if self.counts is COUNTS:
            ANSWERS.escaped(error)


class SignsOfLife:
    """How long one thing held the event loop: the longest silence between two of its stamps.

    The lateness of a heartbeat is another matter: whatever is ready at the same moment runs
    before any timer does, so thirty views that block for 0.1 s each make a beat 3 s late.
    """

    def __init__(self) -> None:
        self.last = self.longest = 0

    def begin(self) -> None:
        """A firing begins."""
        self.last, self.longest = now(), 0

    def sign(self, moment: int) -> None:
        """Something ran in the loop's thread at this moment."""
        self.longest = max(self.longest, moment - self.last)
        self.last = moment

    def take(self) -> int:
        """The longest silence since the last call, ns; one that has not ended counts too."""
        longest, self.longest = self.longest, 0
        return max(longest, now() - self.last)


LOOP = SignsOfLife()


class Worker:
    """A process as the dashboard knows it; introduces itself at the first request in it."""

    def __init__(self, interface: str) -> None:
        self.interface = interface
        self.process = UNKNOWN

    def introduce(self) -> None:
        """Begin to speak with the dashboard, once in each process: servers fork after import."""
        process = os.getpid()
        if process == self.process:
            return
        with COUNTS.lock:
            introduced, self.process = self.process == process, process
        if not introduced and "LIVEBURST_HEALTH" in os.environ:
            try:
                speaker = Speaker(self.interface)
                original("_thread", "start_new_thread")(speaker.run, ())
            except (KeyError, ValueError, OSError, RuntimeError):
                pass  # nobody to speak with

    def header(self, request: Request) -> str:
        """The header's value, from the stamps as they are when the response starts."""
        return f"{request.entered} {request.view_entered} {request.view_left} {self.process}"


class WSGIProbe:
    """The project's WSGI application, stamped and counted."""

    def __init__(self, application: Any, worker: Worker) -> None:
        self.application = application
        self.worker = worker

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        """Answer a request as the project does."""
        request = environ[REQUEST] = Request.of_query(environ.get("QUERY_STRING", ""))
        LOOP.sign(request.entered)  # under gevent this is the loop's thread; else nobody asks
        request.counts.enter_app()
        self.worker.introduce()

        def start(status: str, headers: list[tuple[str, str]], *exc_info: Any) -> Any:
            request.answered(status_of(status), headers)
            headers = [*headers, (HEADER, self.worker.header(request))]
            return start_response(status, headers, *exc_info)

        def leave() -> None:  # the server has sent the answer, and closed it
            request.counts.leave_app()
            request.counts.finish()

        try:
            body = self.application(environ, start)
        except BaseException as error:
            leave()
            request.raised(error)
            raise
        return until_closed(body, environ.get("wsgi.file_wrapper"), Once(leave))


def status_of(line: str) -> int:
    """The number in a WSGI status such as `200 OK`; 0 in what is none."""
    return int(line[:3]) if line[:3].isdigit() else 0


class Once:
    """A call that happens at most once, however often it is asked for."""

    def __init__(self, call: Callable[[], None]) -> None:
        self.call: Callable[[], None] | None = call

    def __call__(self) -> None:
        """Make the call, if it has not been made."""
        call, self.call = self.call, None
        if call is not None:
            call()


def until_closed(body: Any, file_wrapper: Any, leave: Once) -> Any:
    """The same body, with `leave` called when the server closes it: the answer is over then."""
    if isinstance(file_wrapper, type) and isinstance(body, file_wrapper):
        # It must stay what it is, or the server would not use sendfile.
        closing = Body(body, getattr(body, "close", None), leave)
        try:
            body.close = closing.close  # type: ignore[attr-defined]
        except AttributeError:
            leave()  # written in C: nobody will say when it ends
        return body
    # Servers draw conclusions from a length (waitress does): hand it on, and invent none.
    kind = SizedBody if hasattr(type(body), "__len__") else Body
    return kind(body, getattr(body, "close", None), leave)


class Body:
    """A response's body, which says when it is over."""

    def __init__(self, body: Any, close: Callable[[], None] | None, leave: Once) -> None:
        self.body = body
        self.close_body = close
        self.leave = leave

    def __iter__(self) -> Iterator[Any]:
        return iter(self.body)

    def close(self) -> None:
        """Called by the server when it has sent the body, or gave up."""
        try:
            if self.close_body is not None:
                self.close_body()
        finally:
            self.leave()


class SizedBody(Body):
    """The same for a body with a length, such as a list."""

    def __len__(self) -> int:
        return len(self.body)


class ASGIProbe:
    """The project's ASGI application, stamped and counted. Other scopes than http pass through."""

    def __init__(self, application: Any, worker: Worker) -> None:
        self.application = application
        self.worker = worker

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Answer a request as the project does."""
        if scope["type"] != "http":
            await self.application(scope, receive, send)
            return
        request = Request.of_query(scope.get("query_string", b""))
        LOOP.sign(request.entered)
        request.counts.enter_app()
        self.worker.introduce()
        leave = Once(request.counts.leave_app)

        async def stamped(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                headers = [*message.get("headers", ())]
                request.answered(message.get("status", 0), headers)
                header = (HEADER_BYTES, self.worker.header(request).encode())
                message = {**message, "headers": [*headers, header]}
            elif message["type"] == "http.response.body" and not message.get("more_body"):
                leave()  # before it is sent: its client's next request may enter meanwhile
            await send(message)

        try:
            await self.application({**scope, REQUEST: request}, receive, stamped)
        except BaseException as error:
            request.raised(error)
            raise
        finally:
            leave()
            request.counts.finish()


def watch_views() -> None:
    """Stamp Django's views, in their own thread: both handlers call `make_view_atomic` once.

    (A `process_view` middleware would cost a thread hop, and runs before the view's thread.)
    """
    handler = getattr(sys.modules.get("django.core.handlers.base"), "BaseHandler", None)
    make = getattr(handler, "make_view_atomic", None)
    if make is None or hasattr(make, "liveburst"):
        return
    # Django's own idea of what is a coroutine function, class-based views included.
    is_async = importlib.import_module("asgiref.sync").iscoroutinefunction

    def make_view_atomic(self: Any, view: Any) -> Any:
        view = make(self, view)
        return stamped_async(view) if is_async(view) else stamped_sync(view)

    make_view_atomic.liveburst = True  # type: ignore[attr-defined]
    handler.make_view_atomic = make_view_atomic  # type: ignore[union-attr]
    for name in ("get_response", "get_response_async"):
        setattr(handler, name, without_a_view_yet(getattr(handler, name)))


def without_a_view_yet(get_response: Callable[..., Any]) -> Callable[..., Any]:
    """Django's own entrance: from here on it is known that no view was called, until one is.

    A plain function for both: what the async one returns is awaited by its caller, as before.
    """

    @functools.wraps(get_response)
    def entered(self: Any, django_request: Any) -> Any:
        request = request_of(django_request)
        if request.view_entered == UNKNOWN:
            request.view_entered = NO_VIEW
        return get_response(self, django_request)

    return entered


def request_of(django_request: Any) -> Request:
    """Return the probe's request for the one that Django is answering.

    Django's requests keep the server's own mapping: `scope` under ASGI, `environ` under WSGI. One
    that did not come through the probe (a test client's, one that a view makes) is the load's.
    """
    mapping = getattr(django_request, "scope", None) or getattr(django_request, "environ", None)
    found = (mapping or {}).get(REQUEST)
    return Request(COUNTS, UNKNOWN) if found is None else found


def stamped_sync(view: Callable[..., Any]) -> Callable[..., Any]:
    """The sync view, with stamps before and after it."""

    def timed(django_request: Any, *args: Any, **kwargs: Any) -> Any:
        request = request_of(django_request)
        request.counts.enter_view()
        request.view_entered = now()
        try:
            return view(django_request, *args, **kwargs)
        finally:
            request.view_left = now()
            request.counts.leave_view()

    return timed


def stamped_async(view: Callable[..., Any]) -> Callable[..., Any]:
    """The async view, with stamps before and after it."""

    async def timed(django_request: Any, *args: Any, **kwargs: Any) -> Any:
        request = request_of(django_request)
        request.counts.enter_view()
        request.view_entered = now()
        LOOP.sign(request.view_entered)
        try:
            return await view(django_request, *args, **kwargs)
        finally:
            request.view_left = now()
            LOOP.sign(request.view_left)
            request.counts.leave_view()

    return timed


def watch_threads() -> None:
    """Count the threads that Python code starts."""
    start = threading.Thread.start
    if hasattr(start, "liveburst"):
        return

    def counted(self: threading.Thread) -> None:
        COUNTS.start_thread()
        start(self)

    counted.liveburst = True  # type: ignore[attr-defined]
    threading.Thread.start = counted  # type: ignore[method-assign]


class Heartbeat:
    """Beats in the event loop while a firing is on, and keeps how late it came at worst."""

    def __init__(self, loop: Any) -> None:
        self.loop = loop
        self.number = 0  # the beats of earlier firings stop
        self.due = self.worst = 0

    def begin(self) -> None:
        """A firing begins. A loop that is blocked already is late from now on."""
        self.number += 1
        self.worst, self.due = 0, now()
        LOOP.begin()
        self.loop.call_soon_threadsafe(self.beat, self.number)

    def end(self) -> None:
        """The firing is over."""
        self.number += 1

    def beat(self, number: int) -> None:
        """Keep how late this beat is, and order the next."""
        if number == self.number:
            moment = now()
            LOOP.sign(moment)
            self.worst = max(self.worst, moment - self.due)
            self.due = moment + int(BEAT_S * 1e9)
            self.loop.call_later(BEAT_S, self.beat, number)

    def take(self) -> int:
        """The worst lateness since the last call, ns; a beat that has yet to come counts too."""
        worst, self.worst = self.worst, 0
        return max(worst, now() - self.due, 0)


class Hub:
    """Gevent's hub, with the little of an event loop's interface that a heartbeat needs."""

    def __init__(self, hub: Any) -> None:
        self.loop = hub.loop

    def call_soon_threadsafe(self, call: Callable[..., None], *args: Any) -> None:
        """Call it in the hub's thread; any thread may ask for that."""
        self.loop.run_callback_threadsafe(call, *args)

    def call_later(self, delay_s: float, call: Callable[..., None], *args: Any) -> None:
        """Call it in the hub after a while; asked for in the hub's thread."""
        timer = self.loop.timer(delay_s)

        def ring() -> None:
            timer.close()
            call(*args)

        timer.start(ring)


class DefaultExecutor:
    """The event loop's default executor: what there is of it is read off, and never computed.

    Its limit follows the CPU affinity from Python 3.13 on, and a project may set another one.
    """

    def __init__(self, loop: Any) -> None:
        self.loop = loop
        self.found: Any = None
        if not hasattr(loop, "_default_executor") and hasattr(loop, "run_in_executor"):
            self.look_once()  # uvloop keeps it to itself

    def read(self) -> list[int] | None:
        """Limit, threads, and calls that stand in line; None while nobody has used it."""
        executor = getattr(self.loop, "_default_executor", self.found)
        try:
            queued = executor._work_queue.qsize()  # noqa: SLF001 - there is no public way
            return [executor._max_workers, len(executor._threads), queued]  # noqa: SLF001
        except AttributeError:
            return None

    def look_once(self) -> None:
        """Let the first call that goes to the default executor say which one it runs in."""
        run = self.loop.run_in_executor

        def run_in_executor(executor: Any, function: Callable[..., Any], *args: Any) -> Any:
            if executor is not None:
                return run(executor, function, *args)
            del self.loop.run_in_executor  # the loop's own is there again
            return run(None, self.looking(function), *args)

        try:
            self.loop.run_in_executor = run_in_executor
        except AttributeError:
            pass  # a loop that lets nobody look

    def looking(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The same function, which sees the pool whose thread it runs in."""

        def call(*args: Any) -> Any:
            try:
                thread: Any = threading.current_thread()
                self.found = thread._args[0]()  # noqa: SLF001 - a weak reference to the pool
            except (AttributeError, IndexError, TypeError):
                pass
            return function(*args)

        return call


def in_line_for_one_thread() -> int | None:
    """Calls in line for the one thread that asgiref has for sync work; None while nobody uses it.

    All sync work of a process shares it that belongs to no request of Django's: of consumers,
    and of applications beside Django. Django's own requests have a thread each.
    """
    bridge = getattr(sys.modules.get("asgiref.sync"), "SyncToAsync", None)
    executor: Any = getattr(bridge, "single_thread_executor", None)
    try:
        return executor._work_queue.qsize() if executor._threads else None  # noqa: SLF001
    except AttributeError:
        return None


def running_loop() -> Any:
    """The event loop that this thread serves requests from, or gevent's hub; None without one."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:  # WSGI
        pass
    monkey = sys.modules.get("gevent.monkey")
    if monkey is not None and monkey.is_module_patched("threading"):
        return Hub(importlib.import_module("gevent").get_hub())
    return None


class Speaker:
    """Speaks with the dashboard, in a thread of its own that sleeps while no firing is on."""

    def __init__(self, interface: str) -> None:
        host, _, port = os.environ["LIVEBURST_HEALTH"].rpartition(":")
        self.token = os.environ["LIVEBURST_TOKEN"]
        self.interface = interface
        self.firing: int | None = None
        self.ending = False
        self.reported = 0  # when the last report was sent, ns
        loop = running_loop()
        self.heartbeat = None if loop is None else Heartbeat(loop)
        self.executor = DefaultExecutor(loop)
        self.socket = original("socket", "socket")(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.connect((host, int(port)))
        self.poller = original("select", "poll")()
        self.poller.register(self.socket, select.POLLIN)

    def run(self) -> None:
        """Speak until the process ends."""
        self.turn(self.greet)
        while True:
            self.turn(self.listen)

    def turn(self, do: Callable[[], None]) -> None:
        """Do something, and survive it."""
        try:
            do()
        except OSError:  # the dashboard has gone
            self.finish()
        except (ValueError, KeyError, TypeError, RuntimeError):
            pass  # a datagram that was not for us, a loop that is closed

    def greet(self) -> None:
        """Say who this is."""
        said = {"versions": self.versions(), "django": django_settings()}
        self.send("hello", interface=self.interface, **said)

    def listen(self) -> None:
        """Wait for an order, or until a report is due, and report if a firing is on."""
        pause_s = LAST_REPORT_S if self.ending else REPORT_S
        order = self.poller.poll(None if self.firing is None else 1000 * pause_s)
        if order:
            self.obey(json.loads(self.socket.recv(65536)))
        if self.firing is not None and (order or self.report_is_due()):
            self.report()

    def report_is_due(self) -> bool:
        """Whether it is time for the next report, or for the last."""
        return (self.ending and COUNTS.quiet()) or now() - self.reported >= REPORT_S * 1e9

    def obey(self, message: dict[str, Any]) -> None:
        """`begin` starts the reports; `end` lets them stop as soon as nothing is going on."""
        if message["token"] != self.token:
            return
        if message["type"] == "begin":
            self.firing, self.ending = message["firing"], False
            if not message.get("running"):  # else it began before this process said hello
                COUNTS.begin()
                BESIDE.begin()
                ANSWERS.begin()
            if self.heartbeat is not None:
                self.heartbeat.begin()
        elif message["type"] == "end" and message["firing"] == self.firing:
            self.ending = True

    def report(self) -> None:
        """Send how things stand; the last report of a firing says that it is final."""
        final = self.ending and COUNTS.quiet()
        lag = held = UNKNOWN
        if self.heartbeat is not None:
            lag, held = self.heartbeat.take(), LOOP.take()
        self.reported = now()
        counts = dict(COUNTS.report(), loop_lag=lag, loop_held=held, switches=context_switches())
        said: dict[str, Any] = {**counts, "answers": ANSWERS.news()}
        said |= {"executor": self.executor.read(), "one_thread": in_line_for_one_thread()}
        self.send("report", firing=self.firing, final=final, at=self.reported, **said)
        if final:
            self.finish()

    def finish(self) -> None:
        """Sleep until the next firing."""
        self.firing, self.ending = None, False
        if self.heartbeat is not None:
            self.heartbeat.end()

    def send(self, kind: str, **fields: Any) -> None:
        """Send one datagram; raises OSError where nobody is there."""
        message = dict(fields, type=kind, token=self.token, process=os.getpid())
        self.socket.send(json.dumps(message).encode())

    def versions(self) -> dict[str, str]:
        """Of Python, Django, the server, and the loop's kind: what a result depends on."""
        names = ["django", *os.environ["LIVEBURST_SERVER"].split(",")]
        packages = {name: version_of(name) for name in names}
        versions = {name: version for name, version in packages.items() if version}
        if self.heartbeat is not None:
            loop = self.heartbeat.loop
            kind = "gevent" if isinstance(loop, Hub) else type(loop).__module__
            versions["loop"] = kind.partition(".")[0]
        return {"python": platform.python_version(), **versions}


def django_settings() -> dict[str, Any] | None:
    """What in a project's settings changes a measurement; None where there is no Django."""
    settings = getattr(sys.modules.get("django.conf"), "settings", None)
    if settings is None or not settings.configured:
        return None
    ages = [database.get("CONN_MAX_AGE", 0) for database in settings.DATABASES.values()]
    return {
        "debug": bool(settings.DEBUG),
        "allowed_hosts": [str(host) for host in settings.ALLOWED_HOSTS],
        "keeps_connections": any(age != 0 for age in ages),
    }


def version_of(package: str) -> str | None:
    """The installed version of a package; None where it is not installed."""
    try:
        return importlib.metadata.version(package)
    except (importlib.metadata.PackageNotFoundError, ValueError):
        return None


def context_switches() -> int:
    """Of all threads of this process since it began, ended ones too; /proc forgets those."""
    if resource is None:
        return UNKNOWN
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_nvcsw + usage.ru_nivcsw
