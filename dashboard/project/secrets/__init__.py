"""Values that must not be shown: read from files, and masked in what is shown."""
