"""The applications that Django itself makes, for a project that has no module for one.

    liveburst_django:wsgi    what a usual wsgi.py has: django.core.wsgi.get_wsgi_application()
    liveburst_django:asgi    likewise

Which settings, DJANGO_SETTINGS_MODULE says; with DJANGO_CONFIGURATION it is django-configurations
that reads them. LIVEBURST_CONFIGURED_BY is a module to import first, where that has the settings
itself. One file, standard library, Python 3.9.
"""

import importlib
import os
from typing import Any


def __getattr__(name: str) -> Any:
    """`wsgi` and `asgi`, made when a server asks for one."""
    if name not in ("wsgi", "asgi"):
        raise AttributeError(name)
    if "LIVEBURST_CONFIGURED_BY" in os.environ:
        importlib.import_module(os.environ["LIVEBURST_CONFIGURED_BY"])
    if "DJANGO_CONFIGURATION" in os.environ:
        importlib.import_module("configurations.importer").install()
    core = importlib.import_module("django.core." + name)
    globals()[name] = getattr(core, f"get_{name}_application")()
    return globals()[name]
