"""The databases: SQLite in a file, or PostgreSQL as named in the environment.

    LIVEAPP_DATABASE_URL   postgresql://USER:PASSWORD@HOST:PORT/NAME?OPTION=VALUE

The variable has a name of this project's own: its tables are created there, and a DATABASE_URL
in the shell usually belongs to another project. With PostgreSQL there is a second alias,
`pooled`: the same database, over connections that psycopg's pool keeps open.
"""

from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

POOLED = "pooled"
POOL_MIN, POOL_MAX = 1, 20  # connections, in each of a server's processes
POOL_TIMEOUT_S = 30.0  # at most, of a request for a connection


def databases(url: str, sqlite: Path) -> dict[str, dict[str, Any]]:
    """Return Django's DATABASES: those at `url`, or SQLite in the file if that is empty.

    Raises ValueError for a URL that names no PostgreSQL database.

    No connection outlives its request (CONN_MAX_AGE is 0): under ASGI each request has a thread
    of its own, and a persistent connection would belong to a thread that has ended. So sync and
    async have the same cost; `pooled` shows how large it is.
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
            # Readers never wait (WAL, set once by `prepare`), writers take turns.
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
        "HOST": options.pop("host", parts.hostname or ""),  # a directory for a Unix socket
        "PORT": options.pop("port", parts.port or ""),
        "OPTIONS": options,
    }
