"""Waiting inside the database, as a long query does."""

import time
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Func, TextField


class Sleep(Func):
    """Wait for this number of seconds in the query; its value is an empty text.

    PostgreSQL waits in a process of its own. SQLite waits in this process, in the querying
    thread, inside the function below. Python's module releases the interpreter's lock while
    SQLite works, and so does `time.sleep`: only the thread and its connection are occupied,
    as with PostgreSQL.
    """

    function = "sleep"
    arity = 1
    output_field = TextField()

    def as_postgresql(self, compiler: Any, connection: Any, **more: Any) -> Any:
        """Return PostgreSQL's own function, whose value is `void`."""
        template = "%(function)s(%(expressions)s)::text"
        return self.as_sql(compiler, connection, function="pg_sleep", template=template, **more)


def add_to_sqlite(connection: BaseDatabaseWrapper, **_: Any) -> None:
    """Add the function `sleep` to a new connection to SQLite."""
    if connection.vendor == "sqlite":
        connection.connection.create_function("sleep", 1, _sleep)


def _sleep(seconds: float) -> str:
    time.sleep(seconds)
    return ""
