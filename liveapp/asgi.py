"""The ASGI application, for Daphne, uvicorn and their kin."""

from importlib.util import find_spec
from typing import Any

from django.core.asgi import get_asgi_application

from .chains import asgi_with_chains

# First: it sets Django up, which consumers need.
application: Any = asgi_with_chains(get_asgi_application())

if find_spec("channels"):  # websockets are there where Channels is
    from channels.routing import ProtocolTypeRouter, URLRouter

    from .urls import websocket_urlpatterns

    application = ProtocolTypeRouter(
        {"http": application, "websocket": URLRouter(websocket_urlpatterns())}
    )
