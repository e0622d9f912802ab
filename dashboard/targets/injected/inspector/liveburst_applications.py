"""Finds a project's WSGI and ASGI applications; part of the inspector, once Django is set up.

Standard library and the project's own Django, Python 3.9.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from liveburst_errors import INSTALLED

Describe = Callable[[BaseException], Any]
ATTRIBUTES = ("application", "app")


def find_application(kind: str, settings_module: str | None, describe: Describe) -> Any:
    """Return the application's import string and what prevented it, as plain values.

    `kind` is wsgi or asgi. `django`: Django itself can make one. `failed` is what a module that
    should have it raised, None if none did.
    """
    settings = import_module("django.conf").settings
    if settings_module is None:
        script, name = of_script(kind)
        return {"application": name, "django": name is None, "failed": None, "script": script}
    failed = None
    for module, attribute, is_configured in candidates(kind, settings, settings_module):
        attributes = [attribute] if attribute else ATTRIBUTES
        name, error = attribute_of(module, attributes, is_configured)
        if name is not None:
            return {"application": f"{module}:{name}", "django": False, "failed": None}
        if error is not None and not is_missing(error, module):
            failed = failed or {"module": module, **describe(error)}
    django = failed is None and importlib.util.find_spec(f"django.core.{kind}") is not None
    return {"application": None, "django": django, "failed": failed}


def of_script(kind: str) -> tuple[str, str | None]:
    """Return the module and the application of a manage.py that is the whole project."""
    script = sys.modules["__main__"]
    handler = getattr(import_module(f"django.core.handlers.{kind}"), f"{kind.upper()}Handler")
    module = Path(str(getattr(script, "__file__", ""))).stem
    names = [name for name in ATTRIBUTES if isinstance(getattr(script, name, None), handler)]
    return module, f"{module}:{names[0]}" if names else None


def attribute_of(
    module: str, attributes: Sequence[str], is_configured: bool
) -> tuple[str | None, BaseException | None]:
    """Return the first of these attributes that is a callable in a module, or what it raised."""
    try:
        if not is_configured and not is_own(module):
            return None, None
        imported = import_module(module)
    except BaseException as error:  # a module may do anything, exiting included
        return None, error
    callables = (name for name in attributes if callable(getattr(imported, name, None)))
    return next(callables, None), None


def is_missing(error: BaseException, module: str) -> bool:
    """Return True if the module itself, or a package that it is in, does not exist."""
    name = error.name if isinstance(error, ModuleNotFoundError) else None
    return bool(name) and (module + ".").startswith(f"{name}.")


def candidates(
    kind: str, settings: Any, settings_module: str | None
) -> Iterator[tuple[str, str | None, bool]]:
    """Yield each module that may have it, its attribute if known, and whether settings name it."""
    configured = getattr(settings, f"{kind.upper()}_APPLICATION", None)
    if isinstance(configured, str):
        module, _, attribute = configured.replace(":", ".").rpartition(".")
        yield module, attribute, True
    other = getattr(settings, "WSGI_APPLICATION" if kind == "asgi" else "ASGI_APPLICATION", None)
    beside = [
        str(other or "").replace(":", ".").rpartition(".")[0],
        settings_module or "",
        str(getattr(settings, "ROOT_URLCONF", "")),
    ]
    packages = [package for module in beside for package in parents(module)]
    for package in dict.fromkeys([*packages, ""]):
        yield f"{package}.{kind}".lstrip("."), None, False


def parents(module: str) -> Iterator[str]:
    """Yield the packages that a module is in, the nearest first."""
    while "." in module:
        module = module.rpartition(".")[0]
        yield module


def is_own(module: str) -> bool:
    """Return True if there is such a module, and it is the project's own and not installed."""
    spec = importlib.util.find_spec(module)
    origin = spec.origin if spec and spec.origin else ""
    return origin.endswith(".py") and not INSTALLED.intersection(Path(origin).parts)
