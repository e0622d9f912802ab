"""One run: queued, conducted, listened to."""
