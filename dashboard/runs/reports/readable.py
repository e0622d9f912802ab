"""Reads rows of which one may contain what cannot be read: it is left out, and no other."""

from __future__ import annotations

import logging
from typing import TypeVar

from django.db import DatabaseError
from django.db.models import Model, QuerySet

logger = logging.getLogger(__name__)
Row = TypeVar("Row", bound=Model)
# A lone surrogate, text that is no JSON, a time that is none.
UNREADABLE = (DatabaseError, ValueError, TypeError)


def readable(rows: QuerySet[Row]) -> list[Row]:
    """Return these rows in their order, without those that cannot be read."""
    try:
        return list(rows)
    except UNREADABLE:
        keys = rows.prefetch_related(None).values_list("pk", flat=True)
        return [row for key in list(keys) if (row := _readable(rows, key))]


def _readable(rows: QuerySet[Row], key: object) -> Row | None:
    try:
        return rows.filter(pk=key).first()
    except UNREADABLE:
        logger.exception("Row %s of %s cannot be read", key, rows.model.__name__)
        return None
