"""A stored run as one HTML file that opens from disk, without network, with working charts.

It contains the page's own templates, style sheets and scripts. The stored frames follow,
compressed; `offline-socket.js` replaces the websocket and reads them.
"""

from __future__ import annotations

import base64
import secrets
import zlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from django.template.loader import render_to_string

from dashboard.analysis.report.run_diff import differences
from dashboard.models import Run
from dashboard.project.project import Project
from dashboard.runs.archive.exports import Format
from dashboard.runs.planning.command_line import command_line
from dashboard.runs.planning.program import project_option
from dashboard.runs.reports.results import frames_of
from dashboard.web.charts.views import pictures_of
from dashboard.web.shared.code import code_of
from dashboard.web.shared.template_context import TemplateContext
from dashboard.web.where.where_view import where_view
from dashboard.wire import frame
from dashboard.wire.plan.plan import Plan

from . import page_files
from .advice_cards import advice_section
from .run_view import RunView, view_of
from .serving_details import serving_details

WITH_GZIP_HEADER = 16 + zlib.MAX_WBITS


def html_format(project: Project) -> Format:
    """Return the export format for runs of a project, whose code the file shows."""
    return Format("html", "text/html", lambda run: html_pieces(run, project))


def html_pieces(run: Run, project: Project) -> Iterator[str]:
    """Yield the document. Frames are read while it is consumed, so their number is unlimited."""
    placeholder = secrets.token_hex(16)
    document = render_to_string("run/single_file.html", _context(run, project, placeholder))
    before, _, after = document.partition(placeholder)
    yield before
    yield from _in_base64(_compressed(run))
    yield after


def _context(run: Run, project: Project, placeholder: str) -> TemplateContext:
    plan = Plan.from_json(run.plan)
    script, modules = page_files.script()
    return {
        # Drawn after all content exists, so that no content can contain it.
        "nonce": secrets.token_urlsafe(16),
        "in_file": True,
        "run": _without_addresses(view_of(run)),
        "notes": run.notes,
        "created": run.created,
        "command": command_line(plan, project_option(project.path) and project.path.name),
        "serving": serving_details(run),
        "code": code_of(project, plan.scenario, run.plan["lanes"]),
        "advice": advice_section(run, project),
        "pictures": pictures_of(run),
        "where": where_view(run, every_pair=True),
        # The differences to an empty table are the whole table.
        "plan": differences({}, run.plan),
        "environment": differences({}, run.environment),
        "styles": page_files.styles(),
        "script": script,
        "modules": modules,
        "frames_placeholder": placeholder,
    }


def _without_addresses(view: RunView) -> RunView:
    """Remove links to the dashboard, which may no longer exist."""
    data: Any = {key: value for key, value in view.data.items() if not key.endswith("_url")}
    return replace(view, data=data, lanes=[replace(lane, xray_url="") for lane in view.lanes])


def _compressed(run: Run) -> Iterator[bytes]:
    """Yield the stored frames in their envelopes, compressed by gzip."""
    compressor = zlib.compressobj(wbits=WITH_GZIP_HEADER)
    for sequence, data in frames_of(run.pk):
        yield compressor.compress(frame.envelop(sequence, data))
    yield compressor.flush()


def _in_base64(pieces: Iterator[bytes]) -> Iterator[str]:
    """Encode three bytes as four characters; a remainder waits for the next piece."""
    remainder = b""
    for piece in pieces:
        data = remainder + piece
        length = len(data) - len(data) % 3
        yield base64.b64encode(data[:length]).decode()
        remainder = data[length:]
    yield base64.b64encode(remainder).decode()
