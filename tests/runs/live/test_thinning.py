"""A dense stream: the sample is unbiased, sample and counts are complete, the rest is unchanged."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.runs.live.sample_rule import (
    BIN_RATIO,
    BINS,
    BUCKET_NS,
    LOWEST_NS,
    Mask,
    bins,
    hashes,
    in_sample,
)
from dashboard.runs.live.thinning import Thinning
from dashboard.wire import frame
from dashboard.wire.plan.plan import Firing
from dashboard.wire.units import NS_PER_MS as MS
from tests.engine.servers.hostile import OK, responds, serving
from tests.firing import burst, engine
from tests.golden.dense import FILE, dense
from tests.properties import examples

A_FRAME_NS = 40 * MS


def encode(kind: str, rows: list[dict[str, int]], lane: int = 0) -> bytes:
    columns = frame.rows_to_columns(kind, rows)
    return frame.encode(kind, lane=lane, round=1, origin_ns=7, columns=columns)


def stream(rps: int, seconds: float, seed: int = 0) -> Iterator[bytes]:
    """Yield frames as the engine writes them at this rate; one request in ten fails."""
    random = np.random.default_rng(seed)
    rows = int(rps * A_FRAME_NS / 1e9)
    for number in range(int(seconds * 1e9 / A_FRAME_NS)):
        done = number * A_FRAME_NS + np.sort(random.integers(0, A_FRAME_NS, rows))
        took = random.lognormal(np.log(3 * MS), 0.5, rows).astype(int)
        yield encode(
            "samples",
            [
                {
                    "request": number * rows + row,
                    "due": int(done[row] - took[row]),
                    "done": int(done[row]),
                    "status": 200,
                    "error": int(random.random() < 0.1),
                }
                for row in range(rows)
            ],
        )


def replacement(thinning: Thinning, sequence: int, data: bytes) -> list[bytes] | None:
    return thinning.replacement(sequence, frame.decode(data))


def cells_of(decoded: frame.Frame) -> Iterator[tuple[int, int, int, int]]:
    names = ("done", "bin", "failed", "requests")
    return zip(*(decoded.columns[name] for name in names), strict=True)


def test_a_stream_that_is_not_dense_is_sent_unchanged() -> None:
    thinning = Thinning()
    assert all(replacement(thinning, i, data) is None for i, data in enumerate(stream(19_000, 1.5)))


def test_sample_and_counts_add_up_to_what_is_stored() -> None:
    thinning = Thinning()
    thinned = 0
    for sequence, data in enumerate(stream(40_000, 1.2)):
        whole = frame.decode(data)
        instead = replacement(thinning, sequence, data)
        if instead is None:
            assert not thinned, "once dense, always dense"
            continue
        thinned += 1
        sample, counts = map(frame.decode, instead)
        assert (counts.kind, counts.extra["stands_for"]) == ("counts", sequence)
        assert (counts.origin_ns, counts.lane, counts.round) == (7, 0, 1)
        every = counts.extra["every"]
        chosen = in_sample(np.asarray(whole.columns["request"]), every)
        for name, column in whole.columns.items():
            assert list(sample.columns[name]) == list(np.asarray(column)[chosen]), name

        counted = {
            (at // BUCKET_NS, bin_, bool(bad)): many for at, bin_, bad, many in cells_of(counts)
        }
        assert counted == cells_without(whole, chosen)
        assert sum(counted.values()) + sample.rows == whole.rows
    assert thinned > 5


def cells_without(whole: frame.Frame, chosen: Mask) -> Counter[tuple[int, int, bool]]:
    """Return the cells of the samples that were not chosen, with their number."""
    due, done, error = (
        np.asarray(whole.columns[name])[~chosen] for name in ("due", "done", "error")
    )
    buckets, failed = (done // BUCKET_NS).tolist(), (error > 0).tolist()
    return Counter(zip(buckets, bins(done - due).tolist(), failed, strict=True))


def test_a_denser_stream_is_thinned_more_and_never_less() -> None:
    thinning = Thinning()
    seen = []
    for sequence, data in enumerate([*stream(25_000, 1.2), *stream(100_000, 0.4)]):
        for payload in replacement(thinning, sequence, data) or ():
            seen += [frame.decode(payload).extra.get("every", 0)]
    every = [number for number in seen if number]
    assert every == sorted(every)
    assert every[0] == 8
    assert every[-1] > 8


def test_requests_in_flight_are_counted_from_the_beginning() -> None:
    thinning = Thinning()
    requests = range(30_000)
    assert (
        replacement(
            thinning,
            frame.NOT_STORED,
            encode("begun", [{"request": i, "due": 0} for i in requests]),
        )
        is None
    )
    answered = [
        {"request": i, "due": 0, "done": 5 * MS, "error": 0, "status": 200}
        for i in requests[:25_000]
    ]
    instead = replacement(thinning, 0, encode("samples", answered))
    assert instead is not None
    assert frame.decode(instead[1]).extra["in_flight"] == 5_000
    begun = replacement(
        thinning, frame.NOT_STORED, encode("begun", [{"request": 30_000, "due": 9 * MS}])
    )
    assert begun is not None
    counts = frame.decode(begun[1])
    assert (counts.rows, counts.extra["in_flight"]) == (0, 5_001)


def test_density_is_per_firing_and_health_is_sent_unchanged() -> None:
    thinning = Thinning()
    for sequence, data in enumerate(stream(40_000, 1)):
        dense = replacement(thinning, sequence, data)
    assert dense is not None
    assert replacement(thinning, 90, encode("health", [])) is None
    other = [{"request": 0, "due": 0, "done": MS, "error": 0, "status": 200}]
    assert replacement(thinning, 91, encode("samples", other, lane=1)) is None


@given(st.integers(0, 2**32 - 1), st.integers(0, 16))
def test_samples_are_nested(request_number: int, power: int) -> None:
    numbers = np.array([request_number], np.uint32)
    if in_sample(numbers, 2 ** (power + 1))[0]:
        assert in_sample(numbers, 2**power)[0]


@pytest.mark.parametrize("every", [2, 8, 64])
@pytest.mark.parametrize("stride", [1, 2, 7, 64, 1000])
def test_the_sample_favours_no_stretch_and_no_stride(every: int, stride: int) -> None:
    """Chi-square over ranges of the numbers, and for any stride, as a pool of slots has one.

    The hash is fixed, so this is no chance: the limit is 99.99 % of chi-square with 99 degrees.
    """
    requests = (np.arange(100_000, dtype=np.uint64) * stride % 2**32).astype(np.uint32)
    sampled = in_sample(requests, every).reshape(100, 1000).sum(axis=1)
    expected = 1000 / every
    spread = expected * (1 - 1 / every)
    assert ((sampled - expected) ** 2 / spread).sum() < 161.3
    assert abs(sampled.sum() / 100_000 - 1 / every) < 4 * np.sqrt(spread / 1000 / 100_000)


@examples(50)
@given(st.integers(0, 2**32 - 1))
def test_the_hash_is_a_bijection(value: int) -> None:
    """Invert it step by step, so that exactly one number in `every` has zeros as lowest bits."""
    inverse = pow(0x45D9F3B, -1, 2**32)
    mixed = int(hashes(np.array([value], np.uint32))[0])
    for _ in range(2):
        mixed ^= mixed >> 16
        mixed = mixed * inverse % 2**32
    assert mixed ^ (mixed >> 16) == value


def test_the_golden_file_is_current() -> None:
    """tests/js/dense.test.js holds the page to the same."""
    assert json.loads(FILE.read_text()) == dense()


@given(st.integers(LOWEST_NS, 10**12))
def test_a_bin_is_half_a_percent_wide(took_ns: int) -> None:
    bin_ = int(bins(np.array([took_ns]))[0])
    if bin_ < BINS - 1:
        assert took_ns <= LOWEST_NS * BIN_RATIO**bin_ * (1 + 1e-9)
        assert took_ns > LOWEST_NS * BIN_RATIO ** (bin_ - 1) * (1 - 1e-9)


async def frames_of(process: asyncio.subprocess.Process, firing: Firing) -> list[bytes]:
    """Return all frames of one firing, as the engine writes them."""
    assert process.stdin
    assert process.stdout
    process.stdin.write(json.dumps({"fire": firing.to_json()}).encode() + b"\n")
    reader = frame.EnvelopeReader()
    payloads: list[bytes] = []
    while True:
        for _, payload in reader.feed(await process.stdout.read(65536)):
            if not frame.is_event(payload):
                payloads.append(payload)
            elif json.loads(payload)["event"] == "fired":
                return payloads


@pytest.mark.processes
async def test_nothing_of_a_real_firing_is_lost() -> None:
    """With the engine's own frames, and a lower limit of what is dense."""
    thinning = Thinning(dense_rps=300, sample_rps=100)
    finished, last = 0, None
    async with serving(responds(OK)) as server, engine() as process:
        firing = burst(server.port, "/", 2_000, 8)
        for sequence, data in enumerate(await frames_of(process, firing)):
            instead = replacement(thinning, sequence, data)
            for decoded in map(frame.decode, instead or [data]):
                if decoded.kind == "counts":
                    finished += sum(decoded.columns["requests"])
                    last = decoded
                elif decoded.kind == "samples":
                    finished += decoded.rows
    assert finished == 2_000
    assert last is not None
    assert last.extra["every"] > 1
    assert last.extra["in_flight"] == 0


def test_aborted_requests_are_in_no_cell_and_sent_as_rows() -> None:
    thinning = Thinning()
    for sequence, data in enumerate(stream(40_000, 1.2)):
        replacement(thinning, sequence, data)
    requests = range(10**6, 10**6 + 500)
    last = encode(
        "samples",
        [
            {"request": request, "due": 0, "done": 1200 * MS, "status": 0, "error": 9}
            for request in requests
        ],
    )
    instead = replacement(thinning, 10**4, last)
    assert instead is not None
    sample, counts = map(frame.decode, instead)
    assert list(sample.columns["request"]) == list(requests)
    assert counts.rows == 0
    assert counts.extra["in_flight"] == 0
