"""Logging in to a project as a browser does, so that views behind a login can be measured."""
