"""The export format `card`, and the picture at an address of its own."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator

from django.template.loader import render_to_string

from dashboard.models import Run
from dashboard.runs.archive.exports import Format

from .layout import HEIGHT, WIDTH, card_of
from .palette import Scheme

MEDIA_TYPE = "image/svg+xml"


def svg(run: Run, scheme: Scheme = "", address: str = "") -> str:
    """Return a run's card as SVG."""
    context = {"card": card_of(run, scheme, address), "width": WIDTH, "height": HEIGHT}
    return render_to_string("run/card.svg", context)


def card_policy(text: str) -> str:
    """Return the Content-Security-Policy of a card: nothing but its own style sheet."""
    style = text.partition("<style>")[2].partition("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; frame-ancestors 'none'"


def _pieces(run: Run) -> Iterator[str]:
    yield svg(run)


CARD = Format("card", MEDIA_TYPE, _pieces)
