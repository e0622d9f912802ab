"""The card of a run: what it shows, in which colours, and that any run has one."""

from __future__ import annotations

import random
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from asgiref.sync import sync_to_async
from django.test import AsyncClient, RequestFactory

from dashboard.models import Run
from dashboard.runs.planning.plans import make_plan
from dashboard.runs.queue.laboratory import Laboratory
from dashboard.web.history.card import address_of
from dashboard.web.run.card import fitting
from dashboard.web.run.card.card import svg
from dashboard.web.run.card.layout import HEIGHT, WIDTH, card_of
from dashboard.web.run.card.palette import DARK, LIGHT, mix, style_sheet
from tests.runs.fakes import FakeEngine
from tests.web.history.mutations import mutated
from tests.web.run.card.engine import StaircaseEngine

ROOT = Path(__file__).parents[4]
SVG = "{http://www.w3.org/2000/svg}"
THREE = ["sync@gunicorn-gthread", "sync@daphne", "async@daphne"]
RECTANGLE = re.compile(r"M([\d.]+) ([\d.]+)h([\d.]+)v([\d.]+)")
SIX = [*THREE, "sync@waitress", "async@uvicorn", "sync@gunicorn-sync"]


@pytest.fixture
def engine() -> FakeEngine:
    """Draws a staircase and walls."""
    return StaircaseEngine()


async def fired(laboratory: Laboratory, lanes: list[str], requests: int = 100) -> Run:
    plan = make_plan(laboratory.project, scenario="sleep", lanes=lanes, requests=requests, rounds=6)
    run = await laboratory.start(plan)
    await laboratory.outcome(run)
    return await Run.objects.aget(pk=run.pk)


async def drawn(run: Run, scheme: str = "") -> ET.Element:
    """Return the card as XML, after checking that nothing leaves it."""
    text = await sync_to_async(svg)(run, scheme)
    root = ET.fromstring(text)
    assert root.get("viewBox") == f"0 0 {WIDTH} {HEIGHT}"
    assert "<script" not in text
    assert "style=" not in text
    assert "href" not in text
    return root


def texts(root: ET.Element) -> list[str]:
    return ["".join(text.itertext()) for text in root.iter(f"{SVG}text")]


async def test_a_card_has_the_verdict_the_lanes_the_machine_and_the_run(
    laboratory: Laboratory,
) -> None:
    run = await fired(laboratory, THREE)
    await Run.objects.filter(pk=run.pk).aupdate(name="Before & after")
    run = await Run.objects.aget(pk=run.pk)
    root = await drawn(run)
    words = " ".join(texts(root))
    title = root.findtext(f"{SVG}title") or ""
    assert "faster than sync@gunicorn-gthread" in title
    for word in title.split():
        assert word in words
    for lane in THREE:
        assert lane in words
    for text in ("1.31 s", "110 ms", "p95", "× faster than A", "Round 6", f"run {run.pk}"):
        assert text in words
    assert f"Before & after: {run.title}" in words
    assert f"Python {run.environment.get('python')}" in words
    for path in ("server", "framework", "view", "delivery"):
        assert len(list(root.iterfind(f".//{SVG}path[@class='{path}']"))) == 3


@pytest.mark.parametrize(("lanes", "requests"), [(THREE[:1], 1), (THREE[:2], 10), (SIX, 1000)])
async def test_nothing_leaves_the_card_whatever_the_run(
    laboratory: Laboratory, lanes: list[str], requests: int
) -> None:
    run = await fired(laboratory, lanes, requests)
    await drawn(run)
    card = await sync_to_async(card_of)(run)
    assert len(card.lanes) == len(lanes)
    for lane in card.lanes:
        assert lane.area.left >= 48
        assert lane.area.right <= WIDTH - 47
        assert lane.labels_y < 575
        for path in lane.bars.paths.values():
            for left, top, width, height in RECTANGLE.findall(path):
                assert float(left) + float(width) <= lane.area.right + 1
                assert float(top) + float(height) <= lane.area.bottom + 1
    tops = {lane.area.top for lane in card.lanes}
    assert len(tops) == (2 if len(lanes) > 4 else 1)
    assert len(await sync_to_async(svg)(run)) < 200_000


async def test_the_bars_are_those_of_the_run(laboratory: Laboratory) -> None:
    run = await fired(laboratory, THREE, requests=16)
    card = await sync_to_async(card_of)(run)
    staircase, wall, _ = card.lanes
    assert staircase.bars.paths["view"].count("M") == wall.bars.paths["view"].count("M") == 16

    def begins(path: str) -> list[float]:
        return [float(left) for left in re.findall(r"M([\d.]+)", path)]

    steps = sorted(set(begins(staircase.bars.paths["view"])))
    assert len(steps) == 2
    assert begins(staircase.bars.paths["view"]).count(steps[0]) == 8
    assert len(set(begins(wall.bars.paths["view"]))) == 1
    assert staircase.theory_x is not None
    assert staircase.theory_x > wall.area.left - wall.area.inner_width


class TestWithFailures:
    """An engine of which the first requests fail."""

    @pytest.fixture
    def engine(self) -> FakeEngine:
        return StaircaseEngine(failing=3)

    async def test_an_error_has_a_mark(self, laboratory: Laboratory) -> None:
        run = await fired(laboratory, THREE[:2], requests=10)
        card = await sync_to_async(card_of)(run)
        assert [lane.bars.errors.count("M") for lane in card.lanes] == [3, 3]
        assert "http-500" in " ".join(texts(await drawn(run)))
        dense = await fired(laboratory, THREE[:2], requests=2000)  # several on a row
        card = await sync_to_async(card_of)(dense)
        assert all(lane.bars.errors.count("M") == 1 for lane in card.lanes)


async def test_each_scheme_has_the_colours_of_the_page(laboratory: Laboratory) -> None:
    sheet = (ROOT / "static" / "css" / "base.css").read_text()
    for name, light in LIGHT.items():
        assert f"--{name}: light-dark({light}, {DARK[name]});" in sheet
    assert mix("#000000", "#ffffff", 0.25) == "#bfbfbf"
    assert "prefers-color-scheme: dark" in style_sheet("")
    assert DARK["sync"] in style_sheet("dark")
    assert LIGHT["sync"] not in style_sheet("dark")
    shades = (ROOT / "static" / "css" / "charts.css").read_text()
    for share in ("28%", "56%", "40%", "30%", "55%"):
        assert f"{share}, var(--surface)" in shades


async def test_a_card_has_an_address_and_is_an_export(
    browser: AsyncClient, laboratory: Laboratory
) -> None:
    run = await fired(laboratory, THREE, requests=10)
    page = (await browser.get(f"/runs/{run.pk}/")).content.decode()
    assert f'data-picture="/runs/{run.pk}/card.svg"' in page
    assert f"/runs/{run.pk}/export/card" in page
    response = await browser.get(f"/runs/{run.pk}/card.svg?scheme=dark")
    assert response["Content-Type"] == "image/svg+xml"
    assert response["Content-Security-Policy"].startswith("default-src 'none'; style-src 'sha256-")
    text = response.content.decode()
    assert DARK["surface"] in text
    assert f"http://testserver/runs/{run.pk}/" in text  # which others may open
    here = RequestFactory().get("/", headers={"host": "127.0.0.1:8000"})
    assert address_of(here, run.pk) == ""  # which means nothing elsewhere
    assert f"run {run.pk}" in await sync_to_async(svg)(run)
    export: Any = await browser.get(f"/runs/{run.pk}/export/card")
    assert export["Content-Disposition"] == f'attachment; filename="liveburst-{run.pk}-card.svg"'
    assert (await browser.get("/runs/nothing/card.svg")).status_code == 404


async def test_texts_of_any_kind_are_written_as_text(
    browser: AsyncClient, laboratory: Laboratory
) -> None:
    run = await fired(laboratory, THREE, requests=10)
    await Run.objects.filter(pk=run.pk).aupdate(name="<script>&\x07" + "wide " * 40)
    run = await Run.objects.aget(pk=run.pk)
    await drawn(run)
    draws = random.Random(16)
    for _ in range(25):
        await Run.objects.filter(pk=run.pk).aupdate(report=mutated(run.report, draws))
        assert (await browser.get(f"/runs/{run.pk}/card.svg")).status_code in {200, 422}


def test_a_text_is_made_smaller_then_cut_off() -> None:
    assert fitting.fitted("short", 500, 20, 10) == fitting.Fitted("short", 20)
    smaller = fitting.fitted("a longer text", 100, 20, 10)
    assert 10 < smaller.size < 20
    assert smaller.text == "a longer text"
    cut = fitting.fitted("a much longer text " * 9, 100, 20, 10)
    assert cut.size == 10
    assert cut.text.endswith("…")
    assert fitting.width_of(cut.text, cut.size) <= 101
    lines = list(fitting.wrapped("one two three four " * 5, 200, 20))
    assert " ".join(lines).split() == ("one two three four " * 5).split()
    assert all(fitting.width_of(line, 20) <= 200 for line in lines)
