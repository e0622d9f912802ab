"""The application's configuration."""

from django.apps import AppConfig
from django.db.backends.signals import connection_created

from .database_functions import add_to_sqlite


class LiveappConfig(AppConfig):
    """The built-in project."""

    name = "liveapp"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Add to each new connection the functions that its database lacks."""
        connection_created.connect(add_to_sqlite, dispatch_uid="liveapp.add_to_sqlite")
