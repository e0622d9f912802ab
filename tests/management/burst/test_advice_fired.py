"""`manage.py burst`: *Try* with a command for each piece of advice, and what the command shows."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from .test_burst import burst

LANES = ("--lane", "sync@gunicorn-gthread", "--lane", "async@uvicorn")
LOAD = ("-n", "40", "--rounds", "1", "--set", "delay=0.2")
FIRES = "sync@gunicorn-gthread:threads=40"


@pytest.mark.servers
def test_the_printed_command_tests_the_advice(tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    status, stdout, stderr = burst(tmp_path, "sleep", *LANES, *LOAD, "--json", str(file))
    assert status == 0, stderr
    report = json.loads(file.read_text())
    assert report["advice"][0]["fires"] == FIRES
    _, _, section = stdout.partition("\nTry\n")
    assert "1. Give gunicorn-gthread 40 threads instead of 8" in section
    assert "Predicted total time: " in section
    (command,) = [line for line in section.splitlines() if FIRES in line]
    assert command.endswith(f"--advice {report['run']}/1")
    _, _, arguments = command.partition(" burst ")
    status, stdout, stderr = burst(tmp_path, *shlex.split(arguments), "--json", str(file))
    assert status == 0, stderr
    test = json.loads(file.read_text())
    assert [lane["lane"] for lane in test["lanes"]] == ["sync@gunicorn-gthread", FIRES]
    assert test["load"] == report["load"]
    assert f"Tests advice 1 of run {report['run']}: Give gunicorn-gthread 40" in stdout
    assert re.search(r"(Held|Did not hold|Undecided)\b.*measured.*predicted", stdout)


@pytest.mark.servers
def test_a_full_executor_is_given_a_thread_for_each_request_from_outside(tmp_path: Path) -> None:
    lanes = ("--lane", "bridged-threads@uvicorn", "--lane", "bridged@uvicorn")
    load = ("-n", "60", "--rounds", "1", "--set", "delay=0.2", "--json", "-")
    status, stdout, stderr = burst(tmp_path, "mixed", *lanes, *load)
    assert status == 0, stderr
    report = json.loads(stdout)
    (advice,) = [each for each in report["advice"] if each["cause"] == "executor-full"]
    assert advice["fires"] == "bridged-threads@uvicorn:executor=60"
    lanes = ("--lane", advice["lane"], "--lane", advice["fires"])
    number = report["advice"].index(advice) + 1
    option = ("--advice", f"{report['run']}/{number}")
    status, stdout, stderr = burst(tmp_path, "mixed", *lanes, *load, *option)
    assert status == 0, stderr
    few, many = json.loads(stdout)["lanes"]
    assert many["target"]["executor"]["limit"] == 60
    assert many["makespan_s"][0] < few["makespan_s"][0]  # 0.2 s, and two waves or more
