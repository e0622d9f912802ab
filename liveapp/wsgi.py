"""The WSGI application, for gunicorn and other WSGI servers."""

from django.core.wsgi import get_wsgi_application

from .chains import wsgi_with_chains

application = wsgi_with_chains(get_wsgi_application())
