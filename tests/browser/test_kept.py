"""A finished run: its file, its replay, the copy of its command."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.prepared_home import DATABASE

from .bench import picture, wait_for_bars, wait_for_status
from .conftest import PATIENCE_MS, OpenPage, listen

REQUESTS = 100
REPLAY = "#stage .replay"


@pytest.fixture
def offline(browser: Browser) -> Iterator[BrowserContext]:
    """A browser on a machine without a network."""
    made = browser.new_context(viewport={"width": 1440, "height": 1000}, offline=True)
    made.set_default_timeout(PATIENCE_MS)
    yield made
    made.close()


STILL = """requests => {
  const {round, waterfalls, lines, span} = window.liveburst;
  const [before, now] = [window.before, JSON.stringify({round, waterfalls, lines, span})];
  window.before = now;
  return now === before && lines.inFlight.every(one => Math.max(...one) === requests);
}"""
SLOWER_THAN_CHARTS_MS = 1000


def shown(page: Page) -> dict[str, Any]:
    """Return what the charts show, once they have drawn everything."""
    page.wait_for_function(STILL, arg=REQUESTS, polling=SLOWER_THAN_CHARTS_MS)
    before: dict[str, Any] = json.loads(page.evaluate("window.before"))
    return before


def test_a_run_in_a_file_shows_without_a_network_what_its_page_shows(
    finished: Page,
    finished_run: str,
    offline: BrowserContext,
    complaints: list[str],
    tmp_path: Path,
) -> None:
    page = finished
    live = shown(page)
    file = tmp_path / "run.html"
    file.write_bytes(page.request.get(f"{page.url}export/html").body())
    assert file.stat().st_size < 500_000

    opened, requested = offline.new_page(), []
    listen(opened, complaints)
    opened.on("request", lambda request: requested.append(request.url))
    opened.goto(file.as_uri())
    wait_for_bars(opened, REQUESTS)
    assert shown(opened) == live
    assert all(picture(opened))
    expect(opened.locator("#headline")).to_have_text(page.locator("#headline").inner_text())
    assert opened.evaluate("window.liveburst.run.id") == finished_run

    zoom_and_turn_by_keys(opened, live["round"])
    select_by_mouse(opened)
    assert opened.pdf(format="A4", path=tmp_path / "run.pdf").startswith(b"%PDF")
    assert requested == [file.as_uri()]
    opened.close()


def zoom_and_turn_by_keys(page: Page, round: int) -> None:
    """Zoom in and out again, then show the round before this one."""
    page.locator("#waterfalls .plot").first.focus()
    page.keyboard.press("End")
    for _ in range(3):
        page.keyboard.press("+")
    page.wait_for_function("() => window.liveburst.span[0] > 0")
    page.keyboard.press("0")
    page.wait_for_function("() => window.liveburst.span[0] === 0")
    assert page.evaluate("window.liveburst.reading") != ""
    page.keyboard.press("[")
    page.wait_for_function("round => window.liveburst.round === round - 1", arg=round)


def select_by_mouse(page: Page) -> None:
    box = page.locator("#waterfalls .plot").first.bounding_box()
    assert box
    page.mouse.move(box["x"] + 10, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 200, box["y"] + 60, steps=4)
    page.mouse.up()
    page.wait_for_function("() => window.liveburst.selection?.[1] > 0")


def test_a_replay_grows_again_and_ends_with_the_finished_picture(finished: Page) -> None:
    page = finished
    expect(page.locator(REPLAY)).to_contain_text("Replay")
    sentence = page.locator("#headline").inner_text()
    page.locator(REPLAY).get_by_role("button", name="¼×").click()
    expect(page.locator(REPLAY)).to_contain_text("¼× speed")
    wait_for_status(page, "running")
    # The picture, its clock and the state cannot be taken for those of a run that is fired.
    expect(page.locator("#state")).to_have_text("replay at ¼×")
    expect(page.locator("#headline")).to_have_text(re.compile("^Replaying the run, not firing"))
    for lane in page.locator(".waterfall").all():
        expect(lane.locator(".summary")).to_contain_text("replay at ¼×")
        expect(lane.locator(".plot")).to_have_attribute("data-replay", "replay ¼×")
    expect(page.locator("#connection-text")).to_have_text("live")  # it is behind nothing
    # A bar grows while it waits, although nothing comes meanwhile.
    page.wait_for_function(
        "() => window.liveburst.waterfalls.some(one => one.begun && one.finished < one.begun)"
    )
    page.locator(REPLAY).get_by_role("button", name="Stop").click()
    wait_for_status(page, "finished")
    wait_for_bars(page, REQUESTS)
    expect(page.locator("#headline")).to_have_text(sentence)

    page.locator(REPLAY).get_by_role("button", name="4×").click()
    wait_for_status(page, "running")
    wait_for_status(page, "finished")
    wait_for_bars(page, REQUESTS)
    expect(page.locator("#headline")).to_have_text(sentence)
    expect(page.locator(REPLAY)).to_contain_text("4×")


CHARTS = """() => [...document.querySelectorAll('canvas')]
  .filter(canvas => canvas.checkVisibility()).map(canvas => canvas.toDataURL())"""


def test_a_dark_page_is_printed_in_the_colours_of_paper(finished: Page, tmp_path: Path) -> None:
    finished.emulate_media(color_scheme="light")
    shown(finished)
    finished.evaluate(
        f"addEventListener('beforeprint', () => {{ window.onPaper = ({CHARTS})(); }})"
    )
    switch = finished.locator("#scheme")
    switch.click()
    light = finished.evaluate(CHARTS)
    for scheme in ("dark", "system"):
        finished.emulate_media(color_scheme="dark")
        switch.click()
        expect(switch).to_have_attribute("aria-label", f"Colour scheme: {scheme}")
        assert finished.evaluate(CHARTS) != light, scheme
        finished.pdf(path=tmp_path / "run.pdf")
        assert finished.evaluate("window.onPaper") == light, scheme
        assert finished.evaluate(CHARTS) != light, scheme


def test_a_replay_takes_the_focus_and_moves_nothing(finished: Page) -> None:
    finished.set_viewport_size({"width": 1100, "height": 500})
    replay = finished.locator(REPLAY)
    for name in ("¼×", "1×"):
        finished.evaluate("scrollTo(0, 120)")
        expect(replay).not_to_be_in_viewport()
        # A real click would scroll to the button, as a key does.
        for pressed, focused in ((name, "Stop"), ("Stop", "¼×")):
            replay.get_by_role("button", name=pressed).dispatch_event("click")
            expect(replay.get_by_role("button", name=focused)).to_be_focused()
            assert finished.evaluate("scrollY") == 120


def test_a_round_seen_again_is_marked_as_a_replay(finished: Page) -> None:
    lane = finished.locator(".waterfall").first
    finished.keyboard.press("a")
    expect(lane.locator(".summary")).to_contain_text("replay at ½×")
    expect(lane.locator(".plot")).to_have_attribute("data-replay", "replay ½×")
    finished.keyboard.press("a")
    expect(lane.locator(".summary")).not_to_contain_text("replay")
    expect(lane.locator(".plot")).not_to_have_attribute("data-replay", re.compile("."))


def test_a_command_is_copied_or_selected_if_the_clipboard_refuses(
    finished: Page, context: BrowserContext
) -> None:
    page = finished
    page.bring_to_front()  # the clipboard is only for the page that has the focus
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy as Markdown").click()
    expect(page.locator("#copied")).to_have_text("Copied.")
    assert page.evaluate("navigator.clipboard.readText()").startswith("## sleep")
    context.clear_permissions()
    page.evaluate(
        "() => { navigator.clipboard.writeText = () => Promise.reject(new Error('refused')); }"
    )
    page.get_by_role("button", name="Copy as command").click()
    expect(page.locator("#copied")).to_contain_text("Ctrl+C")
    selected = page.evaluate("() => window.getSelection().toString()")
    assert "manage.py burst sleep" in selected


CLIPBOARD = """async () => {
  const [item] = await navigator.clipboard.read();
  const picture = await createImageBitmap(await item.getType('image/png'));
  const canvas = new OffscreenCanvas(picture.width, picture.height);
  const context = canvas.getContext('2d');
  context.drawImage(picture, 0, 0);
  const colours = new Set();
  const {data} = context.getImageData(0, 0, picture.width, picture.height);
  for (let at = 0; at < data.length; at += 400) colours.add(data.slice(at, at + 3).join());
  return {width: picture.width, height: picture.height, colours: [...colours]};
}"""


def copies_in_both_schemes(page: Page) -> None:
    """Copy the run as a picture in the dark scheme, then in the light one."""
    page.emulate_media(color_scheme="dark")
    page.get_by_role("button", name="Copy as picture").click()
    expect(page.locator("#copied")).to_have_text("Copied.")
    picture = page.evaluate(CLIPBOARD)
    assert (picture["width"], picture["height"]) == (2400, 1260)
    assert "22,27,33" in picture["colours"]  # the ground of the dark scheme
    colours = [[int(part) for part in colour.split(",")] for colour in picture["colours"]]
    # A bar may be so short, or so thin, that no pixel is only of its colour.
    assert any(red - blue > 50 for red, _, blue in colours)  # sync
    assert any(blue - red > 50 for red, _, blue in colours)  # async
    page.emulate_media(color_scheme="light")
    page.get_by_role("button", name="Copy as picture").click()
    page.wait_for_function(
        f"""async () => {{
          const {{colours}} = await ({CLIPBOARD})();
          return colours.includes('255,255,255') && !colours.includes('22,27,33');
        }}"""
    )


def test_a_run_is_copied_as_a_picture_or_saved_if_the_clipboard_refuses(
    finished: Page, finished_run: str, context: BrowserContext
) -> None:
    page = finished
    page.bring_to_front()  # the clipboard is only for the page that has the focus
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    copies_in_both_schemes(page)
    context.clear_permissions()
    page.evaluate("() => { navigator.clipboard.write = () => Promise.reject(new Error('no')); }")
    with page.expect_download() as download:
        page.get_by_role("button", name="Copy as picture").click()
    assert download.value.suggested_filename == f"liveburst-{finished_run}.png"
    expect(page.locator("#copied")).to_contain_text("Saved as liveburst-")
    page.get_by_text("Copy", exact=True).click()
    shown = page.get_by_role("img", name="This run as a picture")
    shown.scroll_into_view_if_needed()
    page.wait_for_function(
        "() => document.querySelector('.card-preview img').naturalWidth === 1200"
    )


def damaged_copy(home: Path, run: str) -> str:
    """Store the run once more, without frames and with odd rounds; return the id of the copy."""
    copy = "dmgdcp22"
    with closing(sqlite3.connect(home / DATABASE, timeout=30)) as database, database:
        for table, key in (("dashboard_run", "id"), ("dashboard_runlane", "run_id")):
            query = f"SELECT * FROM {table} WHERE {key} = ?"
            rows = database.execute(query, (run,))
            names = [column[0] for column in rows.description]
            for row in rows.fetchall():
                values = {**dict(zip(names, row, strict=True)), key: copy}
                values |= {"discarded_rounds": "null"} if key == "id" else {"id": None}
                places = ", ".join("?" for _ in values)
                columns = ", ".join(values)
                insert = f"INSERT INTO {table} ({columns}) VALUES ({places})"
                database.execute(insert, list(values.values()))
    return copy


def test_a_run_that_turns_out_to_be_damaged_makes_place_for_what_is_wrong(
    open_page: OpenPage, finished_run: str, dashboard_home: Path, complaints: list[str]
) -> None:
    copy = damaged_copy(dashboard_home, finished_run)
    page = open_page(f"/runs/{copy}/")
    expect(page.get_by_role("alert")).to_contain_text(f"The run {copy} cannot be shown")
    expect(page.locator("#stage")).to_have_count(0)
    expect(page.locator("#connection")).to_have_attribute("data-state", "live")
    page.get_by_role("button", name="Delete").click()
    page.wait_for_url(re.compile(r"/runs/"))
    assert not complaints


WRONG: tuple[Any, ...] = (7, {}, None, [None], -0.5, ["x"], "x", [[1]])
RUN_FIELDS = (
    *("id", "status", "lanes", "requests", "rounds", "looks", "discarded_rounds"),
    *("frames_url", "failures", "replay"),
)
LANE_FIELDS = ("name", "family", "letter", "mark_s", "mark")
# Put the run into the page once more, as HTMX does, with another value; resolve once it is drawn.
DAMAGE = """async ([field, lane, value]) => {
  const stage = document.querySelector('#stage');
  const copy = window.sound.cloneNode(true);
  const place = copy.querySelector('#run-data');
  const data = JSON.parse(place.textContent);
  (lane ? data.lanes[0] : data)[field] = value;
  place.textContent = JSON.stringify(data);
  stage.replaceWith(copy);
  document.dispatchEvent(new CustomEvent('htmx:after:swap', {detail: {ctx: {}, tasks: []}}));
  const drawn = () => new Promise(resolve => requestAnimationFrame(resolve));
  await drawn();
  const plot = copy.querySelector('.waterfall .plot');
  plot.focus();
  plot.dispatchEvent(new KeyboardEvent('keydown', {key: 'End', bubbles: true}));
  await drawn();
  return window.liveburst.feed.problem;
}"""


def test_a_run_with_a_part_of_a_wrong_shape_is_drawn_without_it(
    open_page: OpenPage, finished_run: str, complaints: list[str]
) -> None:
    page = open_page(f"/runs/{finished_run}/")
    wait_for_bars(page, REQUESTS)
    failures: list[str] = []
    page.on("pageerror", lambda error: failures.append(str(error)))
    page.evaluate("() => { window.sound = document.querySelector('#stage').cloneNode(true); }")
    for fields, lane in ((RUN_FIELDS, False), (LANE_FIELDS, True)):
        for number, field in enumerate(fields):
            # The tests of JavaScript try each field with each of many.
            page.evaluate(DAMAGE, [field, lane, WRONG[number % len(WRONG)]])
            assert not failures, field
    # Names of places and texts can be anything, so the answers to them are no faults of the page.
    complaints[:] = [text for text in complaints if "status of 404" not in text]
    page.evaluate(DAMAGE, ["discarded_rounds", False, 7])
    sentence = "✕ Damaged, so missing here: discarded rounds."
    expect(page.locator("#progress")).to_have_text(sentence)
    wait_for_bars(page, REQUESTS)
    assert all(picture(page))
    assert not complaints
