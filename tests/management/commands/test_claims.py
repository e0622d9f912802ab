"""`manage.py claims`: real servers, a verdict for each claim, and the status of the contract."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from tests.management.command import start, start_anew, statuses

LAB = """
[project]
name = "liveapp"
directory = "{root}"
wsgi = "liveapp.wsgi:application"
asgi = "liveapp.asgi:application"
env = {{ DJANGO_SETTINGS_MODULE = "liveapp.settings" }}

[scenario.sleep]
title = "Waiting"
parameters.delay = {{ default = 0.05, min = 0, max = 10 }}
lanes = ["sync@gunicorn-sync"]

[scenario.sleep.variant.sync]
family = "sync"
path = "/sleep/sync/?delay={{delay}}"

[claim.true]
text = "A sync worker has one request at a time."
scenario = "sleep"
load = {{ requests = 4, rounds = 1 }}
expect = [["sync@gunicorn-sync", "peak_in_view < 2"]]

[claim.half]
text = "All servers have one request at a time."
scenario = "sleep"
load = {{ requests = 4, rounds = 1 }}
expect = [["sync@gunicorn-sync", "peak_in_view < 2"], ["sync@gunicorn-gthread", "peak_in_view < 2"]]
"""
ROOT = Path(__file__).parents[3]

pytestmark = pytest.mark.servers
MARK = "liveburst-test-claims"


@pytest.fixture
def lab(tmp_path: Path) -> str:
    """A lab.toml that makes two claims of liveapp."""
    path = tmp_path / "lab.toml"
    path.write_text(LAB.format(root=ROOT))
    return str(path)


def claims(home: Path, *arguments: str) -> tuple[int, str, str]:
    process = start(home, MARK, "claims", *arguments)
    stdout, stderr = process.communicate(timeout=240)
    return process.returncode, stdout, stderr


def test_all_claims_are_fired_and_one_that_is_not_true_everywhere_is_status_1(
    tmp_path: Path, lab: str
) -> None:
    status, stdout, stderr = claims(tmp_path, "--project", lab, "--json", "-")
    assert status == 1, stderr
    answer = json.loads(stdout)
    assert answer["status"] == "finished"
    true, half = answer["claims"]
    assert (true["claim"], true["verdict"]["kind"]) == ("true", "holds")
    assert half["verdict"]["kind"] == "holds-only-when"
    first, second = half["verdict"]["findings"]
    assert (first["value"], first["holds"]) == (1, True)
    assert (second["lane"], second["holds"]) == ("sync@gunicorn-gthread", False)
    assert 2 <= second["value"] <= 4


def test_a_claim_that_holds_is_status_0(tmp_path: Path, lab: str) -> None:
    status, stdout, stderr = claims(tmp_path, "true", "--project", lab)
    assert status == 0, stderr
    assert "true: A sync worker has one request at a time." in stdout
    assert "  ✓ True here\n" in stdout
    assert "  ✓ sync@gunicorn-sync: peak requests in the view 1, expected below 2" in stdout
    assert "    by run " in stdout
    assert stdout.endswith("\n\n1 is true\n")
    assert statuses(tmp_path) == ["finished"]


def test_an_unknown_claim_is_bad_usage(tmp_path: Path, lab: str) -> None:
    status, stdout, stderr = claims(tmp_path, "nothing", "--project", lab)
    assert (status, stdout) == (2, "")
    assert "claim: expected one of true, half, found 'nothing'" in stderr


def test_ctrl_c_stops_all_claims_and_prints_the_results_so_far(tmp_path: Path, lab: str) -> None:
    Path(lab).write_text(Path(lab).read_text().replace("default = 0.05", "default = 5"))
    process = start_anew(tmp_path, MARK, "claims", "--project", lab, "--json", "-")
    while "running" not in statuses(tmp_path):
        assert process.poll() is None, process.communicate()
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=240)
    assert process.returncode == 130, stderr
    answer = json.loads(stdout)
    assert answer["status"] == "stopped"
    assert [claim["status"] for claim in answer["claims"]] == ["stopped"]
    assert "Traceback" not in stderr
