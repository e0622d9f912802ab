"""Plans that can be fired at a project, and the problems of those that cannot."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dashboard.project.labtoml.load import load_manifest
from dashboard.project.project import Project
from dashboard.wire.errors import InvalidPlan
from dashboard.wire.plan.plan import Burst, Lane, Plan
from tests.targets.helpers import LIVEAPP


@pytest.fixture(scope="module")
def project() -> Project:
    return load_manifest(LIVEAPP)


def plan(*lanes: str, scenario: str = "sleep", **parameters: float) -> Plan:
    return Plan(
        scenario=scenario,
        lanes=tuple(Lane.parse(lane) for lane in lanes or ["sync@daphne"]),
        load=Burst(10, 10),
        rounds=1,
        seed=1,
        parameters=parameters,
        timeout_s=30,
    )


def problems(project: Project, refused: Plan) -> list[tuple[str, str]]:
    with pytest.raises(InvalidPlan) as error:
        project.check(refused)
    return [(problem.field, problem.message) for problem in error.value.problems]


def test_a_valid_plan_passes(project: Project) -> None:
    project.check(plan("sync@gunicorn-sync", "async@uvicorn", delay=0))
    project.check(plan("sync@gunicorn-sync", delay=10))


def test_unknown_names_are_refused_with_the_known_ones(project: Project) -> None:
    assert problems(project, plan(scenario="nap")) == [
        ("scenario", f"expected one of {', '.join(project.scenarios)}, found 'nap'")
    ]
    ((field, message),) = problems(project, plan("nap@daphne"))
    assert field == "lanes"
    assert message == "nap@daphne: expected a variant, one of sync, async, async-blocking"
    ((field, message),) = problems(project, plan("sync@apache"))
    assert message.startswith("sync@apache: expected a server, one of gunicorn-sync")
    assert [field for field, _ in problems(project, plan("nap@apache"))] == ["lanes", "lanes"]


@pytest.mark.parametrize("delay", [-0.1, 10.1, float("nan"), float("inf")])
def test_a_parameter_out_of_bounds_is_refused(project: Project, delay: float) -> None:
    assert problems(project, plan(delay=delay)) == [
        ("parameters.delay", f"expected 0 to 10 s, found {delay}")
    ]


def test_an_unknown_parameter_is_refused(project: Project) -> None:
    assert problems(project, plan(speed=1)) == [
        ("parameters.speed", "expected one of delay, found 'speed'")
    ]


def test_a_variant_may_need_asgi(project: Project) -> None:
    sleep = project.scenarios["sleep"]
    needy = replace(sleep.variants["async"], needs="asgi")
    scenario = replace(sleep, variants={**sleep.variants, "async": needy})
    project = replace(project, scenarios={"sleep": scenario})
    project.check(plan("async@daphne"))
    assert problems(project, plan("async@gunicorn-sync")) == [
        ("lanes", "async@gunicorn-sync: expected an ASGI server, gunicorn-sync is WSGI")
    ]


def test_a_variant_may_need_wsgi(project: Project) -> None:
    sleep = project.scenarios["sleep"]
    needy = replace(sleep.variants["sync"], needs="wsgi")
    scenario = replace(sleep, variants={**sleep.variants, "sync": needy})
    assert problems(replace(project, scenarios={"sleep": scenario}), plan("sync@uvicorn")) == [
        ("lanes", "sync@uvicorn: expected a WSGI server, uvicorn is ASGI")
    ]


def test_async_views_under_gevent_are_refused_with_the_reason(project: Project) -> None:
    project.check(plan("sync@gunicorn-gevent"))
    ((field, message),) = problems(project, plan("async@gunicorn-gevent"))
    assert field == "lanes"
    expected = "async@gunicorn-gevent: expected a sync variant: async views cannot work under"
    assert message.startswith(expected)


def test_a_lane_may_have_settings(project: Project) -> None:
    project.check(plan("sync@gunicorn-gthread:threads=32"))
    assert project.server("gunicorn-gthread:threads=32").threads == 32
    ((field, message),) = problems(project, plan("sync@gunicorn-gthread:threads=0"))
    assert field == "lanes"
    expected = "threads: expected a whole number from 1 to 1024, found 0"
    assert message == f"sync@gunicorn-gthread:threads=0: {expected}"
    with pytest.raises(InvalidPlan, match="not a setting of daphne"):
        project.server("daphne:threads=2")


def test_a_project_may_have_one_interface_only(project: Project) -> None:
    assert problems(replace(project, asgi=None), plan("sync@daphne")) == [
        ("lanes", "sync@daphne: expected lab.toml to name project.asgi")
    ]


def test_values_are_the_given_ones_or_defaults(project: Project) -> None:
    sleep = project.scenarios["sleep"]
    assert sleep.values({}) == {"delay": 0.1}
    assert sleep.values({"delay": 3}) == {"delay": 3}
