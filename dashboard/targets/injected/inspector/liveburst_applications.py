"""Find a project's WSGI and ASGI applications; in the project's own interpreter, Django set up.

Standard library and the project's own Django, Python 3.9.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from liveburst_answer import INSTALLED

Describe = Callable[[BaseException], Any]
ATTRIBUTES = ("application", "app")


def find_application(kind: str, settings_module: str | None, describe: Describe) -> Any:
    """The import string of the application, and what was in its way, as plain values.

    `kind` is wsgi or asgi. `django`: Django itself can make one. `failed` is what a module that
    should have it raised, None if none did.
    """
    settings = import_module("django.conf").settings
    if settings_module is None:
        script, name = of_the_script(kind)
        return {"application": name, "django": name is None, "failed": None, "script": script}
    failed = None
    for module, attribute, is_said in places(kind, settings, settings_module):
        name, error = attribute_of(module, [attribute] if attribute else ATTRIBUTES, is_said)
        if name is not None:
            return {"application": f"{module}:{name}", "django": False, "failed": None}
        if error is not None and not is_missing(error, module):
            failed = failed or {"module": module, **describe(error)}
    django = failed is None and importlib.util.find_spec(f"django.core.{kind}") is not None
    return {"application": None, "django": django, "failed": failed}


def of_the_script(kind: str) -> tuple[str, str | None]:
    """The module of a manage.py that is the whole project, settings and all, and what it has."""
    script = sys.modules["__main__"]
    handler = getattr(import_module(f"django.core.handlers.{kind}"), f"{kind.upper()}Handler")
    module = Path(str(getattr(script, "__file__", ""))).stem
    found = [one for one in ATTRIBUTES if isinstance(getattr(script, one, None), handler)]
    return module, f"{module}:{found[0]}" if found else None


def attribute_of(
    module: str, attributes: Sequence[str], is_said: bool
) -> tuple[str | None, BaseException | None]:
    """The first of these attributes that a module has as a callable, or else what it raised."""
    try:
        if not is_said and not is_own(module):
            return None, None
        imported = import_module(module)
    except BaseException as error:  # a module may do anything, exiting included
        return None, error
    return next((one for one in attributes if callable(getattr(imported, one, None))), None), None


def is_missing(error: BaseException, module: str) -> bool:
    """Whether it is that very module, or a package of its, that is not there."""
    name = error.name if isinstance(error, ModuleNotFoundError) else None
    return bool(name) and (module + ".").startswith(f"{name}.")


def places(
    kind: str, settings: Any, settings_module: str | None
) -> Iterator[tuple[str, str | None, bool]]:
    """Each module that may have it, the attribute if that is known, and whether settings say so."""
    said = getattr(settings, f"{kind.upper()}_APPLICATION", None)
    if isinstance(said, str):
        module, _, attribute = said.replace(":", ".").rpartition(".")
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
    """The packages that a module is in, the nearest first."""
    while "." in module:
        module = module.rpartition(".")[0]
        yield module


def is_own(module: str) -> bool:
    """Whether there is such a module, and it is the project's own rather than an installed one."""
    spec = importlib.util.find_spec(module)
    origin = spec.origin if spec and spec.origin else ""
    return origin.endswith(".py") and not INSTALLED.intersection(Path(origin).parts)
