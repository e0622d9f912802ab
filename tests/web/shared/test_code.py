"""The code of variants is read only from the project's files."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest
from django.test import AsyncClient

from dashboard.project.labtoml.load import load_manifest
from dashboard.project.model.scenario import MixPart, Variant
from dashboard.project.project import Project
from dashboard.runs.planning.plans import make_plan
from dashboard.runs.queue.laboratory import Laboratory
from dashboard.state.home import ROOT
from dashboard.web.shared.code import (
    MAX_FILE_BYTES,
    MAX_LINES,
    STYLED,
    NoCode,
    code_of,
    listings,
    source_of,
)
from tests.runs.fakes import LIVEAPP

VIEWS = '''
"""A module that fails when it is imported."""

raise RuntimeError("imported")

LIMIT = 3


def helper(value):
    return value < LIMIT & 1


@decorated
@twice
def sync(request):
    """Wait, and answer."""
    time.sleep(1)
    return helper(request)


async def async_(request):
    """Wait without blocking the loop."""
    await asyncio.sleep(1)
    return helper(request)


class Consumer:
    def receive(self):
        pass
'''


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    package = tmp_path / "shop"
    package.mkdir()
    (package / "__init__.py").write_text("def front(request):\n    return 1\n")
    (package / "views.py").write_text(VIEWS)
    return tmp_path


def project(directory: Path) -> Project:
    return replace(load_manifest(LIVEAPP), directory=directory)


def variant(name: str, source: str | None) -> Variant:
    return Variant(name, "sync", "/", source)


def test_a_function_comes_with_its_decorators_and_what_it_uses(directory: Path) -> None:
    lines = source_of(directory, "shop.views:sync").splitlines()
    assert lines[:2] == ["def helper(value):", "    return value < LIMIT & 1"]
    assert lines[4:7] == ["@decorated", "@twice", "def sync(request):"]
    assert lines[-1] == "    return helper(request)"


@pytest.mark.parametrize(
    ("source", "first"),
    [("shop:front", "def front(request):"), ("shop.views:Consumer", "class Consumer:")],
)
def test_a_package_and_a_class_have_code_too(directory: Path, source: str, first: str) -> None:
    assert source_of(directory, source).splitlines()[0] == first


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("shop.views:nothing", "does not define nothing"),
        ("shop.views:LIMIT", "does not define LIMIT"),
        ("shop.other:sync", "has no file in the project's directory"),
        ("os:path", "has no file in the project's directory"),
        ("broken:sync", "is not valid Python"),
        ("bytes:sync", "is not valid Python"),
        ("large:sync", "larger than"),
        ("link:sync", "outside of the project's directory"),
        ("elsewhere.views:sync", "outside of the project's directory"),
    ],
)
def test_code_that_cannot_be_shown_has_a_reason(directory: Path, source: str, why: str) -> None:
    root = directory / "root"
    root.mkdir()
    (directory / "shop").rename(root / "shop")
    outside = directory / "outside"
    outside.mkdir()
    (outside / "views.py").write_text("def sync(request):\n    return 'secret'\n")
    (root / "link.py").symlink_to(outside / "views.py")
    (root / "elsewhere").symlink_to(outside)
    (root / "broken.py").write_text("def sync(:\n")
    (root / "bytes.py").write_bytes(b"\xff\xfe")
    (root / "large.py").write_text("#" * (MAX_FILE_BYTES + 1))
    with pytest.raises(NoCode, match=why):
        source_of(root, source)


def test_a_long_function_is_cut(directory: Path) -> None:
    body = "\n".join("    pass" for _ in range(2 * MAX_LINES))
    (directory / "long.py").write_text(f"def sync(request):\n{body}\n")
    lines = source_of(directory, "long:sync").splitlines()
    assert len(lines) == MAX_LINES + 1
    assert lines[-1] == f"# {MAX_LINES + 1} more lines"


def test_linter_comments_are_left_out(directory: Path) -> None:
    (directory / "said.py").write_text(
        "def sync(request):  # type: ignore[misc] # no types\n"
        "    sleep(1)  # noqa: ASYNC251 - the mistake\n"
        "    return 1  # noqa: X1\n"
    )
    assert source_of(directory, "said:sync").splitlines() == [
        "def sync(request):",
        "    sleep(1)  # the mistake",
        "    return 1",
    ]


def test_a_changed_file_is_read_again(directory: Path) -> None:
    assert "return 1" in source_of(directory, "shop:front")
    (directory / "shop" / "__init__.py").write_text("def front(request):\n    return 22\n")
    assert "return 22" in source_of(directory, "shop:front")


def test_variants_are_marked_where_they_differ(directory: Path) -> None:
    pair = [variant("sync", "shop.views:sync"), variant("async", "shop.views:async_")]
    sync, async_ = listings(project(directory), pair)
    assert [line.differs for line in sync.lines] == [False] * 4 + [True] * 3 + [False, True, False]
    assert [line.differs for line in async_.lines] == [False] * 4 + [True, False, True, False]
    assert "Wait without" in async_.lines[5].html


def test_code_is_escaped(directory: Path) -> None:
    (directory / "odd.py").write_text("def sync(request):\n    return '<script>' < 1 & 2\n")
    (listing,) = listings(project(directory), [variant("sync", "odd:sync")])
    assert all("<script" not in line.html for line in listing.lines)
    assert "&lt;script&gt;" in listing.lines[1].html
    assert "<script>" in unescape(listing.lines[1].html)
    assert not any(line.differs for line in listing.lines)


def test_one_without_code_does_not_hide_the_others(directory: Path) -> None:
    three = [variant("a", None), variant("b", "shop.views:nothing"), variant("c", "shop:front")]
    first, second, third = listings(project(directory), three)
    assert first.why == "The lab.toml names no source for this variant."
    assert "does not define nothing" in second.why
    assert third.lines
    assert not any(line.differs for line in third.lines)


def test_a_mix_has_the_code_of_its_most_requested_views(directory: Path) -> None:
    plain = project(directory)
    scenario, shown = plain.scenarios["sleep"], variant("sync", "shop.views:sync")
    parts = tuple(MixPart(f"sleep.n{weight}", weight, shown, {}) for weight in range(1, 9))
    mix = replace(scenario, variants={"mix": replace(shown, name="mix", mix=parts)})
    mixed = replace(plain, scenarios={**plain.scenarios, "monday": mix})
    code = code_of(mixed, "monday", ["mix@daphne", "mix@uvicorn"])
    assert [listing.variant for listing in code] == [f"sleep.n{n}" for n in range(8, 2, -1)]
    assert all(listing.lines for listing in code)
    assert not any(line.differs for listing in code for line in listing.lines)


def test_every_built_in_variant_has_code() -> None:
    ours = load_manifest(LIVEAPP)
    for scenario in ours.scenarios.values():
        for listing in listings(ours, list(scenario.variants.values())):
            assert listing.lines, f"{scenario.name}, {listing.variant}: {listing.why}"


@pytest.mark.parametrize("address", ["/runs/{run}/", "/runs/{run}/stage/"])
async def test_the_bench_has_the_code_of_its_lanes(
    browser: AsyncClient, laboratory: Laboratory, address: str
) -> None:
    plan = make_plan(laboratory.project, scenario="sleep", requests=4, rounds=1)
    run = await laboratory.start(plan)
    await laboratory.outcome(run)
    page = (await browser.get(address.format(run=run.pk))).content.decode()
    panel = page.split('id="code"')[1]
    assert panel.count("<figure") == 2  # sync and async, however many servers there are
    assert "asyncio" in panel


def test_a_removed_scenario_has_no_code(directory: Path) -> None:
    assert code_of(project(directory), "gone", ["sync@daphne"]) == []
    assert code_of(project(directory), "sleep", ["gone@daphne"]) == []


def test_spans_have_the_classes_of_the_style_sheet_alone(directory: Path) -> None:
    sheet = (ROOT / "static" / "css" / "code.css").read_text()
    ruled = {name for rule in re.findall(r"\.code :is\((.+)\)", sheet) for name in rule.split(", ")}
    assert ruled == {f".{name}" for name in STYLED.split("|")}
    (listing,) = listings(project(directory), [variant("sync", "shop.views:sync")])
    html = "\n".join(line.html for line in listing.lines)
    assert set(re.findall(r'class="(\w+)"', html)) == {"k", "nd", "nf", "sd", "mi"}
    assert "</span> value &lt; LIMIT &amp; <span" in html
