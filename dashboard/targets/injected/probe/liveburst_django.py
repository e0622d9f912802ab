"""Django's own applications, for a project that has no module for one.

    liveburst_django:wsgi    what a usual wsgi.py has: django.core.wsgi.get_wsgi_application()
    liveburst_django:asgi    likewise

The settings are those of DJANGO_SETTINGS_MODULE; with DJANGO_CONFIGURATION django-configurations
reads them. LIVEBURST_CONFIGURED_BY is a module to import first, if that has the settings
itself. One file, standard library, Python 3.9.
"""

import importlib
import os
from typing import Any


def __getattr__(name: str) -> Any:
    """Make `wsgi` or `asgi` when a server imports it."""
    if name not in ("wsgi", "asgi"):
        raise AttributeError(name)
    if "LIVEBURST_CONFIGURED_BY" in os.environ:
        importlib.import_module(os.environ["LIVEBURST_CONFIGURED_BY"])
    if "DJANGO_CONFIGURATION" in os.environ:
        importlib.import_module("configurations.importer").install()
    core = importlib.import_module("django.core." + name)
    globals()[name] = getattr(core, f"get_{name}_application")()
    return globals()[name]
