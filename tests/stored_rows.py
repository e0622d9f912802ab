"""Rows as the database has them: what models read is masked, whatever is stored."""

from __future__ import annotations

import json

from asgiref.sync import sync_to_async
from django.db import connection


@sync_to_async
def stored_rows(query: str, *values: str) -> str:
    """Return the rows of a query as one text."""
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return json.dumps(cursor.fetchall(), default=str)
