"""The list of what operators did: one entry for each request that changed something."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from typing import Any, Final

from asgiref.sync import sync_to_async
from django.urls import Resolver404, resolve

from dashboard.accounts import AuditEntry
from dashboard.models import Run
from dashboard.web.asgi_types import Application, Message, Receive, Scope, Send

from .forwarded import inner_path
from .roles import Access

logger = logging.getLogger(__name__)

# What a request did, by the name of its address.
ACTIONS: Final[Mapping[str, str]] = {
    "again": "fired again",
    "calibrate": "measured the load generator",
    "claim-fire": "tried a claim",
    "claim-sweep": "swept a claim",
    "claims": "tried all claims",
    "claims-stop": "stopped the claims",
    "delete": "deleted",
    "delete-experiment": "deleted an experiment",
    "describe": "named",
    "experiment-stop": "stopped",
    "explore-capacity": "searched for a capacity",
    "explore-matrix": "fired a matrix",
    "explore-mix": "fired a mix",
    "explore-sweep": "fired a sweep",
    "fire-advice": "tested advice",
    "import-run": "imported",
    "logout": "logged out",
    "pin": "pinned or unpinned",
    "restore": "restored",
    "runs": "fired",
    "stop": "stopped",
    "survey-start": "fired a survey",
    "where": "sampled a lane of",
    "where-stop": "stopped a sampling",
    "xray": "took an X-ray",
    "xray-beside": "took an X-ray to compare",
}
LOGGED_IN: Final = "logged in"
# These only compute: a form is sent for an estimate of what it would take.
NOT_LISTED: Final = frozenset(
    {
        "explore-capacity-estimate",
        "explore-matrix-estimate",
        "explore-mix-estimate",
        "explore-sweep-estimate",
        "survey-estimate",
    }
)
_ADDRESSES: Final = {b"location", b"hx-push-url", b"hx-redirect"}
_MADE: Final = re.compile(r"/(?:runs|explore|survey|xray)/([0-9a-z]{8})/")


class Audit:
    """Passes on one request of an operator, and writes down what it did if it succeeded."""

    def __init__(self, application: Application, access: Access) -> None:
        self._application = application
        self._access = access
        self._status = 0
        self._made = ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle the request."""

        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._note(message)
            await send(message)

        await self._application(scope, receive, noting)
        if self._status < 400:
            await sync_to_async(self._write)(inner_path(scope), scope["method"])

    def _note(self, start: Message) -> None:
        self._status = start["status"]
        for name, value in start.get("headers", ()):
            if name.lower() in _ADDRESSES and (match := _MADE.search(value.decode("latin-1"))):
                self._made = match[1]

    def _write(self, path: str, method: str) -> None:
        """Store the entry. What was done is done, so a failure here is only logged."""
        try:
            name, arguments = _target(path)
            if name in NOT_LISTED:
                return
            subject = next(iter(arguments.values()), "") or self._made
            write(self._access, ACTIONS.get(name, f"{method} {name}")[:40], str(subject))
        except Exception:
            logger.exception("An entry of the audit list was lost: %s %s", self._access, path)


def _target(path: str) -> tuple[str, Mapping[str, Any]]:
    """Return the name and the arguments of an address."""
    try:
        match = resolve(path)
    except Resolver404:
        return path, {}
    return match.url_name or path, match.kwargs


def write(access: Access, action: str, subject: str = "") -> None:
    """Add an entry, with what a run consists of: the run may be deleted later."""
    AuditEntry.objects.create(
        user=access.name,
        address=access.address,
        action=action,
        subject=subject[:100],
        detail=_detail(subject)[:300],
    )


def _detail(subject: str) -> str:
    plan = Run.objects.filter(pk=subject).values_list("plan", flat=True).first()
    if not isinstance(plan, dict):
        return ""
    lanes = plan.get("lanes") or []
    return ": ".join(filter(None, [str(plan.get("scenario", "")), ", ".join(map(str, lanes))]))
