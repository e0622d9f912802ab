"""Overrides how a project keeps its connections, as an experiment; part of the probe.

LIVEBURST_DATABASES holds `conn_max_age=SECONDS` and `pool=SIZE` or `pool=off`, with commas. They
are set in this process when Django reads DATABASES; no file of the project changes. A pool has a
fixed size, and needs PostgreSQL, psycopg 3 and psycopg_pool. Standard library alone, Python 3.9.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
import os
from typing import Any

OFF = "off"
POOLED: list[str] = []  # aliases whose pool was set


def wanted() -> dict[str, str]:
    """Return the settings to override, by name."""
    pairs = os.environ.get("LIVEBURST_DATABASES", "").split(",")
    return dict(pair.split("=", 1) for pair in pairs if pair)


def override_databases() -> None:
    """Patch Django so that it reads DATABASES with these settings, if there are any."""
    if not wanted():
        return
    try:
        utils = importlib.import_module("django.db.utils")
    except ImportError:
        return  # `check_databases` reports it
    configure = utils.ConnectionHandler.configure_settings

    @functools.wraps(configure)
    def configure_settings(self: Any, databases: Any) -> Any:
        databases = configure(self, databases)
        for alias, database in databases.items():
            override(alias, database)
        return databases

    utils.ConnectionHandler.configure_settings = configure_settings


def override(alias: str, database: dict[str, Any]) -> None:
    """Override the settings of one database, in place."""
    settings = wanted()
    if "conn_max_age" in settings:
        database["CONN_MAX_AGE"] = int(settings["conn_max_age"])
    options = dict(database.get("OPTIONS") or {})
    if settings.get("pool") == OFF:
        options.pop("pool", None)
    elif "pool" in settings and can_pool(str(database.get("ENGINE"))):
        size, present = int(settings["pool"]), options.get("pool")
        own = present if isinstance(present, dict) else {}
        options["pool"] = {**own, "min_size": size, "max_size": size}
        database["CONN_MAX_AGE"] = 0  # Django pools no persistent connections
        POOLED.append(alias)
    database["OPTIONS"] = options


def can_pool(engine: str) -> bool:
    """Return True if Django has a pool for this engine: PostgreSQL's, from Django 5.1 on."""
    try:
        wrapper = importlib.import_module(f"{engine}.base").DatabaseWrapper
    except Exception:  # a driver that is missing: Django says so itself
        return False
    return hasattr(wrapper, "_connection_pools")


def check_databases() -> None:
    """Raise ValueError if a setting has no effect here: it would not be what the lane names."""
    settings = wanted()
    if not settings:
        return
    text = ", ".join(f"{name}={value}" for name, value in settings.items())
    try:
        databases = importlib.import_module("django.db").connections.settings
    except Exception as error:
        raise ValueError(f"{text}: expected a Django project with DATABASES: {error}") from error
    size = settings.get("pool", OFF)
    if size == OFF:
        return
    if not POOLED:
        found = ", ".join(sorted({str(each.get("ENGINE")) for each in databases.values()}))
        expected = "a database that Django can pool (PostgreSQL, Django 5.1 or later)"
        raise ValueError(f"pool={size}: expected {expected}, found {found}")
    for package in ("psycopg", "psycopg_pool"):
        if importlib.util.find_spec(package) is None:
            raise ValueError(f"pool={size}: expected the package {package} to be installed")
