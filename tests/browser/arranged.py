"""Every state of the bench and of a run, each reached through the page itself."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, WebSocketRoute, expect

from .bench import choose_lanes, fill, fire, run_it, wait_for_bars
from .bench import wait_for_status as wait_for
from .furnished import Bench, opened

State = Callable[[Page, Bench], None]
STATES: dict[str, State] = {}
SLOWLY_STARTED = ("async@hypercorn", "async@granian-asgi", "async@gunicorn-asgi")


def state(arrange: State) -> State:
    """Register a state under its function's name."""
    STATES[arrange.__name__.strip("_").replace("_", "-")] = arrange
    return arrange


@state
def empty(page: Page, bench: Bench) -> None:
    opened(page, bench.address)


@state
def more(page: Page, bench: Bench) -> None:
    empty(page, bench)
    choose_lanes(page, "sync@gunicorn-gthread", "async@daphne")


@state
def form_error(page: Page, bench: Bench) -> None:
    empty(page, bench)
    fill(page, rounds=0)
    page.locator("#run-button").click()
    expect(page.locator("#error-rounds")).to_be_visible()


@state
def help_(page: Page, bench: Bench) -> None:
    empty(page, bench)
    page.keyboard.press("?")
    expect(page.locator("dialog#help")).to_be_visible()


@state
def starting(page: Page, bench: Bench) -> None:
    """With warm servers this is over at once.

    So another run goes first, until the page listens, and nothing that follows is let through.
    """
    over = False

    def connect(route: WebSocketRoute) -> None:
        server = route.connect_to_server()

        def hand_on(message: str | bytes) -> None:
            nonlocal over
            over = over or '"began"' in str(message)
            if not over:
                route.send(message)

        server.on_message(hand_on)

    other = page.context.new_page()
    empty(other, bench)
    fire(other, 1000)
    page.route_web_socket("**/ws/", connect)
    empty(page, bench)
    choose_lanes(page, "sync@waitress", "sync@gunicorn-gevent", *SLOWLY_STARTED)
    run_it(page)
    wait_for(page, "waiting")
    other.locator("#stop-button").click()
    page.wait_for_function("() => window.liveburst.status === 'starting'")


@state
def running(page: Page, bench: Bench) -> None:
    """The second round, so that the first is in the table."""
    empty(page, bench)
    page.locator("#parameter_delay").fill("0.5")
    fill(page, requests=100, rounds=9)
    run_it(page)
    page.wait_for_function(
        "() => window.liveburst.round > 1 && window.liveburst.waterfalls[0].finished > 20",
        timeout=60_000,
    )


@state
def queued(page: Page, bench: Bench) -> None:
    running(page, bench)
    empty(page, bench)
    fire(page, 10)
    wait_for(page, "waiting")


@state
def connection_lost(page: Page, bench: Bench) -> None:
    routes: list[WebSocketRoute] = []
    cut = False

    def connect(route: WebSocketRoute) -> None:
        routes.append(route)
        if cut:
            route.close()
        else:
            route.connect_to_server()

    page.route_web_socket("**/ws/", connect)
    running(page, bench)
    cut = True
    routes[-1].close()
    expect(page.locator("body")).to_have_class("stale")


@state
def gap_fetched(page: Page, bench: Bench) -> None:
    """Stored frames that never arrive."""
    page.route("**/frames?**", lambda _: None)
    page.goto(bench.finished)
    expect(page.locator("#progress")).to_contain_text("fetching ")


@state
def stopped(page: Page, bench: Bench) -> None:
    running(page, bench)
    page.locator("#stop-button").click()
    wait_for(page, "stopped")


@state
def finished(page: Page, bench: Bench) -> None:
    page.goto(bench.finished)
    wait_for(page, "finished")
    wait_for_bars(page, 100)


@state
def presentation(page: Page, bench: Bench) -> None:
    finished(page, bench)
    page.keyboard.press("p")
    expect(page.locator(".bar")).to_be_hidden()


@state
def six_lanes(page: Page, bench: Bench) -> None:
    page.goto(bench.six)
    wait_for(page, "finished")
    wait_for_bars(page, 60)


@state
def overload(page: Page, bench: Bench) -> None:
    page.goto(bench.overload)
    wait_for(page, "finished")
    page.wait_for_function("() => window.liveburst.waterfalls.every(one => one.finished)")


@state
def disturbed(page: Page, bench: Bench) -> None:
    page.goto(bench.disturbed)
    wait_for(page, "finished")
    wait_for_bars(page, 100)


@state
def finished_with_errors(page: Page, bench: Bench) -> None:
    page.goto(bench.errors)
    wait_for(page, "finished")


@state
def prediction_answered(page: Page, bench: Bench) -> None:
    page.goto(bench.prediction)
    wait_for_bars(page, 100)
    expect(page.locator(".prediction")).to_be_visible()


@state
def advice_tested(page: Page, bench: Bench) -> None:
    page.goto(bench.advised)
    expect(page.locator("#try .outcome").first).to_be_visible()


@state
def connections(page: Page, bench: Bench) -> None:
    """The column of database connections, scrolled into sight where the table is narrow."""
    page.goto(bench.connected)
    wait_for(page, "finished")
    wait_for_bars(page, 100)
    # A phone has no room for what a lane costs.
    if page.viewport_size and page.viewport_size["width"] > 700:
        scroll = page.locator("#numbers .scroll")
        scroll.evaluate("place => { place.scrollLeft = place.scrollWidth; }")
    expect(page.locator("[data-cell=connections]")).to_have_text(["8", "20 of 20", "100"])


@state
def failed(page: Page, bench: Bench) -> None:
    page.goto(bench.failed)
    wait_for(page, "failed")


@state
def selection(page: Page, bench: Bench) -> None:
    finished(page, bench)
    plot = page.locator("#waterfalls .plot").first
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    assert box
    page.mouse.move(box["x"] + 0.2 * box["width"], box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + 60, steps=4)
    page.mouse.up()
    expect(page.locator("#selection")).to_be_visible()


@state
def cursor(page: Page, bench: Bench) -> None:
    """A request read at the cursor."""
    finished(page, bench)
    page.locator("#waterfalls .plot").first.focus()
    page.keyboard.press("End")
    for _ in range(3):
        page.keyboard.press("Shift+ArrowLeft")
    expect(page.locator("#reading")).to_be_visible()


@state
def zoomed(page: Page, bench: Bench) -> None:
    finished(page, bench)
    page.locator("#zoom").click()
    expect(page.locator("#minimap")).to_be_visible()


@state
def overlaid(page: Page, bench: Bench) -> None:
    finished(page, bench)
    page.keyboard.press("o")
    expect(page.locator("[data-chart=done] canvas")).to_be_visible()


def _tab(page: Page, bench: Bench, name: str) -> None:
    finished(page, bench)
    page.get_by_role("radio", name=name, exact=True).check()


@state
def distribution(page: Page, bench: Bench) -> None:
    _tab(page, bench, "Distribution")
    expect(page.locator("[data-chart=ecdf] path.curve").first).to_be_visible()


@state
def over_time(page: Page, bench: Bench) -> None:
    _tab(page, bench, "Over time")


@state
def why(page: Page, bench: Bench) -> None:
    _tab(page, bench, "Why")


@state
def where(page: Page, bench: Bench) -> None:
    """No lane was sampled."""
    _tab(page, bench, "Where")
    expect(page.get_by_role("button", name="Sample all lanes")).to_be_visible()


@state
def where_sampling(page: Page, bench: Bench) -> None:
    """One lane at each width: it is sampled then."""
    _tab(page, bench, "Where")
    page.locator(".where-choices li button").last.click()
    expect(page.locator(".where-progress")).to_be_visible()


@state
def where_lines(page: Page, bench: Bench) -> None:
    page.goto(bench.sampled)
    wait_for(page, "finished")
    page.get_by_role("radio", name="Where", exact=True).check()
    expect(page.locator(".where-lines").first).to_be_visible()


@state
def where_zoomed(page: Page, bench: Bench) -> None:
    """A flame graph, zoomed into the project's line, beside its table."""
    where_lines(page, bench)
    figure = page.locator(".flame-figure").first
    figure.locator(".flame").focus()
    for key in ("ArrowDown", "ArrowDown", "Enter", "t"):
        page.keyboard.press(key)
    expect(figure.locator("tbody tr").first).to_be_visible()


@state
def code(page: Page, bench: Bench) -> None:
    _tab(page, bench, "Code")


@state
def table(page: Page, bench: Bench) -> None:
    _tab(page, bench, "Over time")
    page.get_by_label("Show as table: In flight").click()
    expect(page.locator("[data-chart=inFlight] tbody tr")).to_have_count(25)


@state
def tools_open(page: Page, bench: Bench) -> None:
    """Name and notes, copied texts, server details."""
    finished(page, bench)
    for summary in page.locator("#run-tools > details > summary").all():
        summary.click()


@state
def card_preview(page: Page, bench: Bench) -> None:
    finished(page, bench)
    page.get_by_text("Copy", exact=True).click()
    picture = page.locator(".card-preview img")
    picture.scroll_into_view_if_needed()
    page.wait_for_function(
        "picture => picture.complete && picture.naturalWidth", arg=picture.element_handle()
    )


@state
def replaying(page: Page, bench: Bench) -> None:
    finished(page, bench)
    page.get_by_role("button", name="¼×").click()
    page.wait_for_function("() => window.liveburst.waterfalls[0].finished > 10")


@state
def seen_again(page: Page, bench: Bench) -> None:
    """A round at half its speed: one that is not over before all looks are taken."""
    page.goto(bench.slow)
    wait_for(page, "finished")
    wait_for_bars(page, 16)
    page.get_by_role("button", name="See it again").click()
    page.wait_for_function("() => window.liveburst.waterfalls[0].now_ms > 1000")


@state
def late(page: Page, bench: Bench) -> None:
    """Nothing more is let through, once the second round is drawn."""
    held = False

    def connect(route: WebSocketRoute) -> None:
        server = route.connect_to_server()
        server.on_message(lambda data: None if held and is_report(data) else route.send(data))

    page.route_web_socket("**/ws/", connect)
    running(page, bench)
    held = True
    expect(page.locator("#connection-text")).to_contain_text("behind")


def is_report(message: str | bytes) -> bool:
    """Return whether a message of the websocket is more than a heartbeat."""
    return isinstance(message, bytes) or '"beat"' not in message


@state
def no_answer(page: Page, bench: Bench) -> None:
    empty(page, bench)
    page.route("**/runs/", lambda route: route.abort())
    page.locator("#run-button").click()
    expect(page.locator(".no-answer")).to_be_visible()
