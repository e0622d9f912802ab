"""The tab Where: what it shows of sampled lanes, and how lanes are sampled from it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.test import AsyncClient

from dashboard.accounts import Role
from dashboard.models import LaneSamples, Run, Status
from dashboard.project.project import Project
from dashboard.runs.conduct.conductor import INTERNAL_ERROR
from dashboard.runs.planning.plans import make_plan
from dashboard.runs.queue import run_queue
from dashboard.runs.queue.laboratory import Laboratory
from dashboard.runs.where.lane_sampler import LaneSampler, OnStep, ignore_step
from dashboard.runs.where.on_demand import RunSampler
from dashboard.web.where.flame_graph import MAX_FRAMES, flame_graph
from dashboard.web.where.jobs import where_jobs
from dashboard.web.where.where_view import WhereView, where_view
from dashboard.wire.errors import TargetFailed
from dashboard.wire.plan.plan import Plan
from dashboard.wire.report.where import LaneWhere
from tests.sampled import lane_where
from tests.sampled_runs import sample
from tests.web.accounts.test_every_address import as_role, writing_elements

pytestmark = pytest.mark.django_db(transaction=True)
LANES = ["sync@gunicorn-gthread", "sync@daphne", "async@daphne"]
PATIENCE_S = 20.0


@pytest.fixture
async def run(laboratory: Laboratory) -> Run:
    """A finished run of three lanes."""
    plan = make_plan(laboratory.project, scenario="sleep", requests=40, rounds=2, seed=1)
    started = await laboratory.start(plan)
    await laboratory.outcome(started)
    return await Run.objects.aget(pk=started.pk)


class Sampler(LaneSampler):
    """Samples by returning what tests/sampled.py has; waits for `release`."""

    def __init__(self, laboratory: Laboratory) -> None:
        super().__init__(laboratory.resources)
        self.error: Exception | None = None
        self.lanes: list[str] = []
        self.begun, self.release = asyncio.Event(), asyncio.Event()

    async def sample(
        self,
        plan: Plan,
        position: int,
        project: Project,
        *,
        prepared: bool = False,
        on_step: OnStep = ignore_step,
    ) -> LaneWhere:
        """Return a made lane, or raise the error."""
        lane = str(plan.lanes[position])
        self.lanes.append(lane)
        on_step("firing, sampled")
        self.begun.set()
        await self.release.wait()
        if self.error is not None:
            raise self.error
        return lane_where(lane, "holding" if "async" in lane else "blocking")


@pytest.fixture(autouse=True)
def sampler(laboratory: Laboratory) -> Iterator[Sampler]:
    """What the page samples lanes with."""
    sampler = Sampler(laboratory)
    where_jobs.use(RunSampler(laboratory, sampler))
    yield sampler
    where_jobs.use(None)


async def text_of(browser: AsyncClient, run: Run, *, htmx: bool = True, query: str = "") -> str:
    headers: Any = {"HX-Request": "true"} if htmx else {}
    response = await browser.get(f"/runs/{run.pk}/where/{query}", headers=headers)
    assert response.status_code == 200
    return response.content.decode()


async def ended(run: Run, laboratory: Laboratory) -> None:
    """Wait for the run's sampling to end."""
    await laboratory.outcome(await run.samplings.aget())


def words(html: str) -> str:
    """Return the text of a page with single spaces."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", html))


async def test_before_a_sampled_firing_there_is_a_sentence_and_a_button_for_each_lane(
    browser: AsyncClient, run: Run
) -> None:
    html = await text_of(browser, run)
    assert "One more firing of the same load is sampled, every 5 ms, and never counted." in html
    for lane in LANES:
        assert f'aria-label="Sample {lane}"' in html
    assert "Sample all lanes" in html
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
    assert 'aria-label="Sample async@daphne"' not in html
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
    for ratio, furthest in ((0.2, "C"), (4.0, "C"), (0.9, "B")):  # B's is 0.6
        comparisons = [
            {**each, "ratio": ratio if each["lane"] == LANES[2] else 0.6}
            for each in run.report["verdict"]["comparisons"]
        ]
        run.report["verdict"]["comparisons"] = comparisons
        await run.asave(update_fields=["report"])
        assert f"A and {furthest} side by side" in await text_of(browser, run)
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


async def begun(sampler: Sampler) -> None:
    async with asyncio.timeout(PATIENCE_S):
        await sampler.begun.wait()


async def test_where_shows_its_step_and_then_the_lines(
    browser: AsyncClient, run: Run, sampler: Sampler, laboratory: Laboratory
) -> None:
    response = await browser.post(f"/runs/{run.pk}/where/", {"lane": "2"})
    assert (response.status_code, response["Location"]) == (303, f"/runs/{run.pk}/where/")
    await begun(sampler)
    progress = await text_of(browser, run)
    assert "async@daphne: firing, sampled" in progress
    assert 'hx-trigger="every 500ms"' in progress
    again = await browser.post(f"/runs/{run.pk}/where/", headers={"HX-Request": "true"})
    assert "firing, sampled" in again.content.decode()  # one at a time
    step = await text_of(browser, run, query="?step=1")
    assert "firing, sampled" in step
    assert "<form" not in step
    sampler.release.set()
    await ended(run, laboratory)
    assert sampler.lanes == ["async@daphne"]
    assert "shop/views.py:42" in await text_of(browser, run)
    last = await browser.get(f"/runs/{run.pk}/where/?step=1", headers={"HX-Request": "true"})
    assert (last["HX-Retarget"], last["HX-Reswap"]) == ("#where", "innerHTML")
    assert "shop/views.py:42" in last.content.decode()


async def test_it_is_in_the_queue_and_can_be_stopped_there_and_in_the_tab(
    browser: AsyncClient, run: Run, sampler: Sampler, laboratory: Laboratory
) -> None:
    await browser.post(f"/runs/{run.pk}/where/")
    await begun(sampler)
    entry = await run.samplings.aget()
    address = f"/samplings/{entry.pk}/stop/"
    queue = (await browser.get("/queue/")).content.decode()
    assert "where: sleep" in words(queue)
    assert f'href="/runs/{run.pk}/where/"' in queue
    for page in (queue, await text_of(browser, run)):
        assert f'action="{address}"' in page
    headers: Any = {"HX-Request": "true"}
    stopped = await browser.post(address, {"tab": "1"}, headers=headers)
    assert re.search("stopping|Stopped", stopped.content.decode())
    await ended(run, laboratory)
    html = await text_of(browser, run)
    assert "Stopped. What was sampled before is kept." in html
    assert "Sample all lanes" in html
    assert await run.samplings.filter(status="stopped").acount() == 1
    emptied = await browser.post(address, headers=headers)
    assert 'id="queue"' in emptied.content.decode()
    assert "where: sleep" not in emptied.content.decode()
    assert (await browser.post(address))["Location"] == f"/runs/{run.pk}/where/"
    assert (await browser.post("/samplings/nosuchid/stop/")).status_code == 404


async def test_it_is_stopping_until_its_end_is_stored(
    browser: AsyncClient,
    run: Run,
    sampler: Sampler,
    laboratory: Laboratory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    update, storing, store = laboratory._update, asyncio.Event(), asyncio.Event()

    async def held(entry: Any, **fields: Any) -> None:
        if fields.get("status") == Status.STOPPED:
            storing.set()
            await store.wait()
        await update(entry, **fields)

    monkeypatch.setattr(laboratory, "_update", held)
    await browser.post(f"/runs/{run.pk}/where/")
    await begun(sampler)
    entry = await run.samplings.aget()
    headers: Any = {"HX-Request": "true"}
    await browser.post(f"/samplings/{entry.pk}/stop/", {"tab": "1"}, headers=headers)
    async with asyncio.timeout(PATIENCE_S):
        await storing.wait()
    meanwhile = await text_of(browser, run)
    store.set()
    await ended(run, laboratory)
    assert "stopping" in meanwhile
    assert "Stopped. What was sampled before is kept." in await text_of(browser, run)


async def test_what_a_killed_dashboard_was_sampling_is_said_to_be_interrupted(
    browser: AsyncClient, run: Run, laboratory: Laboratory
) -> None:
    enqueue = sync_to_async(run_queue.enqueue_sampling)
    entry = await enqueue("sleep", laboratory.project, run)
    await run.samplings.filter(pk=entry.pk).aupdate(owner_pid=0)
    html = await text_of(browser, run)
    assert "The process that performed this ended." in html
    assert "Sample all lanes" in html


async def test_all_lanes_that_were_not_sampled_are_sampled_at_once(
    browser: AsyncClient, run: Run, sampler: Sampler, laboratory: Laboratory
) -> None:
    sampler.release.set()
    await sync_to_async(sample)(run, 1)
    await browser.post(f"/runs/{run.pk}/where/")
    await ended(run, laboratory)
    assert sampler.lanes == [LANES[0], LANES[2]]


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (TargetFailed("daphne: it did not start"), "daphne: it did not start"),
        (RuntimeError("a fault"), INTERNAL_ERROR),
    ],
)
async def test_what_went_wrong_is_said_where_it_was_asked_for(
    browser: AsyncClient,
    run: Run,
    sampler: Sampler,
    error: Exception,
    message: str,
) -> None:
    sampler.error = error
    sampler.release.set()
    await browser.post(f"/runs/{run.pk}/where/", {"lane": "0"})
    html = await when(browser, run, message)
    assert "Traceback" not in html
    assert 'aria-label="Sample sync@gunicorn-gthread"' in html


async def when(browser: AsyncClient, run: Run, message: str) -> str:
    """Return the tab once it has this message."""
    async with asyncio.timeout(PATIENCE_S):
        while message not in (html := await text_of(browser, run)):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    return html


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
    assert 'aria-label="Sample sync@gunicorn-gthread"' in html  # once more


async def test_an_external_server_cannot_be_looked_into(browser: AsyncClient, run: Run) -> None:
    await run.lanes.filter(position=0).aupdate(facts={"probe": False})
    html = await text_of(browser, run)
    assert "Liveburst did not start this server" in html
    assert 'aria-label="Sample sync@gunicorn-gthread"' not in html


async def test_a_viewer_sees_everything_and_no_button(browser: AsyncClient, run: Run) -> None:
    await sync_to_async(sample)(run, 0)
    html = await text_of(as_role(browser, Role.VIEWER), run)
    assert "shop/views.py:42" in html
    assert writing_elements(html) == []


async def test_an_unknown_run_is_not_found(browser: AsyncClient) -> None:
    assert (await browser.get("/runs/nosuchid/where/")).status_code == 404


async def test_without_a_sampler_there_is_no_button(browser: AsyncClient, run: Run) -> None:
    where_jobs.use(None)
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
