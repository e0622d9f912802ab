"""The WSGI application, for gunicorn and its kin."""

from django.core.wsgi import get_wsgi_application

from .chains import wsgi_with_chains

application = wsgi_with_chains(get_wsgi_application())
