"""The paths of scenarios whose views are imported with their first request."""
