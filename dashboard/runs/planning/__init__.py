"""From what was asked for to a checked plan."""
