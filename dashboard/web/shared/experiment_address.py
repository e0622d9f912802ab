"""The page that shows an experiment, by its kind."""

from __future__ import annotations

from django.urls import reverse

from dashboard.models import Experiment


def experiment_address(experiment: Experiment) -> str:
    """Return the address of the page that shows an experiment."""
    if experiment.kind == Experiment.Kind.CLAIMS:
        return reverse("claims")
    name = "survey-result" if experiment.kind == Experiment.Kind.SURVEY else "experiment"
    return reverse(name, args=[experiment.pk])
