"""The probe around a WSGI application. Standard library alone, Python 3.9."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from liveburst_body import until_closed
from liveburst_loop import mark
from liveburst_once import Once
from liveburst_request import REQUEST_KEY, new_request, set_current_request
from liveburst_worker import HEADER, Worker


class WSGIProbe:
    """The project's WSGI application, stamped and counted."""

    def __init__(self, application: Any, worker: Worker) -> None:
        self.application = application
        self.worker = worker

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        """Answer a request as the project does."""
        request = environ[REQUEST_KEY] = new_request(environ.get("QUERY_STRING", ""))
        mark(request.entered)  # under gevent this is the loop's thread; else it is not read
        request.counters.enter_app()
        self.worker.introduce()
        set_current_request(request)

        def start(status: str, headers: list[tuple[str, str]], *exc_info: Any) -> Any:
            request.note_answer(status_of(status), headers)
            headers = [*headers, (HEADER, self.worker.header(request))]
            return start_response(status, headers, *exc_info)

        def leave() -> None:  # the server has sent the answer, and closed it
            set_current_request(None)
            request.counters.leave_app()
            request.counters.finish()

        try:
            body = self.application(environ, start)
        except BaseException as error:
            request.note_error(error)  # first: the last request to leave ends the counting
            leave()
            raise
        wrapper = environ.get("wsgi.file_wrapper")
        return until_closed(body, wrapper, Once(leave), request.note_error)


def status_of(line: str) -> int:
    """Return the number in a WSGI status such as `200 OK`; 0 if there is none."""
    return int(line[:3]) if line[:3].isdigit() else 0
