"""The control room: fires bursts at sync and async Django views and shows what happened."""
