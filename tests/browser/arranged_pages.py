"""Every state of the other pages, after those of the bench and of a run."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.management.proxied import OPERATOR, VIEWER

from .arranged import STATES, empty, finished, state
from .bench import fire
from .bench import wait_for_status as wait_for
from .furnished import Bench, log_in, run_id, start_capacity, start_survey
from .mixes import MIX

__all__ = ["CLAIM", "STATES", "UNTRIED"]

CLAIM = "async-does-not-block"
UNTRIED = "[data-verdict=not-tried]"


@state
def compare(page: Page, bench: Bench) -> None:
    first, second = run_id(bench.finished), run_id(bench.prediction)
    page.goto(f"{bench.address}/runs/compare/?a={first}&b={second}")


@state
def comparison_refused(page: Page, bench: Bench) -> None:
    """The reason, and the runs to choose from."""
    page.goto(f"{bench.address}/runs/compare/?a={run_id(bench.finished)}&b=gone")
    expect(page.get_by_role("alert")).to_be_visible()


@state
def xray(page: Page, bench: Bench) -> None:
    page.goto(bench.xray)


@state
def xray_pair(page: Page, bench: Bench) -> None:
    page.goto(bench.xray_pair)


@state
def tracing(page: Page, bench: Bench) -> None:
    finished(page, bench)
    page.get_by_role("button", name="X-ray", exact=True).last.click()
    expect(page.locator(".xray-progress")).to_be_visible()


@state
def claims_empty(page: Page, bench: Bench) -> None:
    page.goto(f"{bench.fresh}/claims/")


@state
def claims_running(page: Page, bench: Bench) -> None:
    page.goto(f"{bench.address}/claims/")
    page.get_by_role("button", name="Try all").click()
    expect(page.locator("#claims-stop")).to_be_visible()


@state
def claims_done(page: Page, bench: Bench) -> None:
    """One claim, tried at the first look and kept for the others."""
    page.goto(f"{bench.address}/claims/#claim-{CLAIM}")
    card = page.locator(f"#claim-{CLAIM}")
    if card.locator(UNTRIED).count():
        card.get_by_role("button", name="Try", exact=True).click()
    expect(card.locator(UNTRIED)).to_have_count(0, timeout=60_000)


@state
def claim_disturbed(page: Page, bench: Bench) -> None:
    """The last good verdict, and the disturbed run beside it."""
    page.goto(bench.disturbed_claim)
    expect(page.locator(".claim-disturbed")).to_be_visible()
    page.get_by_text("Values of the disturbed run", exact=True).first.click()


@state
def explore_empty(page: Page, bench: Bench) -> None:
    page.goto(f"{bench.fresh}/explore/")


@state
def explore_running(page: Page, bench: Bench) -> None:
    page.goto(f"{bench.address}/explore/")
    page.get_by_role("button", name="Run the matrix").click()
    expect(page.locator("#experiment")).to_have_attribute("data-status", "running", timeout=60_000)


@state
def matrix(page: Page, bench: Bench) -> None:
    page.goto(bench.matrix)


@state
def sweep(page: Page, bench: Bench) -> None:
    page.goto(bench.sweep)


@state
def mix_form(page: Page, bench: Bench) -> None:
    page.goto(f"{bench.mixing}/explore/?scenario={MIX}")
    expect(page.locator("#mix-estimate")).to_contain_text("takes about")


@state
def mix(page: Page, bench: Bench) -> None:
    page.goto(bench.mix)
    expect(page.locator("td.heat").first).to_be_visible()


@state
def mixed_run(page: Page, bench: Bench) -> None:
    page.goto(bench.mixed)
    wait_for(page, "finished")
    page.locator(".mixed-views").scroll_into_view_if_needed()


@state
def capacity_running(page: Page, bench: Bench) -> None:
    """The first rates were fired."""
    start_capacity(page, bench.address)
    expect(page.locator(".capacity-rates a").first).to_be_visible(timeout=60_000)


@state
def capacity(page: Page, bench: Bench) -> None:
    page.goto(bench.capacity)


@state
def capacity_failed(page: Page, bench: Bench) -> None:
    page.goto(bench.failed_capacity)


@state
def survey_empty(page: Page, bench: Bench) -> None:
    page.goto(f"{bench.fresh}/survey/")
    expect(page.locator("#survey-form")).to_be_visible()


@state
def survey_running(page: Page, bench: Bench) -> None:
    """The first view has its numbers."""
    start_survey(page, bench.address)
    expect(page.locator("#survey")).to_have_attribute("data-status", "running", timeout=60_000)
    expect(page.locator(".survey-bar").first).to_be_visible(timeout=60_000)


@state
def survey_stopped(page: Page, bench: Bench) -> None:
    survey_running(page, bench)
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.locator("#survey")).to_have_attribute("data-status", "stopped", timeout=60_000)


@state
def survey(page: Page, bench: Bench) -> None:
    page.goto(bench.survey)


@state
def survey_failed(page: Page, bench: Bench) -> None:
    page.goto(bench.failed_survey)


@state
def runs_empty(page: Page, bench: Bench) -> None:
    page.goto(f"{bench.fresh}/runs/")


@state
def runs(page: Page, bench: Bench) -> None:
    page.goto(f"{bench.address}/runs/")


@state
def experiment_folded(page: Page, bench: Bench) -> None:
    experiment = bench.matrix  # before the page
    page.goto(f"{bench.address}/runs/?open=")  # else a single experiment is unfolded
    fold = page.locator(f"#fold-{run_id(experiment)}")
    expect(fold).to_have_attribute("aria-expanded", "false")


@state
def experiment_unfolded(page: Page, bench: Bench) -> None:
    experiment_folded(page, bench)
    fold = page.locator(f"#fold-{run_id(bench.matrix)}")
    fold.click()
    expect(fold).to_have_attribute("aria-expanded", "true")


@state
def runs_filtered(page: Page, bench: Bench) -> None:
    page.goto(f"{bench.address}/runs/?q=daphne&status=finished")


@state
def runs_none_found(page: Page, bench: Bench) -> None:
    page.goto(f"{bench.address}/runs/?q=nothing-is-called-so")


@state
def runs_undo(page: Page, bench: Bench) -> None:
    """A deleted run."""
    empty(page, bench)
    fire(page, 10)
    wait_for(page, "finished")
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("button", name="Undo").first).to_be_visible()


@state
def not_found(page: Page, bench: Bench) -> None:
    page.goto(f"{bench.address}/no-such-page/")


@state
def login(page: Page, bench: Bench) -> None:
    page.goto(bench.exposed)
    expect(page).to_have_title("Log in · Liveburst")


@state
def viewer(page: Page, bench: Bench) -> None:
    log_in(page, bench.exposed, VIEWER)
    expect(page.get_by_text("You are watching")).to_be_visible()


@state
def audit(page: Page, bench: Bench) -> None:
    log_in(page, bench.exposed, OPERATOR)
    page.get_by_role("link", name="Audit").click()
    expect(page.get_by_role("cell", name="logged in").first).to_be_visible()
