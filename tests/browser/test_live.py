"""Live means live: clock, connection, reloads and cold starts, and what is shown if it is not."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, Route, WebSocketRoute, expect

from .bench import (
    choose_lanes,
    fill,
    next_frame,
    picture,
    run_it,
    wait_for_bars,
    wait_for_status,
    waterfalls,
)
from .conftest import OpenPage
from .relay import Relay, relaying

# Notes each clock and each length that the page ever showed, by lane and round.
CLOCKS = """() => {
  const seen = window.clocks = {};
  const look = () => {
    const {run, waterfalls} = window.liveburst;
    if (run?.id) for (const one of waterfalls) {
      if (!one.begun) continue;
      (seen[`${one.name} ${one.round}`] ??= []).push([one.now_ms, one.axisEnd_ms]);
    }
    requestAnimationFrame(look);
  };
  look();
}"""
# Notes the words of a start, and how large the figures are.
STARTS = """() => {
  const seen = window.starts = {progress: [], lane: [], sizes: new Set()};
  const look = () => {
    if (window.liveburst.run?.id) {
      seen.progress.push(document.querySelector('#progress').textContent);
      seen.lane.push(document.querySelector('.waterfall .summary').textContent);
      const {width, height} = document.querySelector('.waterfall').getBoundingClientRect();
      seen.sizes.add(`${Math.round(width)} ${Math.round(height)}`);
    }
    requestAnimationFrame(look);
  };
  look();
}"""
# The requests of each lane that are drawn as in flight, or as finished.
REQUESTS = """state => window.liveburst.waterfalls.map(({lane, round}) => {
  const firing = window.liveburst.feed.columns.firing(lane, round);
  return firing ? [...firing.state.keys()].filter(n => firing.state[n] === state) : [];
})"""
BEGUN, FINISHED = 1, 2
FORM = re.compile(r"/fire/\?")


@pytest.fixture(scope="module")
def relay(dashboard: str) -> Iterator[Relay]:
    """A relay before the dashboard."""
    with relaying(dashboard) as made:
        yield made


@pytest.fixture
def relayed(context: BrowserContext, relay: Relay) -> Iterator[Page]:
    """The bench through the relay. Its console reports what was not answered."""
    page = context.new_page()
    page.goto(relay.address)
    page.wait_for_selector("#connection[data-state=live]")
    yield page
    relay.close()
    relay.listen()
    page.close()


def test_no_clock_goes_back_and_none_runs_ahead(page: Page) -> None:
    page.evaluate(CLOCKS)
    fill(page, requests=100, rounds=2)
    run_it(page)
    wait_for_status(page, "finished")
    wait_for_bars(page, 100)
    clocks: dict[str, list[tuple[float, float]]] = page.evaluate("window.clocks")
    assert len(clocks) >= 6
    for place, shown in clocks.items():
        times = [now_ms for now_ms, _ in shown]
        assert times == sorted(times), place
        assert all(now_ms <= end_ms for now_ms, end_ms in shown), place
    for lane in waterfalls(page):
        last_ms, _ = clocks[f"{lane['name']} {lane['round']}"][-1]
        done_ms = page.evaluate(
            "([lane, round]) => window.liveburst.feed.columns.firing(lane, round).lastDone_ms",
            [lane["lane"], lane["round"]],
        )
        assert last_ms == done_ms


def test_a_half_open_connection_is_replaced_within_seconds(
    page: Page, relayed: Page, relay: Relay
) -> None:
    fill(page, requests=100, rounds=3)
    run = run_it(page)
    relayed.goto(f"{relay.address}/runs/{run}/")
    relayed.wait_for_function("() => window.liveburst.waterfalls.some(one => one.begun)")
    relayed.evaluate("""() => {
      const text = document.querySelector('#connection-text');
      window.lost = [];
      new MutationObserver(() => window.lost.push(text.textContent)).observe(text, {
        childList: true, characterData: true, subtree: true});
    }""")
    relay.silence()
    relayed.wait_for_function("() => window.lost.some(one => one.startsWith('reconnecting'))")
    # Since it takes 3 s to notice. A page that is behind shows that before.
    lost = relayed.evaluate("window.lost.find(one => one.startsWith('reconnecting'))")
    assert int(re.findall(r"last data (\d+) s ago", lost)[0]) >= 2
    expect(relayed.locator("#connection")).to_have_attribute("data-state", "live")
    wait_for_status(relayed, "finished")
    wait_for_status(page, "finished")
    for viewer in (page, relayed):
        wait_for_bars(viewer, 100)
    page.bring_to_front()
    assert picture(relayed) == picture(page)


def test_a_press_while_the_dashboard_is_gone_says_so_and_loses_nothing(
    relayed: Page, relay: Relay
) -> None:
    fill(relayed, requests=10, rounds=1)
    relayed.locator("#parameter_delay").fill("0.05")
    relay.close()
    relayed.locator("#run-button").click()
    message = relayed.locator(".no-answer")
    expect(message).to_contain_text("does not answer")
    expect(message).to_have_attribute("role", "alert")
    button, beside = relayed.locator("#run-button").bounding_box(), message.bounding_box()
    assert button
    assert beside
    assert abs(beside["y"] - button["y"] - button["height"]) < 20
    assert beside["x"] + beside["width"] <= 1440
    relay.listen()
    expect(relayed.locator("#connection")).to_have_attribute("data-state", "live")
    for name, value in {"requests": "10", "rounds": "1", "parameter_delay": "0.05"}.items():
        expect(relayed.locator(f"#fire [name={name}]")).to_have_value(value)
    run_it(relayed)
    expect(message).to_have_count(0)
    wait_for_status(relayed, "finished")


def test_a_press_that_waits_says_so(page: Page) -> None:
    waiting: list[Route] = []
    page.route("**/runs/", into(waiting))
    page.locator("#run-button").click()
    expect(page.locator(".no-answer")).to_contain_text("still waiting")
    waiting[0].continue_()
    page.wait_for_function("() => window.liveburst.run?.id")
    expect(page.locator(".no-answer")).to_have_count(0)


def test_an_error_page_does_not_replace_the_bench(page: Page, complaints: list[str]) -> None:
    page.route("**/runs/", lambda route: route.fulfill(status=500, body="<h1>500</h1>"))
    with page.expect_console_message(lambda message: message.type == "error"):
        page.locator("#quick button").first.click()
    expect(page.locator(".no-answer")).to_contain_text("failed")
    expect(page.locator("#stage")).to_have_attribute("data-status", "empty")
    complaints.clear()  # that the browser reports the answer


def test_a_reload_draws_nothing_as_waiting_that_has_finished(
    page: Page, open_page: OpenPage
) -> None:
    choose_lanes(page, "sync@gunicorn-gthread")
    fill(page, requests=1000, rounds=2)
    run = run_it(page)
    page.wait_for_function("() => window.liveburst.waterfalls[0].finished >= 100")
    [over] = page.evaluate(REQUESTS, FINISHED)
    other = page.context.new_page()
    other.route("**/frames?**", lambda _: None)  # what has finished is never fetched
    other.goto(f"{page.url.split('/runs/')[0]}/runs/{run}/")
    other.wait_for_function("() => window.liveburst.waterfalls[0].begun >= 100")
    waiting: set[int] = set(other.evaluate(REQUESTS, BEGUN)[0])
    drawn = waiting | set(other.evaluate(REQUESTS, FINISHED)[0])
    assert waiting
    assert not waiting & set(over)
    assert len(drawn) <= 1000 - len(over)
    other.unroute("**/frames?**")
    other.reload()
    other.wait_for_function("() => window.liveburst.waterfalls[0].begun === 1000")
    # What was fetched may be drawn later than what the newest report counts.
    are_finished = f"over => new Set(over).isSubsetOf(new Set(({REQUESTS})({FINISHED})[0]))"
    other.wait_for_function(are_finished, arg=over)


def test_a_drawing_that_is_late_says_how_late(page: Page) -> None:
    held: list[Any] = []
    holding = False

    def connect(route: WebSocketRoute) -> None:
        server = route.connect_to_server()
        server.on_message(
            lambda data: held.append(data) if holding and is_report(data) else route.send(data)
        )
        sockets.append(route)

    sockets: list[WebSocketRoute] = []
    page.route_web_socket("**/ws/", connect)
    page.reload()
    page.wait_for_selector("#connection[data-state=live]")
    choose_lanes(page, "async@daphne")
    page.locator("#parameter_delay").fill("3")
    fill(page, requests=10, rounds=1)
    run_it(page)
    text = page.locator("#connection-text")
    page.wait_for_function(
        "() => window.liveburst.waterfalls[0].round === 1 && window.liveburst.waterfalls[0].begun"
    )
    holding = True
    expect(text).to_have_text(re.compile(r"live, \d\.\d s behind"))
    holding = False
    for data in held:
        sockets[-1].send(data)
    expect(text).to_have_text("live")


def test_a_cold_start_is_shown_step_by_step_at_its_final_size(page: Page) -> None:
    choose_lanes(page, "async@hypercorn")
    fill(page, requests=10, rounds=1)
    page.evaluate(STARTS)
    run_it(page)
    wait_for_status(page, "running", "finished")
    starts = page.evaluate("({...window.starts, sizes: [...window.starts.sizes]})")
    steps = re.compile(r"server of lane 1 of 1: starting hypercorn, (\d\.\d) s")
    waits = [float(step[1]) for step in map(steps.fullmatch, starts["progress"]) if step]
    assert waits == sorted(waits)
    assert len(set(waits)) > 2, "the time passes"
    assert any(re.fullmatch(r"starting hypercorn, \d\.\d s", words) for words in starts["lane"])
    assert len(starts["sizes"]) == 1
    wait_for_status(page, "finished")


def test_the_finished_round_is_seen_again_at_half_its_speed(finished: Page) -> None:
    page = finished
    before, sentence = picture(page), page.locator("#headline").inner_text()
    page.evaluate(CLOCKS)
    page.evaluate("window.asked = 0")
    page.on("request", lambda _: page.evaluate("window.asked++"))
    page.get_by_role("button", name="See it again").click()
    page.wait_for_function(
        "() => window.liveburst.waterfalls.every(one => one.begun === 100)"
        " && window.liveburst.waterfalls.some(one => one.finished < 100)"
    )
    expect(page.locator("#progress")).to_contain_text("½")
    assert page.locator("#headline").inner_text() == sentence, "the verdict stays"
    assert picture(page) != before
    expect(page.locator("#again")).to_have_text("See it again")  # it is over
    wait_for_bars(page, 100)
    page.wait_for_function(
        "before => JSON.stringify([...document.querySelectorAll('#waterfalls [data-bars]')]"
        ".map(one => one.toDataURL())) === before",
        arg=_json(before),
    )
    clocks: dict[str, list[tuple[float, float]]] = page.evaluate("window.clocks")
    for shown in clocks.values():
        again = [now_ms for now_ms, _ in shown]
        assert again[again.index(min(again)) :] == sorted(again[again.index(min(again)) :])


def test_it_can_be_stopped_and_started_by_a_key(finished: Page) -> None:
    page = finished
    before = picture(page)
    page.keyboard.press("a")
    expect(page.locator("#again")).to_have_text("Stop")
    page.keyboard.press("a")
    expect(page.locator("#again")).to_have_text("See it again")
    page.wait_for_function("() => window.liveburst.waterfalls.every(one => one.finished === 100)")
    assert picture(page) == before


def test_a_late_form_replaces_nothing_and_a_refusal_is_seen(page: Page) -> None:
    """The form of another scenario is slow: until it is here, nothing can be pressed."""
    forms: list[Route] = []
    page.route(FORM, into(forms))
    with page.expect_request(FORM):
        page.locator("#scenario").select_option("mixed")
    expect(page.locator("#run-button")).to_be_disabled()
    expect(page.locator("#quick button").first).to_be_disabled()
    page.unroute(FORM)  # lets through what was held
    expect(page.locator("#run-button")).to_be_enabled()
    fill(page, rounds=0)
    page.route(FORM, into(forms))  # estimates, held back
    page.locator("#run-button").click()
    message = page.locator("#error-rounds")
    expect(message).to_be_visible()
    page.unroute(FORM)
    next_frame(page)
    expect(message).to_be_visible()
    page.locator("#run-button").click()  # right after a refusal
    expect(message).to_be_visible()


def is_report(message: str | bytes) -> bool:
    """Return whether a message of the websocket is more than a heartbeat."""
    return isinstance(message, bytes) or '"beat"' not in message


def into(routes: list[Route]) -> Callable[[Route], None]:
    """Hold requests back, in this list."""

    def hold(route: Route) -> None:
        routes.append(route)

    return hold


def _json(texts: list[str]) -> str:
    quoted = ",".join(f'"{text}"' for text in texts)
    return f"[{quoted}]"
