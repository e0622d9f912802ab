"""Form fields for numbers, with messages in the words of the terminal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from dashboard.wire.plan.fields import PLAN_FIELDS

MAX_SHOWN = 40  # characters of a wrong value in a message


@dataclass(frozen=True)
class NumberField:
    """A number in a template; if empty, the value is that of `placeholder`."""

    id: str
    name: str
    label: str
    value: str
    placeholder: str
    errors: list[str]


class WholeNumberField(forms.IntegerField):
    """A whole number; its bounds are checked by the plan."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"error_messages": _missing("a whole number"), **options})

    def to_python(self, value: Any) -> int | None:
        """Return the number, None if empty. Raises ValidationError with the value."""
        try:
            return super().to_python(value)
        except ValidationError:
            raise _unexpected("a whole number", value) from None


class DecimalNumberField(forms.FloatField):
    """A finite number; its bounds are checked by the plan."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"error_messages": _missing("a number"), **options})

    def clean(self, value: Any) -> Any:
        """Return the number, None if empty. Raises ValidationError with the value."""
        try:
            return super().clean(value)
        except ValidationError as error:
            if error.code != "invalid":
                raise
            raise _unexpected("a finite number", value) from None


def number_field(name: str, *, required: bool = True) -> WholeNumberField | DecimalNumberField:
    """Return the form's field of a plan's number. The plan checks its bounds."""
    whole = PLAN_FIELDS[name].kind is int
    return (WholeNumberField if whole else DecimalNumberField)(required=required)


def _missing(expected: str) -> dict[str, str]:
    return {"required": f"expected {expected}, found none"}


def _unexpected(expected: str, value: Any) -> ValidationError:
    return ValidationError(f"expected {expected}, found {str(value)[:MAX_SHOWN]!r}")
