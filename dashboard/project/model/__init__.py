"""The parts of a project as plain values: scenarios, variants, servers, companions, login."""
