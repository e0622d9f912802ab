"""Which databases there are: SQLite in a file, or the PostgreSQL that the environment names.

    LIVEAPP_DATABASE_URL   postgresql://USER:PASSWORD@HOST:PORT/NAME?OPTION=VALUE

The name is this project's own: tables are made in it, and a DATABASE_URL that happens to be
in somebody's shell is meant for another project. With PostgreSQL there is a second alias,
`pooled`: the same database, by connections that psycopg's pool keeps open.
"""

from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

POOLED = "pooled"
POOL_MIN, POOL_MAX = 1, 20  # connections, in each of a server's processes
POOL_TIMEOUT_S = 30.0  # what a request waits for one at most


def databases(url: str, sqlite: Path) -> dict[str, dict[str, Any]]:
    """Django's DATABASES: those at `url`, or SQLite in the file where that is empty.

    Raises ValueError for a URL that names no PostgreSQL database.

    No connection outlives its request (CONN_MAX_AGE stays 0): under ASGI each request has
    a thread of its own, and a connection that is kept would be kept for a thread that is
    gone. So sync and async pay for the same thing. Who wants to see what that costs compares
    with `pooled`.
    """
    if not url:
        return {"default": _sqlite(sqlite)}
    plain = _postgresql(url)
    pool = {"min_size": POOL_MIN, "max_size": POOL_MAX, "timeout": POOL_TIMEOUT_S}
    return {"default": plain, POOLED: {**plain, "OPTIONS": {**plain["OPTIONS"], "pool": pool}}}


def _sqlite(file: Path) -> dict[str, Any]:
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": file,
        "OPTIONS": {
            # Readers never wait (WAL, which `prepare` sets once), writers wait in turn.
            "init_command": "PRAGMA synchronous=NORMAL",
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
        },
    }


def _postgresql(url: str) -> dict[str, Any]:
    parts = urlsplit(url)
    name = unquote(parts.path.lstrip("/"))
    if parts.scheme not in ("postgres", "postgresql") or not name:
        raise ValueError("LIVEAPP_DATABASE_URL: expected postgresql://USER:PASSWORD@HOST:PORT/NAME")
    options = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", parts.hostname or ""),  # a directory, where it is a socket
        "PORT": options.pop("port", parts.port or ""),
        "OPTIONS": options,
    }
