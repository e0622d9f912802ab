"""What a command is given from outside: bad arguments, settings and limits end with a sentence."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dashboard.descriptors import LEAST
from dashboard.startup.command_input import LONGEST_ARGUMENT, input_problems
from tests.management.command import ROOT, environment, statuses
from tests.management.forked.client import Forks, forks
from tests.prepared_home import DATABASE
from tests.targets.helpers import marked, until

MARK = f"liveburst-test-input-{os.getpid()}"
LIMITED = f"{MARK}-limited"

COMMANDS = {
    "lab": ("lab", "--no-browser", "--port"),
    "lab init": ("lab", "init", "/nonexistent", "--settings"),
    "lab import": ("lab", "import"),
    "burst": ("burst", "sleep", "--lane"),
    "burst --expect": ("burst", "sleep", "--expect"),
    "matrix": ("matrix", "sleep", "--set"),
    "sweep": ("sweep", "sleep", "--over"),
    "survey": ("survey", "sleep", "--server"),
    "capacity": ("capacity", "sleep", "--rate", "9", "--p95"),
    "claims": ("claims", "--project"),
    "xray": ("xray", "sleep"),
    "export": ("export",),
    "import_run": ("import_run",),
    "prune": ("prune", "--keep"),
    "doctor": ("doctor", "--set-aside"),
    "migrate": ("migrate", "dashboard"),
}
BAD_TEXTS = {
    "not UTF-8": ("caf\udce9", "expected text in UTF-8, found 'caf\\xe9'"),
    "a surrogate": ("\udced\udca0\udc80", "expected text in UTF-8, found '\\xed\\xa0\\x80'"),
    "NUL": ("a\0b", "expected a text without NUL characters, found 'a\\x00b'"),
    "long": ("x" * 100_000, f"expected at most {LONGEST_ARGUMENT:,} characters, found 100,000"),
}
# Of these the command itself finds out that they are bad.
ODD_TEXTS = ("", "\x1b[31m", "[[[", "http://[::1", "1e999", "-" * 9)
NONE_GIVEN = ("prune", "migrate")  # an empty text is as none to them
VARIABLES = {
    "LIVEBURST_LOG_LIMIT_MB": ("x", "0", "nan", "1e9", "-5", "20MB"),
    "LIVEBURST_BACKUPS": ("x", "-1", "1.5", "٣"),
    "LIVEBURST_KEEP": ("x", "90", "-1d", "1y", "999999999w"),
    "LIVEBURST_KEEP_RUNS": ("x", "-1", "1d", "1e3"),
    "LIVEBURST_KEEP_SIZE": ("x", "5", "5KB", "1 GB"),
    "LIVEBURST_KEEP_AUDIT": ("x", "365", "1y"),
    "LIVEBURST_KEEP_AUDIT_ENTRIES": ("x", "-1", "5d"),
}


@pytest.fixture(scope="module")
def commands() -> Iterator[Forks]:
    with forks(MARK) as started:
        yield started


@pytest.mark.processes
@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_refuses_what_is_no_text(
    command: str, commands: Forks, tmp_path: Path
) -> None:
    words = COMMANDS[command]
    for text, found in BAD_TEXTS.values():
        ended = commands.run(tmp_path, *words, text)
        assert (ended.status, ended.stdout) == (2, "")
        assert ended.stderr == f"argument {len(words) + 1}: {found}\n"
    assert not (tmp_path / DATABASE).exists()


@pytest.mark.processes
@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_ends_odd_texts_without_a_traceback(
    command: str, commands: Forks, tmp_path: Path
) -> None:
    for text in ODD_TEXTS[command in NONE_GIVEN :]:
        ended = commands.run(tmp_path, *COMMANDS[command], text)
        assert ended.status in {1, 2, 3}, (text, ended)
        assert ended.stderr.strip(), text
        assert "Traceback" not in ended.stderr, text
        assert "Liveburst itself failed" not in ended.stderr, text


@pytest.mark.parametrize(
    ("variable", "value"),
    [(variable, value) for variable, values in VARIABLES.items() for value in values],
)
def test_a_setting_that_cannot_be_used_is_named(
    variable: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    (problem,) = input_problems([], os.environ)
    assert problem.startswith(f"{variable}: expected ")
    assert repr(value) in problem


def test_every_setting_that_cannot_be_used_is_named_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for variable, values in VARIABLES.items():
        monkeypatch.setenv(variable, values[0])
    named = {problem.partition(":")[0] for problem in input_problems([], os.environ)}
    assert {"LIVEBURST_LOG_LIMIT_MB", "LIVEBURST_BACKUPS", "LIVEBURST_KEEP"} <= named


@pytest.mark.parametrize("variable", ["LIVEBURST_HOME", "LIVEBURST_MARK", "LIVEBURST_ANY"])
def test_a_variable_that_is_no_text_is_named(
    variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, "/tmp/\udcff")
    assert input_problems([], os.environ) == [
        f"{variable}: expected text in UTF-8, found '/tmp/\\xff'"
    ]


def test_a_home_whose_name_is_no_text_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LIVEBURST_HOME")
    monkeypatch.setattr("dashboard.state.home.FILES", Path("/nowhere"))
    monkeypatch.setenv("XDG_STATE_HOME", "/caf\udce9")
    (problem,) = input_problems([], os.environ)
    assert problem == "the home: expected text in UTF-8, found '/caf\\xe9/liveburst'"


def limited(home: Path, limit: int, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command that may open so many files."""
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        check=False,
        cwd=ROOT,
        env=environment(home, LIMITED),
        capture_output=True,
        text=True,
        timeout=240,
        start_new_session=True,  # as in `tests.management.command.start_anew`
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit)),
    )


@pytest.mark.processes
@pytest.mark.parametrize("arguments", [("lab", "--no-browser"), ("burst", "sleep")])
def test_a_limit_that_no_command_can_use_is_named(
    arguments: tuple[str, ...], tmp_path: Path
) -> None:
    ended = limited(tmp_path, 32, *arguments)
    assert (ended.returncode, ended.stdout) == (3, "")
    assert ended.stderr == (
        f"Liveburst needs at least {LEAST} open files, and may open 32 (ulimit -n)."
        " Raise it before starting Liveburst: ulimit -n 1024\n"
    )


@pytest.mark.servers
def test_the_least_limit_suffices_for_a_run_and_not_for_more_connections(tmp_path: Path) -> None:
    lanes = ("--lane", "sync@gunicorn-gthread", "--lane", "async@uvicorn", "--set", "delay=0")
    ended = limited(tmp_path, LEAST, "burst", "sleep", *lanes, "-n", "20", "--rounds", "1")
    assert ended.returncode == 0, ended.stderr
    assert "no-descriptors" not in ended.stderr
    refused = limited(tmp_path, LEAST, "burst", "sleep", *lanes, "-n", "300", "--rounds", "1")
    assert refused.returncode == 3
    assert (
        "The run failed: The load generator needs 324 open files for 300 requests at a time, and"
        f" may open {LEAST} (ulimit -n). Raise it before starting Liveburst: ulimit -n 1024"
    ) in refused.stderr
    assert sorted(statuses(tmp_path)) == ["failed", "finished"]
    assert until(lambda: not marked(LIMITED))
