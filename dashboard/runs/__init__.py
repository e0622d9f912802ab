"""One run: in line, conducted, listened to."""
