"""Singular and plural: one rule for every message."""

from __future__ import annotations

import pytest

from dashboard.wire.plural import counted


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "0 rounds"),
        (1, "1 round"),
        (1.0, "1 round"),
        (2, "2 rounds"),
        (0.5, "0.5 rounds"),
        (12_345.0, "12,345 rounds"),
        (100_000, "100,000 rounds"),
    ],
)
def test_only_one_is_singular(number: float, words: str) -> None:
    assert counted(number, "round") == words


def test_a_plural_of_its_own() -> None:
    assert [counted(number, "query", "queries") for number in (1, 2)] == ["1 query", "2 queries"]
