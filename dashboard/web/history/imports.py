"""Imports on the page Runs: a small file at once, a large one in a process, with its progress."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from asgiref.sync import sync_to_async
from django.core.files.uploadedfile import TemporaryUploadedFile, UploadedFile
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from dashboard.runs.archive.imports.import_run import InvalidImport, import_run
from dashboard.runs.archive.imports.limits import MOST_BYTES
from dashboard.runs.archive.imports.process import Imports
from dashboard.state.home import home
from dashboard.web.shared.queue_chips import chips

from .views import history

imports = Imports(home())


@require_POST
async def import_(request: HttpRequest) -> HttpResponse:
    """Import a run that another Liveburst exported."""
    file = await sync_to_async(_file_of)(request)
    if file is None or file.size is None or file.size > MOST_BYTES:
        limit = f"{MOST_BYTES // 2**20} MB"
        return await _refuse(request, f"file: expected an exported run of at most {limit}")
    if not isinstance(file, TemporaryUploadedFile):  # small: Django kept it in memory
        return await sync_to_async(_import_at_once)(request, file)
    if imports.busy:
        return await _refuse(request, "file: another one is being imported; try again when it is")
    import_id = await imports.start(Path(file.temporary_file_path()))
    return HttpResponseRedirect(reverse("importing", args=[import_id]), status=303)


def _file_of(request: HttpRequest) -> UploadedFile[Any] | None:
    """Return the uploaded file. Reading it parses the request's body, which takes its time."""
    return request.FILES.get("file")


def _import_at_once(request: HttpRequest, file: UploadedFile[Any]) -> HttpResponse:
    try:
        run = import_run(file.read())
    except InvalidImport as error:
        return history(request, [str(problem) for problem in error.problems])
    return HttpResponseRedirect(reverse("run", args=[run.pk]), status=303)


async def _refuse(request: HttpRequest, *problems: str) -> HttpResponse:
    return await sync_to_async(history)(request, list(problems))


@require_safe
def importing(request: HttpRequest, import_id: str) -> HttpResponse:
    """Show what an import does; once it has ended, its run or the problems."""
    state = imports.state_of(import_id)
    if state is None:
        raise Http404
    if not state.ended:
        fragment = bool(request.headers.get("HX-Request"))
        template = "history/import_progress.html" if fragment else "history/importing.html"
        context = {"import_id": import_id, "state": state, "queue": [] if fragment else chips()}
        return render(request, template, context)
    address = reverse("run", args=[state.run]) if state.run else request.path
    if request.headers.get("HX-Request"):
        return HttpResponse(headers={"HX-Redirect": address})
    if state.run:
        return HttpResponseRedirect(address, status=303)
    return history(request, list(state.problems))
