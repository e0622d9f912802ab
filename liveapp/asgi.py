"""The ASGI application, for Daphne, uvicorn and their kin."""

from django.core.asgi import get_asgi_application

application = get_asgi_application()
