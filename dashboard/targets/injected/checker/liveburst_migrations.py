"""Checks whether a project's database has all of the project's migrations.

    python liveburst_migrations.py APPLICATION FILE

Runs with the project's own Python, in its directory and environment: standard library and the
project's Django, Python 3.9. It imports APPLICATION (`module:attribute`) as a server does, so
that Django is set up just as it is where requests are answered, and changes nothing. The result
is one JSON object in FILE: `pending` (names, `app.migration`) or `error` (`type`, `message`).
"""

from __future__ import annotations

import json
import os
import sys
from importlib import import_module
from pathlib import Path

MOST_CHARACTERS = 300


def pending(application: str) -> list[str]:
    """Return the migrations that the default database lacks, in the order to apply them."""
    module, _, attributes = application.partition(":")
    value = import_module(module)
    for attribute in attributes.split("."):
        value = getattr(value, attribute)
    if not import_module("django.apps").apps.ready:
        import_module("django").setup()
    connection = import_module("django.db").connection
    executor = import_module("django.db.migrations.executor").MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]


def check(application: str) -> dict[str, object]:
    """Return the pending migrations, or the exception that the project raised."""
    try:
        return {"pending": pending(application)}
    except BaseException as error:  # SystemExit at import among them
        message = " ".join(str(error).split())[:MOST_CHARACTERS]
        return {"error": {"type": type(error).__name__, "message": message}}


if __name__ == "__main__":
    sys.path[0] = str(Path.cwd())
    result = json.dumps(check(sys.argv[1]))
    part = Path(sys.argv[2] + ".part")
    part.write_text(result, encoding="utf-8")
    part.replace(sys.argv[2])
    os._exit(0)  # without waiting for threads that the project has started
