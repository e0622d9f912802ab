"""The rule of `python -m bench.capacity`: nine of ten hold below, and nine fail above."""

from __future__ import annotations

import pytest

from bench.capacity import Repeat, summary


def repeats(below: int, above: int, number: int = 10) -> list[Repeat]:
    return [Repeat("a@b", 400.0, at < below, at < above) for at in range(number)]


@pytest.mark.parametrize(
    ("below", "above", "missed"), [(10, 10, False), (9, 9, False), (8, 10, True), (10, 8, True)]
)
def test_nine_of_ten_are_enough(below: int, above: int, missed: bool) -> None:
    text, is_missed = summary(repeats(below, above))
    assert is_missed == missed
    assert f"{below} held at 0.95 ×, {above} failed at 1.05 ×" in text


def test_without_a_repeat_nothing_is_shown() -> None:
    assert summary([])[1]
