"""The state directory and its files: where it is, how it is written, its key and its log."""
