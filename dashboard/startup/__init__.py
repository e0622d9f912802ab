"""From the terminal to a command: what is checked first, and how each command ends."""
