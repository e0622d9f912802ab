"""The dashboard as a Django application."""

from django.apps import AppConfig


class DashboardConfig(AppConfig):
    """Runs, lanes and frames, and their pages."""

    name = "dashboard"
