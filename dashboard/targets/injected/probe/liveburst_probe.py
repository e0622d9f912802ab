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
import concurrent.futures
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
import types
from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar
from typing import Any

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
# Whose code ran in the event loop's thread: column `loop_held_by` of docs/frame.md.
ELSEWHERE, VIEW, APPLICATION, NEIGHBOURS = range(4)
POOLS = "concurrent.futures.thread"  # whose threads outlive what they were started for
IDLE_NS = int(2 * BEAT_S * 1e9)  # a loop that waits gives a sign at each beat

now = time.monotonic_ns


def __getattr__(name: str) -> Any:
    """`wsgi` and `asgi`, made when a server asks for one: only then is the project imported."""
    if name not in ("wsgi", "asgi"):
        raise AttributeError(name)
    module, _, attribute = os.environ["LIVEBURST_APP"].partition(":")
    application = import_application(module)
    for part in attribute.split("."):
        application = getattr(application, part)
    watch_threads()
    watch_executors()
    watch_views()
    watch_django(ANSWERS, lambda request: request_of(request).counts is COUNTS)
    wrapper = WSGIProbe if name == "wsgi" else ASGIProbe
    globals()[name] = wrapper(application, Worker(name))
    return globals()[name]


SET_UP_FIRST: list[str] = []  # the modules that could not be imported without


def import_application(module: str) -> Any:
    """Import the application's module; set Django up first where it raises without.

    An asgi.py that imports models before it calls get_asgi_application() starts under runserver,
    which has set Django up by then, and under no other server. It is measured, and it is said.
    """
    try:
        return importlib.import_module(module)
    except Exception as error:
        if type(error).__name__ != "AppRegistryNotReady":
            raise
        importlib.import_module("django").setup()
        SET_UP_FIRST.append(module)
        return importlib.import_module(module)


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

    __slots__ = ("counts", "entered", "over", "view_entered", "view_left")

    def __init__(self, counts: Counts, entered: int) -> None:
        self.counts = counts
        self.entered = entered
        self.over = False
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


# The request in whose context code runs, here or in a thread that works for it; None: no request's.
WHOSE: ContextVar[Request | None] = ContextVar("liveburst", default=None)


def charged() -> Counts:
    """Return whom the running code is charged to: the load, unless it is the neighbour's."""
    request = WHOSE.get()
    return COUNTS if request is None else request.counts


class SignsOfLife:
    """How long one thing held the event loop, and whose code that was.

    What it measures is the silence between two signs, which are made in the loop's thread alone:
    at both ends of each step of a request's coroutines, when an async view is called and when it
    returns, and by the heartbeat.

    The lateness of a heartbeat is another matter: whatever is ready at the same moment runs
    before any timer does, so thirty views that block for 0.1 s each make a beat 3 s late.
    """

    __slots__ = ("holder", "last", "longest", "running", "spent", "thread")

    def __init__(self) -> None:
        self.running: Work | None = None  # whose step is on
        self.thread = UNKNOWN  # the loop's; unknown until a process has introduced itself
        self.begin()

    def begin(self) -> None:
        """A firing begins."""
        self.last, self.longest, self.holder = now(), 0, UNKNOWN
        self.spent = [0, 0, 0, 0]  # ns by holder; of ELSEWHERE only what is no mere waiting

    def sign(self, moment: int) -> None:
        """Say that the loop's thread is at work at this moment: what ran until now has ended."""
        silence = moment - self.last
        if self.running is not None:
            self.spent[self.running.holder] += silence
        elif silence > IDLE_NS:
            self.spent[ELSEWHERE] += silence
        if silence > self.longest:
            self.longest, self.holder = silence, holder_of(self.running)
        self.last = moment

    def running_here(self) -> Work | None:
        """Return the work whose step this very code is part of; None in any other thread."""
        return self.running if threading.get_ident() == self.thread else None

    def take(self) -> tuple[int, int]:
        """Return the longest silence since the last call (ns) and its holder.

        One that has not ended counts too.
        """
        longest, holder = self.longest, self.holder
        self.longest, self.holder = 0, UNKNOWN
        silence = now() - self.last
        return (silence, holder_of(self.running)) if silence > longest else (longest, holder)


class Work:
    """One of a request's coroutines, and whose code it runs at the moment."""

    __slots__ = ("coroutine", "holder", "request")

    def __init__(self, coroutine: Any, request: Request, holder: int) -> None:
        self.coroutine = coroutine
        self.request = request
        self.holder = holder if request.counts is COUNTS else NEIGHBOURS

    def __del__(self) -> None:
        self.coroutine.close()  # it never ran if its task was cancelled before the first step

    def enter_view(self, moment: int) -> None:
        """From this moment on it is the view's."""
        LOOP.sign(moment)
        if self.holder == APPLICATION:
            self.holder = VIEW

    def leave_view(self, moment: int) -> None:
        """It is what is around the view again."""
        LOOP.sign(moment)
        if self.holder == VIEW:
            self.holder = APPLICATION


def holder_of(work: Work | None) -> int:
    """Return whose code runs while this work's step is on; None: no request's."""
    return ELSEWHERE if work is None else work.holder


LOOP = SignsOfLife()


@types.coroutine
def stepped(work: Work) -> Any:
    """Run a request's coroutine, with a sign of life at both ends of each of its steps.

    Written out, since this is what each step of each request costs.
    """
    loop, request, coroutine = LOOP, work.request, work.coroutine
    send = coroutine.send
    value = error = None
    try:
        while True:
            outer, moment = loop.running, now()
            if outer is None and moment - loop.last < min(loop.longest, IDLE_NS):
                loop.last = moment
            else:
                loop.sign(moment)
            if request.over:  # what it left behind belongs to no request
                work.holder = ELSEWHERE
            loop.running = work
            try:
                yielded = send(value) if error is None else coroutine.throw(error)
            except StopIteration as stop:
                return stop.value
            finally:
                ended = now()
                silence = ended - loop.last
                loop.spent[work.holder] += silence
                if silence > loop.longest:
                    loop.longest, loop.holder = silence, work.holder
                loop.last = ended
                loop.running = outer
            try:
                value, error = (yield yielded), None
            except GeneratorExit:
                coroutine.close()
                raise
            except BaseException as thrown:
                value, error = None, thrown
    finally:
        error = None  # its traceback knows this frame


async def awaited(work: Work) -> Any:
    """The same as a coroutine that a task can be made of."""
    return await stepped(work)


def watched(call: Any, request: Request) -> Any:
    """Return what to await for this call; as it is where it is no coroutine."""
    return stepped(Work(call, request, APPLICATION)) if hasattr(call, "send") else call


def watch_tasks(loop: Any) -> None:
    """Watch the steps of tasks, too, that a request starts: Django runs its views in one."""
    make: Any = loop.get_task_factory() or (
        lambda loop, coroutine, **more: asyncio.Task(coroutine, loop=loop, **more)
    )

    def factory(loop: Any, coroutine: Any, **more: Any) -> Any:
        request = WHOSE.get()
        if request is None or request.over or not hasattr(coroutine, "send"):
            return make(loop, coroutine, **more)
        outer = LOOP.running
        work = Work(coroutine, request, APPLICATION if outer is None else outer.holder)
        return make(loop, awaited(work), **more)

    loop.set_task_factory(factory)


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
                speaker.watch_loop()
                original("_thread", "start_new_thread")(speaker.run, ())
            except (KeyError, ValueError, OSError, RuntimeError, AttributeError):
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
        WHOSE.set(request)

        def start(status: str, headers: list[tuple[str, str]], *exc_info: Any) -> Any:
            request.answered(status_of(status), headers)
            headers = [*headers, (HEADER, self.worker.header(request))]
            return start_response(status, headers, *exc_info)

        def leave() -> None:  # the server has sent the answer, and closed it
            WHOSE.set(None)
            request.counts.leave_app()
            request.counts.finish()

        try:
            body = self.application(environ, start)
        except BaseException as error:
            request.raised(error)  # first: what is the last to leave ends the counting
            leave()
            raise
        wrapper = environ.get("wsgi.file_wrapper")
        return until_closed(body, wrapper, Once(leave), request.raised)


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


def unheard(error: BaseException) -> None:
    """Tell nobody what was raised."""


def until_closed(
    body: Any,
    file_wrapper: Any,
    leave: Once,
    raised: Callable[[BaseException], None] = unheard,
) -> Any:
    """The same body, with `leave` called when the server closes it: the answer is over then.

    `raised` is told what the body raises while the server reads or closes it. Of a file that the
    server sends by its own wrapper only the closing is seen.
    """
    if isinstance(file_wrapper, type) and isinstance(body, file_wrapper):
        # It must stay what it is, or the server would not use sendfile.
        closing = Body(body, getattr(body, "close", None), leave, raised)
        try:
            body.close = closing.close  # type: ignore[attr-defined]
        except AttributeError:
            leave()  # written in C: nobody will say when it ends
        return body
    # Servers draw conclusions from a length (waitress does): hand it on, and invent none.
    kind = SizedBody if hasattr(type(body), "__len__") else Body
    return kind(body, getattr(body, "close", None), leave, raised)


class Body:
    """A response's body, which says when it is over, and what it raised."""

    def __init__(
        self,
        body: Any,
        close: Callable[[], None] | None,
        leave: Once,
        raised: Callable[[BaseException], None],
    ) -> None:
        self.body = body
        self.close_body = close
        self.leave = leave
        self.raised = raised

    def __iter__(self) -> Iterator[Any]:
        try:
            chunks = iter(self.body)
        except Exception as error:
            self.raised(error)
            raise
        # A list or a tuple raises nothing, and its own iterator costs nothing.
        return chunks if type(self.body) in (list, tuple) else self.heard(chunks)

    def heard(self, chunks: Iterator[Any]) -> Iterator[Any]:
        """Yield the same chunks, and tell what the application raises between them.

        No `yield from`: that would close the application's iterator where the server gives up,
        which is the server's to do.
        """
        try:
            for chunk in chunks:
                yield chunk
        except Exception as error:
            self.raised(error)
            raise

    def close(self) -> None:
        """Called by the server when it has sent the body, or gave up."""
        try:
            if self.close_body is not None:
                self.close_body()
        except Exception as error:
            self.raised(error)
            raise
        finally:
            self.leave()


class SizedBody(Body):
    """The same for a body with a length, such as a list."""

    def __len__(self) -> int:
        return len(self.body)


class ASGIProbe:
    """The project's ASGI application, stamped and counted.

    Scopes other than http pass through; of a websocket only its steps in the loop are watched.
    """

    def __init__(self, application: Any, worker: Worker) -> None:
        self.application = application
        self.worker = worker

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Answer a request as the project does."""
        if scope["type"] != "http":
            await self.passed_through(scope, receive, send)
            return
        request = Request.of_query(scope.get("query_string", b""))
        request.counts.enter_app()
        self.worker.introduce()
        WHOSE.set(request)
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
            call = self.application({**scope, REQUEST: request}, receive, stamped)
            await watched(call, request)
        except BaseException as error:
            request.raised(error)
            raise
        finally:
            leave()
            request.over = True
            request.counts.finish()

    async def passed_through(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Answer what is no request; the probe speaks of its process all the same."""
        call = self.application(scope, receive, send)
        if scope["type"] != "websocket":
            await call
            return
        session = Request(COUNTS, now())
        WHOSE.set(session)
        try:
            await watched(call, session)
        finally:
            session.over = True


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
        request, work = request_of(django_request), LOOP.running_here()
        request.counts.enter_view()
        request.view_entered = now()
        if work is not None:
            work.enter_view(request.view_entered)
        try:
            return await view(django_request, *args, **kwargs)
        finally:
            request.view_left = now()
            if work is not None:
                work.leave_view(request.view_left)
            request.counts.leave_view()

    return timed


def watch_threads() -> None:
    """Count the threads that Python code starts, each where its starter is charged."""
    start = threading.Thread.start
    if hasattr(start, "liveburst"):
        return

    def counted(self: threading.Thread) -> None:
        charged().start_thread()
        target = getattr(self, "_target", None)
        if charged() is BESIDE and getattr(target, "__module__", "") != POOLS:
            self.run = carried(self.run)  # type: ignore[method-assign]
        start(self)

    counted.liveburst = True  # type: ignore[attr-defined]
    threading.Thread.start = counted  # type: ignore[method-assign]


def carried(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same function, charged in another thread as it would be here."""
    request = WHOSE.get()

    def call(*args: Any, **kwargs: Any) -> Any:
        WHOSE.set(request)
        try:
            return function(*args, **kwargs)
        finally:
            WHOSE.set(None)  # a pool's thread goes on to work for others

    return call


def watch_executors() -> None:
    """Know of each pool of threads how many of the neighbour's calls stand in line for it."""
    submit: Any = concurrent.futures.ThreadPoolExecutor.submit
    if hasattr(submit, "liveburst"):
        return

    def counted(self: Any, function: Any, /, *args: Any, **kwargs: Any) -> Any:
        if charged() is COUNTS:
            self.liveburst_used = True
            return submit(self, function, *args, **kwargs)
        begun, work = Once(Beside(self).leave_line), carried(function)

        def call(*args: Any, **kwargs: Any) -> Any:
            begun()
            return work(*args, **kwargs)

        future = submit(self, call, *args, **kwargs)
        future.add_done_callback(lambda _: begun())  # it may be cancelled before it begins
        return future

    counted.liveburst = True  # type: ignore[attr-defined]
    concurrent.futures.ThreadPoolExecutor.submit = counted  # type: ignore[method-assign]


class Beside:
    """One of the neighbour's calls while it stands in line for a pool's threads."""

    def __init__(self, executor: Any) -> None:
        self.executor = executor
        self.add(1)

    def leave_line(self) -> None:
        """A thread has taken it, or it was cancelled."""
        self.add(-1)

    def add(self, number: int) -> None:
        """Keep the count where the pool is: it ends with it."""
        with BESIDE.lock:
            self.executor.liveburst_beside = in_line_beside(self.executor) + number


def in_line_beside(executor: Any) -> int:
    """Return how many of the neighbour's calls stand in line for this pool."""
    number: int = getattr(executor, "liveburst_beside", 0)
    return number


def in_line(executor: Any) -> int:
    """Return how many of the load's calls stand in line for this pool."""
    queued: int = executor._work_queue.qsize()  # noqa: SLF001 - there is no public way
    return max(0, queued - in_line_beside(executor))


def used_beside_alone(executor: Any) -> bool:
    """Return True if nobody but the neighbour has used this pool."""
    return hasattr(executor, "liveburst_beside") and not hasattr(executor, "liveburst_used")


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
            threads = len(executor._threads)  # noqa: SLF001 - there is no public way
            read = [executor._max_workers, threads, in_line(executor)]  # noqa: SLF001
        except AttributeError:
            return None
        return None if used_beside_alone(executor) else read

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
        if not executor._threads or used_beside_alone(executor):  # noqa: SLF001
            return None
        return in_line(executor)
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
        self.reported = now()
        counts = dict(COUNTS.report(), neighbour_requests=BESIDE.requests, **self.read_loop())
        counts.update(neighbour_threads_started=BESIDE.threads_started, switches=context_switches())
        said: dict[str, Any] = {**counts, "answers": ANSWERS.news()}
        said |= {"executor": self.executor.read(), "one_thread": in_line_for_one_thread()}
        self.send("report", firing=self.firing, final=final, at=self.reported, **said)
        if final:
            self.finish()

    def watch_loop(self) -> None:
        """Watch the steps of requests in this thread, where an event loop runs in it."""
        if self.heartbeat is not None and not isinstance(self.heartbeat.loop, Hub):
            LOOP.thread = threading.get_ident()
            watch_tasks(self.heartbeat.loop)

    def read_loop(self) -> dict[str, int]:
        """Return the columns on the event loop. Of gevent's hub it is not known who held it."""
        names = ("loop_lag", "loop_held", "loop_held_by")
        sums = ("loop_in_view", "loop_in_app", "loop_elsewhere")
        if self.heartbeat is None:
            return dict.fromkeys((*names, *sums), UNKNOWN)
        lag, (held, holder) = self.heartbeat.take(), LOOP.take()
        if LOOP.thread == UNKNOWN:
            return dict(dict.fromkeys((*names, *sums), UNKNOWN), loop_lag=lag, loop_held=held)
        spent = [LOOP.spent[at] for at in (VIEW, APPLICATION, ELSEWHERE)]
        return dict(zip((*names, *sums), (lag, held, holder, *spent)))

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
        "set_up_first": bool(SET_UP_FIRST),
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
