"""`manage.py where` and `burst --where` as a whole: tables, JSON, exit statuses, no orphan."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from rich.console import Console

from dashboard.management.commands import where as command
from dashboard.management.commands.where import sample
from dashboard.management.terminal.where_table import MOST_LINES, print_where, where_notes
from dashboard.models import Sampling, Status
from dashboard.runs.live.hub import Hub
from dashboard.runs.planning.plans import make_plan
from dashboard.runs.queue import run_queue
from dashboard.runs.queue.laboratory import Laboratory
from dashboard.web.shared.queue_chips import chips
from dashboard.wire.codec import read_json
from dashboard.wire.report.report import Report
from dashboard.wire.report.where import WhereReport
from tests.analysis.where.sampled import lane_where, line
from tests.management.broken_project import broken_project
from tests.management.command import refusal, run
from tests.runs.fakes import FakeEngine
from tests.runs.where.fakes import FakeSampledTargets, sampling_resources
from tests.targets.helpers import marked, until

MARK = "liveburst-test-where"
SLEEP = ("sleep", "--set", "delay=0.05", "-n", "20")
LANES = ("sync@gunicorn-gthread", "async@daphne")
VIEWS = Path("liveapp/views/sleep.py")
servers = pytest.mark.servers


def printed(report: WhereReport, width: int = 140) -> str:
    """Return what is printed of sampled firings."""
    console = Console(width=width, record=True, force_terminal=False)
    print_where(console, report)
    return console.export_text()


def of_lanes(*lanes: Any, **missing: str) -> WhereReport:
    return {"lanes": [*lanes], "missing": missing}


def test_a_line_has_its_shares_its_call_and_its_source() -> None:
    lane = lane_where(line(42, blocking=780.0, cpu=30.0), line(7, "", "shop/models.py", cpu=190.0))
    text = printed(of_lanes(lane))
    rows = [[cell.strip() for cell in row.split("│")[1:-1]] for row in text.splitlines()]
    assert ["line", "call", "share", "on CPU", "blocking", "time", "requests"] in rows
    assert ["views.py:42 report", "requests.get", "81 %", "3 %", "78 %", "810 ms", "10"] in rows
    assert ["answer = requests.get(URL)", *[""] * 6] in rows
    assert ["shop/models.py:7 report", "", "19 %", "19 %", "", "190 ms", "10"] in rows
    assert "async@daphne: 1 s in views and middleware, 10 requests." in text
    assert "200 looks in 1 process, one every 5 ms; the sampler used 2 % of one core" in text


@pytest.mark.parametrize("width", [60, 80, 100, 140])
def test_a_narrow_terminal_leaves_columns_out_and_cuts_no_number(width: int) -> None:
    lane = lane_where(
        line(42, path="shop/orders/views/report.py", blocking=780.0, cpu=20.0, awaiting=200.0)
    )
    text = printed(of_lanes(lane), width)
    assert max(map(len, text.splitlines())) <= width
    assert "100 %" in text
    if width in {60, 140}:
        assert ("Too narrow for" in text) is (width == 60)


def test_limits_lateness_and_lines_left_out_are_notes() -> None:
    lane = lane_where(*(line(number, cpu=1.0) for number in range(MOST_LINES + 2)))
    lane["sampler"] |= {"late_ms_max": 83.0, "limits": ["Greenlets cannot be seen."]}
    notes = list(where_notes(lane))
    assert "2 more lines with less time: --json FILE has them." in notes
    assert "at most 83 ms: something held the GIL for that long" in notes[-2]
    assert notes[-1] == "Limit: Greenlets cannot be seen."


def test_a_lane_in_which_nothing_was_seen_has_no_table() -> None:
    text = printed(of_lanes(lane_where(), **{"sync@daphne": "It took longer than 120 s."}))
    assert text.startswith("async@daphne: nothing was seen")
    assert "sync@daphne: not sampled. It took longer than 120 s." in text


@pytest.fixture
def fakes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, transactional_db: None
) -> tuple[Laboratory, FakeEngine, FakeSampledTargets]:
    """What the command samples with: a firing goes on until the engine is stopped."""
    monkeypatch.setattr(command, "home", lambda: tmp_path)
    engine, targets = FakeEngine(hold=True), FakeSampledTargets(tmp_path)
    return Laboratory(sampling_resources(engine, targets), Hub(), tmp_path), engine, targets


Fakes = tuple[Laboratory, FakeEngine, FakeSampledTargets]


async def test_while_it_samples_it_is_an_entry_of_the_queue(fakes: Fakes) -> None:
    lab, engine, _ = fakes
    plan = make_plan(lab.project, scenario="sleep", requests=20, lanes=LANES[:1], where=True)
    sampling = asyncio.create_task(sample(lab, plan, print))
    async with asyncio.timeout(20):
        await engine.holding.wait()
    (entry,) = await sync_to_async(run_queue.queued)()
    assert isinstance(entry, Sampling)
    assert (entry.status, await sync_to_async(lambda: entry.run)()) == (Status.RUNNING, None)
    (chip,) = await sync_to_async(chips)()
    assert (chip.text, chip.url) == ("where: sleep", "/")
    assert chip.stop_url == f"/samplings/{entry.pk}/stop/"
    engine.stop()
    assert [lane["lane"] for lane in (await sampling)["lanes"]] == [*LANES[:1]]
    assert await Sampling.objects.acount() == 0


async def test_removed_from_the_queue_it_ends_and_has_started_nothing(fakes: Fakes) -> None:
    lab, _, targets = fakes
    plan = make_plan(lab.project, scenario="sleep", requests=20, lanes=LANES[:1], where=True)
    ahead = await sync_to_async(run_queue.enqueue)(plan, lab.project)
    sampling = asyncio.create_task(sample(lab, plan, print))
    async with asyncio.timeout(20):
        while len(entries := await sync_to_async(run_queue.queued)()) < 2:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    assert entries[0] == ahead
    assert await sync_to_async(run_queue.remove)(entries[1])
    with pytest.raises(asyncio.CancelledError):
        await sampling
    assert targets.started == []
    assert await sync_to_async(run_queue.queued)() == [ahead]


@servers
def test_both_lanes_name_the_line_that_sleeps(tmp_path: Path) -> None:
    done = run(tmp_path, MARK, "where", *SLEEP[:1], *LANES, *SLEEP[1:], "--json", "-")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n") == 1
    report = read_json(WhereReport, json.loads(done.stdout))
    assert report["missing"] == {}
    sync, asynchronous = report["lanes"]
    assert (sync["lane"], asynchronous["lane"]) == LANES
    for lane, call, state in ((sync, "sleep", "blocking"), (asynchronous, "sleep", "awaiting")):
        # On a busy machine the time in the framework around the view may be longer.
        first = next(each for each in lane["lines"] if each["path"] == str(VIEWS))
        assert call in VIEWS.read_text().splitlines()[first["line"] - 1]
        assert max(first["ms"], key=first["ms"].__getitem__) == state
        assert first["ms"][state] >= 20 * 40
        assert lane["requests"] == 20
        assert 0 < first["requests"] <= 20  # those that a look has met: a few are drawn each time
    assert f"{LANES[1]}: firing, sampled" in done.stderr
    assert until(lambda: not marked(MARK)), marked(MARK)


@servers
def test_a_run_names_the_line_of_its_cause(tmp_path: Path) -> None:
    lanes = ("--lane", "async@uvicorn", "--lane", "async-blocking@uvicorn")
    done = run(
        tmp_path, MARK, "burst", *SLEEP, *lanes, "--rounds", "3", "--where", "--no-save",
        "--json", "-",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert read_json(Report, report) == report
    (comparison,) = report["verdict"]["comparisons"]
    (cause,) = [cause for cause in comparison["causes"] if cause["name"] == "loop-blocked"]
    first = cause["evidence"]["lines"][0]
    source = VIEWS.read_text().splitlines()
    assert (first["path"], "time.sleep" in source[first["line"] - 1]) == (str(VIEWS), True)
    assert f"{VIEWS}:{first['line']}, " in report["verdict"]["sentence"]
    assert "held the loop for" in report["verdict"]["sentence"]
    assert [lane["requests"] for lane in report["lanes"]] == [60, 60]
    assert [lane["lane"] for lane in report["where"]["lanes"]] == [
        "async@uvicorn",
        "async-blocking@uvicorn",
    ]


@servers
def test_a_server_that_does_not_start_fails_with_the_reason(tmp_path: Path) -> None:
    done = run(tmp_path / "home", MARK, "where", "any", "--project", broken_project(tmp_path))
    assert done.returncode == 3
    assert "No lane was sampled. sync@gunicorn-sync: gunicorn-sync ended" in done.stderr
    assert "RuntimeError: a typo of mine" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nothing"], "scenario: expected one of sleep"),
        (["sleep", "sync@apache"], "expected a server"),
        (["sleep", "-n", "0"], "requests: expected 1"),
        (["sleep", "--set", "delay=11"], "parameters.delay: expected 0 to 10 s"),
        (["sleep", "--json", "nowhere/x.json"], "json: expected a file that can be written"),
    ],
)
def test_bad_usage_names_the_field(arguments: list[str], words: str) -> None:
    refused = refusal("where", *arguments)
    assert refused.returncode == 2
    assert words in str(refused)
