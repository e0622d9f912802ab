"""Sets a project's Django up as a server does, and leaves an answer in a file.

Standard library and the project's Django, Python 3.9.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

MOST_CHARACTERS = 300


def set_up(application: str) -> None:
    """Import the application, `module:attribute`, and set Django up if that did not."""
    module, _, attributes = application.partition(":")
    value = import_module(module)
    for attribute in attributes.split("."):
        value = getattr(value, attribute)
    if not import_module("django.apps").apps.ready:
        import_module("django").setup()


def answered(check: Callable[[], dict[str, object]]) -> dict[str, object]:
    """Return the result of a check, or `error`: the exception that the project raised."""
    try:
        return check()
    except BaseException as error:  # SystemExit at import among them
        message = " ".join(str(error).split())[:MOST_CHARACTERS]
        return {"error": {"type": type(error).__name__, "message": message}}


def leave(result: dict[str, object], file: str) -> None:
    """Write a result as JSON and end the process, without waiting for the project's threads."""
    part = Path(file + ".part")
    part.write_text(json.dumps(result), encoding="utf-8")
    part.replace(file)
    os._exit(0)
