"""The parts of a project: scenarios, variants, servers, companions, login. Plain values."""
