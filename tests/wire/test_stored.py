"""What is stored has the keys and types that its readers rely on."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dashboard.runs.experiments.matrix import Cell, Matrix
from dashboard.runs.experiments.sweep import Sweep
from dashboard.runs.experiments.sweep_axis import CONCURRENCY, Axis
from dashboard.runs.planning.prediction import Prediction
from dashboard.runs.reports.instrument import Reading
from dashboard.wire.codec import JsonObject, read_json
from dashboard.wire.plan.plan import Burst, Lane, Plan, Rate
from dashboard.wire.stored.plan import StoredPlan, StoredPrediction
from dashboard.wire.stored.questions import MatrixQuestion, SweepQuestion
from dashboard.wire.stored.reading import ReadingJson

LANES = (Lane("sync", "gunicorn-sync"), Lane("async", "daphne"))
BURST = Plan("sleep", LANES, Burst(100, 10, 50.0, 0.5), 3, 7, {"delay": 0.1}, 30.0)
RATE = Plan("sleep", LANES, Rate(10, 1.5), 3, 7, {}, 30.0, until_sure=True, limit_s=10.0)
READING = Reading(0, 1, 7, 5, cpu_before=(1, 2), cpu_after=(3, 4), stalls_ns=((1, 2), (3, 4)))


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (StoredPlan, BURST),
        (StoredPlan, RATE),
        (StoredPrediction, Prediction("async@daphne", 2.0)),
        (ReadingJson, READING),
        (ReadingJson, Reading(0, 1)),
        (SweepQuestion, Sweep(Axis(CONCURRENCY, 1, 64), (1.0, 8.0, 64.0), BURST)),
        (
            MatrixQuestion,
            Matrix(("sync",), ("daphne",), (Cell("sync", "daphne", "no"),), BURST, LANES[0]),
        ),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else "",
)
def test_it_has_the_type_that_its_readers_rely_on(kind: Any, value: JsonObject) -> None:
    stored = json.loads(json.dumps(value.to_json()))
    assert read_json(kind, stored) == stored
