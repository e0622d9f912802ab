"""The dashboard as a Django application."""

from django.apps import AppConfig


class DashboardConfig(AppConfig):
    """Runs, lanes and frames, and what a person sees of them."""

    name = "dashboard"
