"""Puts the X-ray's patches in place: threads and asgiref, then what Django does.

Each patch passes everything on as it was and records nothing while no request is traced. What a
project does not have (asgiref, Django) is left out. Standard library alone, Python 3.9.
"""

from __future__ import annotations

import importlib

from liveburst_xray_django import (
    trace_connections,
    trace_middleware,
    trace_queries,
    trace_signals,
    trace_templates,
    trace_views,
)
from liveburst_xray_threads import (
    trace_async_to_sync,
    trace_executors,
    trace_sync_to_async,
    trace_threads,
    trace_to_thread,
)


def apply_patches() -> None:
    """Apply every patch; called once in a process, before the project is imported."""
    trace_threads()
    trace_executors()
    trace_to_thread()
    for module, patch in (
        ("asgiref.sync", trace_sync_to_async),
        ("asgiref.sync", trace_async_to_sync),
        ("django.dispatch", trace_signals),
        ("django.core.handlers.base", trace_middleware),
        ("django.core.handlers.base", trace_views),
        ("django.db.backends.utils", trace_queries),
        ("django.db.backends.base.base", trace_connections),
        ("django.template.base", trace_templates),
    ):
        try:
            imported = importlib.import_module(module)
        except ImportError:
            continue  # not a Django project
        patch(imported)
