"""The dashboard: fires bursts at sync and async Django views and shows what happened."""

__version__ = "0.1.0"
