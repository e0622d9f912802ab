"""Whether a lane holds its answers back until they are whole, next to one that streams them.

Where the arrival of pieces was watched, they say it. Else the first byte does, as far as it can:
some servers send the head of an answer (uvicorn does) before there is any of its body, and what
such a lane holds back is not seen.
"""

from __future__ import annotations

from typing import Any

from .lane_metrics import LaneMetrics

STREAMED_SHARE = 0.2  # of the service time comes after the first byte: it was streamed
WHOLE_SHARE = 0.02  # of it comes after the first byte: it was not


def buffering_evidence(whole: LaneMetrics, streamed: LaneMetrics) -> dict[str, Any] | None:
    """What shows that the first holds back what the second streams; None where nothing does."""
    if whole.pieces is not None and streamed.pieces is not None:
        return _by_pieces(whole, streamed)
    return _by_first_byte(whole, streamed)


def _by_pieces(whole: LaneMetrics, streamed: LaneMetrics) -> dict[str, Any] | None:
    held, flowing = _spread(whole), _spread(streamed)
    if held is None or flowing is None or held > WHOLE_SHARE or flowing < STREAMED_SHARE:
        return None
    return {
        "longest_gap_ms_p50": whole.pieces and whole.pieces.longest_gap_ms,
        "other_longest_gap_ms_p50": streamed.pieces and streamed.pieces.longest_gap_ms,
        "spread_ms_p50": whole.pieces and whole.pieces.spread_ms,
        "other_spread_ms_p50": streamed.pieces and streamed.pieces.spread_ms,
        "last_byte_ms_p50": whole.whole_ms,
        "other_last_byte_ms_p50": streamed.whole_ms,
    }


def _spread(metrics: LaneMetrics) -> float | None:
    """Over which share of the service time the pieces arrived, at most."""
    if metrics.pieces is None or not metrics.whole_ms:
        return None
    return metrics.pieces.spread_ms / metrics.whole_ms


def _by_first_byte(whole: LaneMetrics, streamed: LaneMetrics) -> dict[str, Any] | None:
    held, flowing = whole.after_first_byte, streamed.after_first_byte
    if held is None or flowing is None:
        return None
    # Nearly every answer: a busy server delays the last byte of some that are no streams.
    if held["p50"] > WHOLE_SHARE or flowing["p10"] < STREAMED_SHARE:
        return None
    return {
        "first_byte_ms_p50": whole.first_byte_ms,
        "last_byte_ms_p50": whole.whole_ms,
        "other_first_byte_ms_p50": streamed.first_byte_ms,
        "other_last_byte_ms_p50": streamed.whole_ms,
    }
