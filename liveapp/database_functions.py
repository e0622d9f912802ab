"""Waiting inside the database, as a long query does."""

import time
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Func, TextField


class Sleep(Func):
    """Wait for so many seconds while the query runs, and give nothing: an empty text.

    PostgreSQL waits in a process of its own. SQLite waits in this process, in the thread
    that asked, inside the function below. Python's module lets go of the interpreter while
    SQLite works, and `time.sleep` does so too: only the thread and its connection are held,
    as they are with PostgreSQL.
    """

    function = "sleep"
    arity = 1
    output_field = TextField()

    def as_postgresql(self, compiler: Any, connection: Any, **more: Any) -> Any:
        """PostgreSQL's own, which gives `void`."""
        template = "%(function)s(%(expressions)s)::text"
        return self.as_sql(compiler, connection, function="pg_sleep", template=template, **more)


def add_to_sqlite(connection: BaseDatabaseWrapper, **_: Any) -> None:
    """Give a new connection the function `sleep`, where it is one to SQLite."""
    if connection.vendor == "sqlite":
        connection.connection.create_function("sleep", 1, _sleep)


def _sleep(seconds: float) -> str:
    time.sleep(seconds)
    return ""
