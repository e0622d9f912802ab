"""Counts connections by their application's name, as PostgreSQL lists them.

    python liveburst_activity.py APPLICATION FILE NAME...

Runs with the project's own Python, in its directory and environment: standard library and the
project's Django, Python 3.9. It asks each PostgreSQL of the project's DATABASES once, over one
connection of its own, and changes nothing. The result is one JSON object in FILE: `counts` (by
NAME) or `error` (`type`, `message`).
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from liveburst_set_up import answered, leave, set_up

QUERY = """
    SELECT application_name, count(*) FROM pg_stat_activity
    WHERE application_name = ANY(%s) GROUP BY application_name
"""


def counts(application: str, names: list[str]) -> dict[str, object]:
    """Return how many connections each name has. Raises ValueError without a PostgreSQL."""
    set_up(application)
    databases = postgresql_databases()
    if not databases:
        raise ValueError("expected a PostgreSQL in DATABASES")
    found = dict.fromkeys(names, 0)
    for database in databases:
        with database.cursor() as cursor:
            cursor.execute(QUERY, [names])
            for name, number in cursor.fetchall():
                found[name] += number
        database.close()
    return {"counts": found}


def postgresql_databases() -> list[Any]:
    """Return a connection of Django's to each server, without a pool; two aliases may share one."""
    connections = import_module("django.db").connections
    by_address: dict[tuple[str, str], Any] = {}
    for alias in connections:
        database = connections[alias]
        if database.vendor == "postgresql":
            database.settings_dict.setdefault("OPTIONS", {}).pop("pool", None)
            address = database.settings_dict["HOST"], database.settings_dict["PORT"]
            by_address.setdefault(address, database)
    return list(by_address.values())


if __name__ == "__main__":
    sys.path[0] = str(Path.cwd())
    leave(answered(lambda: counts(sys.argv[1], sys.argv[3:])), sys.argv[2])
