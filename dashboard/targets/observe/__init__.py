"""What is measured of a target: its probes' reports, /proc, the kernel's counters."""
