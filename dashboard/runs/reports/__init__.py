"""From stored frames to the stored report, and its texts."""
