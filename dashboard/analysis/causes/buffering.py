"""Whether a lane buffers its answers while the other one streams them (`not-streaming`).

Read from the arrival of the pieces where it was recorded, else from the first byte as far as that
goes: some servers (uvicorn) send the head of an answer before there is any of its body, and the
buffering of such a lane goes unnoticed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from dashboard.analysis.lane.metrics import LaneMetrics
from dashboard.wire.frame import UNKNOWN
from dashboard.wire.report.causes import NotStreaming
from dashboard.wire.report.evidence import FirstByteEvidence, PiecesEvidence, StreamingEvidence
from dashboard.wire.units import NS_PER_MS

STREAMED_SHARE = 0.2  # a streamed answer: at least this share of the service time after first byte
WHOLE_SHARE = 0.02  # a buffered one: at most this share


@dataclass(frozen=True)
class Pieces:
    """How the answers of a lane arrived, medians: 0 if they came in one piece.

    `spread_ms` is an upper bound for the time between the first and the last piece of an answer:
    the number of gaps times the longest gap.
    """

    longest_gap_ms: float
    spread_ms: float


def buffering_causes(first: LaneMetrics, second: LaneMetrics) -> Iterator[NotStreaming]:
    """Yield `not-streaming` if one of two lanes buffers what the other one streams.

    It does not explain the total time, so it has no share.
    """
    for buffered, streamed in ((first, second), (second, first)):
        evidence = _evidence(buffered, streamed)
        if evidence is not None:
            yield {
                "name": "not-streaming",
                "lane": buffered.name,
                "share": None,
                "evidence": evidence,
            }


def _evidence(buffered: LaneMetrics, streamed: LaneMetrics) -> StreamingEvidence | None:
    pieces, other_pieces = _pieces(buffered), _pieces(streamed)
    if pieces is not None and other_pieces is not None:
        return _by_pieces((buffered, pieces), (streamed, other_pieces))
    return _by_first_byte(buffered, streamed)


def _by_pieces(
    buffered: tuple[LaneMetrics, Pieces], streamed: tuple[LaneMetrics, Pieces]
) -> PiecesEvidence | None:
    spread, other_spread = _spread(*buffered), _spread(*streamed)
    if spread is None or other_spread is None:
        return None
    if spread > WHOLE_SHARE or other_spread < STREAMED_SHARE:
        return None
    return {
        "longest_gap_ms_p50": buffered[1].longest_gap_ms,
        "other_longest_gap_ms_p50": streamed[1].longest_gap_ms,
        "spread_ms_p50": buffered[1].spread_ms,
        "other_spread_ms_p50": streamed[1].spread_ms,
        "last_byte_ms_p50": buffered[0].times.service_p50_ms,
        "other_last_byte_ms_p50": streamed[0].times.service_p50_ms,
    }


def _spread(metrics: LaneMetrics, pieces: Pieces) -> float | None:
    """Return the share of the service time over which the pieces arrived, at most."""
    service_ms = metrics.times.service_p50_ms
    return pieces.spread_ms / service_ms if service_ms else None


def _pieces(metrics: LaneMetrics) -> Pieces | None:
    """Return how the answers arrived in pieces; None if that was not recorded."""
    chunks, gaps = metrics.lane.chunks["chunks"], metrics.lane.chunks["longest_gap"]
    if not gaps.size:
        return None
    gaps_ns = np.where(gaps == UNKNOWN, 0, gaps)
    spreads_ns = gaps_ns * np.maximum(chunks.astype(np.int64) - 1, 0)
    return Pieces(
        longest_gap_ms=float(np.median(gaps_ns)) / NS_PER_MS,
        spread_ms=float(np.median(spreads_ns)) / NS_PER_MS,
    )


def _by_first_byte(buffered: LaneMetrics, streamed: LaneMetrics) -> FirstByteEvidence | None:
    share, other_share = _share_after_first_byte(buffered), _share_after_first_byte(streamed)
    if share is None or other_share is None:
        return None
    # p10 for nearly every answer: a busy server delays the last byte of some that are no streams.
    if share["p50"] > WHOLE_SHARE or other_share["p10"] < STREAMED_SHARE:
        return None
    return {
        "first_byte_ms_p50": buffered.times.first_byte_p50_ms,
        "last_byte_ms_p50": buffered.times.service_p50_ms,
        "other_first_byte_ms_p50": streamed.times.first_byte_p50_ms,
        "other_last_byte_ms_p50": streamed.times.service_p50_ms,
    }


def _share_after_first_byte(metrics: LaneMetrics) -> Mapping[str, float] | None:
    """Return the share of the service time that came after the first byte: p10 and p50."""
    samples, counted = metrics.lane.samples, metrics.times.counted
    counted = counted & (samples["sent_first"] != UNKNOWN) & (samples["first_byte"] != UNKNOWN)
    sent, first, done = (samples[name][counted] for name in ("sent_first", "first_byte", "done"))
    if not sent.size:
        return None
    p10, p50 = np.percentile((done - first) / np.maximum(1, done - sent), (10, 50))
    return {"p10": float(p10), "p50": float(p50)}
