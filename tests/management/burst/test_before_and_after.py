"""Two versions of one project as lanes: from directories and from revisions of git."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from dashboard.management.before_and_after import with_versions
from dashboard.project.labtoml.load import load_manifest
from dashboard.project.model.version import Version
from dashboard.targets.preparation.worktrees import Worktrees
from dashboard.wire.errors import TargetFailed
from tests.management.command import refusal, run, statuses
from tests.targets.helpers import marked, until

pytestmark = pytest.mark.servers
MARK = f"liveburst-test-versions-{os.getpid()}"

LAB = """
[project]
name = "shop"
wsgi = "shop:application"
[scenario.wait]
title = "Waiting"
lanes = ["sync@gunicorn-gthread"]
load = { requests = 8, rounds = 3 }
[scenario.wait.variant.sync]
family = "sync"
path = "/"
"""
SHOP = """
import time

def application(environ, start_response):
    time.sleep(SECONDS)
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]
"""
SLOW_S, QUICK_S = "0.3", "0.1"


def git(directory: Path, *arguments: str) -> str:
    author = ["-c", "user.name=Ada", "-c", "user.email=ada@shop.example"]
    command = ["git", "-C", str(directory), *author, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A repository whose project, below its root, was slow and has become quick."""
    directory = tmp_path / "repository" / "shop"
    directory.mkdir(parents=True)
    git(directory.parent, "init", "--quiet")
    (directory / "lab.toml").write_text(LAB)
    for seconds in (SLOW_S, QUICK_S):
        (directory / "shop.py").write_text(SHOP.replace("SECONDS", seconds))
        git(directory, "add", ".")
        git(directory, "commit", "--quiet", "-m", f"{seconds} s")
    return directory


def burst(home: Path, shop: Path, *options: str) -> subprocess.CompletedProcess[str]:
    lab = ("--project", str(shop / "lab.toml"))
    return run(home, MARK, "burst", "wait", *lab, "--json", "-", *options)


def slower_before(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """The report, in which the earlier version waited three times as long as the later one."""
    assert done.returncode == 0, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    before, after = report["lanes"]
    assert before["lane"] == "sync@gunicorn-gthread#before"
    assert after["lane"] == "sync@gunicorn-gthread#after"
    assert before["ok"] == after["ok"] == 24
    assert median(before["makespan_s"]) > 0.3 > median(after["makespan_s"]) > 0.1
    assert until(lambda: not marked(MARK))
    return report


def test_two_revisions_are_compared_and_their_worktrees_removed(shop: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    report = slower_before(burst(home, shop, "--before", "HEAD~1", "--after", "HEAD"))
    (comparison,) = report["verdict"]["comparisons"]
    assert comparison["lane"] == "sync@gunicorn-gthread#after"
    assert comparison["ratio"] < 0.5
    assert list((home / "versions").iterdir()) == []
    assert len(git(shop, "worktree", "list").splitlines()) == 1
    assert git(shop, "status", "--porcelain") == ""


def test_two_directories_of_a_lab_toml(shop: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "shop.py").write_text(SHOP.replace("SECONDS", SLOW_S))
    more = f'[version.before]\ndirectory = "{elsewhere}"\n[version.after]\ndirectory = "."\n'
    (shop / "lab.toml").write_text(LAB + more)
    lanes = [f"sync@gunicorn-gthread#{name}" for name in ("before", "after")]
    options = [word for lane in lanes for word in ("--lane", lane)]
    slower_before(burst(tmp_path / "home", shop, *options))


def test_versions_of_the_command_line_are_those_of_a_lab_toml(shop: Path, tmp_path: Path) -> None:
    """A revision, or a directory, beside the code as it is."""
    for key, before in (("revision", "HEAD~1"), ("directory", str(tmp_path))):
        more = f'[version.before]\n{key} = "{before}"\n[version.after]\ndirectory = "."\n'
        (shop / "lab.toml").write_text(LAB + more)
        in_file = load_manifest(shop / "lab.toml")
        options = {"before": before, "after": None}
        assert with_versions(replace(in_file, versions={}), options).versions == in_file.versions


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--before", "no-such-branch"], "before: expected a revision, found 'no-such-branch'"),
        (["--before", "HEAD", "--after", "HEAD~9"], "after: expected a revision, found"),
        (["--before=--upload-pack=x"], "before: expected a revision or a directory"),
        (["--after", "HEAD"], "after: expected --before beside it"),
        (["--lane", "sync@gunicorn-gthread#old"], "lanes: gunicorn-gthread#old: expected"),
    ],
)
def test_bad_versions_are_named(shop: Path, options: list[str], expected: str) -> None:
    refused = refusal("burst", "wait", "--project", str(shop / "lab.toml"), *options)
    assert refused.returncode == 2
    assert expected in str(refused)


def test_outside_a_repository_gits_reason_is_quoted(tmp_path: Path) -> None:
    (tmp_path / "lab.toml").write_text(LAB)
    done = burst(tmp_path / "home", tmp_path, "--before", "HEAD")
    assert done.returncode == 2
    assert "before: expected a revision, found 'HEAD'; git: not a git repo" in done.stderr
    assert statuses(tmp_path / "home") == []


async def test_two_objects_in_one_process_have_worktrees_of_their_own(
    shop: Path, tmp_path: Path
) -> None:
    project = replace(load_manifest(shop / "lab.toml"), directory=shop)
    before = Version("before", revision="HEAD~1")
    several = [Worktrees(tmp_path / "home") for _ in range(2)]
    served = [(await versions.project_at(project, before)).directory for versions in several]
    assert len({*served}) == 2
    assert all(SLOW_S in (directory / "shop.py").read_text() for directory in served)
    await several[0].close()
    assert [directory.exists() for directory in served] == [False, True]
    await several[1].close()
    assert len(git(shop, "worktree", "list").splitlines()) == 1


async def test_gits_refusal_is_quoted(shop: Path, tmp_path: Path) -> None:
    project = replace(load_manifest(shop / "lab.toml"), directory=shop)
    home = tmp_path / "home"
    home.mkdir()
    (shop.parent / ".git" / "worktrees").write_text("not a directory")
    with pytest.raises(TargetFailed, match=r"git: .*worktrees"):
        await Worktrees(home).project_at(project, Version("before", revision="HEAD"))
