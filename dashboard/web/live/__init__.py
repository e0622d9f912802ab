"""The page's websocket, replays, and runs of other processes."""
