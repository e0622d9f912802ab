"""The settings file that gunicorn is given: none are set here, the command line says all.

Without `--config` gunicorn reads a gunicorn.conf.py in its working directory, whatever the command
line says: workers, max_requests, certfile, chdir, daemon. Such a file is for another place.
"""
