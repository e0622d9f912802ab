"""One HTTP connection: requests written, responses read and stamped."""
