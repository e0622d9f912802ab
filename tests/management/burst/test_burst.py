"""`manage.py burst` as a whole: the JSON, the exit statuses, what Ctrl-C leaves."""

from __future__ import annotations

import json
import re
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests.management.broken_project import broken_project
from tests.management.command import firings_in, start, start_anew, statuses
from tests.targets.helpers import until

pytestmark = pytest.mark.servers
MARK = "liveburst-test-burst"
QUICK = ("-n", "8", "--rounds", "1", "--set", "delay=0.02", "--lane", "sync@gunicorn-gthread")


def burst(home: Path, *arguments: str, used: bool = True) -> tuple[int, str, str]:
    return ended(start(home, MARK, "burst", *arguments, used=used))


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    stdout, stderr = process.communicate(timeout=240)
    return process.returncode, stdout, stderr


@pytest.mark.alone
def test_the_demonstration_is_right(tmp_path: Path) -> None:
    lanes = [
        "sync@gunicorn-sync",
        "sync@gunicorn-gthread",
        "sync@daphne",
        "async@daphne",
        "async-blocking@uvicorn",
    ]
    arguments = [word for lane in lanes for word in ("--lane", lane)]
    options = ("-n", "12", "--rounds", "1", "--json", "-")
    status, stdout, stderr = ended(
        start_anew(tmp_path, MARK, "burst", "sleep", *arguments, *options)
    )
    assert status == 0, stderr
    report: dict[str, Any] = json.loads(stdout)
    by_lane = {lane["lane"]: lane for lane in report["lanes"]}
    assert list(by_lane) == lanes
    assert all(lane["ok"] == 12 and lane["errors"] == {} for lane in by_lane.values())
    # ⌈12 / k⌉ · 0.1 s, which no server can beat
    for lane, at_least_s in zip(lanes, (1.2, 0.2, 0.1, 0.1, 1.2), strict=True):
        assert by_lane[lane]["makespan_s"][0] >= at_least_s
    assert max(by_lane[lane]["makespan_s"][0] for lane in lanes[2:4]) < 1.0
    peaks = {name: lane["server_side"]["peak_in_app"] for name, lane in by_lane.items()}
    assert peaks["sync@gunicorn-sync"] == 1
    assert peaks["sync@gunicorn-gthread"] == 8
    assert all(peaks[lane] > 8 for lane in lanes[2:4])  # no pool of threads holds them back
    blocking = by_lane["async-blocking@uvicorn"]
    assert blocking["server_side"]["peak_in_app"] > blocking["server_side"]["peak_in_view"] == 1
    assert 95 <= blocking["server_side"]["loop_held_ms_max"] < 200
    assert blocking["server_side"]["loop_lag_ms_max"] >= 90
    assert 100 <= blocking["segments_ms"]["view"]["p50"] < 200
    # The sixth of twelve waits for six views, in the server or in the framework: who came before
    # the first view held the loop has entered, and the others have not.
    assert blocking["latency_ms"]["p50"] >= 600


def test_the_json_is_the_contract(tmp_path: Path) -> None:
    expectation = ("--expect", "sync@gunicorn-gthread.ok > 7")
    status, stdout, stderr = burst(
        tmp_path, "sleep", *QUICK, *expectation, "--seed", "7", "--json", "-"
    )
    assert status == 0, stderr
    assert "did not hold" not in stderr
    assert stdout.count("\n") == 1
    report = json.loads(stdout)
    assert (report["scenario"], report["status"], report["seed"]) == ("sleep", "finished", 7)
    assert report["load"] == {"kind": "burst", "requests": 8, "concurrency": 8}
    neighbour = report["lanes"][0]["neighbour"]
    assert set(neighbour) == {"requests", "ok", "errors", "unanswered", "latency_ms", "cost"}
    instrument = report["instrument"]
    assert set(instrument) == {"floor_ms", "limit_rps", "saturated", "steal_percent"}
    assert instrument["floor_ms"] > 0  # measured first, since this state had no calibration
    assert instrument["limit_rps"] > 1000
    assert isinstance(instrument["saturated"], bool)
    assert report["lanes"][0]["rate"] is None
    assert report["environment"]["cpus"]
    lane = report["lanes"][0]
    assert len(lane["makespan_s"]) == report["rounds"] == 1
    assert set(lane["segments_ms"]) == {"client_delay", "server", "framework", "view", "delivery"}
    assert set(lane["latency_ms"]) == {"min", "mean", "p50", "p90", "p95", "p99", "max"}
    assert lane["latency_ms"]["p99"] is None
    assert "gunicorn" in lane["target"]["versions"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nothing"], "scenario: expected one of sleep, mixed"),
        (["sleep", "-n", "0"], "requests: expected 1 to 100000, found 0"),
        (["sleep", "-n", "5", "-c", "6"], "concurrency: expected at most the 5 requests"),
        (["sleep", "--rate", "0", "--duration", "1"], "rate: expected above 0"),
        (["sleep", "--poisson", "-n", "5"], "requests: cannot be combined with a rate"),
        (["sleep", "--lane", "sync"], "lanes: expected VARIANT@SERVER"),
        (["sleep", "--lane", "sync@apache"], "expected a server"),
        (["sleep", "--set", "delay=11"], "parameters.delay: expected 0 to 10 s"),
        (["sleep", "--set", "speed=1"], "parameters.speed"),
        (["sleep", "--expect", "fast"], "expect: expected LANE.METRIC"),
        (["sleep", "--expect", "sync@uvicorn.ok > 1"], "expected a lane of"),
        (
            ["sleep", "--lane", "sync@runserver", "--expect", "sync@runserver.eror < 1"],
            "expected a metric, one of requests",
        ),
        (["sleep", "--project", "nowhere/lab.toml"], "lab.toml: expected a file"),
        (["sleep", "--json", "nowhere/result.json"], "json: expected a file that can be written"),
    ],
)
def test_bad_usage_names_the_field_and_fires_nothing(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(CommandError, match=re.escape(words)) as refused:
        call_command("burst", *arguments)
    assert refused.value.returncode == 2
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["-n", "0"], "requests: expected 1 to 100000, found 0"),
        (["--set", "delay"], "expected NAME=NUMBER"),
    ],
)
def test_bad_usage_is_a_line_and_a_status_of_the_process(
    tmp_path: Path, arguments: list[str], words: str
) -> None:
    status, stdout, stderr = burst(tmp_path, "sleep", *arguments)
    assert status == 2
    assert words in stderr
    assert "Traceback" not in stderr
    assert stdout == ""


def test_a_rate_that_one_lane_can_do_and_another_cannot(tmp_path: Path) -> None:
    lanes = ("--lane", "async@daphne", "--lane", "sync@gunicorn-sync")
    file = tmp_path / "rate.json"
    status, stdout, stderr = burst(
        tmp_path, "sleep", *lanes, "--rate", "40", "--duration", "2", "--poisson", "--rounds", "1",
        "--seed", "7", "--set", "delay=0.06", "--json", str(file),
    )  # fmt: skip
    assert status == 0, stderr
    check_table_of_a_rate(stdout)
    report = json.loads(file.read_text())
    assert report["load"]["kind"] == "rate"
    assert (report["load"]["rate_rps"], report["load"]["poisson"]) == (40.0, True)
    fine, behind = report["lanes"]
    assert fine["requests"] == fine["ok"] == behind["ok"] == 80
    assert fine["rate"]["offered_rps"] == behind["rate"]["offered_rps"] == 40.0
    # One worker that waits for 0.06 s each time answers sixteen requests a second, and no more.
    assert 8 < behind["rate"]["achieved_rps"] <= 16.8
    assert behind["rate"]["keeps_up"] is False
    assert fine["rate"]["achieved_rps"] > 2 * behind["rate"]["achieved_rps"]
    # From when it was due, the last one waits for all before it: 80 · 0.06 s − 2 s.
    assert behind["latency_ms"]["p95"] > 2000


def check_table_of_a_rate(stdout: str) -> None:
    """It shows the lane that fell behind."""
    assert "sleep: 40 requests per second for 2 s" in stdout
    assert "service p95" in stdout
    words = " ".join(stdout.split())  # a narrow terminal wraps sentences
    # In the sentence of a verdict, or in a warning where the load generator was disturbed.
    assert re.search(r"sync@gunicorn-sync(: offered 40/s,)? achieved \d", words)
    assert "backlog growing" in words
    (row,) = [line for line in stdout.splitlines() if line.startswith("│ sync@gunicorn-sync")]
    assert row.count("–") == 3  # its percentiles depend on how long the rate lasted alone
    assert "Load generator: adds " in stdout


def test_an_expectation_that_does_not_hold_is_status_1(tmp_path: Path) -> None:
    """`test_the_json_is_the_contract` has one that holds."""
    broken = "sync@gunicorn-gthread.makespan_s < 0.02"
    holds = "sync@gunicorn-gthread.ok > 7"
    status, stdout, stderr = burst(tmp_path, "sleep", *QUICK, "--expect", broken, "--expect", holds)
    assert status == 1, stderr
    assert f"did not hold: {broken}" in stderr
    assert stderr.count("did not hold") == 1
    assert "sync@gunicorn-gthread" in stdout


def test_a_server_that_does_not_start_fails_the_run_with_its_log(tmp_path: Path) -> None:
    status, stdout, stderr = burst(
        tmp_path / "home", "any", "--project", broken_project(tmp_path), "--json", "-"
    )
    assert status == 3
    assert "a typo of mine" in stderr
    assert json.loads(stdout)["status"] == "failed"


def test_ctrl_c_keeps_what_was_measured_and_whole_rounds_decide(tmp_path: Path) -> None:
    process = start_anew(
        tmp_path, MARK, "burst", "sleep", "-n", "6", "-c", "3", "--rounds", "50",
        "--set", "delay=0.3", "--lane", "sync@gunicorn-gthread", "--lane", "async@daphne",
        "--json", "-",
    )  # fmt: skip
    assert until(lambda: statuses(tmp_path) == ["running"], 60)
    assert until(lambda: firings_in(tmp_path, 2) == 2, 60)  # both lanes have fired round 2
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=30)
    assert process.returncode == 130, stderr
    report = json.loads(stdout)
    assert report["status"] == "stopped"
    assert "Traceback" not in stderr
    (comparison,) = report["verdict"]["comparisons"]
    # A disturbed round is repeated and does not count: on a busy machine that may be both.
    assert comparison["rounds"] + len(report["discarded"]) >= 1
    for lane in report["lanes"]:
        assert len(lane["makespan_s"]) == comparison["rounds"]
        assert lane["errors"] == {}
        assert lane["requests"] == lane["ok"] == 6 * comparison["rounds"]
    if cut_off := sum(lane["cut_off"] for lane in report["lanes"]):
        assert any(f"{cut_off} cut off by Stop" in warning for warning in report["warnings"])


def test_nothing_is_kept_without_save_and_a_new_home_is_set_up(tmp_path: Path) -> None:
    arguments = ("sleep", *QUICK, "--no-save", "--json", "-")
    status, stdout, stderr = burst(tmp_path / "home", *arguments, used=False)
    assert status == 0, stderr
    assert json.loads(stdout)["lanes"][0]["ok"] == 8
    assert statuses(tmp_path / "home") == []
