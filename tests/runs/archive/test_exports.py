"""Exports: every sample is there, and an exported run can be imported again."""

from __future__ import annotations

import base64
import csv
import io
import json
from collections import defaultdict
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from dashboard.models import Run, Status, StoredFrame
from dashboard.runs.advice.advised import advice_of
from dashboard.runs.archive.exports import FORMATS
from dashboard.runs.archive.imports.import_run import InvalidImport, import_run
from dashboard.runs.planning.plans import make_plan
from tests.runs.fakes import FakeEngine, FakeTargets, fake_laboratory
from tests.sampled_runs import sample

pytestmark = pytest.mark.django_db(transaction=True)
REQUESTS, ROUNDS, LANES = 40, 2, 3


@pytest.fixture
async def run(tmp_path: Path) -> Run:
    """A finished run of three lanes."""
    lab = fake_laboratory(FakeEngine(), tmp_path)
    plan = make_plan(
        FakeTargets().project, scenario="sleep", requests=REQUESTS, rounds=ROUNDS, seed=1
    )
    created = await lab.start(plan)
    assert (await lab.outcome(created)).status == Status.FINISHED
    return await Run.objects.aget(pk=created.pk)


@sync_to_async
def exported(run: Run, name: str) -> str:
    return "".join(FORMATS[name].pieces(run))


async def test_csv_has_a_line_per_sample_and_marks_those_that_count(run: Run) -> None:
    lines = list(csv.DictReader(io.StringIO(await exported(run, "csv"))))
    counted = [line for line in lines if line["counts"] == "yes"]
    assert len(counted) == REQUESTS * ROUNDS * LANES
    assert {line["round"] for line in lines} - {line["round"] for line in counted} == {"0"}
    first = counted[0]
    assert first["sent_ms"] == "1.000000"
    assert first["response_ms"] == "100.000000"
    assert first["service_ms"] == "99.000000"
    assert (first["status"], first["error"]) == ("200", "")
    assert first["connecting_ms"] == ""  # not known, and so not zero


async def test_requests_on_one_row_of_a_trace_do_not_overlap(run: Run) -> None:
    events = json.loads(await exported(run, "trace"))["traceEvents"]
    names = [event["args"]["name"] for event in events if event["ph"] == "M"]
    assert names == ["sync@gunicorn-gthread", "sync@daphne", "async@daphne"]
    rows = defaultdict(list)
    for event in events:
        if event["ph"] == "X" and event["name"].startswith("request"):
            rows[event["pid"], event["tid"]].append((event["ts"], event["ts"] + event["dur"]))
    for spans in rows.values():
        spans.sort()
        assert all(first[1] <= second[0] for first, second in pairwise(spans))
    segments = [event for event in events if event["name"] == "view"]
    assert len(segments) == sum(map(len, rows.values()))


async def test_the_stacks_of_sampled_lanes_open_in_other_tools(run: Run) -> None:
    @sync_to_async
    def offered() -> set[str]:
        return {name for name, form in FORMATS.items() if form.has_content(run)}

    assert await offered() == {"csv", "json", "trace"}
    await sync_to_async(sample)(run, 0, 2)
    assert await offered() == set(FORMATS)
    data = json.loads(await exported(run, "speedscope"))
    names = [profile["name"] for profile in data["profiles"]]
    assert names[:2] == ["sync@gunicorn-gthread · on CPU", "sync@gunicorn-gthread · blocking"]
    assert sum(weight for profile in data["profiles"] for weight in profile["weights"]) == 10_000
    assert data["shared"]["frames"][1] == {"name": "report", "file": "shop/views.py", "line": 42}
    events = json.loads(await exported(run, "perfetto"))["traceEvents"]
    processes = [each["args"]["name"] for each in events if each["name"] == "process_name"]
    assert processes == ["sync@gunicorn-gthread", "async@daphne"]
    gets = [event["dur"] for event in events if event["name"] == "get"]
    assert gets == [4_050_000, 4_050_000]


async def test_an_exported_run_can_be_imported_and_shows_the_same(run: Run) -> None:
    whole = json.loads(await exported(run, "json"))
    whole["report"] = {"lanes": "not a list of lanes"}
    copy = await sync_to_async(import_run)(json.dumps(whole))
    assert copy.pk != run.pk
    assert copy.report is not None
    assert run.report is not None
    project = FakeTargets().project
    assert await sync_to_async(advice_of)(copy, project) == run.report.pop("advice")
    assert {**copy.report, "run": ""} == {**run.report, "run": ""}
    assert await exported(copy, "csv") == await exported(run, "csv")


async def test_an_older_file_has_one_wait_for_all_lanes(run: Run) -> None:
    whole = json.loads(await exported(run, "json"))
    (whole["run"]["wait_s"],) = {lane.pop("wait_s") for lane in whole["lanes"]}
    copy = await sync_to_async(import_run)(json.dumps(whole))
    assert copy.report is not None
    assert run.report is not None
    assert copy.report["lanes"] == run.report["lanes"]


@sync_to_async
def refused(text: str) -> str:
    """Return the message of a refused import, after checking that nothing was stored."""
    before = (Run.objects.count(), StoredFrame.objects.count())
    with pytest.raises(InvalidImport) as error:
        import_run(text)
    assert (Run.objects.count(), StoredFrame.objects.count()) == before
    return str(error.value)


NO_FRAME = base64.b64encode(b"no frame").decode()


@pytest.mark.parametrize(
    ("part", "key", "value", "expected"),
    [
        ("", "liveburst", 2, "file: expected a run that Liveburst exported"),
        ("run", "status", "running", "run.status: expected one that has ended, found 'running'"),
        ("run", "plan", {}, "plan: expected a stored plan"),
        ("", "lanes", [], "lanes: expected the lanes of the plan"),
        ("", "run", {}, "run.project: expected, found nothing"),
        ("frames", 1, NO_FRAME, "frames[1]: expected a frame"),
        ("frames", 0, "%", "frames[0]: expected a frame"),
        ("", "readings", [{"lane": "zero"}], "readings[0].lane: expected a whole number"),
    ],
)
async def test_an_invalid_run_is_refused_by_field(
    run: Run, part: str, key: Any, value: Any, expected: str
) -> None:
    whole = json.loads(await exported(run, "json"))
    (whole[part] if part else whole)[key] = value
    assert expected in await refused(json.dumps(whole))


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"liveburst": 1}', '{"liveburst": "1"}'])
async def test_other_files_are_refused(text: str, transactional_db: None) -> None:
    assert "expected" in await refused(text)
