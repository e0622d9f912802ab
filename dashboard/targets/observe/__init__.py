"""What is seen of a target from outside: the probe's reports, /proc, the kernel's counters."""
