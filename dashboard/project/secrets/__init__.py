"""Values that must not be shown: read from files, masked in what comes from a target."""
