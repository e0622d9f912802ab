"""Work in a queue: the response is 202 with the result's address, then the result."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse


def accepted(task: Any, argument: int) -> HttpResponse:
    """Queue a Celery task: 202, or 503 if there is no queue."""
    from kombu.exceptions import OperationalError  # noqa: PLC0415

    try:
        task_result = task.delay(argument)
    except (OperationalError, RuntimeError) as error:  # RuntimeError: no store for results
        message = f"expected the queue to take a task, found: {error}"
        return JsonResponse({"message": message}, status=503)
    return _not_yet(UUID(task_result.id))


def result(request: HttpRequest, task_id: UUID) -> HttpResponse:
    """Return the result of a task and delete it; 202 while there is none.

    Celery keeps no list of tasks, so an unknown id is 202 too.
    """
    from liveapp.celery import app  # noqa: PLC0415

    task_result = app.AsyncResult(str(task_id))
    if not task_result.ready():
        return _not_yet(task_id)
    value, failed = task_result.result, task_result.failed()
    task_result.forget()
    if failed:
        return JsonResponse({"message": f"the task failed: {value!r}"}, status=500)
    return JsonResponse({"result": value})


def _not_yet(task_id: UUID) -> HttpResponse:
    location = reverse(result, args=[task_id])
    return HttpResponse(status=202, headers={"Location": location})
