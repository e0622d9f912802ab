"""Requests of a project, from access logs, HAR files or OpenAPI: views with shares and rows."""
