"""The load generator's processes, and their calibration."""
