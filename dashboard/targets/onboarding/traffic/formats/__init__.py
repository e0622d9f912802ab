"""The kinds of files with requests: access logs, HAR files, OpenAPI descriptions."""
