"""How long a survey takes, in words."""

from __future__ import annotations

from dashboard.project.project import Project
from dashboard.runs.experiments.survey.question import Survey
from dashboard.runs.planning.estimates import Estimate, estimate_of_all
from dashboard.web.shared.estimates import costs_of, estimate_text


def survey_estimate(project: Project, survey: Survey) -> str:
    """Return *takes about 4 min, …*; empty if nothing is known of the work."""
    raise NotImplementedError
