"""Keeps the stored runs within the limits of the environment while the dashboard runs."""

from __future__ import annotations

import asyncio
import logging

from asgiref.sync import sync_to_async
from django.db import DatabaseError

from dashboard.runs.queue import run_queue

from . import audit_retention, deletion, retention
from .retention_limits import Limits

EVERY_S = 600.0

log = logging.getLogger(__name__)


async def keep_tidy(limits: Limits) -> None:
    """Delete what is beyond the limits, now and every ten minutes. Never returns."""
    while True:
        try:
            await sync_to_async(tidy)(limits)
        except DatabaseError as error:  # it may work again: a full disk can be emptied
            log.error("Old runs could not be deleted: %s", error)
        await asyncio.sleep(EVERY_S)


def tidy(limits: Limits) -> int:
    """Delete what is beyond the limits, unless a run is active or queued; return how many runs.

    Entries of the audit list go by limits of their own. The file does not shrink, but its free
    pages are used again.
    """
    if run_queue.queued():
        return 0
    deletion.purge()
    runs = retention.surplus(limits)
    retention.delete(runs)
    if runs:
        log.info("Deleted %d old runs, beyond the limits of the environment", len(runs))
    if entries := audit_retention.delete(limits.audit):
        log.info("Deleted %d old entries of the audit list, beyond its limits", entries)
    return len(runs)
