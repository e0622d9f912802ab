"""Requirements of variants, and lanes and claims whose requirement is missing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dashboard.project.labtoml.load import load_manifest
from dashboard.project.model.companion import Companion
from dashboard.project.model.scenario import Claim, Expectation
from dashboard.project.project import Project
from dashboard.runs.experiments.claim_status import claim_status
from dashboard.runs.experiments.claims import fireable
from dashboard.runs.planning.plans import make_plan
from dashboard.wire.errors import InvalidPlan
from dashboard.wire.plan.plan import Lane
from tests.targets.helpers import LIVEAPP

VARIABLE = "LIVEAPP_DATABASE_URL"
POOLED = Lane("async-pooled", "uvicorn")
WHY = f"expected postgresql: {VARIABLE} in the environment, found none"


@pytest.fixture
def project(monkeypatch: pytest.MonkeyPatch) -> Project:
    """The built-in project without a database in the environment."""
    monkeypatch.delenv(VARIABLE, raising=False)
    return load_manifest(LIVEAPP)


def why_not(project: Project) -> str | None:
    variant = project.scenarios["orm-slow"].variants[POOLED.variant]
    return project.refusal(variant, project.server(POOLED.server))


def test_a_variant_whose_requirement_is_missing_is_refused_with_the_reason(
    project: Project,
) -> None:
    assert why_not(project) == WHY
    with pytest.raises(InvalidPlan, match=f"lanes: {POOLED}: {WHY}"):
        make_plan(project, scenario="orm-slow", lanes=[str(POOLED)])
    make_plan(project, scenario="orm-slow", lanes=["async@uvicorn"])


def test_a_requirement_may_come_from_the_environment(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "postgresql:///shop")
    assert why_not(project) is None


def test_a_requirement_may_come_from_the_project_or_a_companion(project: Project) -> None:
    own = replace(project, env={**project.env, VARIABLE: "postgresql:///shop"})
    companion = Companion("database", ("postgres",), {VARIABLE: "postgresql:///shop"})
    brought = replace(project, companions={"database": companion})
    assert (why_not(own), why_not(brought)) == (None, None)


def test_a_claim_whose_requirement_is_missing_gives_the_reason_and_is_not_fired(
    project: Project,
) -> None:
    pool = Claim("pool", "It is.", "orm-slow", (Expectation(POOLED, "ok > 1"),))
    project = replace(project, claims={"pool": pool})
    assert fireable(project) == []
    assert claim_status(project, pool).refusal == f"lanes: {POOLED}: {WHY}"
