"""The one table that there is."""
