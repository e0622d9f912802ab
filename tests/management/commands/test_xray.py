"""`manage.py xray` as a whole: the drawing, the JSON, the trace, the exit statuses, no orphan."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from dashboard.analysis.xray.trace import read_trace
from dashboard.management.terminal.xray_drawing import (
    AXIS,
    MOST_ROWS,
    USUAL_WIDTH,
    Axis,
    axis_for,
    draw_xray,
    letter,
)
from dashboard.wire.units import NS_PER_MS
from tests.analysis.xray.test_trace import LOOP, REQUEST, Row, gathered, trace_of, xray_of
from tests.management.broken_project import broken_project
from tests.management.command import start, start_anew
from tests.targets.helpers import LIVEAPP, ROOT, marked, until

QUICK = ("sleep", "async@daphne", "--set", "delay=0.02")
servers = pytest.mark.servers


def xray(home: Path, *arguments: str) -> tuple[int, str, str]:
    process = start(home, "liveburst-test-xray", "xray", *arguments)
    stdout, stderr = process.communicate(timeout=240)
    return process.returncode, stdout, stderr


def test_bars_are_to_scale_and_hops_are_dotted() -> None:
    rows = list(draw_xray(xray_of(REQUEST, *gathered(2, 20))))
    assert rows[0].endswith("0" + " " * (AXIS - 10) + "100.00 ms")
    request, call = rows[2], rows[4]
    assert request.count("█") == AXIS
    assert call.count("·") == round(41 / 100 * AXIS)
    assert call.endswith("sync_to_async sync_to_async 2 → B, waited 21.00 ms (20.00 queued)")
    assert rows[5] == "B  thread-12"
    assert rows[6].endswith("work work 3 ← A")
    assert rows[7].index("█") == request.index("█") + int(22 / 100 * AXIS)


def test_spans_beyond_the_limit_are_counted() -> None:
    rows = list(draw_xray(xray_of(REQUEST, *[("query", 0, LOOP, 1, 2)] * MOST_ROWS)))
    assert len(rows) == MOST_ROWS + 3
    assert rows[-1] == "and 1 more span"


@pytest.mark.parametrize("width", [40, 60, 80, 100, 140, 200])
def test_a_narrow_terminal_shortens_the_axis_and_no_number(width: int) -> None:
    rows = list(draw_xray(xray_of(REQUEST, *gathered(2, 20)), width))
    assert max(map(len, rows)) <= width
    whole = list(draw_xray(xray_of(REQUEST, *gathered(2, 20))))
    ruler, wide_ruler = rows.pop(0), whole.pop(0)
    assert ruler.split()[-2:] == wide_ruler.split()[-2:]
    numbers = [re.findall(r"[\d.]+(?: ms)?", " ".join(line)) for line in (rows, whole)]
    assert numbers[0] == numbers[1]


def test_a_deep_span_is_wrapped_in_its_own_column() -> None:
    deep: list[Row] = [("middleware", depth, LOOP, depth, 99 - depth) for depth in range(30)]
    trace = trace_of(REQUEST, *deep)
    for span in trace["spans"][1:]:
        span["name"] = "django.contrib.sessions.middleware.SessionMiddleware.process_request"
    rows = list(draw_xray(read_trace(trace)))
    assert max(map(len, rows)) <= USUAL_WIDTH
    text = rows[2].index("request request")
    for row in rows[3:]:
        if row[:text].strip():
            assert "middleware django.contrib.sessions." in row
        else:
            assert len(row) - len(row.lstrip()) > text
    assert "+24 middleware" in rows[-2] + rows[-1]


def test_at_the_usual_width_what_a_stage_does_stays_on_one_line() -> None:
    """The axis becomes shorter instead: half of the lines of such a request were wrapped."""
    chain: list[Row] = [("middleware", depth, LOOP, depth, 99 - depth) for depth in range(7)]
    hops: list[Row] = [("sync_to_async", 7, LOOP, 10, 20), ("stage", 8, 12, 12, 18)]
    trace = trace_of(REQUEST, *chain, *hops)
    for span in trace["spans"][1:]:
        span["name"] = "AuthenticationMiddleware.process_request"
    rows = list(draw_xray(read_trace(trace)))
    assert len(rows) == 1 + 2 + len(trace["spans"])  # the ruler, two threads, and a line for each
    assert max(map(len, rows)) <= USUAL_WIDTH
    assert (
        "+2 sync_to_async AuthenticationMiddleware.process_request → B, waited 2.00 ms" in rows[10]
    )


def test_two_drawings_may_have_one_axis() -> None:
    short, long = xray_of(REQUEST), xray_of(("request", None, LOOP, 0, 200))
    axis = axis_for([short, long], USUAL_WIDTH)
    assert axis == Axis(AXIS, 200 * NS_PER_MS)
    rows = list(draw_xray(short, axis=axis))
    assert rows[0].endswith("200.00 ms")
    assert rows[2].count("█") == AXIS // 2


def test_threads_beyond_the_alphabet_have_names() -> None:
    assert [letter(number) for number in (0, 25, 26, 53)] == ["A", "Z", "A1", "B2"]


@servers
def test_the_drawing_has_lanes_of_threads_and_one_sentence(tmp_path: Path) -> None:
    status, stdout, stderr = xray(tmp_path, *QUICK)
    assert status == 0, stderr
    lines = stdout.splitlines()
    assert lines[0] == "async@daphne: GET /sleep/async/?delay=0.02, answered 200"
    assert lines[-1].startswith("This async view makes 2 thread hops, and starts 2 threads")
    lanes = [line for line in lines if line[:3] in {"A  ", "B  ", "C  "}]
    assert lanes[0] == "A  MainThread (event loop)"
    assert lanes[1].endswith("(started for this request)")
    loop = lines[lines.index(lanes[0]) : lines.index(lanes[1])]
    assert "view liveapp.views.sleep.async_" in "\n".join(loop)
    assert "sync_to_async Signal.asend.sync_send → B" in "\n".join(loop)
    assert stderr == ""


@servers
def test_the_json_is_one_object_and_the_trace_opens_in_perfetto(tmp_path: Path) -> None:
    file = tmp_path / "trace.json"
    status, stdout, stderr = xray(tmp_path, *QUICK, "--json", "-", "--trace", str(file))
    assert status == 0, stderr
    assert stdout.count("\n") == 1
    result = json.loads(stdout)
    assert (result["lane"], result["variant"], result["server"]) == (
        "async@daphne",
        "async",
        "daphne",
    )
    assert (result["hops"], result["threads_started"], result["queries"]) == (2, 2, 0)
    assert result["target"]["versions"]["django"]
    assert result["spans"][0]["kind"] == "request"
    assert result["length_ms"] >= 20
    trace = json.loads(file.read_text())
    complete = [event for event in trace["traceEvents"] if event["ph"] == "X"]
    assert len(complete) == len(result["spans"])
    assert {event["pid"] for event in trace["traceEvents"]} == {1}


@servers
def test_two_lanes_are_compared_and_one_of_them_may_lack_a_middleware(tmp_path: Path) -> None:
    result, file = tmp_path / "result.json", tmp_path / "trace.json"
    arguments = ("middleware", "async-default@uvicorn", "--without", "SecurityMiddleware")
    outputs = ("--json", str(result), "--trace", str(file))
    status, stdout, stderr = xray(tmp_path, *arguments, *outputs)
    assert status == 0, stderr
    second = "async-default@uvicorn:without=SecurityMiddleware"
    lines = stdout.splitlines()
    sentence = next(line for line in lines if line.startswith(f"{second} against"))
    assert "−2 hops" in sentence
    assert "SecurityMiddleware (−2 hops)" in sentence
    outcome = next(line for line in lines if line.startswith("Without SecurityMiddleware: "))
    assert outcome.startswith("Without SecurityMiddleware: −2 hops, ")
    assert outcome.endswith(", still 200.")
    heads = [at for at, line in enumerate(lines) if ": GET /middleware/async-default/" in line]
    assert lines.index(outcome) < heads[0] < heads[1]
    rulers = [line for line in lines if line.lstrip().startswith("start")]
    assert rulers[0] == rulers[1]  # one axis
    pair = json.loads(result.read_text())
    assert (pair["first"]["hops"], pair["second"]["hops"]) == (15, 13)
    assert (pair["difference"]["hops"], pair["difference"]["statuses"]) == (-2, [200, 200])
    assert [entry["hops"] for entry in pair["first"]["middleware"]] == [2, 2, 2, 3, 1, 2, 1]
    assert pair["second"]["middleware"][0]["name"] == "SessionMiddleware"
    events = json.loads(file.read_text())["traceEvents"]
    assert {event["pid"] for event in events} == {1, 2}
    arrows = [(event["id"], event["ph"]) for event in events if "id" in event]
    assert len(set(arrows)) == len(arrows)


@servers
def test_a_middleware_that_is_not_there_cannot_be_left_out(tmp_path: Path) -> None:
    lane = "async-default@daphne:without=Sessions"
    status, stdout, stderr = xray(tmp_path, "middleware", lane)
    assert status == 3
    assert "without=Sessions: expected one of django.middleware.security." in stderr
    assert stdout == ""


@servers
def test_settings_of_the_server_are_applied(tmp_path: Path) -> None:
    lane = "sync@gunicorn-gthread:threads=2"
    result = tmp_path / "result.json"
    status, stdout, stderr = xray(tmp_path, "sleep", lane, *QUICK[2:], "--json", str(result))
    assert status == 0, stderr
    assert stdout.startswith(f"{lane}: GET ")  # a file takes no drawing away
    result = json.loads(result.read_text())
    assert (result["lane"], result["hops"], result["target"]["threads"]) == (lane, 0, 2)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nothing", "sync@daphne"], "scenario: expected one of sleep"),
        (["sleep", "sync"], "lanes: expected VARIANT@SERVER"),
        (["sleep", "sync@apache"], "expected a server"),
        ([*QUICK[:3], "delay=11"], "parameters.delay: expected 0 to 10 s"),
        ([*QUICK, "--timeout", "0"], "timeout: expected above 0"),
        ([*QUICK, "--project", "nowhere/lab.toml"], "lab.toml: expected a file"),
        ([*QUICK, "--json", "nowhere/x.json"], "json: expected a file that can be written"),
        ([*QUICK, "--trace", "nowhere/x.json"], "trace: expected a file that can be written"),
        (["sleep", "async@daphne", "async@daphne"], "expected another lane, found async@daphne"),
        (["sleep", "async@daphne", "sync@apache"], "lanes: sync@apache: expected a server"),
        (
            ["sleep", "async@daphne", "sync@daphne", "--without", "SessionMiddleware"],
            "without: expected no second lane beside it, found sync@daphne",
        ),
        (["sleep", "async@daphne", "--without", "a b"], "expected the path of a middleware"),
    ],
)
def test_bad_usage_names_the_field(arguments: list[str], words: str) -> None:
    with pytest.raises(CommandError, match=re.escape(words)) as refused:
        call_command("xray", *arguments)
    assert refused.value.returncode == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["sleep"], "VARIANT@SERVER"),
        ([*QUICK[:3], "delay"], "expected NAME=NUMBER"),
        (["sleep", "sync@apache"], "lanes: sync@apache: expected a server"),
    ],
)
def test_bad_usage_has_its_status_and_starts_nothing(
    tmp_path: Path, arguments: list[str], words: str
) -> None:
    status, stdout, stderr = xray(tmp_path, *arguments)
    assert status == 2
    assert words in stderr
    assert "Traceback" not in stderr
    assert stdout == ""
    assert not (tmp_path / "logs").exists()


@servers
def test_a_server_that_does_not_start_fails_with_its_log(tmp_path: Path) -> None:
    home = tmp_path / "home"
    status, stdout, stderr = xray(
        home, "any", "sync@gunicorn-sync", "--project", broken_project(tmp_path)
    )
    assert status == 3
    assert "a typo of mine" in stderr
    assert "CommandError: gunicorn-sync ended" in stderr
    assert stdout == ""


@servers
def test_a_project_without_django_is_traced_as_far_as_possible(tmp_path: Path) -> None:
    lab = tmp_path / "lab.toml"
    lab.write_text(
        """
        [project]
        name = "plain"
        wsgi = "plain:application"
        [scenario.any]
        title = "Anything"
        lanes = ["sync@gunicorn-sync"]
        [scenario.any.variant.sync]
        family = "sync"
        path = "/"
        """
    )
    (tmp_path / "plain.py").write_text(
        """
import threading

def application(environ, start_response):
    thread = threading.Thread(target=int, name="of its own")
    thread.start()
    thread.join()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"plain"]
"""
    )
    home = tmp_path / "home"
    status, stdout, stderr = xray(home, "any", "sync@gunicorn-sync", "--project", str(lab))
    assert status == 0, stderr
    assert "thread of its own" in stdout
    assert "makes no thread hops, and starts 1 thread." in stdout


@servers
@pytest.mark.parametrize(
    ("end", "expected_status"),
    [
        (lambda process: process.send_signal(signal.SIGINT), 130),
        (lambda process: process.kill(), -signal.SIGKILL),
    ],
    ids=["Ctrl-C", "kill -9"],
)
def test_however_it_ends_nothing_is_left(
    tmp_path: Path, end: Callable[[subprocess.Popen[str]], None], expected_status: int
) -> None:
    mark = f"killed-xray-{os.getpid()}-{expected_status}"
    lab = tmp_path / "lab.toml"
    lab.write_text(LIVEAPP.read_text().replace('directory = ".."', f'directory = "{ROOT}"'))
    process = start_anew(tmp_path, mark, "xray", *QUICK[:3], "delay=10", "--project", str(lab))
    # The command itself, its guard, and the server.
    assert until(lambda: len(marked(mark)) >= 3, 30)
    end(process)
    _, stderr = process.communicate(timeout=30)
    assert process.returncode == expected_status, stderr
    assert "Traceback" not in stderr
    assert until(lambda: not marked(mark)), marked(mark)
