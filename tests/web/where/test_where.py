"""The tab Where: what it shows of sampled lanes, and how lanes are sampled from it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from html.parser import HTMLParser
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.test import AsyncClient

from dashboard.accounts import Role
from dashboard.models import LaneSamples, Run
from dashboard.runs.planning.plans import make_plan
from dashboard.runs.queue.laboratory import Laboratory
from dashboard.web.where.flame_graph import MAX_FRAMES, flame_graph
from dashboard.web.where.jobs import BUSY, UNEXPECTED, OnStep, where_jobs
from dashboard.web.where.where_view import WhereView, where_view
from dashboard.wire.errors import TargetFailed
from tests.sampled import lane_where
from tests.sampled_runs import sample
from tests.web.accounts.test_every_address import as_role, writing_elements

pytestmark = pytest.mark.django_db(transaction=True)
LANES = ["sync@gunicorn-gthread", "sync@daphne", "async@daphne"]


@pytest.fixture
async def run(laboratory: Laboratory) -> Run:
    """A finished run of three lanes."""
    plan = make_plan(laboratory.project, scenario="sleep", requests=40, rounds=2, seed=1)
    started = await laboratory.start(plan)
    await laboratory.outcome(started)
    return await Run.objects.aget(pk=started.pk)


class Sampler:
    """Samples by writing what tests/sampled.py has; waits for `release`."""

    def __init__(self, outcome: bool | Exception = True) -> None:
        self.outcome = outcome
        self.lanes: list[str] = []
        self.release = asyncio.Event()

    async def sample_if_free(self, run: Run, lanes: Sequence[str], on_step: OnStep) -> bool:
        self.lanes += lanes
        on_step("firing, sampled")
        await self.release.wait()
        if isinstance(self.outcome, Exception):
            raise self.outcome
        if self.outcome:
            stored = await Run.objects.aget(pk=run.pk)
            await sync_to_async(sample)(stored, *(LANES.index(lane) for lane in lanes))
        return self.outcome


def use(sampler: Sampler) -> Sampler:
    """Let the page sample lanes with it."""
    where_jobs.use(sampler)
    return sampler


@pytest.fixture(autouse=True)
def sampler() -> Sampler:
    """What the page samples lanes with, unless a test uses another."""
    return use(Sampler())


async def text_of(browser: AsyncClient, run: Run, *, htmx: bool = True, query: str = "") -> str:
    headers: Any = {"HX-Request": "true"} if htmx else {}
    response = await browser.get(f"/runs/{run.pk}/where/{query}", headers=headers)
    assert response.status_code == 200
    return response.content.decode()


async def ended(run: Run) -> None:
    task = where_jobs._jobs[run.pk].task
    assert task is not None
    await task


def words(html: str) -> str:
    """Return the text of a page with single spaces."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", html))


async def test_before_a_sampled_firing_there_is_a_sentence_and_a_button_for_each_lane(
    browser: AsyncClient, run: Run
) -> None:
    html = await text_of(browser, run)
    assert "One more firing of the same load is sampled, every 5 ms, and never counted." in html
    for lane in LANES:
        assert f'aria-label="Where? {lane}"' in html
    assert "Where? All lanes" in html
    assert "<svg" not in html


async def test_a_sampled_lane_has_its_lines_source_stacks_and_limits(
    browser: AsyncClient, run: Run
) -> None:
    await sync_to_async(sample)(run, 2)
    html = await text_of(browser, run)
    text = words(html)
    assert "81 % of the time in views was spent at shop/views.py:42, in requests.get, hold" in text
    assert "shop/views.py:42 report · requests.get" in text
    assert "outside the project" in text
    assert "answer" in text
    assert re.search(r"<mark><i>42</i>.*requests", html)
    assert html.count('class="frame"') == 1 + 3 + 6
    assert "1,000 looks in 1 process, one every 5 ms" in text
    assert "at most 31 ms: something held the GIL" in text
    assert "Code in C can only be seen at the line that calls it." in text
    for name in ("speedscope", "perfetto"):
        assert f"/runs/{run.pk}/export/{name}" in html
    assert 'aria-label="Where? async@daphne"' not in html
    assert "style=" not in html


async def test_bars_of_a_line_are_as_long_as_its_shares(browser: AsyncClient, run: Run) -> None:
    await sync_to_async(sample)(run, 0)
    html = await text_of(browser, run)
    bars = re.findall(r'class="share-bar".*?</svg>', html)
    lengths = [re.findall(r'<rect[^>]* width="([\d.]+)%"', bar) for bar in bars]
    assert lengths == [["81.00"], ["16.00"], ["3.00"]]


async def test_two_lanes_are_laid_side_by_side_and_others_can_be_chosen(
    browser: AsyncClient, run: Run
) -> None:
    await sync_to_async(sample)(run, 0, 1, 2)
    assert "A and B side by side" in await text_of(browser, run)
    html = await text_of(browser, run, query="?first=A&second=C")
    text = words(html)
    assert "A and C side by side" in text
    assert '<option value="C" selected>' in html
    for odd in ("?first=A", "?first=X&second=Y", "?first=A&second=A"):
        assert "side by side" in await text_of(browser, run, query=odd)


async def test_the_page_of_the_run_has_all_of_it_without_a_script(
    browser: AsyncClient, run: Run
) -> None:
    await sync_to_async(sample)(run, 1)
    html = (await browser.get(f"/runs/{run.pk}/")).content.decode()
    assert 'name="charts" value="where"' in html
    assert "shop/views.py:42" in html
    page = await text_of(browser, run, htmx=False)
    assert "<title>Where" in page
    assert "shop/views.py:42" in page
    assert f'href="/runs/{run.pk}/"' in page


async def test_where_shows_its_step_and_then_the_lines(browser: AsyncClient, run: Run) -> None:
    sampler = use(Sampler())
    response = await browser.post(f"/runs/{run.pk}/where/", {"lane": "2"})
    assert (response.status_code, response["Location"]) == (303, f"/runs/{run.pk}/where/")
    await asyncio.sleep(0)
    progress = await text_of(browser, run)
    assert "firing, sampled" in progress
    assert 'hx-trigger="every 500ms"' in progress
    again = await browser.post(f"/runs/{run.pk}/where/", headers={"HX-Request": "true"})
    assert "firing, sampled" in again.content.decode()  # one at a time
    sampler.release.set()
    await ended(run)
    assert sampler.lanes == ["async@daphne"]
    assert "shop/views.py:42" in await text_of(browser, run)


async def test_all_lanes_that_were_not_sampled_are_sampled_at_once(
    browser: AsyncClient, run: Run, sampler: Sampler
) -> None:
    sampler.release.set()
    await sync_to_async(sample)(run, 1)
    await browser.post(f"/runs/{run.pk}/where/")
    await ended(run)
    assert sampler.lanes == [LANES[0], LANES[2]]


@pytest.mark.parametrize(
    ("outcome", "message"),
    [
        (False, BUSY),
        (TargetFailed("daphne: it did not start"), "daphne: it did not start"),
        (RuntimeError("a fault"), UNEXPECTED),
    ],
)
async def test_what_went_wrong_is_said_where_it_was_asked_for(
    browser: AsyncClient,
    run: Run,
    outcome: bool | Exception,
    message: str,
) -> None:
    use(Sampler(outcome)).release.set()
    await browser.post(f"/runs/{run.pk}/where/", {"lane": "0"})
    await ended(run)
    html = await text_of(browser, run)
    assert message in html
    assert "Traceback" not in html
    assert 'aria-label="Where? sync@gunicorn-gthread"' in html


@pytest.mark.parametrize("lane", ["7", "-1", "x", "99999999999999999999"])
async def test_a_lane_that_is_not_there_is_refused(
    browser: AsyncClient, run: Run, sampler: Sampler, lane: str
) -> None:
    response = await browser.post(f"/runs/{run.pk}/where/", {"lane": lane})
    assert response.status_code == 422
    assert "Choose a lane of this run" in response.content.decode()
    assert sampler.lanes == []


async def test_a_lane_that_could_not_be_sampled_says_why(browser: AsyncClient, run: Run) -> None:
    lane = await run.lanes.aget(position=0)
    await LaneSamples.objects.acreate(lane=lane, missing="It took longer than 120 s.")
    html = await text_of(browser, run)
    assert "It took longer than 120 s." in html
    assert 'aria-label="Where? sync@gunicorn-gthread"' in html  # once more


async def test_an_external_server_cannot_be_looked_into(browser: AsyncClient, run: Run) -> None:
    await run.lanes.filter(position=0).aupdate(facts={"probe": False})
    html = await text_of(browser, run)
    assert "Liveburst did not start this server" in html
    assert 'aria-label="Where? sync@gunicorn-gthread"' not in html


async def test_a_viewer_sees_everything_and_no_button(browser: AsyncClient, run: Run) -> None:
    await sync_to_async(sample)(run, 0)
    html = await text_of(as_role(browser, Role.VIEWER), run)
    assert "shop/views.py:42" in html
    assert writing_elements(html) == []


async def test_an_unknown_run_is_not_found(browser: AsyncClient) -> None:
    assert (await browser.get("/runs/nosuchid/where/")).status_code == 404


async def test_without_a_sampler_there_is_no_button(
    browser: AsyncClient, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(where_jobs, "_sampler", None)
    assert "<button" not in await text_of(browser, run)
    response = await browser.post(f"/runs/{run.pk}/where/", {"lane": "0"})
    assert response.status_code == 422
    assert "Start the dashboard with" in response.content.decode()


class Frames(HTMLParser):
    """Collects the frames of a flame graph."""

    def __init__(self) -> None:
        super().__init__()
        self.frames: list[dict[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a frame."""
        values = dict(attrs)
        if tag == "svg" and values.get("class") == "frame":
            self.frames.append(values)


async def test_frames_lie_inside_what_called_them(browser: AsyncClient, run: Run) -> None:
    await sync_to_async(sample)(run, 2)
    parser = Frames()
    parser.feed(await text_of(browser, run))
    placed = [
        tuple(float(each[f"data-{name}"] or 0) for name in ("depth", "start", "share"))
        for each in parser.frames
    ]
    for depth, start, share in placed[1:]:
        assert any(
            outer == depth - 1 and left <= start + 1e-6 and start + share <= left + width + 1e-6
            for outer, left, width in placed
        )


def test_a_graph_of_very_many_stacks_is_bounded() -> None:
    lane = lane_where("a@b", "cpu")
    lane["frames"] = [
        {"path": "shop/views.py", "line": number, "function": "f", "project": True}
        for number in range(1, 2001)
    ]
    lane["stacks"] = [
        {"state": "cpu", "frames": [number] * 50, "looks": 1, "ms": 1.0, "requests": 1}
        for number in range(900)
    ]
    graph = flame_graph(lane)
    assert graph is not None
    assert len(graph.frames) == MAX_FRAMES
    assert graph.left_out > 0


@sync_to_async
def view_of(run: Run) -> WhereView:
    return where_view(run)


async def test_a_lane_in_which_nothing_was_seen_says_so(run: Run) -> None:
    lane = lane_where("async@daphne", "cpu")
    nothing: Any = dict.fromkeys(lane["ms"], 0.0)
    lane |= {"ms": nothing, "lines": [], "stacks": []}
    await LaneSamples.objects.acreate(lane=await run.lanes.aget(position=2), where=lane)
    (section,) = (await view_of(run)).lanes
    assert section.sentence.startswith("Nothing was seen")
    assert section.flame is None
    assert section.rows == ()
