"""The application that Daphne serves: the page, and a websocket for the page's own origin."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application
from django.urls import path

http = get_asgi_application()

# These need the applications loaded.
from dashboard.web.access.origin import SameOrigin  # noqa: E402
from dashboard.web.access.socket_limit import SocketLimit  # noqa: E402
from dashboard.web.live.consumers import PageConsumer  # noqa: E402
from dashboard.web.serving.guard import GuardedApplication  # noqa: E402

application = GuardedApplication(
    ProtocolTypeRouter(
        {
            "http": http,
            "websocket": SameOrigin(SocketLimit(URLRouter([path("ws/", PageConsumer.as_asgi())]))),
        }
    )
)
