"""A run while it is on: frames to many viewers, and the report so far."""
