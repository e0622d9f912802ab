"""The plan of a run, its fields, and how requests are sent."""
