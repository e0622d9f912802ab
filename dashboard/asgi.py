"""What Daphne serves: the page, and its websocket, which only the page's own origin may open."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")

from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.core.asgi import get_asgi_application
from django.urls import path

http = get_asgi_application()

from dashboard.web.consumers import PageConsumer  # noqa: E402 - needs the applications loaded

application = ProtocolTypeRouter(
    {
        "http": http,
        "websocket": AllowedHostsOriginValidator(URLRouter([path("ws/", PageConsumer.as_asgi())])),
    }
)
