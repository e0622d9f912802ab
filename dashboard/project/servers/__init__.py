"""The catalogue of servers, and the settings that a lane may choose."""
