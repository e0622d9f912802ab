"""What some variants need besides the project, and what becomes of them where it is not there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dashboard.project.labtoml.load import load_manifest
from dashboard.project.model.companion import Companion
from dashboard.project.model.scenario import Claim, Expectation
from dashboard.project.project import Project
from dashboard.runs.experiments.claims import claim_status, fireable
from dashboard.runs.planning.plans import make_plan
from dashboard.wire.errors import InvalidPlan
from dashboard.wire.plan import Lane
from tests.targets.helpers import LIVEAPP

VARIABLE = "LIVEAPP_DATABASE_URL"
POOLED = Lane("async-pooled", "uvicorn")
WHY = f"expected postgresql: {VARIABLE} in the environment says where, found none"


@pytest.fixture
def project(monkeypatch: pytest.MonkeyPatch) -> Project:
    """liveapp, where nobody has named a database."""
    monkeypatch.delenv(VARIABLE, raising=False)
    return load_manifest(LIVEAPP)


def why_not(project: Project) -> str | None:
    variant = project.scenarios["orm-slow"].variants[POOLED.variant]
    return project.refusal(variant, project.server(POOLED.server))


def test_a_variant_that_lacks_something_is_refused_with_the_reason(project: Project) -> None:
    assert why_not(project) == WHY
    with pytest.raises(InvalidPlan, match=f"lanes: {POOLED}: {WHY}"):
        make_plan(project, scenario="orm-slow", lanes=[str(POOLED)])
    make_plan(project, scenario="orm-slow", lanes=["async@uvicorn"])


def test_it_is_there_where_the_environment_says_so(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "postgresql:///shop")
    assert why_not(project) is None


def test_the_project_or_a_companion_may_bring_it(project: Project) -> None:
    own = replace(project, env={**project.env, VARIABLE: "postgresql:///shop"})
    companion = Companion("database", ("postgres",), {VARIABLE: "postgresql:///shop"})
    brought = replace(project, companions={"database": companion})
    assert (why_not(own), why_not(brought)) == (None, None)


def test_a_claim_that_lacks_something_says_so_and_is_not_fired(project: Project) -> None:
    pool = Claim("pool", "It is.", "orm-slow", (Expectation(POOLED, "ok > 1"),))
    project = replace(project, claims={"pool": pool})
    assert fireable(project) == []
    assert claim_status(project, pool).refusal == f"lanes: {POOLED}: {WHY}"
