"""`manage.py matrix` and `manage.py sweep` as processes, with real servers."""

from __future__ import annotations

import csv
import json
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.management.command import refusal, start, start_anew, statuses
from tests.targets.helpers import marked, until

FIVE = str(Path(__file__).with_name("five_variants.toml"))
MARK = "liveburst-test-explore"
servers = pytest.mark.servers


def command(home: Path, *arguments: str) -> tuple[int, str, str]:
    process = start_anew(home, MARK, *arguments)
    stdout, stderr = process.communicate(timeout=240)
    return process.returncode, stdout, stderr


@pytest.mark.alone
@servers
def test_a_matrix_agrees_with_theory(tmp_path: Path) -> None:
    table = tmp_path / "matrix.csv"
    status, stdout, stderr = command(
        *(tmp_path, "matrix", "wait", "--project", FIVE, "--set", "delay=0.05", "-n", "12"),
        *("--rounds", "2", "--variant", "sync", "--variant", "async-blocking"),
        *("--server", "gunicorn-sync", "--server", "gunicorn-gthread", "--server", "daphne"),
        *("--server", "gunicorn-gevent", "--json", "-", "--csv", str(table)),
    )
    assert status == 0, stderr
    answer: dict[str, Any] = json.loads(stdout)
    cells = {cell["lane"]: cell for cell in answer["cells"]}
    assert cells["async-blocking@gunicorn-gevent"]["state"] == "refused"
    measured = {lane: cell for lane, cell in cells.items() if cell["state"] == "measured"}
    assert len(measured) == 7
    assert all(cell["failed"] == 0 for cell in measured.values())
    for lane, turns in {
        "sync@gunicorn-sync": 12, "async-blocking@gunicorn-sync": 12,
        "sync@gunicorn-gthread": 2, "sync@daphne": 1, "async-blocking@daphne": 12,
    }.items():  # fmt: skip
        cell = measured[lane]
        assert cell["theory_s"] == pytest.approx(turns * 0.05)
        # No request is quicker than the wait; a loaded machine may be slower.
        assert cell["theory_s"] <= cell["makespan_s"] < cell["theory_s"] + 0.6, lane
    assert measured["async-blocking@daphne"]["ratio"] > 2
    rows = list(csv.DictReader(table.read_text().splitlines()))
    assert next(row["run"] for row in rows if row["state"] == "measured") in answer["runs"]
    assert until(lambda: not marked(MARK))


@pytest.mark.alone
@servers
def test_a_sweep_finds_where_a_pool_falls_behind(tmp_path: Path) -> None:
    status, stdout, stderr = command(
        *(tmp_path, "sweep", "sleep", "--set", "delay=0.03", "--over", "concurrency=2..16"),
        *(
            "--levels",
            "3",
            "-n",
            "16",
            "--lane",
            "sync@gunicorn-gthread:threads=2",
            "--lane",
            "async@uvicorn",
        ),
        *("--json", "-"),
    )
    assert status == 0, stderr
    answer: dict[str, Any] = json.loads(stdout)
    (crossing,) = answer["crossovers"]
    assert crossing["standing"] == "ahead"
    assert crossing["theory_from"] == 3
    # Six at a time take the pool of two three times as long, and sixteen eight times.
    last = answer["levels"][-1]["lanes"]
    assert last[0]["theory_rps"] == pytest.approx(2 / 0.03)
    assert last[0]["throughput_rps"] < 75
    assert last[1]["ratio"] < 0.5
    assert "16 concurrent requests: 2 lanes" in stderr
    assert until(lambda: not marked(MARK))


@servers
def test_ctrl_c_keeps_the_results_and_leaves_no_process(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    process = start(
        *(tmp_path, MARK, "sweep", "sleep", "--over", "concurrency=1..8", "--json", "-"),
    )
    request.addfinalizer(process.kill)
    assert until(lambda: "running" in statuses(tmp_path), timeout_s=60)
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=240)
    assert process.returncode == 130, stderr
    assert json.loads(stdout)["status"] == "stopped"
    assert until(lambda: not marked(MARK))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("matrix", "sleep", "--server", "apache"), "servers: apache"),
        (("matrix", "sleep", "--variant", "none"), "variants: expected one of sync"),
        (("matrix", "nothing"), "scenario: expected one of sleep"),
        (("matrix", "sleep", "--csv", "/nowhere/x.csv"), "csv: expected a file"),
        (("sweep", "sleep", "--over", "threads=1..2"), "over: expected one of concurrency"),
        (("sweep", "sleep", "--over", "rate=1..2", "--rounds", "2"), "rounds: expected 5 or more"),
    ],
)
def test_bad_usage_names_the_field(
    arguments: tuple[str, ...], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    refused = refusal(*arguments)
    assert refused.returncode == 2
    assert words in str(refused)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("matrix", "sleep", "--server", "apache"), "servers: apache"),
        (("sweep", "sleep", "--over", "threads=1..2"), "over: expected one of concurrency"),
        (("sweep", "sleep"), "--over"),
    ],
)
def test_bad_usage_is_refused_before_anything_starts(
    tmp_path: Path, arguments: tuple[str, ...], words: str
) -> None:
    with start(tmp_path, MARK, *arguments) as process:
        stdout, stderr = process.communicate(timeout=60)
    assert (process.returncode, stdout) == (2, "")
    assert words in stderr
