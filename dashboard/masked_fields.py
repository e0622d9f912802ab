"""Fields of the database whose secrets are masked when they are read.

What is stored was masked before, by the values and forms that were known then: an older version
knew fewer forms, and a value may have become known since. So whatever is shown of a run is masked
again, in pages, exports and the terminal alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from django.db import models

from dashboard.project.secrets.masking import all_masked, known_forms, masked
from dashboard.project.secrets.patterns import REDACTED

MOST_REMEMBERED: Final = 4096
# Of values in which nothing was masked: how many forms were known, and a hash of what is stored.
# A page reads the report of a run several times, and looking through it takes milliseconds.
_clean: dict[tuple[int, int], None] = {}


class MaskedCharField(models.CharField):  # type: ignore[type-arg]
    """A short text, masked when it is read; it may then be longer than in the database."""

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        """Return the text masked; what is no text, in a damaged row, as it is."""
        return masked(value) if isinstance(value, str) else value

    def deconstruct(self) -> tuple[str, str, Sequence[Any], dict[str, Any]]:
        """Return the field as a CharField, which it is in the database."""
        name, _, arguments, options = super().deconstruct()
        return name, "django.db.models.CharField", arguments, options


class MaskedTextField(models.TextField):  # type: ignore[type-arg]
    """A text, masked when it is read."""

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        """Return the text masked; what is no text, in a damaged row, as it is."""
        return masked(value) if isinstance(value, str) else value

    def deconstruct(self) -> tuple[str, str, Sequence[Any], dict[str, Any]]:
        """Return the field as a TextField, which it is in the database."""
        name, _, arguments, options = super().deconstruct()
        return name, "django.db.models.TextField", arguments, options


class MaskedJSONField(models.JSONField):
    """A JSON value, each text of which is masked when it is read."""

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        """Return the value masked."""
        read = super().from_db_value(value, expression, connection)
        return read if value is None else _masked(value, read)

    def deconstruct(self) -> tuple[str, str, Sequence[Any], dict[str, Any]]:
        """Return the field as a JSONField, which it is in the database."""
        name, _, arguments, options = super().deconstruct()
        return name, "django.db.models.JSONField", arguments, options


def _masked(stored: Any, read: Any) -> Any:
    """Return what was read masked; `stored` is the same as the database has it.

    A damaged value that is nested too deeply to be looked through becomes a list of one text: of
    no field's shape, as before.
    """
    key = known_forms(), hash(stored)
    if key in _clean:
        return read
    try:
        result = all_masked(read)
    except RecursionError:
        return [REDACTED]
    if result == read:
        while len(_clean) >= MOST_REMEMBERED:
            _clean.pop(next(iter(_clean)), None)
        _clean[key] = None
    return result
