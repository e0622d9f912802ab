"""One request traced in a target of its own, under real servers."""

from __future__ import annotations

from pathlib import Path

import pytest

from dashboard.analysis.xray.trace import read_trace
from dashboard.project.labtoml.load import load_manifest
from dashboard.project.project import Project
from dashboard.targets.supervise.cores import Cores
from dashboard.targets.supervise.log_files import read_tail
from dashboard.targets.trace import MOST_TRIES, TracedRequest, trace_request
from dashboard.wire.errors import TargetFailed
from tests.targets.injected.test_xray import DEFAULT_SEVEN

from .helpers import ROOT, marked, until_async

pytestmark = pytest.mark.servers
# Name: family, path, method, and further keys of its table.
VIEWS = {
    "async": ("async", "/async_", "GET", ""),
    "posted": ("sync", "/posted", "POST", 'headers = { "X-Own" = "kept" }\nbody = "a body"'),
    "uploaded": (
        *("sync", "/uploaded", "POST"),
        'upload = { field = "file", megabytes = 0.100001 }',
    ),
    "gathered": ("async", "/gathered", "GET", ""),
    "broken": ("sync", "/broken", "GET", ""),
    "repeating": (
        *("sync", "/repeating", "GET"),
        'headers = { "X-Own" = "{env:PLANTED_TOKEN}" }',
    ),
}


PLANTED = f"""
[project]
name = "planted"
directory = "{ROOT}"
wsgi = "tests.targets.injected.xray_project:wsgi"
asgi = "tests.targets.injected.xray_project:asgi"
env = {{ PLANTED_MIDDLEWARE = "{DEFAULT_SEVEN}" }}
[scenario.any]
title = "Anything"
lanes = ["async@daphne"]
"""
ROWS = """
[scenario.rows]
title = "Rows of a file"
rows = "asked.csv"
lanes = ["posted@gunicorn-sync"]
[scenario.rows.variant.posted]
family = "sync"
path = "/posted"
method = "POST"
headers = { "X-Own" = "kept" }
body = "a {word}"
"""


def variant_table(name: str, family: str, path: str, method: str, more: str) -> str:
    return f"""
[scenario.any.variant.{name}]
family = "{family}"
path = "{path}"
method = "{method}"
{more}
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """The planted project, with Django's default seven."""
    lab = tmp_path / "lab.toml"
    (tmp_path / "asked.csv").write_text("word\nbody\nsomething else\n")
    variants = "".join(variant_table(name, *view) for name, view in VIEWS.items())
    lab.write_text(PLANTED + variants + ROWS)
    return load_manifest(lab)


async def trace(
    project: Project,
    lane: str,
    mark: str,
    home: Path,
    *,
    timeout_s: float = 10,
    scenario: str = "any",
) -> TracedRequest:
    variant, _, server = lane.partition("@")
    return await trace_request(
        project,
        server,
        project.scenarios[scenario].variants[variant],
        {},
        mark=mark,
        home=home,
        cores=Cores.here(),
        timeout_s=timeout_s,
    )


@pytest.mark.parametrize(
    ("lane", "expected"),
    [
        ("async@daphne", (15, 2)),
        ("async@uvicorn", (15, 2)),
        ("async@uvicorn:without=XFrameOptionsMiddleware,without=CommonMiddleware", (12, 2)),
        ("posted@uvicorn:processes=2", (16, 2)),
        ("uploaded@gunicorn-gthread", (0, 0)),
        ("async@gunicorn-gthread", (1, 1)),
        ("gathered@gunicorn-sync", (6, 1)),
    ],
)
async def test_real_servers_make_the_expected_hops(
    project: Project,
    tmp_path: Path,
    mark: str,
    lane: str,
    expected: tuple[int, int],
) -> None:
    traced = await trace(project, lane, mark, tmp_path)
    xray = read_trace(traced.trace)
    assert traced.status == 200
    assert (len(xray.hops), xray.threads_started) == expected
    assert traced.facts["versions"]["django"]
    assert await until_async(lambda: not marked(mark))


async def test_only_the_servers_log_is_left(project: Project, tmp_path: Path, mark: str) -> None:
    """Where requests differ, the first row is sent."""
    traced = await trace(project, "posted@gunicorn-sync", mark, tmp_path, scenario="rows")
    assert traced.status == 200
    assert [path.name for path in (tmp_path / "logs" / "xray").iterdir()] == ["gunicorn-sync.log"]


async def test_a_secret_that_the_project_repeats_is_replaced_by_its_name(
    project: Project, tmp_path: Path, mark: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLANTED_TOKEN", "zebra-in-a-header")
    traced = await trace(project, "repeating@gunicorn-sync", mark, tmp_path)
    assert traced.answers[0]["message"] == "not known: {env:PLANTED_TOKEN}"
    assert "zebra" not in repr(traced)
    log = tmp_path / "logs" / "xray" / "gunicorn-sync.log"
    assert "zebra" in log.read_text()  # the project's own, as it wrote it
    assert "zebra" not in read_tail(log)


async def test_a_timeout_fails_and_leaves_no_process(
    project: Project, tmp_path: Path, mark: str
) -> None:
    with pytest.raises(
        TargetFailed, match="expected an answer to GET /gathered, found ReadTimeout"
    ):
        await trace(project, "gathered@gunicorn-sync", mark, tmp_path, timeout_s=0.05)
    assert await until_async(lambda: not marked(mark))


async def test_the_quickest_of_several_is_kept_and_a_slow_one_is_traced_once(
    project: Project, tmp_path: Path, mark: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An answer that is an error is traced too."""
    broken = await trace(project, "broken@gunicorn-sync", mark, tmp_path)
    assert (broken.status, broken.tries) == (500, MOST_TRIES)
    monkeypatch.setattr("dashboard.targets.trace.TRIES_S", 0)
    assert (await trace(project, "gathered@gunicorn-sync", mark, tmp_path)).tries == 1
