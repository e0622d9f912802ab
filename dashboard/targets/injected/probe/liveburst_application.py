"""Imports the project's own application; part of the probe.

Standard library alone, Python 3.9.
"""

from __future__ import annotations

import importlib
from typing import Any

SET_UP_FIRST: list[str] = []  # modules that could not be imported before Django was set up


def load_application(name: str) -> Any:
    """Return the application that an import string, `module:attribute`, names."""
    module, _, attributes = name.partition(":")
    application = import_application(module)
    for attribute in attributes.split("."):
        application = getattr(application, attribute)
    return application


def import_application(module: str) -> Any:
    """Import the application's module; set Django up first where the import fails without.

    An asgi.py that imports models before it calls get_asgi_application() starts under runserver,
    which has set Django up by then, and under no other server. It is measured, and the report
    mentions it.
    """
    try:
        return importlib.import_module(module)
    except Exception as error:
        if type(error).__name__ != "AppRegistryNotReady":
            raise
        importlib.import_module("django").setup()
        SET_UP_FIRST.append(module)
        return importlib.import_module(module)
