"""The ASGI application, for Daphne, uvicorn and other ASGI servers."""

from importlib.util import find_spec
from typing import Any

from django.core.asgi import get_asgi_application

from .chains import asgi_with_chains

# First, since it sets up Django, which consumers need.
application: Any = asgi_with_chains(get_asgi_application())

if find_spec("channels"):  # websockets need Channels
    from channels.routing import ProtocolTypeRouter, URLRouter

    from .urls import websocket_urlpatterns

    application = ProtocolTypeRouter(
        {"http": application, "websocket": URLRouter(websocket_urlpatterns())}
    )
