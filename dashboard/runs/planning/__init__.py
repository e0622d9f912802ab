"""From forms and command lines to a checked plan."""
