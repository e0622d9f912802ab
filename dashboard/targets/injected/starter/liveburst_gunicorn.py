"""An empty settings file for gunicorn: the command line has all of its settings.

Without `--config` gunicorn reads a gunicorn.conf.py in its working directory, whatever the command
line contains: workers, max_requests, certfile, chdir, daemon. Such a file is meant for production.
"""
