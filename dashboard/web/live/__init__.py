"""The page's websocket, replay, and what other processes perform."""
