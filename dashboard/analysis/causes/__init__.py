"""Why lanes differ, or why none does: each cause with its evidence."""
