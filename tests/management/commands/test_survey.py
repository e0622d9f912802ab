"""`manage.py survey`: its table and its refusals, and one real survey of a view that waits."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from dashboard.management.commands.survey import survey_columns, survey_notes
from dashboard.management.terminal.tables import fit_table
from dashboard.wire.experiments.survey import (
    Alone,
    Alternative,
    ModelFit,
    SurveyAnswer,
    SurveyProgress,
    SurveyRow,
    TimeShares,
)
from tests.management.command import ROOT, refusal, start_anew
from tests.targets.helpers import marked, until

FIVE = Path(__file__).with_name("five_variants.toml")
MARK = "liveburst-test-survey"

POOL = Alternative(
    change="threads",
    lane="sync@gunicorn-gthread:threads=32",
    stand_in=True,
    predicted_rps=290,
    predicted_p95_ms=110,
    formula="32 at once, each for 105 ms: 290/s",
    run="fired123",
    measured_rps=281,
    measured_p95_ms=115,
    error=290 / 281 - 1,
    ratio=0.14,
    interval=(0.13, 0.15),
    level=0.975,
    answer="differs",
    memory_mb=12.3,
    cpu_ms=0.12,
)
ORDERS = SurveyRow(
    scenario="orders",
    variant="sync",
    title="/orders/",
    view="shop.views:orders",
    family="sync",
    lane="sync@gunicorn-gthread:threads=4",
    state="measured",
    weight=1.0,
    alone=Alone("alone123", 105, 5, 0, 4, 60, TimeShares(0.04, 0.57, 0.38, 0.005)),
    p95_ms=820,
    throughput_rps=39,
    alternatives=(POOL,),
    word="threads",
    reason="a request waits 100 ms of 105 ms and holds one of 4 threads for 32",
    best=POOL.lane,
    gained_ms=705,
    run="fired123",
)
BROKEN = replace(
    ORDERS,
    scenario="broken",
    state="failed",
    why="no request succeeded",
    alone=None,
    p95_ms=None,
    alternatives=(),
    word=None,
    reason="",
    best=None,
    gained_ms=None,
)
ANSWER = SurveyAnswer(
    experiment="survey12",
    kind="survey",
    status="finished",
    problem="",
    project="shop",
    server="gunicorn-gthread:threads=4",
    concurrency=(1, 8, 32),
    rounds=5,
    seed=1,
    mix="",
    rows=(ORDERS, BROKEN),
    progress=SurveyProgress(2, 2, ""),
    fit=ModelFit(1, 0.032, None),
    sentence="1 view: 1 needs more threads.",
)


def printed(width: int) -> str:
    table, _ = fit_table("shop", survey_columns(ANSWER), width)
    console = Console(width=width, record=True, force_terminal=False)
    console.print(table)
    return console.export_text()


def test_a_row_has_its_shares_its_alternative_and_its_word() -> None:
    text = printed(220)
    (row,) = [line for line in text.splitlines() if "orders" in line]
    assert [cell.strip() for cell in row.strip("│").split("│")] == [
        "orders",
        "CPU 4 %, database 57 %, waiting 38 %",
        "820 ms",
        "sync@gunicorn-gthread:threads=32 (stand-in)",
        "7.1× faster (6.7–7.7)",
        "+12 MiB, +0.12 ms CPU",
        "290/s, 281/s measured (+3.2 %)",
        "threads",
    ]
    assert "failed" in text


@pytest.mark.parametrize("width", [60, 80, 100, 140])
def test_a_narrow_terminal_cuts_no_number(width: int) -> None:
    text = printed(width)
    assert max(map(len, text.splitlines())) <= width
    assert "820 ms" in text
    assert "7.1× faster" in text


def test_the_notes_have_each_reason() -> None:
    assert survey_notes(ANSWER) == [
        "1 view: 1 needs more threads.",
        "orders: threads, a request waits 100 ms of 105 ms and holds one of 4 threads for 32.",
        "broken: failed, no request succeeded.",
        "A stand-in is a pool of as many threads as requests: it has the concurrency of an async"
        " view that does not exist yet.",
        "Model: median error 3.2 % (1 lane fired).",
    ]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("survey", "nothing"), "scenarios: expected sleep"),
        (("survey", "--server", "apache"), "server: apache: expected a server"),
        (("survey", "-c", "1"), "concurrency: expected 4 to 256"),
        (("survey", "--rounds", "3"), "rounds: expected 5 to 20"),
        (("survey", "--weight", "sleep"), "expected SCENARIO=NUMBER, found 'sleep'"),
        (("survey", "--weight", "none=1"), "weights: expected sleep"),
        (("survey", "--csv", "/nowhere/x.csv"), "csv: expected a file"),
    ],
)
def test_bad_usage_names_the_field(
    arguments: tuple[str, ...], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    refused = refusal(*arguments)
    assert words in str(refused)
    assert capsys.readouterr().out == ""


@pytest.mark.alone
@pytest.mark.servers
def test_a_view_that_waits_needs_threads(tmp_path: Path) -> None:
    """Four threads for 16 requests: four waves, of which a larger pool saves three."""
    lab = tmp_path / "lab.toml"
    text = FIVE.read_text().replace("default = 0.1", "default = 0.2")
    lab.write_text(text.replace("../../..", str(ROOT)))
    files = [tmp_path / name for name in ("survey.csv", "survey.md")]
    process = start_anew(
        *(tmp_path, MARK, "survey", "wait", "--project", str(lab), "-c", "16", "--seed", "1"),
        *("--json", "-", "--csv", str(files[0]), "--markdown", str(files[1])),
    )
    stdout, stderr = process.communicate(timeout=240)
    assert process.returncode == 0, stderr
    answer: dict[str, Any] = json.loads(stdout)
    (row,) = answer["rows"]
    assert (row["state"], row["word"]) == ("measured", "threads"), row
    assert row["best"] == "sync@gunicorn-gthread:threads=16"
    best = row["alternatives"][0]
    assert best["answer"] == "differs"
    assert best["interval"][1] < 1
    assert row["gained_ms"] > 100
    alone = row["alone"]
    assert alone["queries"] == 0
    assert 200 <= alone["wall_ms"] < 500
    assert alone["shares"]["waiting"] > 0.5
    assert sum(alone["shares"].values()) == pytest.approx(1)
    assert [point["concurrency"] for point in row["loads"]] == [4, 16]
    assert all(each["failed"] == 0 for each in row["loads"])
    assert "wait" in files[0].read_text()
    assert "| wait |" in files[1].read_text()
    assert "wait, 16 at once, 3 lanes" in stderr
    assert until(lambda: not marked(MARK))
