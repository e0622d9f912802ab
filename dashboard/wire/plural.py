"""Numbers with their noun, in the singular or the plural: one helper for every message."""

from __future__ import annotations


def plural(number: float, one: str, several: str = "") -> str:
    """Return the form of a noun that goes with a number; `several` is `one` with an s if empty."""
    return one if number == 1 else several or f"{one}s"


def counted(number: float, one: str, several: str = "") -> str:
    """Return a number and its noun: *1 round*, *1,000 requests*, *2.5 threads*."""
    text = f"{int(number):,}" if number == int(number) else f"{number:,g}"
    return f"{text} {plural(number, one, several)}"
