"""A stored run as one HTML file: it opens from disk without network, and its charts still work.

The page's own templates, style sheets and scripts are in it, unchanged: each module stands in an
import map as a `data:` address, since browsers refuse modules from files. The frames follow as
they were stored, packed. In place of the websocket comes `file.js`, which hands them over.
"""

from __future__ import annotations

import base64
import json
import posixpath
import re
import secrets
import zlib
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from django.contrib.staticfiles import finders
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe

from dashboard.analysis.report.run_diff import differences
from dashboard.models import Run
from dashboard.project.labtoml.load import Project
from dashboard.runs.archive.exports import Format
from dashboard.runs.planning.command_line import command_line
from dashboard.runs.planning.program import project_option
from dashboard.runs.reports.results import frames_of
from dashboard.web.charts.views import pictures_of
from dashboard.web.shared.code import code_of
from dashboard.wire import frame
from dashboard.wire.plan import Plan

from .run_view import RunView, view_of
from .serving_details import served

# What the page of a run links to, in its order.
STYLES = (
    *("base", "controls", "bar", "bench", "result", "evidence", "charts", "panel"),
    *("pages", "archive", "code", "small", "print"),
)
ENTRY = "main.js"
# A module of the page, and what replaces it in a file.
STAND_INS = {"data/socket.js": "data/offline-socket.js"}
IMPORT = re.compile(r"\b(from|import) '(\.[\w./-]+\.js)'")  # of another module of ours
NAMESPACE = "liveburst/"  # a module without a place can only be imported by a name
WITH_GZIP_HEADER = 16 + zlib.MAX_WBITS


def html_format(project: Project) -> Format:
    """The format, for runs whose code may be found in this project."""
    return Format("html", "text/html", lambda run: html_pieces(run, project))


def html_pieces(run: Run, project: Project) -> Iterator[str]:
    """The document; its frames are read as they are asked for, whatever their number."""
    place_of_frames = secrets.token_hex(16)
    document = render_to_string("run/single_file.html", _context(run, project, place_of_frames))
    before, _, after = document.partition(place_of_frames)
    yield before
    yield from _in_base64(_packed(run))
    yield after


def _context(run: Run, project: Project, place_of_frames: str) -> dict[str, Any]:
    plan = Plan.from_json(run.plan)
    return {
        # Chosen after everything else was written: nothing in the file can have guessed it.
        "nonce": secrets.token_urlsafe(16),
        "in_file": True,
        "run": _without_addresses(view_of(run)),
        "name": run.name,
        "notes": run.notes,
        "created": run.created,
        "command": command_line(plan, project_option(project.path) and project.path.name),
        "served": served(run),
        "code": code_of(project, plan.scenario, run.plan["lanes"]),
        "pictures": pictures_of(run),
        # All of a table is what differs between it and none.
        "plan": differences({}, run.plan),
        "environment": differences({}, run.environment),
        "styles": _styles(),
        "modules": _import_map(),
        "entry": NAMESPACE + ENTRY,
        "place_of_frames": place_of_frames,
    }


def _without_addresses(view: RunView) -> RunView:
    """Nothing in the file leads to a dashboard that may be gone."""
    data = {key: value for key, value in view.data.items() if not key.endswith("_url")}
    return replace(view, data=data, lanes=[replace(lane, xray_url="") for lane in view.lanes])


def _styles() -> SafeString:
    sheets = "\n".join(_read(f"css/{name}.css") for name in STYLES)
    return mark_safe(sheets)  # noqa: S308 - our own style sheets


def _import_map() -> SafeString:
    """Each module under its name, as a `data:` address."""
    addresses = {}
    for name, source in modules().items():
        coded = base64.b64encode(source.encode()).decode()
        addresses[NAMESPACE + name] = f"data:text/javascript;base64,{coded}"
    return mark_safe(json.dumps({"imports": addresses}))  # noqa: S308 - base64 has no markup


def modules() -> dict[str, str]:
    """The entry and all that it imports, by their names; they import each other by these."""
    found: dict[str, str] = {}
    wanted = [ENTRY]
    while wanted:
        name = wanted.pop()
        if name in found:
            continue
        source = _read(f"js/{STAND_INS.get(name, name)}")
        wanted += [_resolved(name, path) for _, path in IMPORT.findall(source)]
        found[name] = IMPORT.sub(partial(_named, name), source)
    return found


def _named(importer: str, match: re.Match[str]) -> str:
    """Return an import with the name that a module has in the import map."""
    return f"{match[1]} '{NAMESPACE}{_resolved(importer, match[2])}'"


def _resolved(importer: str, path: str) -> str:
    """Return a module's path from the root of all scripts, as `importer` names it."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(importer), path))


def _read(name: str) -> str:
    path = finders.find(name)
    if path is None:
        raise FileNotFoundError(f"static/{name} is not there")
    return Path(path).read_text(encoding="utf-8")


def _packed(run: Run) -> Iterator[bytes]:
    """The stored frames in their envelopes, one after another, packed by gzip."""
    packer = zlib.compressobj(wbits=WITH_GZIP_HEADER)
    for sequence, data in frames_of(run.pk):
        yield packer.compress(frame.envelop(sequence, data))
    yield packer.flush()


def _in_base64(pieces: Iterator[bytes]) -> Iterator[str]:
    """Three bytes are four characters: what is over waits for the next piece."""
    over = b""
    for piece in pieces:
        data = over + piece
        whole = len(data) - len(data) % 3
        yield base64.b64encode(data[:whole]).decode()
        over = data[whole:]
    yield base64.b64encode(over).decode()
