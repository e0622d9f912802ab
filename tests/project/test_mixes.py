"""A mix of a lab.toml: a scenario whose requests are to several views."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from dashboard.project.labtoml.load import load_manifest
from dashboard.runs.planning.plans import make_plan
from dashboard.wire.errors import InvalidManifest, InvalidPlan
from dashboard.wire.plan.plan import Plan, Rate

from .lab_files import write

SHOP = """
[project]
name = "shop"
wsgi = "shop.wsgi:application"
asgi = "shop.asgi:application"

[scenario.product]
title = "A product"
parameters.size = { default = 3, min = 1, max = 9 }
rows = "products.csv"
lanes = ["sync@daphne"]
variant.sync = { family = "sync", path = "/product/{id}/?size={size}" }

[scenario.order]
title = "An order"
lanes = ["async@daphne"]
variant.async = { family = "async", path = "/order/", method = "POST", body = "x", needs = "asgi" }

[scenario.order.variant.upload]
family = "sync"
path = "/up/"
method = "POST"
upload = { field = "f", megabytes = 1 }

[mix.monday]
title = "Monday at ten"
weights = { "product.sync" = 9, "order.async" = 1 }
servers = ["daphne", "uvicorn"]
rate = 40
duration = 5
"""


def shop(directory: Path, text: str = SHOP) -> Path:
    (directory / "products.csv").write_text("id\n7\n8\n")
    return write(directory, text)


def test_a_mix_is_a_scenario_with_one_variant(tmp_path: Path) -> None:
    project = load_manifest(shop(tmp_path))
    scenario = project.scenarios["monday"]
    assert [str(lane) for lane in scenario.lanes] == ["mix@daphne", "mix@uvicorn"]
    assert scenario.mix == {"product.sync": 9, "order.async": 1}
    parts = scenario.variants["mix"].mix
    assert [part.requests for part in parts] == [
        (("/product/7/?size=3", ""), ("/product/8/?size=3", "")),
        (("/order/", "x"),),
    ]


def test_braces_in_a_path_are_filled_in_once(tmp_path: Path) -> None:
    text = SHOP.replace("/product/{id}/?size={size}", "/product/{id}/?q={{id}}&size={size}")
    variant = load_manifest(shop(tmp_path, text)).scenarios["monday"].variants["mix"]
    assert variant.url_path({}) == "/product/7/?q={id}&size=3"
    assert variant.mix[0].requests[1] == ("/product/8/?q={id}&size=3", "")


def test_a_plan_of_a_view_that_the_mix_has_no_more_is_refused(tmp_path: Path) -> None:
    project = load_manifest(shop(tmp_path))
    plan = make_plan(project, scenario="monday")
    project.check(plan)
    with pytest.raises(InvalidPlan, match=r"expected a mix with gone\.sync, which monday"):
        project.check(replace(plan, mix={**plan.mix, "gone.sync": 1.0}))


def test_its_plan_is_a_poisson_load_with_the_weights(tmp_path: Path) -> None:
    project = load_manifest(shop(tmp_path))
    plan = make_plan(project, scenario="monday", seed=3)
    assert plan.load == Rate(40, 5, poisson=True)
    assert plan.mix == {"product.sync": 9, "order.async": 1}
    assert Plan.from_json(plan.to_json()) == plan
    assert "mix" not in make_plan(project, scenario="product").to_json()
    views = list(plan.views_in(1))
    assert views == list(plan.views_in(1))
    assert views != list(plan.views_in(2))
    assert views.count(1) == 20


def test_a_server_that_a_view_cannot_use_is_refused_with_the_view(tmp_path: Path) -> None:
    project = load_manifest(shop(tmp_path))
    with pytest.raises(InvalidPlan, match=r"order\.async: expected an ASGI server"):
        make_plan(project, scenario="monday", lanes=["mix@waitress"])
    with pytest.raises(InvalidPlan, match="no other client can send a mix"):
        make_plan(project, scenario="monday", client="httpx")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[mix.monday]", "[mix.order]", "mix.order: expected a name that no scenario has"),
        (
            '"order.async"',
            '"order.sync"',
            "mix.monday.weights.order.sync: expected one of order.async, order.upload, found",
        ),
        (
            '"order.async"',
            '"basket.sync"',
            "mix.monday.weights.basket.sync: expected a view of one of product, order, found",
        ),
        ('"order.async"', '"monday.mix"', "expected a view of one of product, order, found"),
        ('"order.async"', '"order.upload"', "can be mixed: it uploads"),
        ('"order.async" = 1', '"order.async" = 0', "expected a number above 0 to 1,000,000,000"),
        ('"order.async" = 1', '"order.async" = -1', "weights.order.async: expected a number above"),
        ('"order.async" = 1', '"order.async" = nan', "weights.order.async: expected a number abo"),
        ('"order.async" = 1', '"order.async" = inf', "weights.order.async: expected a number abo"),
        ('"order.async" = 1', '"order.async" = "1"', "weights.order.async: expected a number abo"),
        (', "order.async" = 1', "", "mix.monday.weights: expected 2 to 64 views, found 1"),
        ('"product.sync" = 9, "order.async" = 1', "", "expected 2 to 64 views, found 0"),
        ('{ "product.sync" = 9, "order.async" = 1 }', "7", "mix.monday.weights: expected a table"),
        ('["daphne", "uvicorn"]', "[]", "mix.monday.servers: expected a list of texts"),
        ("rate = 40", "rate = nan", "mix.monday.rate: expected a number above 0 to 10000"),
        ("duration = 5", "duration = inf", "mix.monday.duration: expected a number above 0 to 600"),
        ('"uvicorn"]', '"daphne"]', "expected at most 6 servers, each once"),
        ('"uvicorn"]', '"apache"]', "apache: "),
        ("rate = 40", "rate = 0", "mix.monday.rate: expected"),
        ('"order.async"', '"order"', "expected a view, 'SCENARIO.VARIANT'"),
        ('title = "Monday at ten"', "", "mix.monday.title: expected a text"),
    ],
)
def test_bad_mixes_are_refused_by_key(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(InvalidManifest) as refused:
        load_manifest(shop(tmp_path, SHOP.replace(old, new)))
    assert message in str(refused.value)


def test_one_mistake_in_a_mix_is_one_problem(tmp_path: Path) -> None:
    """What follows from a mistake, in the mix or in a scenario that it is of, is not another."""
    for old, new in (
        ('"order.async" = 1', '"order.async" = 0'),
        ('{ "product.sync" = 9, "order.async" = 1 }', "7"),
        ("?size={size}", "?size={sizes}"),
    ):
        with pytest.raises(InvalidManifest) as refused:
            load_manifest(shop(tmp_path, SHOP.replace(old, new)))
        assert len(refused.value.problems) == 1, new
