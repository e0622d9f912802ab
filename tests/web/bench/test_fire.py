"""Starting a run by form: it becomes a plan, or messages beside its fields."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest
from django.test import AsyncClient
from django.utils.html import escape

from dashboard.models import Run, Status
from dashboard.runs.queue.laboratory import Laboratory
from dashboard.wire.plan.plan import Burst, Rate

FORM = {
    "scenario": "sleep",
    "lanes": ["sync@gunicorn-gthread", "async@daphne"],
    "requests": "40",
    "concurrency": "",
    "rounds": "1",
    "seed": "7",
    "timeout": "30",
    "parameter_delay": "0.1",
}
HTMX = {"hx-request": "true"}


async def fire(browser: AsyncClient, headers: dict[str, str] | None = None, **changes: Any) -> Any:
    data = {name: value for name, value in {**FORM, **changes}.items() if value is not None}
    return await browser.post("/runs/", data, headers=headers or {})


async def test_posting_the_form_starts_a_run_and_returns_its_stage(
    browser: AsyncClient, laboratory: Laboratory
) -> None:
    response = await fire(browser, HTMX)
    assert response.status_code == 200
    run = await Run.objects.aget()
    assert response["HX-Push-Url"] == f"/runs/{run.pk}/"
    page = response.content.decode()
    assert 'id="stage"' in page
    assert f"{run.title} · {run.pk} · Liveburst" in page.partition("</title>")[0]
    await laboratory.outcome(run)
    run = await Run.objects.aget()
    assert run.status == Status.FINISHED
    assert run.plan["load"] == asdict(Burst(40, 40))
    assert (run.plan["seed"], run.plan["lanes"]) == (7, FORM["lanes"])


@pytest.mark.parametrize(
    ("changes", "until_sure", "limit_s", "rounds"),
    [
        ({"rounds": ""}, True, 12.0, 40),
        ({"rounds": "", "quick": "10"}, True, 12.0, 40),
        ({"rounds": "", "how": "control", "lanes": ["async@daphne"]}, True, 12.0, 40),
        ({"rounds": "", "lanes": ["async@daphne"]}, False, None, 3),  # nothing to decide
        ({"rounds": "4"}, False, None, 4),
        ({"rounds": "4", "how": "until-sure"}, True, None, 40),
        ({"rounds": "", "how": "until-sure"}, True, None, 40),
    ],
)
async def test_without_a_number_of_rounds_a_run_goes_on_until_it_is_certain(
    browser: AsyncClient,
    changes: dict[str, Any],
    until_sure: bool,
    limit_s: float | None,
    rounds: int,
) -> None:
    await fire(browser, HTMX, **changes)
    run = await Run.objects.aget()
    plan = (run.plan["until_sure"], run.plan["limit_s"], run.plan["rounds"])
    assert plan == (until_sure, limit_s, rounds)
    page = await browser.get(f"/runs/{run.pk}/")
    values = {number.name: number.value for number in page.context["numbers"]}
    assert values["rounds"] == ("" if until_sure else str(rounds))
    assert page.context["run"].mode == changes.get("how", "")
    await browser.post(f"/runs/{run.pk}/stop/")


async def test_a_quick_button_fires_all_requests_at_once(browser: AsyncClient) -> None:
    await fire(browser, HTMX, quick="100", requests="7", concurrency="3")
    run = await Run.objects.aget()
    assert run.plan["load"] == asdict(Burst(100, 100))


RATE: dict[str, Any] = {"load": "rate", "rate": "50.5", "duration": "2", "poisson": "on"}


async def test_a_rate_ignores_the_fields_of_a_burst(
    browser: AsyncClient,
) -> None:
    await fire(browser, HTMX, **RATE, requests="none of your business")
    run = await Run.objects.aget()
    assert run.plan["load"] == asdict(Rate(50.5, 2.0, poisson=True))


async def test_a_burst_ignores_the_fields_of_a_rate(browser: AsyncClient) -> None:
    await fire(browser, HTMX, **{**RATE, "load": "burst", "rate": "fast", "duration": "-1"})
    run = await Run.objects.aget()
    assert run.plan["load"]["kind"] == "burst"


async def test_a_quick_button_is_a_burst_whatever_the_form_contains(browser: AsyncClient) -> None:
    await fire(browser, HTMX, **{**RATE, "rate": "fast"}, quick="10")
    run = await Run.objects.aget()
    assert run.plan["load"] == asdict(Burst(10, 10))


async def test_without_htmx_the_run_has_a_page(browser: AsyncClient) -> None:
    response = await fire(browser)
    run = await Run.objects.aget()
    assert (response.status_code, response["Location"]) == (303, f"/runs/{run.pk}/")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"requests": "0"}, "requests"),
        ({"requests": "100001"}, "requests"),
        ({"requests": "many"}, "requests"),
        ({"requests": "10", "concurrency": "11"}, "concurrency"),
        ({"rounds": "0"}, "rounds"),
        ({"seed": "-1"}, "seed"),
        ({"timeout": "nan"}, "timeout"),
        ({"timeout": "0"}, "timeout"),
        ({"parameter_delay": "11"}, "parameter_delay"),
        ({"parameter_delay": "fast"}, "parameter_delay"),
        ({"parameter_delay": "inf"}, "parameter_delay"),
        ({"parameter_delay": None}, "parameter_delay"),
        ({"lanes": ["sync@apache"]}, "lanes"),
        ({"lanes": None}, "lanes"),
        ({"scenario": "nothing"}, "scenario"),
        ({"quick": "0"}, "quick"),
        ({**RATE, "rate": "0"}, "rate"),
        ({**RATE, "rate": ""}, "rate"),
        ({**RATE, "rate": "nan"}, "rate"),
        ({**RATE, "duration": None}, "duration"),
        ({**RATE, "duration": "601"}, "duration"),
        ({**RATE, "concurrency": "0"}, "concurrency"),
        ({"load": "flood"}, "load"),
    ],
)
@pytest.mark.parametrize("headers", [HTMX, None], ids=["htmx", "plain"])
async def test_bad_input_has_a_message_beside_its_field_and_starts_nothing(
    browser: AsyncClient, changes: dict[str, Any], field: str, headers: dict[str, str] | None
) -> None:
    response = await fire(browser, headers, **changes)
    assert response.status_code == 422
    assert list(response.context["errors"]) == [field]
    page = response.content.decode()
    assert f'id="error-{field}"' in page
    assert escape(response.context["errors"][field][0]) in page
    assert not await Run.objects.aexists()
    assert ("<html" in page) is (headers is None)


async def test_all_errors_are_shown_at_once(browser: AsyncClient) -> None:
    response = await fire(browser, HTMX, requests="0", rounds="0", parameter_delay="99")
    assert set(response.context["errors"]) == {"requests", "rounds", "parameter_delay"}


async def test_submitted_values_are_kept(browser: AsyncClient) -> None:
    response = await fire(browser, HTMX, requests="0", seed="1234")
    assert 'value="1234"' in response.content.decode()


async def test_messages_are_those_of_the_terminal(browser: AsyncClient) -> None:
    response = await fire(browser, HTMX, requests="0", parameter_delay="11")
    assert response.context["errors"] == {
        "requests": ["expected 1 to 100000, found 0"],
        "parameter_delay": ["expected 0 to 10 s, found 11.0"],
    }


async def test_the_page_of_a_run_can_fire_it_again(
    browser: AsyncClient, laboratory: Laboratory
) -> None:
    await fire(browser, requests="41", concurrency="7", parameter_delay="2.5")
    run = await Run.objects.aget()
    await laboratory.outcome(run)
    page = await browser.get(f"/runs/{run.pk}/")
    values = {number.name: number.value for number in page.context["numbers"]}
    assert (values["requests"], values["concurrency"], values["rounds"]) == ("41", "7", "1")
    scenario = page.context["scenario"]
    assert scenario.parameters[0].value == "2.5"
    assert [lane.value for lane in scenario.lane_choices if lane.checked] == FORM["lanes"]


async def test_the_page_of_a_rate_can_fire_it_again(
    browser: AsyncClient, laboratory: Laboratory
) -> None:
    await fire(browser, **RATE, concurrency="20")
    run = await Run.objects.aget()
    await laboratory.outcome(run)
    page = await browser.get(f"/runs/{run.pk}/")
    values = {number.name: number.value for number in page.context["numbers"]}
    assert (values["rate"], values["duration"], values["concurrency"]) == ("50.5", "2", "20")
    assert (page.context["load"], page.context["poisson"]) == ("rate", True)
    again = {**FORM, **RATE, **values}
    await browser.post("/runs/", again)
    loads = {str(run.plan["load"]) async for run in Run.objects.all()}
    assert len(loads) == 1


async def test_the_estimate_is_that_of_the_chosen_load(browser: AsyncClient) -> None:
    async def estimate(**changes: str) -> str:
        response = await browser.get("/fire/", {**FORM, **changes}, headers=HTMX)
        text: str = response.context["estimate"]
        return text

    # ⌈40/8⌉ · 0.1 s at gunicorn-gthread, 0.14 s at daphne, 0.05 s after each, and two cold servers
    assert await estimate() == "takes about 3.7 s, of which 3.0 s to start servers"
    assert await estimate(**RATE, rounds="3") == (
        "takes about 15 s, of which 3.0 s to start servers: 2 s × 2 lanes × 3 rounds"
    )
    assert await estimate(requests="0") == ""


async def test_estimates_follow_what_is_typed(browser: AsyncClient) -> None:
    response = await browser.get("/fire/", {**FORM, "parameter_delay": "3"}, headers=HTMX)
    quick = {button.requests: button.estimate for button in response.context["quick"]}
    # ⌈N/8⌉ · 3 s at gunicorn-gthread, and 3 s at daphne; one round, and two cold servers
    assert quick == {10: "about 12 s", 100: "about 45 s", 1000: "about 6 min"}


async def test_an_estimate_of_open_rounds_has_two_ends(browser: AsyncClient) -> None:
    form = {**FORM, "rounds": ""}
    response = await browser.get("/fire/", form, headers=HTMX)
    quick = {button.requests: button.estimate for button in response.context["quick"]}
    # The first look, and the last within reach; 1,000 requests are over after a first look.
    assert quick == {10: "about 5.1 to 11 s", 100: "about 11 to 19 s", 1000: "about 44 s"}


async def test_another_scenario_brings_its_own_lanes(browser: AsyncClient) -> None:
    response = await browser.get("/fire/", {"scenario": "mixed"}, headers=HTMX)
    assert response.context["scenario"].name == "mixed"
    assert "bridged-threads@daphne" in response.content.decode()


async def test_a_form_of_another_site_is_refused(laboratory: Laboratory) -> None:
    browser = AsyncClient(enforce_csrf_checks=True)
    assert (await fire(browser)).status_code == 403
    assert not await Run.objects.aexists()


async def test_another_host_is_refused(laboratory: Laboratory) -> None:
    response = await AsyncClient().get("/", headers={"host": "evil.example"})
    assert response.status_code == 400


async def test_a_prediction_is_stored_with_the_run_and_answered(
    browser: AsyncClient, laboratory: Laboratory
) -> None:
    guess = {"guess": "async@daphne", "guess_times": "5"}
    await fire(browser, HTMX, **guess)
    run = await Run.objects.aget()
    assert run.guess == {"lane": "async@daphne", "times": 5.0}
    await laboratory.outcome(run)
    page = (await browser.get(f"/runs/{run.pk}/")).content.decode()
    assert "Predicted: async@daphne, 5× faster. Wrong: no lane was faster." in page


async def test_a_prediction_of_a_lane_outside_the_run_is_dropped(
    browser: AsyncClient,
) -> None:
    await fire(browser, HTMX, guess="sync@daphne")
    assert (await Run.objects.aget()).guess is None
