"""Work that somebody else does: 202 and where its result will be, then the result."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse


def accepted(task: Any, argument: int) -> HttpResponse:
    """Put a task of Celery into the queue: 202, or 503 where there is no queue to put it into."""
    from kombu.exceptions import OperationalError  # noqa: PLC0415

    try:
        handed_in = task.delay(argument)
    except (OperationalError, RuntimeError) as error:  # the latter: no store for results
        message = f"expected the queue to take a task, found: {error}"
        return JsonResponse({"message": message}, status=503)
    return _not_yet(UUID(handed_in.id))


def result(request: HttpRequest, task_id: UUID) -> HttpResponse:
    """The result of a task, which is forgotten then: once fetched it is not kept for anybody.

    202 while it is not there. Celery does not know which tasks there are, so an id that is
    nobody's is answered so as well.
    """
    from liveapp.celery import app  # noqa: PLC0415

    found = app.AsyncResult(str(task_id))
    if not found.ready():
        return _not_yet(task_id)
    value, failed = found.result, found.failed()
    found.forget()
    if failed:
        return JsonResponse({"message": f"the task failed: {value!r}"}, status=500)
    return JsonResponse({"result": value})


def _not_yet(task_id: UUID) -> HttpResponse:
    location = reverse(result, args=[task_id])
    return HttpResponse(status=202, headers={"Location": location})
