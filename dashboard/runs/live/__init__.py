"""An active run: frames to many viewers, and the report so far."""
