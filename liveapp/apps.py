"""The application's configuration."""

from django.apps import AppConfig
from django.db.backends.signals import connection_created

from .database_functions import add_to_sqlite


class LiveappConfig(AppConfig):
    """What is put under load."""

    name = "liveapp"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Give each new connection the functions that its database does not bring along."""
        connection_created.connect(add_to_sqlite, dispatch_uid="liveapp.add_to_sqlite")
