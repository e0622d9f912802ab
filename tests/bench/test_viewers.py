"""What `python -m bench.viewers` and `python -m bench.endurance` conclude from their numbers."""

from __future__ import annotations

from typing import Any

import pytest

from bench.endurance import WARM_UP, growth
from bench.viewer_process import received
from bench.viewers import verdict

FLAT: dict[str, Any] = {
    "memory_mib": 90.0, "descriptors": 40, "threads": 12, "pid": 1, "file_mb": 5.0
}  # fmt: skip


def pairs(*ratios: float) -> list[dict[str, Any]]:
    return [{"with": {"p95_ms": 10 * ratio}, "without": {"p95_ms": 10.0}} for ratio in ratios]


@pytest.mark.parametrize(
    ("ratios", "answer", "differs"),
    [
        ((1.0, 1.001, 0.999, 1.0), "no difference", False),
        ((1.2, 1.21, 1.19, 1.2), "a difference", True),
        ((0.8, 0.81, 0.79, 0.8), "a difference", True),
        ((0.7, 1.4, 0.9, 1.2), "undecided", False),
        ((1.0,), "too few pairs", False),
    ],
)
def test_the_ratio_of_pairs_is_a_verdict(
    ratios: tuple[float, ...], answer: str, differs: bool
) -> None:
    text, is_different = verdict("p95_ms", pairs(*ratios))
    assert answer in text
    assert is_different == differs


def test_a_frame_that_was_neither_sent_nor_announced_is_missed() -> None:
    viewers: list[dict[str, Any]] = [
        {"frames": {0, 1, 2, 3}, "gaps": []},
        {"frames": {2, 3}, "gaps": [(0, 2)]},
        {"frames": {0, 3}, "gaps": [(0, 2)]},
    ]
    assert received(viewers) == {
        "viewers": 3, "frames": 4, "sent": 8, "fetched": 4, "missed": 1
    }  # fmt: skip


def test_what_grows_from_run_to_run_is_named() -> None:
    rows = [{**FLAT, "memory_mib": 90 + number} for number in range(3 * WARM_UP)]
    assert growth(rows, keep=10**6) == ["memory grows by 87.5 MiB per 100 runs"]
    rows = [{**FLAT, "descriptors": number} for number in range(3 * WARM_UP)]
    assert len(growth(rows, keep=10**6)) == 1
    rows = [{**FLAT, "file_mb": float(number)} for number in range(100)]
    assert growth(rows, keep=20) == ["the database grew from 39.0 to 99.0 MB"]


def test_what_is_flat_and_the_start_of_another_process_are_no_growth() -> None:
    later = [{**FLAT, "pid": 2, "memory_mib": 200.0} for _ in range(3 * WARM_UP)]
    assert growth([FLAT] * (3 * WARM_UP) + later, keep=50) == []
